package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado/corbadotest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

const (
	alice   = "alice@example.com"
	firefox = "Firefox"
)

// visitorsBrowser is the test's own client, as Corbado has seen it.
var visitorsBrowser = corbado.ClientInfo{RemoteAddress: "127.0.0.1", UserAgent: firefox}

// program is the running backend, with everything around it on loopback.
type program struct {
	*testing.T
	*corbadotest.Site
	url   string
	calls *calls
}

// calls are what the program asked of AWS: "action resource" → whether it did.
type calls struct {
	mu   sync.Mutex
	made map[string]bool
}

func (c *calls) add(call iam.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[call.Action+" "+call.Resource] = true
}

func (c *calls) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.made))
}

// start runs the program as its operator would, with its secrets in parameters.
func start(t *testing.T) program {
	t.Helper()
	site := corbadotest.New(t)
	site.Stack.Advance(time.Since(site.Stack.Now())) // the program goes by the real time
	made := &calls{made: map[string]bool{}}
	endpoint := serveAWS(t, site, made)
	ring, err := site.Tickets.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none",
	} {
		t.Setenv(name, value)
	}
	environment := map[string]string{
		"LISTEN": "127.0.0.1:0", "USER_POOL_ID": corbadotest.PoolID, "CLIENT_ID": corbadotest.ClientID, "CORBADO_URL": site.CorbadoURL,
	}
	for name, value := range map[string]string{
		"CLIENT_SECRET_PARAMETER": site.ClientSecret, "TICKET_PARAMETER": ring.Encode(),
		"CORBADO_PARAMETER": corbadotest.CorbadoSecret, "WEBHOOK_PARAMETER": corbadotest.WebhookCredentials,
	} {
		environment[name] = "/site/" + name
		put(t, endpoint, environment[name], value)
	}
	clear(made.made) // the operator's
	return program{t, site, ready(t, environment), made}
}

// ready runs the program until the test ends, and returns where it serves.
func ready(t *testing.T, environment map[string]string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, func(name string) (string, bool) { value, ok := environment[name]; return value, ok }, writer)
		ended <- errors.Join(err, writer.CloseWithError(err))
	}()
	lines := bufio.NewScanner(reader)
	lines.Scan()
	url, ok := strings.CutPrefix(lines.Text(), "Ready: ")
	if !ok {
		t.Errorf("the program says %q, %v", lines.Text(), lines.Err())
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }() // its log
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	return url
}

// serveAWS serves Parameter Store and the pool on one endpoint.
func serveAWS(t *testing.T, site *corbadotest.Site, made *calls) string {
	t.Helper()
	server := awsapi.New(awsapi.Options{
		Region: "us-east-1", AccountID: "000000000000", Log: log.New(io.Discard, "", 0),
		Caller:    func(string) (string, bool) { return "arn:aws:lambda:us-east-1:000000000000:function:site", true },
		Authorize: func(_ string, call iam.Call) error { made.add(call); return nil },
	})
	server.ServeCognito(site, site.Pool.Permissions)
	served := httptest.NewServer(server)
	t.Cleanup(served.Close)
	return served.URL
}

func put(t *testing.T, endpoint, name, value string) {
	t.Helper()
	client := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
		}),
	})
	if _, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeSecureString}); err != nil {
		t.Fatal(err)
	}
}

// post posts to the page's endpoint from the visitor's browser.
func (p program) post(body, contentType string) (int, string) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.url+"/session", strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", firefox)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		p.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func bodyOf(token string) string { return `{"token":"` + token + `"}` }

