package ticket_test

import (
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// Whatever the text, only what the backend signed is right.
func FuzzCheck(f *testing.F) {
	s := newScene(f)
	checker, good := s.Checkers[0], s.sign(f, subA)
	f.Add(good)
	f.Add("tk1..")
	f.Add("tk1.e30.e30")
	f.Add(strings.ToUpper(good))
	f.Fuzz(func(t *testing.T, text string) {
		verdict, err := checker.Check(t.Context(), customauth.Answer{
			User: customauth.User{PoolID: journey.PoolID, ClientID: journey.ClientID, Name: subA, Sub: subA}, Text: text, Started: s.Now(),
		})
		if err != nil || verdict.Correct && text != good {
			t.Errorf("%q: %+v and %v", text, verdict, err)
		}
	})
}
