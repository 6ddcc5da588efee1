// Command define-auth-challenge is the Define Auth Challenge trigger: it says
// which challenge comes next, or tokens, or no.
package main

import (
	"log/slog"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("define-auth-challenge", build) }

func build(s settings.Define, _ settings.AWS, log *slog.Logger) (any, error) {
	return trigger.Define{Conversation: customauth.Define{Fallbacks: s.Fallbacks}, Log: log}.Handle, nil
}
