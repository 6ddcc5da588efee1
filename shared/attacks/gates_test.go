package attacks_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// Whoever knows, guessed or restored the password of somebody with a passkey gets
// nothing for it on the app client that is there for passwords, whatever is said
// along with it.
func TestRejectsAPasswordBesideAPasskey(t *testing.T) {
	s := journey.New(t)
	victim := join(t, s, victimSub)
	for name, said := range map[string]map[string]string{
		"rejects it alone": nil, "rejects it with the metadata of a passkey": {"signInMethod": "FIDO2"},
		"rejects it with the metadata of a mail": journey.AskCode, "rejects it with a client of its choice": {"clientId": journey.ClientID},
	} {
		t.Run(name, func(t *testing.T) {
			event := journey.PreAuthenticationEvent(victim.User, journey.PasswordClientID)
			event.Request.ValidationData = said
			if _, err := s.Gates().PreAuthentication.Handle(t.Context(), event); err == nil {
				t.Error("the password may be tried")
			}
		})
	}
	if _, err := s.StartPassword(t.Context(), journey.User{Name: victimSub, NotFound: true}, journey.PasswordClientID); err != nil {
		t.Errorf("a name that nobody has is answered otherwise than Cognito does: %v", err)
	}
}

// SignUp past the page makes no account, and confirms and verifies none: an address
// that a client verified itself would take the alias from whoever has it.
func TestRejectsSignUpPastThePage(t *testing.T) {
	s := journey.New(t)
	taken := s.NewUser(victimSub)
	for name, user := range map[string]journey.User{
		"rejects a new address":        {Name: attackerSub, Sub: attackerSub, Attributes: map[string]string{"sub": attackerSub, "email": "new@example.com"}},
		"rejects the victim's address": {Name: attackerSub, Sub: attackerSub, Attributes: map[string]string{"sub": attackerSub, "email": taken.Attributes["email"]}},
		"rejects a verified address":   {Name: attackerSub, Sub: attackerSub, Attributes: map[string]string{"sub": attackerSub, "email": "new@example.com", "email_verified": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			answered, err := s.SignUp(t.Context(), "PreSignUp_SignUp", user)
			if err == nil || answered.Response != (events.CognitoEventUserPoolsPreSignupResponse{}) {
				t.Errorf("answers %+v, %v", answered.Response, err)
			}
			admitted, err := s.SignUp(t.Context(), "PreSignUp_AdminCreateUser", user)
			if err != nil || admitted.Response != (events.CognitoEventUserPoolsPreSignupResponse{}) {
				t.Errorf("an administrator's account: %+v, %v", admitted.Response, err)
			}
		})
	}
}
