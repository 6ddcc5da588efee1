// Command accounts is the part of the HTTP API that creates, recovers and changes
// accounts.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/letters"
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/post"
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/ses"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

func main() { start.Function("accounts", build) }

func build(s settings.Accounts, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	tableConfig, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	poolConfig, err := awsclient.Config(env, env.Cognito)
	if err != nil {
		return nil, err
	}
	store := dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table)
	pool := accounts.NewCognitoPool(poolConfig, s.UserPoolID)
	sender, err := post.New(s.Post, env)
	if err != nil {
		return nil, err
	}
	var proofs proof.Desk
	var tickets ticket.Signer
	if s.AccountParameter != "" { // who proves an address is signed in
		if proofs, err = newProofs(s.Mail, env, store, sender); err != nil {
			return nil, err
		}
		if tickets, err = newTickets(s, env); err != nil {
			return nil, err
		}
	}
	journeys := []accounts.Journey{accounts.Password{
		Guard: httpapi.Guard{Accounts: httpapi.NewUserPool(poolConfig), RecentAuthentication: s.RecentAuthentication, Now: time.Now},
		Pool:  pool, WayBack: s.WayBack, Notices: &notice.Teller{Post: sender, Store: store}, Now: time.Now,
	}}
	if s.SignUp {
		known, err := newKnown(s, env, store, tickets.Key)
		if err != nil {
			return nil, err
		}
		journeys = append(journeys, accounts.SignUp{
			Clients: s.ClientIDs, Pool: pool, Proofs: proofs, Tickets: tickets, Marker: s.MarkerAttribute, NamedUsers: s.NamedUsers,
			Known: known, Now: time.Now,
		})
	}
	if s.Recovers {
		journeys = append(journeys, newRecovery(s, store, pool, proofs, tickets))
	}
	handler := &accounts.Handler{Journeys: journeys, ClientIDs: s.TokenClientIDs, Telemetry: recorder}
	return handler.Handle, nil
}

func newProofs(s settings.Mail, env settings.AWS, store credentials.Store, sender ses.Post) (proof.Desk, error) {
	key, err := post.Key(s, env)
	if err != nil {
		return proof.Desk{}, err
	}
	return proof.Desk{
		Key: key.Current, Store: store, Quota: quota.Quota{Store: store, Now: time.Now}, Post: sender,
		Lifetime: proof.Lifetime, Now: time.Now, Wait: letters.Wait,
	}, nil
}

// newKnown returns nil if not only known people may sign up.
func newKnown(s settings.Accounts, env settings.AWS, store *dynamo.Store, ticketKey func(context.Context) (secret.Key, error)) (*accounts.Known, error) {
	if s.RosterParameter == "" {
		return nil, nil
	}
	config, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	pepper := secret.NewParameter(parameterstore.New(config), s.RosterParameter, time.Now)
	pepper.Prefetch()
	known := &accounts.Known{Roster: roster.Roster{Peppers: pepper.Ring, Store: store, Now: time.Now}}
	if s.SignUpTickets {
		known.Tickets = &admission.Signer{PoolID: s.UserPoolID, Key: ticketKey, Now: time.Now}
	}
	return known, nil
}

func newTickets(s settings.Accounts, env settings.AWS) (ticket.Signer, error) {
	config, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return ticket.Signer{}, err
	}
	key := secret.NewParameter(parameterstore.New(config), s.AccountParameter, time.Now)
	key.Prefetch()
	return ticket.Signer{Kind: ticket.Account, PoolID: s.UserPoolID, Key: key.Current, Now: time.Now}, nil
}
