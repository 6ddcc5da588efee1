// Package telemetry names what the functions log, so that a query or an alarm
// finds it under one name everywhere. A function logs one line per call, as
// JSON; no line holds a challenge, an answer, a token or a name that a person typed.
package telemetry

import (
	"io"
	"log/slog"
)

// Log keys.
const (
	Error     = "error"
	Function  = "function"
	ClientID  = "clientId"
	Sub       = "sub" // the user's immutable identifier, which only the pool can resolve
	Method    = "method"
	Outcome   = "outcome" // one of the Outcome values
	Reason    = "reason"  // of a refusal: one of a fixed set of words
	Flags     = "flags"
	Route     = "route"
	Status    = "status"
	Code      = "code"
	Event     = "event"   // one of the Passkey… values, in lines with the message Audit
	Passkey   = "passkey" // hash of a credential id
	Stack     = "stack"
	RequestID = "requestId"
)

// Outcomes of a trigger.
const (
	OutcomeChallenge = "challenge"
	OutcomeTokens    = "tokens"
	OutcomeFail      = "fail"
	OutcomeCorrect   = "correct"
	OutcomeRefused   = "refused"
	OutcomeFault     = "fault"
)

// Audit is the message of lines that record a change of a user's passkeys, for
// whoever tells the user of it. Each has an Event, a Sub, a ClientID and a Passkey.
const Audit = "audit"

// Events of an audit.
const (
	PasskeyAdded   = "passkey_added"
	PasskeyRenamed = "passkey_renamed"
	PasskeyRemoved = "passkey_removed"
)

// NewLogger returns the logger of a function.
func NewLogger(w io.Writer, function string) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, nil)).With(Function, function)
}
