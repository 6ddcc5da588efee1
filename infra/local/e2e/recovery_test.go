package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	items "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// startRecovering is start of a stack where a passkey is required and recovered from.
func startRecovering(t *testing.T, settings string) *program {
	t.Helper()
	p, _ := startMailing(t, "-c recovery=true -c signInPolicy=passkey-required "+settings)
	return p
}

// operator is the address of the AWS APIs behind the stack.
func (p *program) operator() string {
	return strings.Replace(p.Origin, "localhost", "127.0.0.1", 1) + "/aws"
}

// pass makes time pass for what waits in the table: limits, proofs, recoveries.
func (p *program) pass(t *testing.T, d time.Duration) {
	t.Helper()
	cfg, err := awsclient.Config(settings.AWS{Region: p.Config.Region, AccessKeyID: "operator", SecretAccessKey: "secret"}, p.operator())
	if err != nil {
		t.Fatal(err)
	}
	database := dynamodb.NewFromConfig(cfg)
	all, err := database.Scan(t.Context(), &dynamodb.ScanInput{TableName: &p.Config.TableName})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range all.Items {
		switch pk := item[table.PartitionKey].(*items.AttributeValueMemberS).Value; {
		case pk == table.ConfigPK, strings.HasPrefix(pk, table.UserPK("")), strings.HasPrefix(pk, table.CredentialPK("")):
			continue
		}
		for _, name := range []string{table.Last, table.From, table.Expires} {
			if at, ok := item[name].(*items.AttributeValueMemberN); ok {
				n, err := strconv.ParseInt(at.Value, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				at.Value = strconv.FormatInt(n-d.Milliseconds(), 10)
			}
		}
		if _, err := database.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &p.Config.TableName, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
}

// recovered is what the routes of a recovery give.
type recovered struct {
	RecoveryID, Status, UserName, Ticket string
	From                                 time.Time
}

func (p *program) recover(t *testing.T, path string, status int, body map[string]string) (r recovered) {
	t.Helper()
	body["clientId"] = p.Config.UserPoolClientID
	got, answer := p.api(t, http.MethodPost, path, "", body)
	if err := json.Unmarshal(answer, &r); err != nil || got != status {
		t.Fatalf("POST %s answers %d %s, want %d", path, got, answer, status)
	}
	return r
}

// prove asks for a code, gives it back, and lets a minute pass.
func (p *program) prove(t *testing.T, u *user) recovered {
	t.Helper()
	asked := p.recover(t, "/recovery", http.StatusAccepted, map[string]string{"email": u.email})
	code := mailedDigits.FindString(p.mails(t, u.email)[0])
	proved := p.recover(t, "/recovery/complete", http.StatusOK, map[string]string{
		"email": u.email, "recoveryId": asked.RecoveryID, "code": code,
	})
	p.pass(t, time.Minute)
	return proved
}

// wantBack checks that a recovery signs the user in, and that nothing of before does.
func (p *program) wantBack(t *testing.T, u *user, r recovered) {
	t.Helper()
	if r.Status != "recovered" || r.Ticket == "" {
		t.Fatalf("the recovery gives %+v", r)
	}
	_, err := p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &p.Config.UserPoolClientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": aws.ToString(u.tokens.RefreshToken)},
	})
	var refused *types.NotAuthorizedException
	if !errors.As(err, &refused) {
		t.Errorf("the session of before goes on: %v", err)
	}
	p.wantProblem(t, http.MethodPost, "/passkeys/options", *u.tokens.AccessToken, http.StatusUnauthorized, "token_refused")
	begun := p.begin(t, u.name)
	lost := get(t, u.authenticator, withoutList(t, fido2options(begun)))
	p.wantNoTokens(t, begun, lost.JSON(), "unknown_credential")

	answered, err := p.answer(t, p.begin(t, r.UserName), []byte(r.Ticket))
	if err != nil {
		t.Fatalf("the ticket was refused: %v", err)
	}
	u.tokens = answered.AuthenticationResult
	p.wantTokens(t, u)
	p.wantNoTokens(t, p.begin(t, r.UserName), []byte(r.Ticket), "answer_spent")
	u.authenticator = passkeytest.NewSynced(p.Origin)
	p.register(t, u)
	p.signInByName(t, u)
	p.wantTokens(t, u)
}

