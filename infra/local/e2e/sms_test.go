package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const textSettings = "-c smsCode=true -c smsCountryCodes=+49 -c smsOriginationIdentity=" +
	"arn:aws:sms-voice:us-east-1:000000000000:pool/pool-0123456789abcdef0123456789abcdef "

var (
	askForText   = map[string]string{"signInMethod": "SMS_OTP"}
	askForStepUp = map[string]string{"signInMethod": "SMS_OTP_STEPUP"}
	textedCode   = regexp.MustCompile(`^(\d{8}) .*\n\n@localhost #(\d{8})$`)
)

// newPhoneUser has an operator make a user with a verified phone number, who signs
// in by password.
func (p *program) newPhoneUser(t *testing.T, email, number string) *user {
	t.Helper()
	attributes := []types.AttributeType{
		{Name: aws.String("email"), Value: &email}, {Name: aws.String("email_verified"), Value: aws.String("true")},
		{Name: aws.String("phone_number"), Value: &number}, {Name: aws.String("phone_number_verified"), Value: aws.String("true")},
	}
	_, err := p.pool.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &p.Config.UserPoolID, Username: &email, MessageAction: types.MessageActionTypeSuppress, UserAttributes: attributes,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &p.Config.UserPoolID, Username: &email, Password: aws.String(password), Permanent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &user{
		name: email, email: email, authenticator: passkeytest.NewSynced(p.Origin), tokens: p.signInWithPassword(t, email),
	}
}

// texts returns the text messages to a number, newest first.
func (p *program) texts(t *testing.T, to string) []string {
	t.Helper()
	return p.outbox(t, to, "SMS")
}

// code is that of the one text message to a number, bound to the page's domain.
func (p *program) textedCode(t *testing.T, to string) string {
	t.Helper()
	texts := p.texts(t, to)
	if len(texts) != 1 {
		t.Fatalf("%d text messages, want 1", len(texts))
	}
	codes := textedCode.FindStringSubmatch(texts[0])
	if codes == nil || codes[1] != codes[2] {
		t.Fatalf("the text message is %q", texts[0])
	}
	return codes[1]
}

// stepUp is the answer of a client of the AWS passwordless sample.
func stepUp(t *testing.T, token *string, code string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"jwt": aws.ToString(token), "secretCode": code})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSignInByTextMessage(t *testing.T) {
	t.Parallel()
	p := start(t, textSettings)
	ann, bob := p.newPhoneUser(t, "ann@example.com", "+4915112345678"), p.newPhoneUser(t, "bob@example.com", "+4915187654321")

	session, told := p.ask(t, ann.name, askForText)
	code := p.textedCode(t, "+4915112345678")
	tried, err := p.reply(t, session, ann.name, otherCode(code), nil)
	if err != nil {
		t.Fatalf("a wrong code ends the session: %v", err)
	}
	answered, err := p.reply(t, tried.Session, ann.name, code, nil)
	if err != nil {
		t.Fatalf("the code was refused: %v", err)
	}
	ann.tokens = answered.AuthenticationResult
	p.wantTokens(t, ann)

	session, alsoTold := p.ask(t, bob.name, askForStepUp)
	if told["phoneNumber"] != "+***********" || told["phoneNumber"] != alsoTold["phoneNumber"] {
		t.Errorf("clients are told %v and %v", told, alsoTold)
	}
	code = p.textedCode(t, "+4915187654321")
	for _, wrong := range []string{stepUp(t, ann.tokens.AccessToken, code), stepUp(t, bob.tokens.IdToken, code)} {
		if tried, err = p.reply(t, session, bob.name, wrong, askForStepUp); err != nil || tried.AuthenticationResult != nil {
			t.Fatalf("a token of somebody else or for something else gets %v, error %v", tried, err)
		}
		session = tried.Session
	}
	if answered, err = p.reply(t, session, bob.name, stepUp(t, bob.tokens.AccessToken, code), askForStepUp); err != nil {
		t.Fatalf("the step-up was refused: %v", err)
	}
	bob.tokens = answered.AuthenticationResult
	p.wantTokens(t, bob)
	for _, secret := range []string{code, "+49151", aws.ToString(bob.tokens.AccessToken)} {
		if strings.Contains(p.Log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// Who has a passkey, who has no number, whose number is elsewhere, and who isn't
// there are told the same, and get nothing that signs them in.
func TestTextMessagesLookTheSame(t *testing.T) {
	t.Parallel()
	p := start(t, textSettings+"-c signInPolicy=passkey-required")
	with := p.newPhoneUser(t, "ann@example.com", "+4915112345678")
	p.register(t, with)
	abroad, without := p.newPhoneUser(t, "bob@example.com", "+882161234567"), p.signUp(t, "eve@example.com", "eve@example.com")
	for _, name := range []string{with.name, abroad.name, without.name, "nobody@example.com"} {
		session, told := p.ask(t, name, askForText)
		if len(told) != 2 || told["challenge"] != "SMS_OTP" || told["phoneNumber"] != "+***********" {
			t.Errorf("%s is told %v", name, told)
		}
		if tried, err := p.reply(t, session, name, "12345678", nil); err != nil || tried.AuthenticationResult != nil {
			t.Errorf("%s: a code gets %v, error %v", name, tried, err)
		}
	}
	if texts := p.texts(t, "+4915112345678"); len(texts) != 1 || textedCode.MatchString(texts[0]) || !strings.Contains(texts[0], "passkey") {
		t.Errorf("who has a passkey is sent %q", texts)
	}
	if texts := p.texts(t, "+882161234567"); texts != nil {
		t.Errorf("a number of no listed country is sent %q", texts)
	}
}
