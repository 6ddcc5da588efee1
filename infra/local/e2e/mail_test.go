package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
)

// startMailing is start with links and codes by mail.
func startMailing(t *testing.T, settings string) (p *program, page string) {
	t.Helper()
	port, err := localtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	page = "http://localhost:" + port + "/"
	return start(t, "-c firewall=true -c emailCode=true -c mailFrom=sign-in@example.com -c emailLinkUrls="+page+" "+settings, "PORT="+port), page
}

// reply is RespondToAuthChallenge with ClientMetadata.
func (p *program) reply(t *testing.T, session *string, name, answer string, metadata map[string]string) (*cognito.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return p.pool.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: &p.Config.UserPoolClientID, ChallengeName: types.ChallengeNameTypeCustomChallenge, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": name, "ANSWER": answer}, ClientMetadata: metadata,
	})
}

// ask asks for a mail, as the clients of the AWS passwordless sample do.
func (p *program) ask(t *testing.T, name string, metadata map[string]string) (*string, map[string]string) {
	t.Helper()
	begun := p.begin(t, name)
	asked, err := p.reply(t, begun.Session, begun.ChallengeParameters["USERNAME"], "__dummy__", metadata)
	if err != nil {
		t.Fatalf("asking for a mail: %v", err)
	}
	parameters := asked.ChallengeParameters
	delete(parameters, "USERNAME")
	return asked.Session, parameters
}

// mails returns what functions mailed to an address, newest first.
func (p *program) mails(t *testing.T, to string) []string {
	t.Helper()
	return p.outbox(t, to, "SES")
}

// outbox returns what was sent of one kind to an address or a number, newest first.
func (p *program) outbox(t *testing.T, to, kind string) []string {
	t.Helper()
	var outbox []struct{ To, Kind, Body string }
	if err := p.GetJSON("/outbox", &outbox); err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, message := range outbox {
		if message.To == to && message.Kind == kind {
			bodies = append(bodies, message.Body)
		}
	}
	return bodies
}

var (
	mailedDigits = regexp.MustCompile(`(?m)^\d{8}$`)
	askForCode   = map[string]string{"signInMethod": "EMAIL_CODE"}
)

// otherCode is a code that is not the given one.
func otherCode(code string) string {
	if code == "00000000" {
		return "00000001"
	}
	return "00000000"
}

func TestSignInByMail(t *testing.T) {
	t.Parallel()
	p, page := startMailing(t, "")
	ann, bob := p.signUp(t, "ann@example.com", "ann@example.com"), p.signUp(t, "bob@example.com", "bob@example.com")

	session, _ := p.ask(t, ann.name, askForCode)
	mails := p.mails(t, ann.email)
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	code := mailedDigits.FindString(mails[0])
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
	if n := len(p.mails(t, ann.email)); n != 1 {
		t.Errorf("a wrong code mailed another: %d mails", n)
	}

	session, _ = p.ask(t, bob.name, map[string]string{"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "no", "redirectUri": page})
	link := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(page) + `#(\S+)$`).FindStringSubmatch(strings.Join(p.mails(t, bob.email), ""))
	if link == nil {
		t.Fatalf("the mail has no link to %s: %q", page, p.mails(t, bob.email))
	}
	p.wantNoTokens(t, p.begin(t, bob.name), []byte(link[1]), "another_browser")
	answered, err = p.reply(t, session, bob.name, link[1], map[string]string{"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "yes"})
	if err != nil {
		t.Fatalf("the link was refused: %v", err)
	}
	bob.tokens = answered.AuthenticationResult
	p.wantTokens(t, bob)
	p.wantNoTokens(t, p.begin(t, bob.name), []byte(link[1]), "answer_spent")
}

// A user with a passkey and a name that nobody has get the same reply as anybody,
// and nothing that signs them in.
func TestPasskeyRequiredLooksTheSame(t *testing.T) {
	t.Parallel()
	p, _ := startMailing(t, "-c signInPolicy=passkey-required")
	with, without := p.newUser(t, "ann@example.com", "ann@example.com"), p.signUp(t, "bob@example.com", "bob@example.com")
	replies := map[string]map[string]string{}
	for _, name := range []string{with.name, without.name, "nobody@example.com"} {
		_, replies[name] = p.ask(t, name, askForCode)
		if got := replies[name]; len(got) != 1 || got["challenge"] != "EMAIL_CODE" {
			t.Errorf("%s is told %v", name, got)
		}
	}
	if mails := p.mails(t, with.email); len(mails) != 2 || mailedDigits.MatchString(mails[0]) || !strings.Contains(mails[0], "takes nothing weaker") {
		t.Errorf("who has a passkey is mailed %q", mails)
	}
	if mails := p.mails(t, without.email); len(mails) != 1 || !mailedDigits.MatchString(mails[0]) {
		t.Errorf("who has none is mailed %q", mails)
	}
	p.signInByName(t, with)
	p.wantTokens(t, with)
	if aws.ToString(with.tokens.AccessToken) == "" {
		t.Error("the passkey gives no token")
	}
}

// The owner of an account is told of every change, by functions that may send
// mail from the one address.
func TestOwnerIsToldOfChanges(t *testing.T) {
	t.Parallel()
	p, page := startMailing(t, "")
	u := p.newUser(t, "ann@example.com", "ann@example.com")
	mails := p.mails(t, u.email)
	if len(mails) != 1 || !strings.Contains(mails[0], "was added to your account") || !strings.Contains(mails[0], "sign in at "+strings.TrimSuffix(page, "/")+" ") {
		t.Fatalf("after a registration the owner is mailed %q", mails)
	}
	if status, body := p.api(t, http.MethodDelete, "/passkeys/"+p.list(t, u)[0].ID, *u.tokens.AccessToken, nil); status != http.StatusNoContent {
		t.Fatalf("answers %d %s", status, body)
	}
	if mails = p.mails(t, u.email); len(mails) != 2 || !strings.Contains(mails[0], "was removed from your account") {
		t.Errorf("after a removal the owner is mailed %q", mails)
	}
}