// withoutList takes the list out of options, as an authenticator would see them
// that answers all the same.
func withoutList(t *testing.T, options []byte) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(options, &members); err != nil {
		t.Fatal(err)
	}
	delete(members, "credentials")
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRecoveryAfterItsDelay(t *testing.T) {
	t.Parallel()
	p := startRecovering(t, "")
	ann := p.newUser(t, "ann@example.com", "ann@example.com")

	waits := p.prove(t, ann)
	if in := time.Until(waits.From); waits.Status != "waiting" || waits.Ticket != "" || in < 23*time.Hour || in > 24*time.Hour {
		t.Fatalf("the first proof gives %+v", waits)
	}
	if mail := p.mails(t, ann.email)[0]; !strings.Contains(mail, waits.From.Format("2006-01-02 15:04 MST")) {
		t.Errorf("the user is told %q", mail)
	}
	p.pass(t, 23*time.Hour)
	if again := p.prove(t, ann); again.Status != "waiting" || again.From.After(time.Now().Add(time.Hour)) {
		t.Errorf("an hour before, the proof gives %+v", again)
	}
	p.pass(t, time.Hour)
	p.wantBack(t, ann, p.prove(t, ann))

	// The owner's passkey voids what somebody else begins by reading the mailbox.
	p.prove(t, ann)
	p.pass(t, 24*time.Hour)
	p.signInByName(t, ann)
	if void := p.prove(t, ann); void.Status != "waiting" || time.Until(void.From) < 23*time.Hour {
		t.Errorf("after a sign-in, the proof gives %+v", void)
	}
	p.signInByName(t, ann)
}

func TestRecoveryAtOnce(t *testing.T) {
	t.Parallel()
	p := startRecovering(t, "-c recoveryDelay=0s")
	ann := p.newUser(t, "ann@example.com", "ann@example.com")

	// A sign-in just now is waited for, and its session ends too.
	p.signInByName(t, ann)
	p.wantBack(t, ann, p.prove(t, ann))

	form := regexp.MustCompile(`^[A-Z2-7]{26}$`)
	for _, address := range []string{ann.email, "ghost@example.com", ann.email} {
		asked := p.recover(t, "/recovery", http.StatusAccepted, map[string]string{"email": address})
		if !form.MatchString(asked.RecoveryID) {
			t.Errorf("asking for %s gives %+v", address, asked)
		}
	}
	for _, secret := range []string{ann.email, mailedDigits.FindString(p.mails(t, ann.email)[0])} {
		if strings.Contains(p.Log.String(), secret) {
			t.Errorf("%q was logged", secret)
		}
	}
}

func TestRecoveryByTheOperatorsLink(t *testing.T) {
	t.Parallel()
	p := startRecovering(t, "")
	ann := p.newUser(t, "ann@example.com", "ann@example.com")
	command := exec.Command("go", "run", "../../admin", "recovery-link", "-endpoint", p.operator(), "-region", p.Config.Region,
		"-table", p.Config.TableName, "-user-pool-id", p.Config.UserPoolID, "-user", ann.email, "-page", p.Origin+"/")
	command.Env = append(command.Environ(), "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	token, ok := strings.CutPrefix(strings.TrimSpace(string(out)), p.Origin+"/#recovery=")
	if !ok {
		t.Fatalf("the command printed %q", out)
	}
	back := p.recover(t, "/recovery/link", http.StatusOK, map[string]string{"token": token})
	p.wantBack(t, ann, back)
	if mail := p.mails(t, ann.email)[0]; !strings.Contains(mail, "passkey") {
		t.Errorf("the user is told %q", mail)
	}
	if strings.Contains(p.Log.String(), token) {
		t.Error("the link was logged")
	}
}
