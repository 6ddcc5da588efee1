package attacks_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

// An answer that was read on its way is worth nothing, wherever it is sent again.
func TestRejectsAReplayedSignIn(t *testing.T) {
	for name, begin := range map[string]func(s *journey.Stack, session *journey.Session) []byte{
		"by name":      func(_ *journey.Stack, session *journey.Session) []byte { return session.Options() },
		"without name": func(s *journey.Stack, _ *journey.Session) []byte { return s.SignInOptions(t) },
	} {
		t.Run("rejects a sign-in "+name, func(t *testing.T) {
			s, victim, _ := cast(t)
			session := s.Begin(t, victim.User)
			answer := victim.sign(t, begin(s, session)).JSON()
			replay := *session
			wantIn(t, s, session, answer)

			s.Advance(20*time.Second + time.Millisecond)
			wantOut(t, s, &replay, answer, "challenge_spent")
			reason := map[string]string{"by name": "wrong_challenge", "without name": "challenge_spent"}[name]
			wantOut(t, s, s.Begin(t, victim.User), answer, reason)
		})
	}
}

// The challenge that counts is the sealed one or a signed one, whatever the client says it was.
func TestRejectsAChallengeThatTheClientBrought(t *testing.T) {
	own := bytes.Repeat([]byte{7}, 32)
	s, victim, attacker := cast(t)
	stolen := victim.sign(t, options(t, own)) // from a page that made the victim sign
	for name, metadata := range map[string]map[string]string{
		"rejects it in the metadata":               {"challenge": base64url(own), "c": base64url(own), "expectedChallenge": base64url(own)},
		"rejects it as private parameters":         {"v": "1", "c": base64url(own), "a": "0", "x": "9999999999999", "acc": "passkey"},
		"rejects it with another method asked for": {"signInMethod": "FIDO2", "challenge": base64url(own)},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, victim.User)
			if s.Answer(t, session, string(stolen.JSON()), metadata) || session.Tokens {
				t.Error("accepted")
			}
			if got := s.Log.Last(t, "verified")["reason"]; got != "wrong_challenge" {
				t.Errorf("refused for %v", got)
			}
		})
	}
	t.Run("rejects it in the answer", func(t *testing.T) {
		members := stolen.Members()
		members["challenge"] = base64url(own)
		wantOut(t, s, s.Begin(t, victim.User), marshal(t, members), "malformed")
	})
	t.Run("rejects it in a registration", func(t *testing.T) {
		made, err := attacker.authenticator.Create(change(t, change(t, s.BeginRegistration(t, attacker.User), "challenge", base64url(own)), "excludeCredentials", nil))
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s, s.FinishRegistration(t, attacker.User, made.JSON()), "409 registration_not_found", "")
		body := map[string]any{"credential": json.RawMessage(made.JSON()), "challenge": base64url(own)}
		wantProblem(t, s, s.Call(t, routes.RegisterPasskey, "", s.Claims(attacker.User), body), "400 malformed_request", "")
	})
}

// DynamoDB deletes late: what expired is refused while its row is still there.
func TestRejectsAnExpiredRowThatIsStillThere(t *testing.T) {
	s := journey.New(t)
	table := onTable(t, s)
	victim := join(t, s, victimSub)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, victim.User))
	if err != nil {
		t.Fatal(err)
	}
	s.Advance(5 * time.Minute)
	table.Operations()
	wantProblem(t, s, s.FinishRegistration(t, victim.User, made.JSON()), "409 registration_not_found", "")
	if got := strings.Join(table.Operations(), " "); strings.Contains(got, "TransactWriteItems") {
		t.Errorf("it took %s", got)
	}
	if _, err := s.Store.Registration(t.Context(), victimSub); err != nil {
		t.Errorf("the row is gone: %v", err)
	}
	session := s.Begin(t, victim.User)
	answer := victim.sign(t, session.Options()).JSON()
	s.Advance(210*time.Second + time.Millisecond)
	wantOut(t, s, session, answer, "challenge_expired")
}

