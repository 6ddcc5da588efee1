// Command post-confirmation is the Post Confirmation trigger: it claims the
// roster's entry of a known person who has created an account.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("post-confirmation", build) }

func build(s settings.PostConfirmation, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	config, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	known := admission.Checker{Store: dynamo.New(dynamodb.NewFromConfig(config), s.Table), Now: time.Now}
	return trigger.PostConfirmation{Known: known, Telemetry: recorder}.Handle, nil
}
