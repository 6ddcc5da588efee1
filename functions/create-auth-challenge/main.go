// Command create-auth-challenge is the Create Auth Challenge trigger: it issues
// the challenge.
package main

import (
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

func main() {
	log := telemetry.NewLogger(os.Stdout, "create-auth-challenge")
	handler, err := build(log)
	if err != nil {
		telemetry.Exit(log, err)
	}
	lambda.Start(handler.Handle)
}

func build(log *slog.Logger) (*trigger.Create, error) {
	var s settings.Create
	var env settings.AWS
	if err := settings.Parse(os.LookupEnv, &s, &env); err != nil {
		return nil, err
	}
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
	return &trigger.Create{
		Conversation: customauth.Create{
			Define:    customauth.Define{Fallbacks: s.Fallbacks},
			Directory: credentials.NewDirectory(dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table), time.Now),
			Issuers: []customauth.Issuer{passkey.Issuer{Decoys: &passkey.Decoys{
				Key:           decoyKey.Current,
				FoldUserNames: s.FoldUserNames,
			}}},
			Now: time.Now,
		},
		Log: log,
	}, nil
}
