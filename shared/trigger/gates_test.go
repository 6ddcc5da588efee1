package trigger_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// What a client reads where a gate is closed.
const (
	signUpClosed = "accounts are not created in this way here"
	usePasskey   = "use your passkey to sign in"
)

const signUpSource = "PreSignUp_SignUp"

// nobody is a user as Cognito makes one up for a name that nobody has.
var nobody = journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true}

func TestAccountsAreCreatedByThoseWhoMay(t *testing.T) {
	s := journey.New(t)
	u := journey.User{Name: sub, Sub: sub, Attributes: map[string]string{"sub": sub, "email": "ann@example.com"}}
	for source, want := range map[string]string{
		"PreSignUp_AdminCreateUser":  "",
		"PreSignUp_ExternalProvider": "",
		signUpSource:                 signUpClosed,
		"":                           misplaced,
		"PreSignUp_Import":           misplaced,
		"presignup_admincreateuser":  misplaced,
		defineSource:                 misplaced,
	} {
		t.Run("source "+source, func(t *testing.T) {
			event, err := s.SignUp(t.Context(), source, u)
			if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
				t.Fatalf("error %v, want %q", err, want)
			}
			if event.Response != (events.CognitoEventUserPoolsPreSignupResponse{}) {
				t.Errorf("it answers %+v, want nothing confirmed and nothing verified", event.Response)
			}
		})
	}
	s.WantNotLogged(t, "ann@example.com")
}

func TestPasswordsEndWithAPasskey(t *testing.T) {
	s, _, holder, _ := withPasskey(t)
	another := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000b")
	for _, c := range []struct {
		name     string
		user     journey.User
		clientID string
		want     string
	}{
		{"rejects who has a passkey", holder, journey.PasswordClientID, usePasskey},
		{"who has none", another, journey.PasswordClientID, ""},
		{"a name that nobody has", nobody, journey.PasswordClientID, ""},
		{"a name that nobody has, made of a holder's sub", journey.User{Name: holder.Sub, NotFound: true}, journey.PasswordClientID, ""},
		{"the app client for passkeys, where the flow is not told", holder, journey.ClientID, ""},
		{"an app client of others", holder, "another", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.StartPassword(t.Context(), c.user, c.clientID)
			if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A refusal is a verdict: it counts as no fault, and the log says why it came.
func TestRefusalsAtTheGatesAreNoFaults(t *testing.T) {
	s, _, holder, _ := withPasskey(t)
	if _, err := s.SignUp(t.Context(), signUpSource, holder); err == nil {
		t.Fatal("SignUp is open")
	}
	wantRefused(t, s.Log.Last(t, "asked for an account"), journey.ClientID, "sign_up_closed")
	if _, err := s.StartPassword(t.Context(), holder, journey.PasswordClientID); err == nil {
		t.Fatal("the password goes on")
	}
	wantRefused(t, s.Log.Last(t, "asked for a password"), journey.PasswordClientID, "has_passkey")
}

func wantRefused(t *testing.T, line map[string]any, clientID, reason string) {
	t.Helper()
	if line["outcome"] != "refused" || line["reason"] != reason || line["clientId"] != clientID || line["level"] != "INFO" || line["Faults"] != nil {
		t.Errorf("logged as %v, want a refusal for %s", line, reason)
	}
}

// A passkey of another relying party that shares the table signs nobody in here.
func TestPasswordsStayBesideAPasskeyOfAnotherRelyingParty(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	elsewhere := journey.New(t)
	elsewhere.Store = s.Store
	elsewhere.Client.RelyingPartyID = "example.org"
	if _, err := elsewhere.StartPassword(t.Context(), u, journey.PasswordClientID); err != nil {
		t.Errorf("error %v", err)
	}
}

func TestPreAuthenticationAnswersItsSourceAlone(t *testing.T) {
	s, _, u, _ := withPasskey(t)
	for _, source := range []string{"", "PreAuthentication", "PostAuthentication_Authentication", defineSource} {
		event := journey.PreAuthenticationEvent(u, journey.PasswordClientID)
		event.TriggerSource = source
		_, err := s.Gates().PreAuthentication.Handle(t.Context(), event)
		wantMessage(t, err, misplaced)
	}
}

// Whether a user has a passkey is not known, so that the password may not stand in for it.
func TestFaultBeforeAPasswordIsNoVerdict(t *testing.T) {
	s, store, u, _ := withPasskey(t)
	for name, fault := range map[string]error{"an outage": errors.New(innards), "a panic": errPanic} {
		t.Run(name, func(t *testing.T) {
			store.user = fault
			_, err := s.StartPassword(t.Context(), u, journey.PasswordClientID)
			journey.WantTryAgain(t, err)
		})
	}
	store.user = nil
	u.Attributes = nil
	_, err := s.StartPassword(t.Context(), u, journey.PasswordClientID)
	journey.WantTryAgain(t, err)
	s.WantNotLogged(t, "ann@example.com")
}
