// Command pre-sign-up is the Pre Sign-up trigger: it says whether an account may
// be created at Cognito itself.
package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("pre-sign-up", build) }

func build(_ start.None, _ settings.AWS, recorder *telemetry.Recorder) (any, error) {
	return trigger.PreSignUp{Telemetry: recorder}.Handle, nil
}
