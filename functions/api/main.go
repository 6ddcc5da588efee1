// Command api is the HTTP API: passkeys of the signed-in user, and what a
// sign-in without a user name needs.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

func main() { start.Function("api", build) }

func build(s settings.API, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	tableConfig, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	secretConfig, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	poolConfig, err := awsclient.Config(env, env.Cognito)
	if err != nil {
		return nil, err
	}
	relyingParty := webauthn.RelyingParty{
		ID:             s.RelyingPartyID,
		Name:           s.RelyingPartyName,
		Origins:        s.Origins,
		RelatedOrigins: s.RelatedOrigins,
		Counter:        webauthn.CounterPolicy(s.CounterPolicy),
	}
	if err := relyingParty.Validate(); err != nil {
		return nil, err
	}
	stamps := secret.NewParameter(parameterstore.New(secretConfig), s.StampParameter, time.Now)
	stamps.Prefetch()
	store := dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table)
	handler := &api.Handler{
		RelyingParty:       relyingParty,
		UserVerification:   webauthn.UserVerification(s.UserVerification),
		UserPoolID:         s.UserPoolID,
		ClientIDs:          s.ClientIDs,
		VerifiedAttributes: s.VerifiedAttributes,
		MaxPasskeys:        s.MaxPasskeys,
		WithoutPasswords:   s.WithoutPasswords,
		Store:              store,
		Guard: httpapi.Guard{
			Accounts: httpapi.NewUserPool(poolConfig), RecentAuthentication: s.RecentAuthentication, Now: time.Now,
		},
		Stamps:    stamps,
		Now:       time.Now,
		Telemetry: recorder,
	}
	if err := addVendors(handler, s.Vendors, env); err != nil {
		return nil, err
	}
	if err := addNotices(handler, store, s.Post, env); err != nil {
		return nil, err
	}
	return handler.Handle, nil
}
