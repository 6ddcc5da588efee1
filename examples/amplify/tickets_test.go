package amplify_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
)

const (
	webhookParameter = "/site/webhook"
	clientParameter  = "/site/client-secret"
	ticketParameter  = parameterPath + "ticket"
	webhookUser      = "corbado"
	webhookPassword  = "s3cret"
)

// tickets: beside all that, the backend of a site with Corbado's classic product
// signs users in, through the app client of its own.
func (w world) tickets(t *testing.T, ann, mallory user) {
	t.Helper()
	client := w.backendClient(t)
	backend := w.startBackend(t, client)
	page := w.openBackend(t, backend)

	token := page.must(fmt.Sprintf(`(await (await fetch(%q, { method: 'POST', body: JSON.stringify({ username: %q }) })).json()).token`,
		strings.Replace(w.Origin, "localhost", "127.0.0.1", 1)+"/vendors/corbado/browser/auth-tokens", ann.email))
	post := fmt.Sprintf(`await fetch('/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: %q }) })`, token)
	var session struct{ AccessToken string }
	text := page.must(`(await (` + post + `).text())`)
	if err := json.Unmarshal([]byte(text), &session); err != nil {
		t.Fatalf("the backend answers %s", text)
	}
	if name := w.userOf(t, session.AccessToken); name != w.nameOf(t, ann) {
		t.Errorf("the backend's session is of %s", name)
	}
	page.want(`(`+post+`).status`, "401") // a replay

	forger := corbado.Caller{URL: backend + "/corbado/webhook", Username: webhookUser, Password: "guess", Project: "pro-1", Client: http.DefaultClient}
	if _, err := forger.AuthMethods(t.Context(), ann.email); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a forged webhook: %v", err)
	}

	w.ticketAttacks(t, client, ann, mallory)
}

// ticketAttacks are of somebody who got hold of a ticket.
func (w world) ticketAttacks(t *testing.T, client types.UserPoolClientType, ann, mallory user) {
	t.Helper()
	signer := ticket.Signer{
		Kind:   ticket.Backend,
		PoolID: w.Config.UserPoolID, Now: time.Now,
		Key: secret.NewParameter(parameterstore.New(w.awsConfig()), ticketParameter, time.Now).Current,
	}
	sign := func(clientID string) string {
		text, err := signer.Sign(t.Context(), ticket.Grant{ClientID: clientID, Sub: w.nameOf(t, ann), Methods: []string{"webauthn"}})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	w.refuses(t, mallory, "a ticket for the public app client", "method_refused", func() string {
		return mallory.signIn(ann.email, fmt.Sprintf("%q", sign(w.Config.UserPoolClientID)))
	})
	once := sign(*client.ClientId)
	for _, test := range []struct {
		who, answer, reason string // no reason: it is accepted
	}{
		{mallory.email, once, "wrong_user"},
		{ann.email, once, ""},
		{ann.email, once, "answer_spent"},
		{ann.email, sign(w.Config.UserPoolClientID), "wrong_app_client"},
		{ann.email, once[:len(once)-2] + "AA", "bad_signature"},
	} {
		from := len(w.Log.String())
		err := w.signInByTicket(t, client, test.who, test.answer)
		var no *types.NotAuthorizedException
		switch {
		case test.reason == "" && err != nil:
			t.Errorf("a ticket brings %v", err)
		case test.reason != "" && !errors.As(err, &no):
			t.Errorf("%s: a ticket brings %v", test.reason, err)
		case test.reason != "":
			w.logged(t, from, `"msg":"verified"`, `"outcome":"refused"`, `"reason":"`+test.reason+`"`)
		}
	}
}

// signInByTicket does what the backend does.
func (w world) signInByTicket(t *testing.T, client types.UserPoolClientType, name, answer string) error {
	t.Helper()
	proof := func(name string) string {
		mac := hmac.New(sha256.New, []byte(*client.ClientSecret))
		mac.Write([]byte(name + *client.ClientId))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	begun, err := w.pool().AdminInitiateAuth(t.Context(), &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &w.Config.UserPoolID, ClientId: client.ClientId, AuthFlow: types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name, "SECRET_HASH": proof(name)},
	})
	if err != nil {
		t.Fatal(err)
	}
	name = begun.ChallengeParameters["USERNAME"]
	_, err = w.pool().AdminRespondToAuthChallenge(t.Context(), &cognitoidentityprovider.AdminRespondToAuthChallengeInput{
		UserPoolId: &w.Config.UserPoolID, ClientId: client.ClientId, ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SECRET_HASH": proof(name), "ANSWER": answer},
	})
	return err
}

