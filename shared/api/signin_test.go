package api_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

func TestSignInOptions(t *testing.T) {
	s, _, _, table := withTable(t)
	got := decoded[map[string]map[string]any](t, s.Call(t, routes.SignInOptions, "", nil, ""), http.StatusOK)["publicKey"]
	if got["rpId"] != journey.RelyingPartyID || got["userVerification"] != "required" || got["timeout"] != 300_000.0 || got["allowCredentials"] != nil {
		t.Errorf("the options are %v", got)
	}
	if challenge, err := base64.RawURLEncoding.DecodeString(got["challenge"].(string)); err != nil || len(challenge) != 92 {
		t.Errorf("the challenge is %v, want 92 bytes", got["challenge"])
	}
	if operations := table.Operations(); len(operations) != 0 {
		t.Errorf("a call that anybody can make reached the table: %v", operations)
	}
	s.StampRing.Fail(errors.New("no key"))
	wantProblem(t, s.Call(t, routes.SignInOptions, "", nil, ""), "503 try_again")
}

func TestSignInUser(t *testing.T) {
	for name, userName := range map[string]string{"where the name is the sub": subA, "where the name is one's own": "ann"} {
		t.Run(name, func(t *testing.T) {
			s := journey.New(t)
			u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
			u.Name = userName
			s.Register(t, u, a)
			answer := journey.Assert(t, a, s.SignInOptions(t))
			for range 2 { // nothing is spent
				r := s.Call(t, routes.SignInUser, "", nil, credential([]byte(answer)))
				if got := decoded[map[string]string](t, r, http.StatusOK); len(got) != 1 || got["username"] != userName {
					t.Errorf("answers %v, want the name %s alone", got, userName)
				}
			}
			session := s.Begin(t, u)
			s.WantTokens(t, session, answer)
		})
	}
}

func TestSignInUserKnowsStampsAfterARotation(t *testing.T) {
	s, _, a := withPasskey(t)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	s.StampRing.Rotate()
	decoded[map[string]string](t, s.Call(t, routes.SignInUser, "", nil, credential([]byte(answer))), http.StatusOK)
}

// stamped returns request options with a challenge of that key, scope and time.
func stamped(ring secret.Ring, scope stamp.Scope, now time.Time) []byte {
	return requestOptions(stamp.Issue(ring.Current(), scope, now))
}

func requestOptions(challenge []byte) []byte {
	text, err := json.Marshal(map[string]string{
		"rpId": journey.RelyingPartyID, "challenge": base64.RawURLEncoding.EncodeToString(challenge),
	})
	if err != nil {
		panic(err)
	}
	return text
}

var signInScope = stamp.Scope{Purpose: stamp.SignIn, PoolID: journey.PoolID, RelyingPartyID: journey.RelyingPartyID}

