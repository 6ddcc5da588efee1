package corbado_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// newStack returns a stack whose app client accepts Corbado's passkeys and, if
// asked for, its own.
func newStack(f fixture, methods ...string) *journey.Stack {
	s := journey.New(f)
	s.Advance(now.Sub(s.Now()))
	s.Client.Methods = methods
	s.Issuers = []customauth.Issuer{corbado.Issuer{}}
	s.Checkers = []customauth.Checker{once.Checker{Checker: corbado.Checker{Service: f.client}, Store: s.Store, Now: s.Now}}
	return s
}

func TestSessionAsCorbadosClientsHoldIt(t *testing.T) {
	f := newFixture(t)
	s := newStack(f, corbado.Method)
	session := s.Begin(t, s.NewUser(alice))
	if want := map[string]string{"dummy": "dummy"}; !maps.Equal(session.Public, want) {
		t.Errorf("public parameters %v, want %v", session.Public, want)
	}
	if !strings.HasPrefix(session.Metadata, "cp1:corbado:") {
		t.Errorf("metadata %q", session.Metadata)
	}
	s.WantTokens(t, session, f.service.Sign(f.service.Claims(alice)))
}

func TestSessionBesideOwnPasskeys(t *testing.T) {
	f := newFixture(t)
	s := newStack(f, customauth.MethodPasskey, corbado.Method)
	session := s.Begin(t, s.NewUser(alice))
	if session.Public["dummy"] != "dummy" || len(session.Options()) == 0 {
		t.Errorf("public parameters %v", session.Public)
	}
	s.WantTokens(t, session, f.service.Sign(f.service.Claims(alice)))
}

func TestAnswerInASessionThatIsNotForIt(t *testing.T) {
	f := newFixture(t)
	both := newStack(f, customauth.MethodPasskey, corbado.Method)
	passkeysOnly := newStack(f, customauth.MethodPasskey)
	spent := f.service.Sign(f.service.Claims(alice))
	if session := both.Begin(t, both.NewUser(alice)); !both.Answer(t, session, spent, nil) {
		t.Fatal("the first answer was refused")
	}
	for name, test := range map[string]struct {
		stack          *journey.Stack
		answer, reason string
	}{
		"another user's":                         {both, f.service.Sign(f.service.Claims(mallory)), "user_mismatch"},
		"a replay in a new session":              {both, spent, "answer_spent"},
		"a client that lists no such method":     {passkeysOnly, f.service.Sign(f.service.Claims(alice)), customauth.ReasonNotAllowed},
		"an answer longer than any method needs": {both, f.service.Sign(long(f.service.Claims(alice))), customauth.ReasonAnswerTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			session := test.stack.Begin(t, test.stack.NewUser(alice))
			test.stack.WantRefused(t, session, test.answer, test.reason)
		})
	}
}

func long(c service.Claims) service.Claims {
	c.Audience = jwt.ClaimStrings{strings.Repeat("a", customauth.MaxAnswer)}
	return c
}

// The user name of someone who does not exist is shown to the client, so that
// anybody can put it into an answer. What comes of that must look alike.
func TestNobodyCostsWhatAUserCosts(t *testing.T) {
	f := newFixture(t)
	s := newStack(f, corbado.Method)
	nobody := journey.User{Name: alice, NotFound: true}
	for name, test := range map[string]struct {
		user           journey.User
		answer, reason string
	}{
		"a user, forged answer":  {s.NewUser(alice), f.service.Forge(f.service.Claims(alice)), "invalid_signature"},
		"nobody, forged answer":  {nobody, f.service.Forge(f.service.Claims(alice)), "invalid_signature"},
		"nobody, genuine answer": {nobody, f.service.Sign(f.service.Claims(alice)), customauth.ReasonNoSuchUser},
	} {
		t.Run(name, func(t *testing.T) {
			before := f.service.Calls()
			session := s.Begin(t, test.user)
			s.WantRefused(t, session, test.answer, test.reason)
			if calls := f.service.Calls() - before; calls != 1 {
				t.Errorf("the service was asked %d times, want once", calls)
			}
		})
	}
}

// Cognito repeats a trigger whose reply was lost, and Corbado has taken the
// answer already.
func TestRepeatedTriggerKeepsTheVerdict(t *testing.T) {
	f := newFixture(t)
	s := newStack(f, corbado.Method)
	session := s.Begin(t, s.NewUser(alice))
	answer := f.service.Sign(f.service.Claims(alice))
	if lost, err := s.Verify(t.Context(), session, answer, nil); err != nil || !lost.Response.AnswerCorrect {
		t.Fatalf("the first time: %+v, %v", lost.Response, err)
	}
	s.Advance(time.Second)
	s.WantTokens(t, session, answer)
	if calls := f.service.Calls(); calls != 1 {
		t.Errorf("the service was asked %d times", calls)
	}
}

func TestFaultEndsNoSession(t *testing.T) {
	f := newFixture(t)
	s := newStack(f, corbado.Method)
	session := s.Begin(t, s.NewUser(alice))
	f.service.Break(fault.Unavailable)
	answer := f.service.Sign(f.service.Claims(alice))
	if correct, err := s.TryAnswer(t.Context(), session, answer, nil); err == nil || correct {
		t.Fatalf("verdict %t during an outage", correct)
	} else if strings.Contains(err.Error(), "Corbado") {
		t.Errorf("the client reads %q", err)
	}
	if log := s.Log.String(); strings.Contains(log, answer) || strings.Contains(log, apiSecret) {
		t.Error("the log holds the answer or the secret")
	}
	f.service.Break(fault.None)
	s.WantTokens(t, session, answer)
}
