package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const (
	known  = "-c emailCode=true -c mailFrom=sign-in@example.com -c signUp=known "
	people = "account_number;email\r\nK-1;ann@example.com\r\nL-2;bob@example.com\r\nM-3;carol@example.com\r\n"
)

// importRoster runs the operator's command on the running stack, for people, and returns its summary.
func (p *program) importRoster(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "run", "../../admin", "import-roster", "-file", file, "-table", p.Config.TableName,
		"-parameter", "/passkeys/CognitoPasskeys/Passkeys/roster", "-endpoint", strings.Replace(p.Origin, "localhost", "127.0.0.1", 1)+"/aws")
	command.Env = append(os.Environ(), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("importing the roster: %v\n%s", err, out)
	}
	return string(out)
}

// askAsKnown asks for an account with an account number, and returns what completes it.
func (p *program) askAsKnown(t *testing.T, number, email string) map[string]string {
	t.Helper()
	status, body := p.api(t, http.MethodPost, "/sign-up", "", map[string]string{
		"clientId": p.Config.UserPoolClientID, "email": email, "accountNumber": number,
	})
	if status != http.StatusAccepted || !regexp.MustCompile(`^\{"signUpId":"[A-Z2-7]{26}"\}$`).Match(body) {
		t.Fatalf("asking for an account answers %d %s, which must be the same for all", status, body)
	}
	var asked struct{ SignUpID string }
	if err := json.Unmarshal(body, &asked); err != nil {
		t.Fatal(err)
	}
	code := ""
	if mails := p.mails(t, email); len(mails) > 0 {
		code = mailedDigits.FindString(mails[0])
	}
	return map[string]string{
		"clientId": p.Config.UserPoolClientID, "signUpId": asked.SignUpID, "email": email, "code": code, "accountNumber": number,
	}
}

// wantWithheld asks and checks that nothing is mailed, and why.
func (p *program) wantWithheld(t *testing.T, number, email, reason string) {
	t.Helper()
	before, mails := len(p.Log.String()), len(p.mails(t, email))
	p.askAsKnown(t, number, email)
	p.wantLogged(t, before, `"withheld":"`+reason+`"`)
	if got := len(p.mails(t, email)); got != mails {
		t.Errorf("%d mails went to %s", got-mails, email)
	}
}

// signUpTicket returns what lets a user name through Cognito's SignUp.
func (p *program) signUpTicket(t *testing.T, proof map[string]string, name string) string {
	t.Helper()
	proof["username"] = name
	status, body := p.api(t, http.MethodPost, "/sign-up/ticket", "", proof)
	var got struct{ Ticket string }
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || got.Ticket == "" {
		t.Fatalf("asking for a ticket answers %d %s", status, body)
	}
	return got.Ticket
}

// signUpBy is a client's own SignUp, with a password and perhaps a ticket.
func (p *program) signUpBy(t *testing.T, name, email, ticket string) error {
	t.Helper()
	in := &cognito.SignUpInput{
		ClientId: &p.Config.UserPoolClientID, Username: &name, Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &email}},
	}
	if ticket != "" {
		in.ClientMetadata = map[string]string{"signUpTicket": ticket}
	}
	_, err := p.pool.SignUp(t.Context(), in)
	return err
}

// wantRefusedSignUp checks that SignUp is refused as always, and why.
func (p *program) wantRefusedSignUp(t *testing.T, name, email, ticket, reason string) {
	t.Helper()
	before := len(p.Log.String())
	err := p.signUpBy(t, name, email, ticket)
	var refused *types.UserLambdaValidationException
	if !errors.As(err, &refused) || !strings.HasSuffix(refused.ErrorMessage(), "failed with error accounts are not created in this way here.") {
		t.Fatalf("SignUp of %s: %v", name, err)
	}
	p.wantLogged(t, before, `"outcome":"refused","reason":"`+reason+`"`)
}

func (p *program) confirm(t *testing.T, name, email string) {
	t.Helper()
	_, err := p.pool.ConfirmSignUp(t.Context(), &cognito.ConfirmSignUpInput{
		ClientId: &p.Config.UserPoolClientID, Username: &name, ConfirmationCode: aws.String(p.mailedCode(t, email)),
	})
	if err != nil {
		t.Fatalf("confirming: %v", err)
	}
}

// deleteUser is what the pool's owner does.
func (p *program) deleteUser(t *testing.T, name string) {
	t.Helper()
	owner := userpooltest.ClientAt(p.Config.UserPoolEndpoint)
	if _, err := owner.AdminDeleteUser(t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: &p.Config.UserPoolID, Username: &name}); err != nil {
		t.Fatal(err)
	}
}

