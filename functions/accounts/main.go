// Command accounts is the part of the HTTP API that creates, recovers and changes
// accounts.
package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

func main() { start.Function("accounts", build) }

func build(s settings.Accounts, _ settings.AWS, recorder *telemetry.Recorder) (any, error) {
	var journeys []accounts.Journey
	if s.SignUp {
		journeys = append(journeys, accounts.SignUp{Clients: s.ClientIDs})
	}
	handler := &accounts.Handler{Journeys: journeys, ClientIDs: s.ClientIDs, Telemetry: recorder}
	return handler.Handle, nil
}
