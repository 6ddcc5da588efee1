package trigger_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

const (
	defineSource      = "DefineAuthChallenge_Authentication"
	createSource      = "CreateAuthChallenge_Authentication"
	verifySource      = "VerifyAuthChallengeResponse_Authentication"
	verifySourceShort = "VerifyAuthChallenge_Authentication"
)

func TestEachTriggerAnswersItsSourceAlone(t *testing.T) {
	s, _, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	define, create, verify := s.Triggers()
	for _, source := range []string{
		"", defineSource, createSource, verifySource, verifySourceShort, "PreAuthentication_Authentication", strings.ToLower(verifySource),
	} {
		t.Run("source "+source, func(t *testing.T) {
			d := s.DefineEvent(session, nil)
			d.TriggerSource = source
			defined, err := define.Handle(t.Context(), d)
			if source == defineSource {
				if err != nil || defined.Response.ChallengeName != "CUSTOM_CHALLENGE" {
					t.Errorf("Define answers %+v, %v", defined.Response, err)
				}
			} else {
				wantMessage(t, err, misplaced)
			}
			c := s.CreateEvent(session, nil)
			c.TriggerSource = source
			created, err := create.Handle(t.Context(), c)
			if source == createSource {
				if err != nil || len(created.Response.PrivateChallengeParameters) == 0 {
					t.Errorf("Create answers %+v, %v", created.Response, err)
				}
			} else {
				wantMessage(t, err, misplaced)
			}
			v := s.VerifyEvent(session, answer, nil)
			v.TriggerSource = source
			verified, err := verify.Handle(t.Context(), v)
			if source == verifySource || source == verifySourceShort {
				if err != nil || !verified.Response.AnswerCorrect {
					t.Errorf("Verify answers %+v, %v", verified.Response, err)
				}
			} else {
				wantMessage(t, err, misplaced)
			}
		})
	}
	wantQuietLog(t, s, session, answer)
}

func TestCreateMakesNoOtherChallenge(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	_, create, _ := s.Triggers()
	for _, name := range []string{"", "SRP_A", "PASSWORD_VERIFIER", "custom_challenge"} {
		event := s.CreateEvent(&journey.Session{User: u, ClientID: journey.ClientID}, nil)
		event.Request.ChallengeName = name
		_, err := create.Handle(t.Context(), event)
		wantMessage(t, err, misplaced)
	}
}

func TestUserWithoutSubIsAFault(t *testing.T) {
	s, _, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	for name, attributes := range map[string]map[string]string{
		"rejects no attributes": nil, "rejects no sub": {"email": "ann@example.com"}, "rejects an empty sub": {"sub": ""},
	} {
		t.Run(name, func(t *testing.T) {
			nameless := *session
			nameless.User.Attributes = attributes
			_, err := s.Create(t.Context(), &nameless, nil)
			journey.WantTryAgain(t, err)
			_, err = s.Verify(t.Context(), &nameless, answer, nil)
			journey.WantTryAgain(t, err)
		})
	}
	wantQuietLog(t, s, session, answer)
}

// An entry that is null counts, and is nothing that Define or Create know.
func TestNullEntriesEndASession(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	session := s.Begin(t, u)
	good := &events.CognitoEventUserPoolsChallengeResult{
		ChallengeName: "CUSTOM_CHALLENGE", ChallengeResult: true, ChallengeMetadata: session.Metadata,
	}
	for name, history := range map[string][]*events.CognitoEventUserPoolsChallengeResult{
		"alone": {nil}, "before a right answer": {nil, good}, "after a right answer": {good, nil}, "five": {nil, nil, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			session.History = history
			defined, err := s.Define(t.Context(), session, nil)
			if r := defined.Response; err != nil || !r.FailAuthentication || r.IssueTokens || r.ChallengeName != "" {
				t.Errorf("Define answers %+v, %v", r, err)
			}
			_, err = s.Create(t.Context(), session, nil)
			journey.WantTryAgain(t, err)
		})
	}
}

func TestAnswersThatAreNoTextAreWrong(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	session := s.Begin(t, u)
	_, _, verify := s.Triggers()
	for name, answer := range map[string]any{
		"nothing": nil, "a number": 1.0, "true": true, "a list": []any{"x"}, "an object": map[string]any{"answerCorrect": true},
	} {
		t.Run("rejects "+name, func(t *testing.T) {
			event := s.VerifyEvent(session, "", nil)
			event.Request.ChallengeAnswer = answer
			verified, err := verify.Handle(t.Context(), event)
			if err != nil || verified.Response.AnswerCorrect {
				t.Errorf("Verify answers %+v, %v", verified.Response, err)
			}
			if reason := s.Log.Last(t, "verified")["reason"]; reason != "no_method" {
				t.Errorf("refused for %v, want no_method", reason)
			}
		})
	}
}

