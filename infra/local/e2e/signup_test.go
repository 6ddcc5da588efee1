package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const passwordless = "-c emailCode=true -c mailFrom=sign-in@example.com -c signUp=passkey-first "

// askToSignUp asks for an account and returns what completes it, with the code of the newest mail.
func (p *program) askToSignUp(t *testing.T, email string) map[string]string {
	t.Helper()
	status, body := p.api(t, http.MethodPost, "/sign-up", "", map[string]string{"clientId": p.Config.UserPoolClientID, "email": email})
	var asked struct{ SignUpID string }
	if err := json.Unmarshal(body, &asked); err != nil || status != http.StatusAccepted {
		t.Fatalf("asking for an account answers %d %s", status, body)
	}
	mails := p.mails(t, email)
	if len(mails) == 0 {
		t.Fatalf("no mail to %s", email)
	}
	return map[string]string{
		"clientId": p.Config.UserPoolClientID, "signUpId": asked.SignUpID, "email": email, "code": mailedDigits.FindString(mails[0]),
	}
}

// signUpPasskeyFirst signs up without a password, and signs in with the ticket.
func (p *program) signUpPasskeyFirst(t *testing.T, email string) *user {
	t.Helper()
	status, body := p.api(t, http.MethodPost, "/sign-up/complete", "", p.askToSignUp(t, email))
	var made struct{ Username, Ticket string }
	if err := json.Unmarshal(body, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("completing the sign-up answers %d %s", status, body)
	}
	u := &user{name: made.Username, email: email, authenticator: passkeytest.NewSynced(p.Origin)}
	answered, err := p.answer(t, p.begin(t, u.name), []byte(made.Ticket))
	if err != nil {
		t.Fatalf("the ticket was refused: %v", err)
	}
	u.tokens = answered.AuthenticationResult
	p.wantTokens(t, u)
	p.wantNoTokens(t, p.begin(t, u.name), []byte(made.Ticket), "answer_spent")
	return u
}

// Tokens come as soon as the address is proved; then a passkey, which signs in.
func TestSignUpWithoutAPassword(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{"email": "", "username": "-c signIn=username"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, passwordless+settings)
			ann := p.signUpPasskeyFirst(t, "ann@example.com")
			p.register(t, ann)
			p.signInByName(t, ann)
			p.wantTokens(t, ann)
			p.signInWithoutName(t, ann)
			p.wantTokens(t, ann)

			if outcome := p.signUpAtCognito(t, map[string]string{"email": "eve@example.com", "username": "eve"}[name], "eve@example.com"); !strings.Contains(outcome, "SignUp is not permitted for this user pool") {
				t.Errorf("SignUp past the page: %s", outcome)
			}
			owner := userpooltest.ClientAt(p.Config.UserPoolEndpoint)
			got, err := owner.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: &p.Config.UserPoolID, Username: &ann.name})
			if err != nil {
				t.Fatal(err)
			}
			attributes := map[string]string{}
			for _, a := range got.UserAttributes {
				attributes[*a.Name] = aws.ToString(a.Value)
			}
			if got.UserStatus != types.UserStatusTypeConfirmed || attributes["custom:created_by"] != "sign-up" || attributes["email_verified"] != "true" {
				t.Errorf("the user is %s with %v", got.UserStatus, attributes)
			}
		})
	}
}

// signUpAtCognito calls SignUp past the page, and returns what Cognito says to it.
func (p *program) signUpAtCognito(t *testing.T, name, email string) string {
	t.Helper()
	_, err := p.pool.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: &p.Config.UserPoolClientID, Username: &name, Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &email}},
	})
	return fmt.Sprint(err)
}