// wantProblemOf checks what a route answers to a body.
func (p *program) wantProblemOf(t *testing.T, path string, body map[string]string, status int, code string) {
	t.Helper()
	got, answer := p.api(t, http.MethodPost, path, "", body)
	var problem struct{ Code string }
	if err := json.Unmarshal(answer, &problem); err != nil || got != status || problem.Code != code {
		t.Errorf("POST %s answers %d %s, want %d %s", path, got, answer, status, code)
	}
}

// Somebody on the roster has a passkey and no password; nobody else has an account.
func TestOnlyKnownPeopleSignUp(t *testing.T) {
	t.Parallel()
	p := start(t, known)
	if summary := p.importRoster(t); !strings.Contains(summary, `"imported":3`) {
		t.Fatalf("the import says %s", summary)
	}
	p.wantWithheld(t, "K-9", "dave@example.com", "not_in_roster")
	p.wantWithheld(t, "K-1", "erin@example.com", "other_address")
	p.wantProblemOf(t, "/sign-up", map[string]string{"clientId": p.Config.UserPoolClientID, "email": "ann@example.com"}, http.StatusBadRequest, "bad_account_number")

	proof := p.askAsKnown(t, "k1", "ann@example.com")
	other := map[string]string{}
	for name, value := range proof {
		other[name] = value
	}
	other["accountNumber"] = "L-2"
	p.wantProblemOf(t, "/sign-up/complete", other, http.StatusBadRequest, "wrong_code")
	status, body := p.api(t, http.MethodPost, "/sign-up/complete", "", proof)
	var made struct{ Username, Ticket string }
	if err := json.Unmarshal(body, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("completing the sign-up answers %d %s", status, body)
	}
	ann := &user{name: made.Username, email: "ann@example.com", authenticator: passkeytest.NewSynced(p.Origin)}
	answered, err := p.answer(t, p.begin(t, ann.name), []byte(made.Ticket))
	if err != nil {
		t.Fatalf("the ticket was refused: %v", err)
	}
	ann.tokens = answered.AuthenticationResult
	p.register(t, ann)
	p.signInByName(t, ann)
	p.wantTokens(t, ann)

	before := len(p.Log.String())
	proof["username"] = "another"
	p.wantProblemOf(t, "/sign-up/ticket", proof, http.StatusConflict, "account_exists") // the same proof again makes no second account
	p.wantLogged(t, before, `\(claimed\)`)
	if summary := p.importRoster(t); !strings.Contains(summary, `"unchanged":2,"changed":0,"claimed":1`) {
		t.Errorf("the import says %s", summary)
	}
}

// A client's own SignUp takes a ticket for that very person, once.
func TestKnownPeopleSignUpWithAPassword(t *testing.T) {
	t.Parallel()
	p := start(t, known+"-c signIn=username")
	p.importRoster(t)
	p.wantRefusedSignUp(t, "bob", "bob@example.com", "", "no_ticket")
	p.wantRefusedSignUp(t, "bob", "bob@example.com", "su1.e30.AAAA", "unknown_key")

	ticket := p.signUpTicket(t, p.askAsKnown(t, "L2", "bob@example.com"), "bob")
	p.wantRefusedSignUp(t, "rob", "bob@example.com", ticket, "wrong_person")
	p.wantRefusedSignUp(t, "bob", "carol@example.com", ticket, "wrong_person")
	if err := p.signUpBy(t, "bob", "bob@example.com", ticket); err != nil {
		t.Fatalf("SignUp with the ticket: %v", err)
	}
	p.confirm(t, "bob", "bob@example.com")
	p.signInWithPassword(t, "bob")
	if summary := p.importRoster(t); !strings.Contains(summary, `"claimed":1`) {
		t.Errorf("the import says %s", summary)
	}
	p.deleteUser(t, "bob")
	p.wantRefusedSignUp(t, "bob", "bob@example.com", ticket, "claimed")
}

// Where Cognito makes the user names, one ticket makes one account all the same.
func TestReplayedTicketMakesNoAccount(t *testing.T) {
	t.Parallel()
	p := start(t, known)
	p.importRoster(t)
	const carol = "carol@example.com"
	ticket := p.signUpTicket(t, p.askAsKnown(t, "M3", carol), carol)
	p.wantRefusedSignUp(t, "bob@example.com", "bob@example.com", ticket, "wrong_person")
	if err := p.signUpBy(t, carol, carol, ticket); err != nil {
		t.Fatalf("SignUp with the ticket: %v", err)
	}
	p.deleteUser(t, carol)
	p.wantRefusedSignUp(t, carol, carol, ticket, "reserved")
}
