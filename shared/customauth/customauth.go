// Package customauth is the conversation that Amazon Cognito holds through the
// Define, Create and Verify Auth Challenge triggers. Define judges the form of
// the history, Create decides what a session may use and seals it, and Verify
// holds the answer against what was sealed.
//
// A way to sign in is a method: an Issuer, which Create asks, and a Checker,
// which Verify asks. This package knows none of them by more than a name. A
// method either opens a session or is a fallback, for which a client asks after
// a first round that it did not answer. The first round is open to every method
// of the first kind that the app client accepts, side by side: their public
// parameters are merged, and the form of the answer says which of them it is for.
package customauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// CustomChallenge is the challenge name that Cognito reserves for challenges
// that triggers issue.
const CustomChallenge = "CUSTOM_CHALLENGE"

// Names of the methods, as they stand in the challenge metadata and in an app
// client's list.
const (
	MethodPasskey = provisioning.MethodPasskey
	MethodTicket  = provisioning.MethodTicket
	MethodAccount = provisioning.MethodAccount
	MethodLink    = provisioning.MethodLink
	MethodCode    = provisioning.MethodCode
	MethodSMS     = provisioning.MethodSMS
)

// User is whom Cognito says the session is for.
type User struct {
	PoolID   string
	ClientID string
	Name     string // the Cognito user name; made up by Cognito when NotFound
	Sub      string // immutable; empty when NotFound
	NotFound bool   // Cognito runs the triggers for names that nobody has

	VerifiedEmail string // the address, if Cognito has it verified and the user may sign in
	VerifiedPhone string // the number in E.164 form, likewise
	Locale        string // of the user's attributes, such as "de-CH"; often empty
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
	Policy           string // provisioning.PolicyPreferred, which empty means, or PolicyRequired
}

// accepted returns the methods that policy leaves to a user: where a passkey is
// required once one exists, nothing stands in for it then. A policy that is not
// known is the strict one.
func (c Client) accepted(passkeys []Passkey) []string {
	if c.Policy == "" || c.Policy == provisioning.PolicyPreferred || len(passkeys) == 0 {
		return c.Methods
	}
	return slices.DeleteFunc(slices.Clone(c.Methods), func(method string) bool {
		return method == MethodLink || method == MethodCode || method == MethodSMS
	})
}

// Passkey is what Create knows of a passkey.
type Passkey struct {
	CredentialID []byte
	Transports   []string
}

// Issuer makes the challenges of a method.
type Issuer interface {
	// Method returns the name of the method.
	Method() string
	// Parameters returns the names of all public parameters that Issue may set.
	// No two methods of the first round have one in common.
	Parameters() []string
	// Issue returns what the method adds to the challenge parameters. An error is
	// a fault; a user who can't use the method gets a challenge all the same, so
	// that nobody can tell who can.
	Issue(context.Context, Issue) (Issued, error)
}

// Issue is what an Issuer has to go by.
type Issue struct {
	User     User
	Passkeys []Passkey // what the user holds for the client's relying party
	Sealed   Sealed
	Session  string            // names the session; the same in all of its rounds
	Ask      map[string]string // ClientMetadata, which the client controls: never decide anything by it but what is asked for
}

// Issued is what an Issuer adds to the challenge parameters.
type Issued struct {
	Public  map[string]string // for the client: parameter → value
	Private map[string]string // for the method's own Checker, in Sealed.Private: key → value

	Sent     bool   // whether a letter went to the user, for the metric of that
	Withheld string // why the user got nothing, for the log: one of a small, fixed set of words
	Fault    error  // what failed although the challenge looks as always, so that nobody can tell for whom it did
}

// MaxPrivate is how long the private values of all methods of a round may be, in
// bytes with their keys: Cognito carries them in a session token of limited size.
const MaxPrivate = 1 << 10

// Checker checks answers to a method's challenges.
type Checker interface {
	// Method returns the name of the method.
	Method() string
	// Recognizes reports whether the answer has the form of this method's answers.
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

// Digest tells this answer from every other one, and from the same one given in
// another session: it covers the pool, the app client, the session's own
// challenge and the text. Without the challenge, an answer that somebody else
// repeats in a session of theirs would look like one that Cognito repeats.
func (a Answer) Digest() []byte {
	sum := sha256.Sum256(framing.Append(nil,
		[]byte(a.User.PoolID), []byte(a.User.ClientID), a.Sealed.Challenge, []byte(a.Text)))
	return sum[:16]
}

// Verdict is what came of an answer.
type Verdict struct {
	Correct bool
	Method  string
	Reason  string   // why it is not correct: one of a small, fixed set of words
	Flags   []string // what the pool's owner should know of a correct answer
	Passkey string   // hash of the id of the credential that signed, if one did
	// CloneSuspected says that a signature counter did not increase, whether
	// that made the answer wrong or not.
	CloneSuspected bool
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
