// Command define-auth-challenge is the Define Auth Challenge trigger: it says
// which challenge comes next, or tokens, or no.
package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("define-auth-challenge", build) }

func build(s settings.Define, _ settings.AWS, recorder *telemetry.Recorder) (any, error) {
	return trigger.Define{Conversation: customauth.Define{Openers: s.Openers, Fallbacks: s.Fallbacks}, Telemetry: recorder}.Handle, nil
}