func TestVisitorSignsIn(t *testing.T) {
	p := start(t)
	caller := corbado.Caller{
		URL: p.url + "/corbado/webhook", Username: corbadotest.WebhookUser, Password: corbadotest.WebhookPassword,
		Project: corbadotest.Project, Client: http.DefaultClient,
	}
	if status, err := caller.AuthMethods(t.Context(), alice); err != nil || status != "not_exists" {
		t.Errorf("before: %q, %v", status, err)
	}
	token := p.Corbado.AuthToken(alice, visitorsBrowser)
	status, text := p.post(bodyOf(token), "application/json")
	var got session
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != http.StatusOK {
		t.Fatalf("answers %d %s", status, text)
	}
	if owner := p.Owner(got.AccessToken); owner != alice || got.IDToken == "" || got.ExpiresIn == 0 || strings.Contains(text, "efresh") {
		t.Errorf("session of %q: %+v", owner, got)
	}
	if status, text := p.post(bodyOf(token), "application/json"); status != http.StatusUnauthorized || strings.Contains(text, "oken") {
		t.Errorf("a replay answers %d %s", status, text)
	}
	if status, err := caller.AuthMethods(t.Context(), alice); err != nil || status != "not_exists" {
		t.Errorf("after: %q, %v", status, err)
	}
	p.AddUser("bob@example.com")
	if right, err := caller.PasswordVerify(t.Context(), "bob@example.com", corbadotest.Password); err != nil || !right {
		t.Errorf("the password of a user from before: %t, %v", right, err)
	}
	const pool, parameter = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + corbadotest.PoolID, "arn:aws:ssm:us-east-1:000000000000:parameter/site/"
	if diff := cmp.Diff([]string{
		"cognito-idp:AdminCreateUser " + pool,
		"cognito-idp:AdminGetUser " + pool,
		"cognito-idp:AdminInitiateAuth " + pool,
		"cognito-idp:AdminRespondToAuthChallenge " + pool,
		"cognito-idp:AdminSetUserPassword " + pool,
		"ssm:GetParameter " + parameter + "CLIENT_SECRET_PARAMETER",
		"ssm:GetParameter " + parameter + "CORBADO_PARAMETER",
		"ssm:GetParameter " + parameter + "TICKET_PARAMETER",
		"ssm:GetParameter " + parameter + "WEBHOOK_PARAMETER",
	}, p.calls.list()); diff != "" {
		t.Errorf("the program's role needs (-want +got):\n%s", diff)
	}
	caller.Password = "guess"
	if _, err := caller.AuthMethods(t.Context(), alice); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a forged webhook: %v", err)
	}
}

func TestVisitorRefused(t *testing.T) {
	p := start(t)
	name := p.AddUser(alice)
	if _, err := p.API.AdminDisableUser(t.Context(), &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: aws.String(corbadotest.PoolID), Username: &name}); err != nil {
		t.Fatal(err)
	}
	const json = "application/json"
	for name, test := range map[string]struct {
		body, contentType string
		status            int
	}{
		"rejects a guess":                    {bodyOf(strings.Repeat("a", 64)), json, http.StatusUnauthorized},
		"rejects a token of another browser": {bodyOf(p.Corbado.AuthToken(alice, corbado.ClientInfo{RemoteAddress: "192.0.2.1", UserAgent: firefox})), json, http.StatusUnauthorized},
		"rejects a disabled user":            {bodyOf(p.Corbado.AuthToken(alice, visitorsBrowser)), json, http.StatusForbidden},
		"rejects no token":                   {`{}`, json, http.StatusBadRequest},
		"rejects no JSON":                    {`token=a`, json, http.StatusBadRequest},
		"rejects a huge body":                {bodyOf(strings.Repeat("a", 1<<20)), json, http.StatusBadRequest},
		"rejects another site's form":        {bodyOf(p.Corbado.AuthToken(alice, visitorsBrowser)), "text/plain", http.StatusUnsupportedMediaType},
	} {
		if status, text := p.post(test.body, test.contentType); status != test.status || strings.Contains(text, "Token") {
			t.Errorf("%s: answers %d %s, want %d", name, status, text, test.status)
		}
	}
	p.Corbado.Break(fault.Unavailable)
	if status, text := p.post(bodyOf(strings.Repeat("a", 64)), json); status != http.StatusServiceUnavailable {
		t.Errorf("an outage of Corbado answers %d %s", status, text)
	}
}

func TestProgramSaysWhatIsMissing(t *testing.T) {
	err := run(t.Context(), func(string) (string, bool) { return "", false }, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "TICKET_PARAMETER") || !strings.Contains(err.Error(), "USER_POOL_ID") {
		t.Errorf("error %v", err)
	}
}
