package trigger_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// handle sends an event that may be anything and checks that a fault, if one
// comes of it, tells the client nothing. It reports whether there was an answer.
func handle[E any](t *testing.T, text []byte, handle func(context.Context, E) (E, error)) (answered E, ok bool) {
	t.Helper()
	var event E
	if json.Unmarshal(text, &event) != nil {
		return event, false // Lambda refuses it
	}
	answered, err := handle(t.Context(), event)
	if err != nil && !slices.Contains([]string{journey.TryAgain, notServed, misplaced}, err.Error()) {
		t.Errorf("%s ends with error %q", text, err)
	}
	return answered, err == nil
}

func marshal(t testing.TB, event any) []byte {
	t.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Tokens come of a history whose last answer was right, and of no other.
func FuzzDefine(f *testing.F) {
	s, _, u, _ := withPasskey(f)
	session := s.Begin(f, u)
	f.Add(marshal(f, s.DefineEvent(session, nil)))
	for _, correct := range []bool{false, true} {
		session.History = []*events.CognitoEventUserPoolsChallengeResult{
			{ChallengeName: "CUSTOM_CHALLENGE", ChallengeResult: correct, ChallengeMetadata: session.Metadata},
		}
		f.Add(marshal(f, s.DefineEvent(session, map[string]string{"signInMethod": "FIDO2"})))
	}
	define, _, _ := s.Triggers()
	f.Fuzz(func(t *testing.T, text []byte) {
		event, ok := handle(t, text, define.Handle)
		history := event.Request.Session
		if ok && event.Response.IssueTokens && (len(history) == 0 || history[len(history)-1] == nil || !history[len(history)-1].ChallengeResult) {
			t.Errorf("%s gets tokens", text)
		}
	})
}

// A challenge is complete, or there is none.
func FuzzCreate(f *testing.F) {
	s, _, u, _ := withPasskey(f)
	session := &journey.Session{User: u, ClientID: journey.ClientID}
	f.Add(marshal(f, s.CreateEvent(session, nil)))
	session.User = journey.User{Name: "ghost", NotFound: true}
	f.Add(marshal(f, s.CreateEvent(session, nil)))
	session.ClientID = "other"
	f.Add(marshal(f, s.CreateEvent(session, nil)))
	_, create, _ := s.Triggers()
	f.Fuzz(func(t *testing.T, text []byte) {
		event, ok := handle(t, text, create.Handle)
		r := event.Response
		if ok && (r.PrivateChallengeParameters["c"] == "" || r.PublicChallengeParameters["fido2options"] == "" || r.ChallengeMetadata == "") {
			t.Errorf("%s is answered %+v", text, r)
		}
	})
}

// No answer is right that the passkey did not sign as it should have. The seeds
// are signed, so that no change of theirs can mend them.
func FuzzVerify(f *testing.F) {
	s, _, u, a := withPasskey(f)
	session := s.Begin(f, u)
	stranger := passkeytest.NewSynced(journey.Origin)
	s.Register(f, u, stranger)
	for _, tamper := range []passkeytest.Tamper{
		func(c *passkeytest.Ceremony) { c.Key = stranger.Passkeys[0].Key },
		func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified },
		func(c *passkeytest.Ceremony) { c.ClientData["type"] = "webauthn.create" },
	} {
		assertion, err := a.Get(session.Options(), tamper)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(marshal(f, s.VerifyEvent(session, string(assertion.JSON()), nil)))
		f.Add(marshal(f, s.VerifyEvent(session, string(assertion.SampleJSON()), nil)))
	}
	f.Add(marshal(f, s.VerifyEvent(session, "__dummy__", map[string]string{"signInMethod": "MAGIC_LINK"})))
	_, _, verify := s.Triggers()
	f.Fuzz(func(t *testing.T, text []byte) {
		if event, ok := handle(t, text, verify.Handle); ok && event.Response.AnswerCorrect {
			t.Errorf("%s is right", text)
		}
	})
}
