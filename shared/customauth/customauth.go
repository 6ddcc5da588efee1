// Package customauth is the conversation that Amazon Cognito holds through the
// Define, Create and Verify Auth Challenge triggers. Define judges the form of
// the history, Create decides what a session may use and seals it, and Verify
// holds the answer against what was sealed. Ways to sign in are Issuers and
// Checkers; this package knows none of them by more than a name.
package customauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// CustomChallenge is the challenge name that Cognito reserves for challenges
// that triggers issue.
const CustomChallenge = "CUSTOM_CHALLENGE"

// Names of the methods, as they stand in the challenge metadata and in an app
// client's list.
const (
	MethodPasskey = provisioning.MethodPasskey
	MethodLink    = "link"
	MethodCode    = "code"
	MethodSMS     = "sms"
)

// User is whom Cognito says the session is for.
type User struct {
	PoolID   string
	ClientID string
	Name     string // the Cognito user name; made up by Cognito when NotFound
	Sub      string // immutable; empty when NotFound
	NotFound bool   // Cognito runs the triggers for names that nobody has
}

// Key is what the user's items are stored under: the sub. A name that nobody has
// gets a key under which nothing is, so that both cost the same read; the name
// alone would not do, because it could be the sub of a user.
func (u User) Key() string {
	if u.NotFound {
		return "?" + u.Name
	}
	return u.Sub
}

// Client is what the pool's owner allows on one app client.
type Client struct {
	RelyingPartyID   string
	UserVerification string // WebAuthn Level 3 §5.8.6: required, preferred or discouraged
	Methods          []string
}

// Passkey is what Create knows of a passkey.
type Passkey struct {
	CredentialID []byte
	Transports   []string
}

// Issuer makes the public half of a challenge.
type Issuer interface {
	// Method returns the name of the method.
	Method() string
	// Issue returns the challenge parameters that the client may see. An error
	// is a fault; a user who can't use the method gets a challenge all the same.
	Issue(context.Context, Issue) (map[string]string, error)
}

// Issue is what an Issuer has to go by.
type Issue struct {
	User     User
	Passkeys []Passkey // what the user holds for the client's relying party
	Sealed   Sealed
}

// Checker checks answers.
type Checker interface {
	// Method returns the name of the method.
	Method() string
	// Recognizes reports whether the answer has the form of this method's
	// answers. No answer has the form of two methods.
	Recognizes(answer string) bool
	// Check returns the verdict on an answer. An error is a fault that the user
	// may retry; a wrong answer is a Verdict.
	Check(context.Context, Answer) (Verdict, error)
}

// Answer is what a Checker has to go by.
type Answer struct {
	User    User
	Text    string    // the answer as it came
	Sealed  Sealed    // what Create sealed for this round
	Started time.Time // when this invocation began
}

// Verdict is what came of an answer.
type Verdict struct {
	Correct bool
	Method  string
	Reason  string   // why it is not correct: one of a small, fixed set of words
	Flags   []string // what the pool's owner should know of a correct answer
}

// Reasons of refusals that concern no particular method.
const (
	ReasonNoChallenge  = "no_challenge"   // the round was not opened by Create
	ReasonNoMethod     = "no_method"      // no method has answers of this form
	ReasonNotAllowed   = "method_refused" // the method was not sealed as allowed
	ReasonNoSuchUser   = "no_such_user"
	ReasonDummyAnswer  = "dummy_answer" // a client that asks for another method
	ReasonAnswerTooBig = "answer_too_big"
)

// MaxAnswer is how long an answer may be, in bytes.
const MaxAnswer = 16 << 10

// SessionID names one sign-in session in challenge metadata without telling its challenge.
func SessionID(challenge []byte) string {
	sum := sha256.Sum256(challenge)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