// What fails before the stamp is known to be good costs no read; what fails
// after it costs the two reads that a success costs. All of it looks the same.
func TestSignInUserRefusalsLookAlike(t *testing.T) {
	none, both := []string(nil), []string{"GetItem", "GetItem"}
	type answerer func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) string
	tampered := func(change func(*passkeytest.Assertion)) answerer {
		return func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			assertion, err := a.Get(s.SignInOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			change(assertion)
			return string(assertion.JSON())
		}
	}
	withOptions := func(options func(s *journey.Stack) []byte) answerer {
		return func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			return journey.Assert(t, a, options(s))
		}
	}
	ring := func(t *testing.T, r *journey.Ring) secret.Ring {
		t.Helper()
		read, err := r.Ring(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	for _, c := range []struct {
		name   string
		answer answerer
		reads  []string
	}{
		{"rejects what is no JSON", func(*testing.T, *journey.Stack, journey.User, *passkeytest.Authenticator) string { return `"x"` }, none},
		{"rejects a challenge of a session", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) string {
			return journey.Assert(t, a, s.Begin(t, u).Options())
		}, []string{"GetItem"}}, // by Begin
		{"rejects a challenge of one's own", withOptions(func(*journey.Stack) []byte { return requestOptions(make([]byte, 92)) }), none},
		{"rejects a stamp of another key", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			return journey.Assert(t, a, stamped(ring(t, journey.NewRing(t, secret.Signing)), signInScope, s.Now()))
		}, none},
		{"rejects a stamp of another purpose", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			scope := signInScope
			scope.Purpose = 'u'
			return journey.Assert(t, a, stamped(ring(t, s.StampRing), scope, s.Now()))
		}, none},
		{"rejects a stamp of another pool", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			scope := signInScope
			scope.PoolID = "us-east-1_Other0000"
			return journey.Assert(t, a, stamped(ring(t, s.StampRing), scope, s.Now()))
		}, none},
		{"rejects a stamp that expired", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			answer := journey.Assert(t, a, s.SignInOptions(t))
			s.Advance(330*time.Second + time.Millisecond)
			return answer
		}, none},
		{"rejects a stamp from the future", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			return journey.Assert(t, a, stamped(ring(t, s.StampRing), signInScope, s.Now().Add(31*time.Second)))
		}, none},
		{"rejects an unknown passkey", tampered(func(a *passkeytest.Assertion) { a.CredentialID = make([]byte, 32) }), both},
		{"rejects a passkey that was removed", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) string {
			if r := s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), ""); r.StatusCode != http.StatusNoContent {
				t.Fatalf("removing answers %d", r.StatusCode)
			}
			return journey.Assert(t, a, s.SignInOptions(t))
		}, append([]string{"GetItem", "TransactWriteItems"}, both...)},
		{"rejects a tampered signature", tampered(func(a *passkeytest.Assertion) { a.Signature[len(a.Signature)-1] ^= 1 }), both},
		{"rejects an answer without user handle", tampered(func(a *passkeytest.Assertion) { a.UserHandle = nil }), both},
		{"rejects another user's handle", tampered(func(a *passkeytest.Assertion) { a.UserHandle = []byte(subB) }), both},
		{"rejects another page", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			a.Origin = "https://evil.example"
			return journey.Assert(t, a, s.SignInOptions(t))
		}, both},
		{"rejects an unverified user", func(t *testing.T, s *journey.Stack, _ journey.User, a *passkeytest.Authenticator) string {
			a.Flags &^= passkeytest.UserVerified
			return journey.Assert(t, a, s.SignInOptions(t))
		}, both},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, a, table := withTable(t)
			r := s.Call(t, routes.SignInUser, "", nil, `{"credential":`+c.answer(t, s, u, a)+`}`)
			wantProblem(t, r, "404 user_not_found")
			if want := `{"code":"user_not_found","message":"No user was found for this passkey."}`; r.Body != want {
				t.Errorf("answers %s, want %s", r.Body, want)
			}
			if got := table.Operations(); !slices.Equal(got, c.reads) {
				t.Errorf("it took %v, want %v", got, c.reads)
			}
		})
	}
}

func TestSignInUserReadsTwiceForASuccess(t *testing.T) {
	s, _, a, table := withTable(t)
	decoded[map[string]string](t, s.Call(t, routes.SignInUser, "", nil, credential([]byte(journey.Assert(t, a, s.SignInOptions(t))))), http.StatusOK)
	if got, want := table.Operations(), []string{"GetItem", "GetItem"}; !slices.Equal(got, want) {
		t.Errorf("it took %v, want %v", got, want)
	}
}

func TestSignInUserFailsWithoutItsKeys(t *testing.T) {
	s, _, a := withPasskey(t)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	s.StampRing.Fail(errors.New("no key"))
	wantProblem(t, s.Call(t, routes.SignInUser, "", nil, credential([]byte(answer))), "503 try_again")
}

func TestSignInUserRejectsBodies(t *testing.T) {
	s, _, a, table := withTable(t)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	for name, body := range map[string]string{
		"rejects no body":           ``,
		"rejects null":              `null`,
		"rejects no credential":     `{}`,
		"rejects an unknown member": `{"credential":` + answer + `,"x":1}`,
		"rejects two credentials":   `{"credential":` + answer + `,"credential":` + answer + `}`,
		"rejects another case":      `{"CREDENTIAL":` + answer + `}`,
		"rejects deep nesting":      `{"credential":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, s.Call(t, routes.SignInUser, "", nil, body), "404 user_not_found")
		})
	}
	if operations := table.Operations(); len(operations) != 0 {
		t.Errorf("the refusals took %v", operations)
	}
}
