// Package audit is what a stack tells others of its users' passkeys and
// sign-ins: events with a fixed schema, which event.schema.json publishes.
//
// An event lies in the log line of the call that it is about, in the list under
// Key, and from there goes to an event bus if there is one, so that no sign-in
// waits for it. It may be delivered more than once, each time with the same ID.
// It holds nothing that could sign someone in and nothing that a person typed:
// no challenge, no answer, no token, no name.
package audit

import "time"

// Key is where a log line has its events: a list.
const Key = "audit"

// Source is the source of events on a bus; Type is their detail type.
const Source = "cognito-passkeys"

// Version of the schema. It increases when a member changes its meaning or goes.
const Version = 1

// Type says what happened.
type Type string

// Types.
const (
	Registered     Type = "passkey.registered"
	Renamed        Type = "passkey.renamed"
	Removed        Type = "passkey.removed"
	PasswordGone   Type = "password.removed"
	SignedIn       Type = "signed_in"
	Refused        Type = "refused"            // an answer to a challenge was
	RecoveryBegun  Type = "recovery.begun"     // its user waits
	Recovered      Type = "recovery.completed" // by mail, or by an operator's link
	CloneSuspected Type = "clone_suspected"    // besides SignedIn or Refused: the signature counter did not increase
)

// Event is one event. Whoever makes one leaves out Version, ID, Time and
// Instance, which package telemetry fills in.
type Event struct {
	Version  int       `json:"version"`
	ID       string    `json:"id"` // unique
	Type     Type      `json:"type"`
	Time     time.Time `json:"time"`              // UTC, milliseconds
	Instance string    `json:"instance"`          // of the construct, as in the metrics
	Sub      string    `json:"sub,omitempty"`     // the user's immutable identifier; none if nobody has the name
	ClientID string    `json:"clientId"`          // app client
	Method   string    `json:"method,omitempty"`  // way to sign in
	Reason   string    `json:"reason,omitempty"`  // of Refused: one of a fixed set of words
	Passkey  string    `json:"passkey,omitempty"` // SHA-256 of the credential id, unpadded base64url
}