func TestRejectsAChallengeOfTheOtherCeremony(t *testing.T) {
	s, victim, _ := cast(t)
	var creation struct{ Challenge string }
	if err := json.Unmarshal(s.BeginRegistration(t, victim.User), &creation); err != nil {
		t.Fatal(err)
	}
	t.Run("rejects a registration's challenge in a sign-in", func(t *testing.T) {
		session := s.Begin(t, victim.User)
		answer := victim.sign(t, change(t, session.Options(), "challenge", creation.Challenge)).JSON()
		wantOut(t, s, session, answer, "wrong_challenge")
	})
	t.Run("rejects a sign-in's type of client data", func(t *testing.T) {
		session := s.Begin(t, victim.User)
		answer := victim.sign(t, session.Options(), set("type", "webauthn.create")).JSON()
		wantOut(t, s, session, answer, "wrong_type")
	})
	for name, challenge := range map[string]func(s *journey.Stack) []byte{
		"rejects a session's challenge in a registration": func(s *journey.Stack) []byte { return s.Begin(t, victim.User).Options() },
		"rejects a stamp in a registration":               func(s *journey.Stack) []byte { return s.SignInOptions(t) },
	} {
		t.Run(name, func(t *testing.T) {
			var request struct{ Challenge string }
			if err := json.Unmarshal(challenge(s), &request); err != nil {
				t.Fatal(err)
			}
			made, err := passkeytest.NewSynced(journey.Origin).Create(change(t, s.BeginRegistration(t, victim.User), "challenge", request.Challenge))
			if err != nil {
				t.Fatal(err)
			}
			wantProblem(t, s, s.FinishRegistration(t, victim.User, made.JSON()), "409 registration_not_found", "")
		})
	}
	t.Run("rejects a registration's type of client data", func(t *testing.T) {
		made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, victim.User), set("type", "webauthn.get"))
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s, s.FinishRegistration(t, victim.User, made.JSON()), "400 passkey_refused", "wrong_type")
	})
}

func TestRejectsAnotherUsersChallenge(t *testing.T) {
	s, victim, attacker := cast(t)
	his := s.Begin(t, attacker.User)
	for name, c := range map[string]struct {
		signer person
		reason string
	}{
		"rejects it answered by the attacker": {attacker, "wrong_challenge"},
		"rejects it answered by the victim":   {victim, "wrong_challenge"},
	} {
		t.Run(name, func(t *testing.T) {
			wantOut(t, s, s.Begin(t, victim.User), c.signer.sign(t, his.Options()).JSON(), c.reason)
		})
	}
}

func TestRejectsAnotherUsersRegistration(t *testing.T) {
	s, victim, attacker := cast(t)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, victim.User))
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s, s.FinishRegistration(t, attacker.User, made.JSON()), "409 registration_not_found", "")
	s.BeginRegistration(t, attacker.User)
	wantProblem(t, s, s.FinishRegistration(t, attacker.User, made.JSON()), "409 registration_not_found", "")
	if r := s.FinishRegistration(t, victim.User, made.JSON()); r.StatusCode != http.StatusCreated {
		t.Errorf("then the victim's own is answered %d %s", r.StatusCode, r.Body)
	}
}

