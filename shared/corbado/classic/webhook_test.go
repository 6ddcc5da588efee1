package classic_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/pquerna/otp/totp"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado/corbadotest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/vendortest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/classic"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// hooked is a fixture whose webhook Corbado calls.
type hooked struct {
	*fixture
	webhook *classic.Webhook
	caller  service.Caller
	log     *strings.Builder
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{fixture: newFixture(t), log: &strings.Builder{}}
	h.webhook = &classic.Webhook{
		Users:       h.backend.Pool,
		Credentials: always(corbadotest.WebhookCredentials),
		Log:         slog.New(slog.NewJSONHandler(h.log, nil)),
	}
	server := httptest.NewServer(h.webhook)
	t.Cleanup(server.Close)
	h.caller = service.Caller{
		URL: server.URL, Username: corbadotest.WebhookUser, Password: corbadotest.WebhookPassword,
		Project: corbadotest.Project, Client: server.Client(),
	}
	return h
}

func (h *hooked) disable(name string) {
	h.Helper()
	if _, err := h.API.AdminDisableUser(h.Context(), &cognito.AdminDisableUserInput{UserPoolId: aws.String(corbadotest.PoolID), Username: &name}); err != nil {
		h.Fatal(err)
	}
}

func TestWebhookSaysWhoHasAPassword(t *testing.T) {
	h := newHooked(t)
	h.AddUser(alice)
	h.disable(h.AddUser(bob))
	if _, err := h.signIn("carol@example.com"); err != nil { // made by the backend
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		alice:                     "exists",
		bob:                       "blocked",
		"carol@example.com":       "not_exists",
		"nobody@example.com":      "not_exists",
		"no user has this":        "not_exists",
		`" or email ^= "a`:        "not_exists",
		strings.Repeat("a", 1000): "not_exists",
		"":                        "not_exists",
	} {
		if got, err := h.caller.AuthMethods(t.Context(), name); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestWebhookVerifiesPasswords(t *testing.T) {
	h := newHooked(t)
	h.AddUser(alice)
	h.disable(h.AddUser(bob))
	h.Invite("invited@example.com")
	if _, err := h.signIn("carol@example.com"); err != nil { // made by the backend
		t.Fatal(err)
	}
	h.AddUser("dora@example.com")
	h.requireCodes("dora@example.com")
	for name, test := range map[string]struct {
		user, password string
		want           bool
	}{
		"the right one":                         {alice, corbadotest.Password, true},
		"a wrong one":                           {alice, "guess", false},
		"none":                                  {alice, "", false},
		"one that is too long":                  {alice, strings.Repeat("a", 257), false},
		"of a disabled user":                    {bob, corbadotest.Password, false},
		"of a user who has to change it first":  {"invited@example.com", corbadotest.Password, false},
		"of a user who has to enter a code too": {"dora@example.com", corbadotest.Password, false},
		"of a user whose password nobody knows": {"carol@example.com", corbadotest.Password, false},
		"of nobody":                             {"nobody@example.com", corbadotest.Password, false},
		"of a name that no user could have":     {"no user has this", corbadotest.Password, false},
	} {
		if got, err := h.caller.PasswordVerify(t.Context(), test.user, test.password); err != nil || got != test.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
	if log := h.log.String(); strings.Contains(log, "@") || strings.Contains(log, corbadotest.Password) {
		t.Errorf("the log tells who or the password: %s", log)
	}
}

// requireCodes sets up an authenticator app for a user.
func (h *hooked) requireCodes(address string) {
	h.Helper()
	tokens, err := h.signIn(address)
	if err != nil {
		h.Fatal(err)
	}
	app, err := h.API.AssociateSoftwareToken(h.Context(), &cognito.AssociateSoftwareTokenInput{AccessToken: tokens.AccessToken})
	if err != nil {
		h.Fatal(err)
	}
	code, err := totp.GenerateCode(*app.SecretCode, h.Stack.Now())
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.API.VerifySoftwareToken(h.Context(), &cognito.VerifySoftwareTokenInput{AccessToken: tokens.AccessToken, UserCode: &code}); err != nil {
		h.Fatal(err)
	}
	if _, err := h.API.SetUserMFAPreference(h.Context(), &cognito.SetUserMFAPreferenceInput{
		AccessToken:              tokens.AccessToken,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}); err != nil {
		h.Fatal(err)
	}
}

// send sends a request to the webhook with the right credentials, unless change says otherwise.
func (h *hooked) send(method, body string, change func(*http.Request)) (int, http.Header, string) {
	h.Helper()
	return vendortest.Send(h.T, method, h.caller.URL, body, func(r *http.Request) {
		r.SetBasicAuth(corbadotest.WebhookUser, corbadotest.WebhookPassword)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(service.ActionHeader, service.ActionAuthMethods)
		change(r)
	})
}

func asIs(*http.Request) {}

func TestForgedWebhookRefused(t *testing.T) {
	h := newHooked(t)
	h.AddUser(alice)
	const good = `{"id":"who-1","projectID":"pro-1","action":"authMethods","data":{"username":"` + alice + `"}}`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	if status, _, text := h.send("POST", good, asIs); status != 200 || strings.TrimSpace(text) != `{"responseID":"","data":{"status":"exists"}}` {
		t.Fatalf("the genuine one is answered %d %s", status, text)
	}
	before := h.Calls("AdminGetUser")
	for name, test := range map[string]struct {
		method, body string
		change       func(*http.Request)
		status       int
	}{
		"rejects no credentials":                 {"POST", good, header("Authorization", ""), 401},
		"rejects another password":               {"POST", good, func(r *http.Request) { r.SetBasicAuth(corbadotest.WebhookUser, "guess") }, 401},
		"rejects another user name":              {"POST", good, func(r *http.Request) { r.SetBasicAuth("guess", corbadotest.WebhookPassword) }, 401},
		"rejects a stranger before all else":     {"GET", strings.Repeat(" ", 1<<20), header("Authorization", "Bearer x"), 401},
		"rejects another method":                 {"GET", good, asIs, 405},
		"rejects a form":                         {"POST", good, header("Content-Type", "application/x-www-form-urlencoded"), 415},
		"rejects a type that lies":               {"POST", good, header("Content-Type", "text/plain; application/json"), 415},
		"rejects no type":                        {"POST", good, header("Content-Type", ""), 415},
		"rejects a huge body":                    {"POST", strings.Repeat(" ", 8<<10) + good, asIs, 413},
		"rejects no JSON":                        {"POST", `action=authMethods`, asIs, 400},
		"rejects a member twice":                 {"POST", strings.Replace(good, `"data"`, `"action":"authMethods","data"`, 1), asIs, 400},
		"rejects an unknown action":              {"POST", strings.Replace(good, "authMethods", "deleteUser", 1), header(service.ActionHeader, "deleteUser"), 400},
		"rejects no action":                      {"POST", `{"data":{"username":"` + alice + `"}}`, header(service.ActionHeader, ""), 400},
		"rejects an action that the body denies": {"POST", good, header(service.ActionHeader, service.ActionPasswordVerify), 400},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, text := h.send(test.method, test.body, test.change)
			if status != test.status || strings.Contains(text, "exists") {
				t.Errorf("answers %d %s, want %d", status, text, test.status)
			}
			if status == 401 && header.Get("WWW-Authenticate") != "Basic" || status == 405 && header.Get("Allow") != "POST" {
				t.Errorf("headers %v", header)
			}
		})
	}
	if h.Calls("AdminGetUser") != before || h.Calls("AdminInitiateAuth") != 0 {
		t.Error("the pool was asked")
	}
}

func TestWebhookDuringAFault(t *testing.T) {
	h := newHooked(t)
	h.AddUser(alice)
	h.Fail("AdminGetUser", "TooManyRequestsException")
	h.Fail("AdminInitiateAuth", "InternalErrorException")
	if status, err := h.caller.AuthMethods(t.Context(), alice); err == nil || !strings.Contains(err.Error(), "503") || status != "" {
		t.Errorf("authMethods: %q, %v", status, err)
	}
	if right, err := h.caller.PasswordVerify(t.Context(), alice, corbadotest.Password); err == nil || !strings.Contains(err.Error(), "503") || right {
		t.Errorf("passwordVerify: %t, %v", right, err)
	}
	h.Fail("AdminInitiateAuth", "")
	pool := h.backend.Pool
	pool.ClientSecret = always("guess")
	h.webhook.Users = pool
	if right, err := h.caller.PasswordVerify(t.Context(), alice, corbadotest.Password); err == nil || right {
		t.Errorf("passwordVerify with another app client's secret: %t, %v", right, err)
	}
	h.webhook.Credentials = func(context.Context) (secret.Text, error) { return secret.Text{}, errors.New("no such parameter") }
	if status, _, text := h.send("POST", `{}`, asIs); status != 503 || strings.Contains(text, "parameter") {
		t.Errorf("without credentials of its own: %d %s", status, text)
	}
	if log := h.log.String(); !strings.Contains(log, "reading the user") || !strings.Contains(log, "checking the password") || !strings.Contains(log, "no such parameter") {
		t.Errorf("the log does not say what failed: %s", log)
	}
}