// A sign-in never comes of a fault, not even if the event says that it did.
func TestFaultsNeverSignIn(t *testing.T) {
	broken := errors.New(innards)
	for _, c := range []struct {
		name string
		set  func(*failing)
	}{
		{"a passkey that cannot be read", func(f *failing) { f.passkey = broken }},
		{"an answer that cannot be recorded", func(f *failing) { f.spend = broken }},
		{"a record whose reply was lost", func(f *failing) { f.spend, f.lostReply = broken, true }},
		{"a timeout", func(f *failing) { f.passkey = context.DeadlineExceeded }},
		{"a conflict that does not end", func(f *failing) { f.spend = credentials.ErrConflict }},
		{"a condition that never holds", func(f *failing) { f.spend = credentials.ErrCondition }},
		{"a panic while reading", func(f *failing) { f.passkey = errPanic }},
		{"a panic while writing", func(f *failing) { f.spend = errPanic }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, store, u, a := withPasskey(t)
			session := s.Begin(t, u)
			answer := journey.Assert(t, a, session.Options())
			c.set(store)
			_, _, verify := s.Triggers()
			event := s.VerifyEvent(session, answer, nil)
			event.Response.AnswerCorrect = true
			verified, err := verify.Handle(t.Context(), event)
			journey.WantTryAgain(t, err)
			if verified.Response.AnswerCorrect {
				t.Error("a fault is answered with a sign-in")
			}
			wantQuietLog(t, s, session, answer)

			lost := store.lostReply
			*store = failing{Store: store.Store}
			if !lost {
				if again, err := s.Verify(t.Context(), session, answer, nil); err != nil || !again.Response.AnswerCorrect {
					t.Errorf("tried again it answers %+v, %v", again.Response, err)
				}
			}
		})
	}
}

func TestFaultOfARepeat(t *testing.T) {
	s, store, u, a := withPasskey(t)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	if v, err := s.Verify(t.Context(), session, answer, nil); err != nil || !v.Response.AnswerCorrect {
		t.Fatalf("answers %+v, %v", v.Response, err)
	}
	s.Advance(time.Second)
	for _, broken := range []error{errors.New(innards), errPanic} {
		store.repeat = broken
		_, err := s.Verify(t.Context(), session, answer, nil)
		journey.WantTryAgain(t, err)
	}
	store.repeat = nil
	if v, err := s.Verify(t.Context(), session, answer, nil); err != nil || !v.Response.AnswerCorrect {
		t.Errorf("tried again it answers %+v, %v", v.Response, err)
	}
}

func TestFaultsOfCreate(t *testing.T) {
	for name, broken := range map[string]error{"an error": errors.New(innards), "a timeout": context.DeadlineExceeded, "a panic": errPanic} {
		t.Run(name, func(t *testing.T) {
			s, store, u, _ := withPasskey(t)
			store.user = broken
			session := &journey.Session{User: u, ClientID: journey.ClientID}
			_, create, _ := s.Triggers()
			created, err := create.Handle(t.Context(), s.CreateEvent(session, nil))
			journey.WantTryAgain(t, err)
			if created.Response.PrivateChallengeParameters != nil || created.Response.PublicChallengeParameters != nil {
				t.Errorf("a fault is answered with a challenge: %+v", created.Response)
			}
			wantQuietLog(t, s, session, "")
			store.user = nil
			if _, err := s.Create(t.Context(), session, nil); err != nil {
				t.Errorf("tried again it fails: %v", err)
			}
		})
	}
}

// The log tells where a panic was and of what type, not what it held.
func TestPanicsAreLoggedWithoutTheirValue(t *testing.T) {
	s, store, u, _ := withPasskey(t)
	session := s.Begin(t, u)
	store.passkey = errPanic
	_, err := s.Verify(t.Context(), session, `{}`, nil)
	if err != nil {
		t.Fatalf("an answer that is not even read: %v", err)
	}
	store.user = errPanic
	_, err = s.Create(t.Context(), &journey.Session{User: u, ClientID: journey.ClientID}, nil)
	journey.WantTryAgain(t, err)
	line := s.Log.Last(t, "panic")
	if line["error"] != "string" || !strings.Contains(line["stack"].(string), "customauth.Create.Open") {
		t.Errorf("the log says %v", line)
	}
	if strings.Contains(s.Log.String(), innards) {
		t.Error("the value of the panic was logged")
	}
}

func TestClientThatIsNotServed(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	for _, client := range []string{"", "other", strings.ToUpper(journey.ClientID)} {
		_, err := s.Create(t.Context(), &journey.Session{User: u, ClientID: client}, nil)
		wantMessage(t, err, notServed)
	}
}

// Cognito refuses these users before it asks Define; Define does not count on it.
func TestDefineGivesNoTokensToUsersWhoMayNotSignIn(t *testing.T) {
	for status, want := range map[string]bool{
		"CONFIRMED": true, "": true, "UNCONFIRMED": false, "EXTERNAL_PROVIDER": false,
	} {
		t.Run("status "+status, func(t *testing.T) {
			s, _, u, a := withPasskey(t)
			u.Attributes["cognito:user_status"] = status
			session := s.Begin(t, u)
			if !s.Answer(t, session, journey.Assert(t, a, session.Options()), nil) {
				t.Fatal("refused")
			}
			if session.Tokens != want || session.Failed == want {
				t.Errorf("tokens: %t, want %t", session.Tokens, want)
			}
		})
	}
}