// Private parameters that Create did not write, or not so, open nothing.
func TestRejectsASessionWithoutAChallenge(t *testing.T) {
	s, victim, _ := cast(t)
	for name, damage := range map[string]func(private map[string]string){
		"rejects none at all":         func(p map[string]string) { clear(p) },
		"rejects no version":          func(p map[string]string) { delete(p, "v") },
		"rejects another version":     func(p map[string]string) { p["v"] = "2" },
		"rejects no challenge":        func(p map[string]string) { delete(p, "c") },
		"rejects an empty challenge":  func(p map[string]string) { p["c"] = "" },
		"rejects a short challenge":   func(p map[string]string) { p["c"] = base64url(make([]byte, 15)) },
		"rejects a longer challenge":  func(p map[string]string) { p["c"] = base64url(make([]byte, 33)) },
		"rejects no time of issue":    func(p map[string]string) { delete(p, "a") },
		"rejects no time of expiry":   func(p map[string]string) { delete(p, "x") },
		"rejects a time in words":     func(p map[string]string) { p["x"] = "tomorrow" },
		"rejects another's parameter": func(p map[string]string) { clear(p); p["challenge"] = "secret" },
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, victim.User)
			session.Private = maps.Clone(session.Private)
			damage(session.Private)
			answer := victim.sign(t, options(t, []byte(session.Private["c"]))).JSON()
			wantOut(t, s, session, answer, "no_challenge")
		})
	}
	t.Run("rejects parameters that are null", func(t *testing.T) {
		session := s.Begin(t, victim.User)
		answer := victim.sign(t, session.Options()).JSON()
		session.Private = nil
		wantOut(t, s, session, answer, "no_challenge")
	})
}

// Somebody's stamped answer, seen and sent again at once.
func TestRejectsSomebodysAnswerWithinTheGrace(t *testing.T) {
	s, victim, attacker := cast(t)
	answer := victim.sign(t, s.SignInOptions(t)).JSON()
	before := s.Begin(t, victim.User) // begun by the attacker, before the victim signs in
	wantIn(t, s, s.Begin(t, victim.User), answer)
	s.Advance(time.Second)
	wantOut(t, s, before, answer, "challenge_spent")
	wantOut(t, s, s.Begin(t, victim.User), answer, "challenge_spent")
	wantOut(t, s, s.Begin(t, attacker.User), answer, "unknown_credential")
}

func TestRejectsAStampMadeForSomethingElse(t *testing.T) {
	s, victim, _ := cast(t)
	for name, scope := range map[string]stamp.Scope{
		"rejects one for a step-up":             {Purpose: 'u', PoolID: journey.PoolID, RelyingPartyID: journey.RelyingPartyID},
		"rejects one for a transaction":         {Purpose: stamp.SignIn, PoolID: journey.PoolID, RelyingPartyID: journey.RelyingPartyID, Context: []byte("pay")},
		"rejects one for another pool":          {Purpose: stamp.SignIn, PoolID: "us-east-1_Other0000", RelyingPartyID: journey.RelyingPartyID},
		"rejects one for another relying party": {Purpose: stamp.SignIn, PoolID: journey.PoolID, RelyingPartyID: "other.example"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := victim.sign(t, options(t, stamp.Issue(currentKey(t, s.StampRing), scope, s.Now()))).JSON()
			wantOut(t, s, s.Begin(t, victim.User), answer, "wrong_challenge")
		})
	}
	t.Run("rejects one of another stack's key", func(t *testing.T) {
		foreign := currentKey(t, journey.NewRing(t, secret.Signing))
		answer := victim.sign(t, options(t, stamp.Issue(foreign, signInScope, s.Now()))).JSON()
		wantOut(t, s, s.Begin(t, victim.User), answer, "wrong_challenge")
	})
	t.Run("rejects one in another pool's event", func(t *testing.T) {
		session := s.Begin(t, victim.User)
		event := s.VerifyEvent(session, string(victim.sign(t, s.SignInOptions(t)).JSON()), nil)
		event.UserPoolID = "us-east-1_Other0000"
		_, _, verify := s.Triggers()
		verified, err := verify.Handle(t.Context(), event)
		if got := s.Log.Last(t, "verified")["reason"]; err != nil || verified.Response.AnswerCorrect || got != "wrong_challenge" {
			t.Errorf("correct is %t, reason %v, error %v", verified.Response.AnswerCorrect, got, err)
		}
	})
}
