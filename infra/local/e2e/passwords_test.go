package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
)

// Passwords are phased out step by step, while users and their passkeys stay, and
// the steps can be taken back.
func TestPasswordsArePhasedOut(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	port, err := localtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	step := func(passwords string) *program {
		return startOn(t, data, "-c emailCode=true -c mailFrom=sign-in@example.com -c passwords="+passwords, "PORT="+port)
	}
	p := step("keep")
	ann, bob := p.signUp(t, "ann@example.com", "ann@example.com"), p.signUp(t, "bob@example.com", "bob@example.com")
	p.Stop()

	p = step("phase-out")
	p.passkeyEndsThePassword(t, ann)
	p.recoveredPasswordIsRefused(t, ann)
	p.passwordIsTakenAway(t, bob)
	p.nobodySignsUp(t, "carol@example.com")
	p.Stop()

	p = step("off")
	if p.Config.PasswordClientID != "" || p.Config.Passwords != "off" {
		t.Errorf("clients are told %+v", p.Config)
	}
	p.wantPassword(t, p.Config.UserPoolClientID, bob.name, "not enabled")
	p.signInByName(t, ann)
	p.wantTokens(t, ann)
	_, err = p.pool.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: &p.Config.UserPoolClientID, Username: &ann.name})
	if err == nil || !strings.Contains(err.Error(), "Contact administrator to reset password") {
		t.Errorf("recovering a password: %v", err)
	}
	p.Stop()

	p = step("keep")
	p.wantPassword(t, p.Config.UserPoolClientID, bob.name, "Incorrect username or password")
	p.signInByName(t, ann)
	p.wantTokens(t, ann)
}

// wantPassword checks what comes of a sign-in by password: tokens, or an error with the words.
func (p *program) wantPassword(t *testing.T, clientID, name, refusal string) *types.AuthenticationResultType {
	t.Helper()
	tokens, err := p.tryPassword(t, clientID, name)
	if refusal == "" && err != nil || refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)) {
		t.Errorf("the password of %s: %v, want %q", name, err, refusal)
	}
	return tokens
}

// passkeyEndsThePassword adds the user's first passkey with the password, which is then refused.
func (p *program) passkeyEndsThePassword(t *testing.T, u *user) {
	t.Helper()
	p.wantPassword(t, p.Config.UserPoolClientID, u.name, "not enabled")
	u.tokens = p.wantPassword(t, p.Config.PasswordClientID, u.name, "")
	p.register(t, u)
	p.wantPassword(t, p.Config.PasswordClientID, u.name, "PreAuthentication failed with error use your passkey to sign in.")
	p.wantPassword(t, p.Config.PasswordClientID, "nobody@example.com", "Incorrect username or password")
	p.signInByName(t, u)
	p.wantTokens(t, u)
	_, err := p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &p.Config.PasswordClientID, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": u.name},
	})
	if err == nil {
		t.Error("passkeys sign in on the app client that is there for passwords")
	}
}

// recoveredPasswordIsRefused sets a new password by mail, which is of no more use than the old one.
func (p *program) recoveredPasswordIsRefused(t *testing.T, u *user) {
	t.Helper()
	_, err := p.pool.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: &p.Config.PasswordClientID, Username: &u.name})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.ConfirmForgotPassword(t.Context(), &cognito.ConfirmForgotPasswordInput{
		ClientId: &p.Config.PasswordClientID, Username: &u.name, ConfirmationCode: aws.String(p.mailedCode(t, u.email)), Password: aws.String(password),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.wantPassword(t, p.Config.PasswordClientID, u.name, "use your passkey to sign in")
}

// passwordIsTakenAway has the user go without, who then signs in by a mailed code.
func (p *program) passwordIsTakenAway(t *testing.T, u *user) {
	t.Helper()
	u.tokens = p.wantPassword(t, p.Config.PasswordClientID, u.name, "")
	status, body := p.api(t, http.MethodDelete, "/password", *u.tokens.AccessToken, nil)
	if status != http.StatusNoContent {
		t.Fatalf("taking the password away answers %d %s", status, body)
	}
	if mails := p.mails(t, u.email); len(mails) != 1 || !strings.Contains(mails[0], "The password of your account") {
		t.Errorf("%s is mailed %q", u.name, mails)
	}
	p.wantPassword(t, p.Config.PasswordClientID, u.name, "Incorrect username or password")
	if status, _ := p.api(t, http.MethodDelete, "/password", *u.tokens.AccessToken, nil); status != http.StatusUnauthorized {
		t.Errorf("the session goes on: %d", status)
	}
	session, _ := p.ask(t, u.name, askForCode)
	answered, err := p.reply(t, session, u.name, mailedDigits.FindString(p.mails(t, u.email)[0]), nil)
	if err != nil {
		t.Fatalf("the code was refused: %v", err)
	}
	u.tokens = answered.AuthenticationResult
	p.wantTokens(t, u)
}

// nobodySignsUp checks that SignUp is closed on every app client, alike for an
// address that is taken and for one that is free.
func (p *program) nobodySignsUp(t *testing.T, free string) {
	t.Helper()
	for _, clientID := range []string{p.Config.UserPoolClientID, p.Config.PasswordClientID} {
		for _, name := range []string{free, "ann@example.com"} {
			_, err := p.pool.SignUp(t.Context(), &cognito.SignUpInput{
				ClientId: &clientID, Username: &name, Password: aws.String(password),
				UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &name}},
			})
			if err == nil || !strings.Contains(err.Error(), "SignUp is not permitted for this user pool") {
				t.Errorf("signing up as %s: %v", name, err)
			}
		}
	}
}