// userOf is the user name that an access token is for, by the pool's word.
func (w world) userOf(t *testing.T, accessToken string) string {
	t.Helper()
	got, err := w.pool().GetUser(t.Context(), &cognitoidentityprovider.GetUserInput{AccessToken: &accessToken})
	if err != nil {
		t.Fatal(err)
	}
	return *got.Username
}

// nameOf is a user's name in the pool, which is the sub.
func (w world) nameOf(t *testing.T, u user) string {
	t.Helper()
	got, err := w.pool().AdminGetUser(t.Context(), &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &w.Config.UserPoolID, Username: &u.email})
	if err != nil {
		t.Fatal(err)
	}
	return *got.Username
}

// backendClient is the app client that has a secret.
func (w world) backendClient(t *testing.T) types.UserPoolClientType {
	t.Helper()
	list, err := w.pool().ListUserPoolClients(t.Context(), &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &w.Config.UserPoolID})
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range list.UserPoolClients {
		described, err := w.pool().DescribeUserPoolClient(t.Context(), &cognitoidentityprovider.DescribeUserPoolClientInput{
			UserPoolId: &w.Config.UserPoolID, ClientId: listed.ClientId,
		})
		if err != nil {
			t.Fatal(err)
		}
		if described.UserPoolClient.ClientSecret != nil {
			return *described.UserPoolClient
		}
	}
	t.Fatal("no app client has a secret")
	return types.UserPoolClientType{}
}

func (s site) awsConfig() aws.Config {
	return aws.Config{Region: s.Config.Region, BaseEndpoint: aws.String(s.aws()), Credentials: operator}
}

// startBackend puts the backend's secrets where it reads them, runs it as its
// operator would, and returns where it serves.
func (w world) startBackend(t *testing.T, client types.UserPoolClientType) string {
	t.Helper()
	w.putSecret(t, webhookParameter, webhookUser+":"+webhookPassword)
	w.putSecret(t, clientParameter, *client.ClientSecret)
	program := filepath.Join(t.TempDir(), "corbado-backend")
	if output, err := exec.Command("go", "build", "-o", program, "../corbado-backend").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	command := exec.Command(program)
	command.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+w.aws(), "AWS_REGION="+w.Config.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example",
		"LISTEN=127.0.0.1:0", "USER_POOL_ID="+w.Config.UserPoolID, "CLIENT_ID="+*client.ClientId,
		"CLIENT_SECRET_PARAMETER="+clientParameter, "TICKET_PARAMETER="+ticketParameter,
		"CORBADO_PARAMETER="+parameterPath+w.secret, "WEBHOOK_PARAMETER="+webhookParameter,
		"CORBADO_URL="+strings.TrimSuffix(w.aws(), "/aws")+"/vendors/corbado"+corbado.ClassicPath)
	command.Stderr = &w.Log
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := command.Wait(); err != nil {
			t.Errorf("the backend ended with %v", err)
		}
	})
	lines := bufio.NewScanner(output)
	lines.Scan()
	address, ok := strings.CutPrefix(lines.Text(), "Ready: ")
	if !ok {
		t.Fatalf("the backend says %q", lines.Text())
	}
	return address
}

// openBackend is a visitor at the backend's own site.
func (w world) openBackend(t *testing.T, address string) page {
	t.Helper()
	ctx, leave := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil { // whatever it shows
		t.Fatal(err)
	}
	return page{t, ctx, w.site}
}
