package journey

import (
	"strings"
	"testing"
)

// TryAgain is all that a client reads of a fault in a trigger.
const TryAgain = "sign-in is not available for the moment, please try again"

// WantTokens checks that an answer signs its user in.
func (s *Stack) WantTokens(t testing.TB, session *Session, answer string) {
	t.Helper()
	if !s.Answer(t, session, answer, nil) || !session.Tokens {
		t.Fatalf("a good answer was refused for %v", s.Log.Last(t, "verified")["reason"])
	}
}

// WantRefused checks that an answer ends its session without tokens, and why.
func (s *Stack) WantRefused(t testing.TB, session *Session, answer, reason string) {
	t.Helper()
	s.WantWrong(t, session, answer, reason)
	if !session.Failed {
		t.Error("the session goes on")
	}
}

// WantWrong checks that an answer is wrong, and why. The session may go on.
func (s *Stack) WantWrong(t testing.TB, session *Session, answer, reason string) {
	t.Helper()
	if s.Answer(t, session, answer, nil) || session.Tokens {
		t.Fatal("the answer was accepted")
	}
	if got := s.Log.Last(t, "verified")["reason"]; got != reason {
		t.Errorf("refused for %q, want %q", got, reason)
	}
}

// OtherCode is a code that is not the given one.
func OtherCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

// WantTryAgain checks that an error is a fault that tells the client nothing else.
func WantTryAgain(t testing.TB, err error) {
	t.Helper()
	if err == nil || err.Error() != TryAgain {
		t.Errorf("error is %v, want %q", err, TryAgain)
	}
}

// WantNotLogged checks that the log holds none of the texts.
func (s *Stack) WantNotLogged(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if text != "" && strings.Contains(s.Log.String(), text) {
			t.Errorf("%q was logged: %s", text, s.Log.String())
		}
	}
}
