// Command verify-auth-challenge is the Verify Auth Challenge Response trigger:
// it checks the answer.
package main

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey/answer"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

func main() { start.Function("verify-auth-challenge", build) }

func build(s settings.Verify, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	tableConfig, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	stamps, err := stamp.NewVerifier(s.StampKeys)
	if err != nil {
		return nil, err
	}
	ticketKeys, err := secret.ParsePublicKeys(s.TicketKeys)
	if err != nil {
		return nil, err
	}
	store := dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table)
	mails, err := mailCheckers(s, store)
	if err != nil {
		return nil, err
	}
	texts, err := smsCheckers(s, env, store)
	if err != nil {
		return nil, err
	}
	vendors, opaque, err := vendorCheckers(s.Vendors, env, store)
	if err != nil {
		return nil, err
	}
	passkeys := answer.Checker{
		RelyingParty: webauthn.RelyingParty{
			ID:             s.RelyingPartyID,
			Origins:        s.Origins,
			RelatedOrigins: s.RelatedOrigins,
			Counter:        webauthn.CounterPolicy(s.CounterPolicy),
		},
		Stamps: stamps,
		Store:  store,
		Now:    time.Now,
	}
	tickets := ticket.Checker{Kind: ticket.Backend, Keys: ticketKeys, Store: store, Now: time.Now}
	handler := &trigger.Verify{
		Conversation: customauth.Verify{
			Checkers: slices.Concat(mails, texts, []customauth.Checker{passkeys, tickets}, vendors),
			Opaque:   opaque,
		},
		Telemetry: recorder,
		Now:       time.Now,
	}
	return handler.Handle, nil
}
