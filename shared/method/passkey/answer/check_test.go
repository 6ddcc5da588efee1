package answer_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const (
	subA = "5f0c8d2e-0000-4000-8000-00000000000a"
	subB = "5f0c8d2e-0000-4000-8000-00000000000b"
)

// withPasskey is a stack with one user who holds one synced passkey.
func withPasskey(t testing.TB) (*journey.Stack, journey.User, *passkeytest.Authenticator) {
	t.Helper()
	s := journey.New(t)
	u := s.NewUser(subA)
	a := passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	return s, u, a
}

func TestSignInByName(t *testing.T) {
	s, u, a := withPasskey(t)
	session := s.Begin(t, u)
	s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
	sample := s.Begin(t, u)
	assertion, err := a.Get(sample.Options())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Answer(t, sample, string(assertion.SampleJSON()), map[string]string{"signInMethod": "FIDO2"}) || !sample.Tokens {
		t.Error("no tokens for a good answer in the form of the AWS sample's clients")
	}
}

func TestSignInWithoutName(t *testing.T) {
	s, u, a := withPasskey(t)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	session := s.Begin(t, u)
	s.WantTokens(t, session, answer)
	s.WantRefused(t, s.Begin(t, u), answer, "challenge_spent")
}

func TestStampCountsOncePerPasskey(t *testing.T) {
	s, u, a := withPasskey(t)
	v := s.NewUser(subB)
	b := passkeytest.NewSynced(journey.Origin)
	s.Register(t, v, b)
	options := s.SignInOptions(t)
	for user, authenticator := range map[*journey.User]*passkeytest.Authenticator{&u: a, &v: b} {
		session := s.Begin(t, *user)
		if !s.Answer(t, session, journey.Assert(t, authenticator, options), nil) {
			t.Errorf("user %s can't use a stamp that another passkey answered", user.Sub)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(t *testing.T, s *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string
		reason string
	}{
		{"rejects an answer to another session's challenge", func(t *testing.T, s *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string {
			return journey.Assert(t, a, s.Begin(t, session.User).Options())
		}, "wrong_challenge"},
		{"rejects a stranger's passkey", func(t *testing.T, s *journey.Stack, session *journey.Session, _ *passkeytest.Authenticator) string {
			v, b := s.NewUser(subB), passkeytest.NewSynced(journey.Origin)
			s.Register(t, v, b)
			return journey.Assert(t, b, withoutList(session.Options()))
		}, "unknown_credential"},
		{"rejects an expired challenge", func(t *testing.T, s *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string {
			s.Advance(211 * time.Second)
			return journey.Assert(t, a, session.Options())
		}, "challenge_expired"},
		{"rejects an expired stamp", func(t *testing.T, s *journey.Stack, _ *journey.Session, a *passkeytest.Authenticator) string {
			answer := journey.Assert(t, a, s.SignInOptions(t))
			s.Advance(331 * time.Second)
			return answer
		}, "challenge_expired"},
		{"rejects a challenge from the future", func(t *testing.T, s *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string {
			s.Advance(-31 * time.Second)
			return journey.Assert(t, a, session.Options())
		}, "challenge_from_the_future"},
		{"rejects a tampered signature", func(t *testing.T, _ *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string {
			assertion, err := a.Get(session.Options())
			if err != nil {
				t.Fatal(err)
			}
			assertion.Signature[len(assertion.Signature)-1] ^= 1
			return string(assertion.JSON())
		}, "bad_signature"},
		{"rejects a stamped answer without user handle", func(t *testing.T, s *journey.Stack, _ *journey.Session, a *passkeytest.Authenticator) string {
			assertion, err := a.Get(s.SignInOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			assertion.UserHandle = nil
			return string(assertion.JSON())
		}, "wrong_user_handle"},
		{"rejects a removed passkey", func(t *testing.T, s *journey.Stack, session *journey.Session, a *passkeytest.Authenticator) string {
			answer := journey.Assert(t, a, session.Options())
			remove(t, s, session.User, a.Passkeys[0].ID)
			return answer
		}, "unknown_credential"},
		{"rejects an answer that is no JSON", func(*testing.T, *journey.Stack, *journey.Session, *passkeytest.Authenticator) string {
			return "{"
		}, "malformed"},
		{"rejects an answer of no known form", func(*testing.T, *journey.Stack, *journey.Session, *passkeytest.Authenticator) string {
			return "12345678"
		}, "no_method"},
		{"rejects an answer that is too long", func(*testing.T, *journey.Stack, *journey.Session, *passkeytest.Authenticator) string {
			return "{" + strings.Repeat(" ", 16<<10)
		}, "answer_too_big"},
		{"rejects a dummy answer", func(*testing.T, *journey.Stack, *journey.Session, *passkeytest.Authenticator) string {
			return "__dummy__"
		}, "dummy_answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, a := withPasskey(t)
			session := s.Begin(t, u)
			s.WantRefused(t, session, c.answer(t, s, session, a), c.reason)
		})
	}
}

func TestRejectsAnAnswerForNobody(t *testing.T) {
	s, _, a := withPasskey(t)
	ghost := journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true}
	session := s.Begin(t, ghost)
	s.WantRefused(t, session, journey.Assert(t, a, withoutList(session.Options())), "unknown_credential")
}

// A reply that was lost makes Cognito call Verify again: the same answer in the
// same session is right twice more, for 20 s.
func TestRetriedTrigger(t *testing.T) {
	s, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	verify := func() bool {
		t.Helper()
		v, err := s.Verify(t.Context(), session, answer, nil)
		if err != nil {
			t.Fatal(err)
		}
		return v.Response.AnswerCorrect
	}
	for i, want := range []bool{true, true, true, false, false} {
		if got := verify(); got != want {
			t.Errorf("call %d: correct is %t, want %t", i+1, got, want)
		}
		s.Advance(time.Second)
	}
}

func TestRetryGraceEnds(t *testing.T) {
	s, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	if v, err := s.Verify(t.Context(), session, answer, nil); err != nil || !v.Response.AnswerCorrect {
		t.Fatal("refused", err)
	}
	s.Advance(20*time.Second + time.Millisecond)
	s.WantRefused(t, session, answer, "challenge_spent")
}

// A stamped answer that was used in one session is worth nothing in another,
// not even within the grace.
func TestGraceServesNoOtherSession(t *testing.T) {
	s, u, a := withPasskey(t)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	if first := s.Begin(t, u); !s.Answer(t, first, answer, nil) {
		t.Fatal("refused")
	}
	s.WantRefused(t, s.Begin(t, u), answer, "challenge_spent")
}

func TestManySignInsInSequence(t *testing.T) {
	s, u, a := withPasskey(t)
	var first string
	for i := range 1000 {
		session := s.Begin(t, u)
		answer := journey.Assert(t, a, session.Options())
		if i == 0 {
			first = answer
		}
		if !s.Answer(t, session, answer, nil) {
			t.Fatalf("sign-in %d was refused", i)
		}
		s.Advance(time.Second)
	}
	p, err := s.Store.Passkey(t.Context(), subA, table.Hash(a.Passkeys[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Spent) > 8 {
		t.Errorf("the passkey remembers %d challenges, want 8 at most", len(p.Spent))
	}
	s.WantRefused(t, s.Begin(t, u), first, "wrong_challenge")
}

// Nine sign-ins at once leave no room to remember the oldest challenge: it is
// then void, which the user is told as a fault.
func TestForgottenChallengeIsVoid(t *testing.T) {
	s, u, a := withPasskey(t)
	oldest := s.Begin(t, u)
	late := s.Begin(t, u)
	answer, lateAnswer := journey.Assert(t, a, oldest.Options()), journey.Assert(t, a, late.Options())
	if !s.Answer(t, oldest, answer, nil) {
		t.Fatal("refused")
	}
	for range 8 {
		s.Advance(time.Millisecond)
		if session := s.Begin(t, u); !s.Answer(t, session, journey.Assert(t, a, session.Options()), nil) {
			t.Fatal("refused")
		}
	}
	for name, c := range map[string]struct {
		session *journey.Session
		answer  string
	}{"spent and forgotten": {oldest, answer}, "never spent": {late, lateAnswer}} {
		if correct, err := s.TryAnswer(t.Context(), c.session, c.answer, nil); err == nil || correct {
			t.Errorf("a challenge below the floor, %s: correct is %t, error %v; want a fault", name, correct, err)
		}
	}
}

// Two devices that share a synced passkey sign in at the same moment.
func TestTwoDevicesWithOnePasskey(t *testing.T) {
	s, u, a := withPasskey(t)
	one, two := s.Begin(t, u), s.Begin(t, u)
	answers := []string{journey.Assert(t, a, one.Options()), journey.Assert(t, a, two.Options())}
	var all sync.WaitGroup
	for i, session := range []*journey.Session{one, two} {
		all.Go(func() {
			if correct, err := s.TryAnswer(t.Context(), session, answers[i], nil); !correct || err != nil {
				t.Errorf("device %d: correct is %t, error %v", i, correct, err)
			}
		})
	}
	all.Wait()
}

func TestCounterOfDeviceBoundKey(t *testing.T) {
	s := journey.New(t)
	u, a := s.NewUser(subA), passkeytest.NewDeviceBound(journey.Origin)
	s.Register(t, u, a)
	session := s.Begin(t, u)
	if !s.Answer(t, session, journey.Assert(t, a, session.Options()), nil) {
		t.Fatal("refused")
	}
	for _, count := range []uint32{a.Passkeys[0].SignCount, a.Passkeys[0].SignCount - 1, 0} {
		session := s.Begin(t, u)
		s.WantRefused(t, session, journey.Assert(t, a, session.Options(), func(c *passkeytest.Ceremony) { c.SignCount = count }), "counter")
	}
}

func TestCounterOfSyncedKeyMayRegress(t *testing.T) {
	s, u, a := withPasskey(t)
	for _, count := range []uint32{10, 3} {
		session := s.Begin(t, u)
		if !s.Answer(t, session, journey.Assert(t, a, session.Options(), func(c *passkeytest.Ceremony) { c.SignCount = count }), nil) {
			t.Fatalf("refused with count %d", count)
		}
	}
	if warnings := s.Log.Last(t, "verified")["CloneWarnings"]; warnings != 1.0 {
		t.Errorf("%v clone warnings, want 1", warnings)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	s, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	if !s.Answer(t, session, answer, nil) {
		t.Fatal("refused")
	}
	s.WantRefused(t, s.Begin(t, u), answer, "wrong_challenge")
	for what, secret := range map[string]string{
		"the challenge": session.Private["c"], "the answer": answer, "the address": u.Attributes["email"], "a token": "token of",
	} {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("%s was logged", what)
		}
	}
}
