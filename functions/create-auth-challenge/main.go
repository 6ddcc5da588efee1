// Command create-auth-challenge is the Create Auth Challenge trigger: it issues
// the challenge.
package main

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("create-auth-challenge", build) }

func build(s settings.Create, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	tableConfig, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	secretConfig, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	decoyKey := secret.NewParameter(parameterstore.New(secretConfig), s.DecoyParameter, time.Now)
	decoyKey.Prefetch()
	issuers, err := vendorIssuers(s.Vendors, env)
	if err != nil {
		return nil, err
	}
	store := dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table)
	mails, err := mailIssuers(s, env, store)
	if err != nil {
		return nil, err
	}
	texts, err := smsIssuers(s.SMS, env, store)
	if err != nil {
		return nil, err
	}
	passkeys := passkey.Issuer{Decoys: &passkey.Decoys{Key: decoyKey.Current, FoldUserNames: s.FoldUserNames}}
	conversation, err := customauth.NewCreate(
		customauth.Define{Openers: s.Openers, Fallbacks: s.Fallbacks},
		credentials.NewDirectory(store, time.Now),
		time.Now,
		slices.Concat([]customauth.Issuer{passkeys}, issuers, mails, texts)...,
	)
	if err != nil {
		return nil, err
	}
	return trigger.Create{Conversation: conversation, Telemetry: recorder}.Handle, nil
}
