package attacks_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

// The subs of the cast.
const (
	victimSub   = "5f0c8d2e-0000-4000-8000-00000000000a"
	attackerSub = "5f0c8d2e-0000-4000-8000-00000000000b"
)

// person is a user with the authenticator that holds the user's passkey.
type person struct {
	journey.User
	authenticator *passkeytest.Authenticator
}

// join adds a user with a synced passkey to a stack.
func join(t testing.TB, s *journey.Stack, sub string) person {
	t.Helper()
	p := person{s.NewUser(sub), passkeytest.NewSynced(journey.Origin)}
	s.Register(t, p.User, p.authenticator)
	return p
}

// cast is a stack with a victim and an attacker, each with a passkey.
func cast(t testing.TB) (s *journey.Stack, victim, attacker person) {
	t.Helper()
	s = journey.New(t)
	return s, join(t, s, victimSub), join(t, s, attackerSub)
}

// onTable puts a stack on a table that counts what reaches it.
func onTable(t testing.TB, s *journey.Stack) *passkeytest.Table {
	t.Helper()
	table := passkeytest.NewTable(t)
	s.Store = dynamo.New(table.Client, table.Name)
	return table
}

// sign answers options as an attacker can: with any passkey, listed or not.
func (p person) sign(t testing.TB, options []byte, tampers ...passkeytest.Tamper) *passkeytest.Assertion {
	t.Helper()
	assertion, err := p.authenticator.Get(change(t, options, "credentials", nil), tampers...)
	if err != nil {
		t.Fatal(err)
	}
	return assertion
}

// change sets a member of a JSON object, or takes it out with nil.
func change(t testing.TB, object []byte, member string, value any) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	members[member] = value
	if value == nil {
		delete(members, member)
	}
	return marshal(t, members)
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// wantIn checks that an answer signs its user in.
func wantIn(t testing.TB, s *journey.Stack, session *journey.Session, answer []byte) {
	t.Helper()
	s.WantTokens(t, session, string(answer))
}

// wantOut checks that an answer gives no tokens, and why.
func wantOut(t testing.TB, s *journey.Stack, session *journey.Session, answer []byte, reason string) {
	t.Helper()
	s.WantRefused(t, session, string(answer), reason)
}

// wantProblem checks an error of the API and, if reason is not empty, what the
// relying party refused.
func wantProblem(t testing.TB, s *journey.Stack, r httpapi.Response, want, reason string) {
	t.Helper()
	if got := journey.Code(t, r); got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
	logged, _ := s.Log.Last(t, "answered")["error"].(string)
	if reason != "" && !strings.Contains(logged, "("+reason+")") {
		t.Errorf("refused for %q, want %s", logged, reason)
	}
}

// options are request options for a challenge of one's own.
func options(t testing.TB, challenge []byte) []byte {
	t.Helper()
	return marshal(t, map[string]string{"rpId": journey.RelyingPartyID, "challenge": base64url(challenge)})
}

// signInScope is what the stack's stamps are made for.
var signInScope = stamp.Scope{Purpose: stamp.SignIn, PoolID: journey.PoolID, RelyingPartyID: journey.RelyingPartyID}

func currentKey(t testing.TB, ring *journey.Ring) secret.Key {
	t.Helper()
	r, err := ring.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r.Current()
}
