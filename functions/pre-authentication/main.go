// Command pre-authentication is the Pre Authentication trigger: it says whether
// a user may still sign in with a password.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/gate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("pre-authentication", build) }

func build(s settings.PreAuthentication, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	tableConfig, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	directory := credentials.NewDirectory(dynamo.New(dynamodb.NewFromConfig(tableConfig), s.Table), time.Now)
	return trigger.PreAuthentication{Gate: gate.Passwords{Directory: directory}, Telemetry: recorder}.Handle, nil
}
