// Command define-auth-challenge is the Define Auth Challenge trigger: it says
// which challenge comes next, or tokens, or no.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() {
	log := telemetry.NewLogger(os.Stdout, "define-auth-challenge")
	var s settings.Define
	if err := settings.Parse(os.LookupEnv, &s); err != nil {
		telemetry.Exit(log, err)
	}
	lambda.Start(trigger.Define{Conversation: customauth.Define{Fallbacks: s.Fallbacks}, Log: log}.Handle)
}
