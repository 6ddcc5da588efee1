package corbado_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/vendortest"
)

const (
	project = "pro-1"
	secret  = "corbado1_secret"
	alice   = "5f0c2b7e-0000-4000-8000-000000000001"
)

// fixture is a service with a clock, on loopback.
type fixture struct {
	*testing.T
	service *corbado.Service
	url     string

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, now: time.Unix(1_790_000_000, 0)}
	var err error
	f.service, err = corbado.New(corbado.Options{ProjectID: project, APISecret: secret, Now: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(f.service)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// ask sends a request with the project's credentials.
func (f *fixture) ask(method, path, body string) (int, string) {
	f.Helper()
	return f.askAs(project, secret, method, path, body)
}

func (f *fixture) askAs(user, password, method, path, body string) (int, string) {
	f.Helper()
	status, _, text := vendortest.Send(f, method, f.url+path, body, func(r *http.Request) { r.SetBasicAuth(user, password) })
	return status, strings.TrimSpace(text)
}

func (f *fixture) verify(data, userName string) string {
	f.Helper()
	body, err := json.Marshal(map[string]string{"signedPasskeyData": data, "username": userName})
	if err != nil {
		f.Fatal(err)
	}
	status, text := f.ask(http.MethodPost, "/v2/passkey/verifySignedData", string(body))
	var out struct{ VerificationResult string }
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusOK {
		f.Fatalf("verifySignedData answers %d %s", status, text)
	}
	return out.VerificationResult
}

func TestSignedPasskeyDataVerifiesOnce(t *testing.T) {
	f := newFixture(t)
	data := f.service.Sign(f.service.Claims(alice))
	for _, want := range []string{"success", "invalid_challenge"} {
		if got := f.verify(data, alice); got != want {
			t.Errorf("verified as %q, want %q", got, want)
		}
	}
}

func TestSignedPasskeyDataRefused(t *testing.T) {
	f := newFixture(t)
	old := f.service.Sign(f.service.Claims(alice))
	f.advance(corbado.PasskeyDataLifetime)
	otherProject := f.service.Claims(alice)
	otherProject.Issuer = "pro-2"
	unnamed := f.service.Claims(alice)
	unnamed.ID = ""
	for name, test := range map[string]struct{ data, want string }{
		"of another user":    {f.service.Sign(f.service.Claims("somebody")), "user_mismatch"},
		"of another project": {f.service.Sign(otherProject), "generic_error"},
		"without a jti":      {f.service.Sign(unnamed), "invalid_challenge"},
		"expired":            {old, "invalid_challenge"},
		"forged":             {f.service.Forge(f.service.Claims(alice)), "invalid_signature"},
		"no JWT":             {"x.y.z", "invalid_signature"},
	} {
		if got := f.verify(test.data, alice); got != test.want {
			t.Errorf("%s: verified as %q, want %q", name, got, test.want)
		}
	}
}

func TestConnectTokenLifecycle(t *testing.T) {
	f := newFixture(t)
	status, text := f.ask(http.MethodPost, "/v2/connectTokens",
		`{"type":"passkey-append","data":{"identifier":"`+alice+`","displayName":"Alice"},"maxLifetimeInSeconds":60}`)
	var token corbado.ConnectToken
	if err := json.Unmarshal([]byte(text), &token); err != nil || status != http.StatusOK {
		t.Fatalf("creating answers %d %s", status, text)
	}
	if !strings.HasPrefix(token.ID, "ctk-") || !strings.HasPrefix(token.Secret, "ctk1_") || token.Status != "initial" ||
		token.Expires != f.clock().Unix()+60 {
		t.Errorf("token %+v", token)
	}
	if used, ok := f.service.Redeem(token.Secret); !ok || used.Data.Identifier != alice {
		t.Errorf("redeemed %+v, %t", used, ok)
	}
	if _, ok := f.service.Redeem(token.Secret); ok {
		t.Error("redeemed twice")
	}
	if status, text := f.ask(http.MethodGet, "/v2/connectTokens", ""); status != http.StatusOK ||
		!strings.Contains(text, token.ID) || strings.Contains(text, token.Secret) {
		t.Errorf("listing answers %d %s", status, text)
	}
	if status, text := f.ask(http.MethodPatch, "/v2/connectTokens/"+token.ID, `{"status":"initial"}`); status != http.StatusOK {
		t.Errorf("updating answers %d %s", status, text)
	}
	f.advance(time.Minute)
	if _, ok := f.service.Redeem(token.Secret); ok {
		t.Error("redeemed after its lifetime")
	}
	for _, want := range []int{http.StatusOK, http.StatusNotFound} {
		if status, text := f.ask(http.MethodDelete, "/v2/connectTokens/"+token.ID, ""); status != want {
			t.Errorf("deleting answers %d %s, want %d", status, text, want)
		}
	}
}

func TestRequestsRefused(t *testing.T) {
	f := newFixture(t)
	for name, test := range map[string]struct{ method, path, body, field string }{
		"verification without data":          {http.MethodPost, "/v2/passkey/verifySignedData", `{"username":"a"}`, "signedPasskeyData"},
		"verification without a user":        {http.MethodPost, "/v2/passkey/verifySignedData", `{"signedPasskeyData":"a"}`, "username"},
		"verification that is not JSON":      {http.MethodPost, "/v2/passkey/verifySignedData", `{`, "body"},
		"connect token of no type":           {http.MethodPost, "/v2/connectTokens", `{"data":{"identifier":"a"}}`, "type"},
		"connect token for nobody":           {http.MethodPost, "/v2/connectTokens", `{"type":"passkey-list","data":{}}`, "data.identifier"},
		"append without a display name":      {http.MethodPost, "/v2/connectTokens", `{"type":"passkey-append","data":{"identifier":"a"}}`, "data.displayName"},
		"list with a display name":           {http.MethodPost, "/v2/connectTokens", `{"type":"passkey-list","data":{"identifier":"a","displayName":"A"}}`, "data.displayName"},
		"connect token that is not JSON":     {http.MethodPost, "/v2/connectTokens", `[]`, "body"},
		"connect token without a lifetime":   {http.MethodPost, "/v2/connectTokens", `{"type":"passkey-list","data":{"identifier":"a"},"maxLifetimeInSeconds":0}`, "maxLifetimeInSeconds"},
		"update to an unknown status":        {http.MethodPatch, "/v2/connectTokens/ctk-1", `{"status":"lost"}`, "status"},
		"validation without a token":         {http.MethodPost, "/v1/authTokens/validate", `{"clientInfo":{"remoteAddress":"::1","userAgent":"u"}}`, "token"},
		"validation without an address":      {http.MethodPost, "/v1/authTokens/validate", `{"token":"` + strings.Repeat("t", 64) + `","clientInfo":{"userAgent":"u"}}`, "clientInfo.remoteAddress"},
		"validation without a user agent":    {http.MethodPost, "/v1/authTokens/validate", `{"token":"` + strings.Repeat("t", 64) + `","clientInfo":{"remoteAddress":"::1"}}`, "clientInfo.userAgent"},
		"validation of a short token":        {http.MethodPost, "/v1/authTokens/validate", `{"token":"t","clientInfo":{"remoteAddress":"::1","userAgent":"u"}}`, "token"},
		"validation that is not even JSON":   {http.MethodPost, "/v1/authTokens/validate", ``, "body"},
		"body longer than the service takes": {http.MethodPost, "/v2/connectTokens", strings.Repeat(" ", 2<<20), "body"},
	} {
		status, text := f.ask(test.method, test.path, test.body)
		var envelope struct {
			HTTPStatusCode int
			RequestData    struct{ RequestID string }
			Error          struct {
				Type       string
				Links      []string
				Validation []struct{ Field string }
			}
		}
		if err := json.Unmarshal([]byte(text), &envelope); err != nil {
			t.Errorf("%s: %s: %v", name, text, err)
			continue
		}
		if status != http.StatusBadRequest || envelope.HTTPStatusCode != status || envelope.Error.Type != "validation_error" ||
			envelope.Error.Links == nil || envelope.RequestData.RequestID == "" ||
			len(envelope.Error.Validation) != 1 || envelope.Error.Validation[0].Field != test.field {
			t.Errorf("%s: answers %d %s, want a validation error of %s", name, status, text, test.field)
		}
	}
}

func TestCredentialsRefused(t *testing.T) {
	f := newFixture(t)
	for name, credentials := range map[string][2]string{
		"none": {}, "another project": {"pro-2", secret}, "another secret": {project, "guess"},
	} {
		status, text := f.askAs(credentials[0], credentials[1], http.MethodGet, "/v2/connectTokens", "")
		if status != http.StatusUnauthorized || !strings.Contains(text, `"type":"unauthorized"`) {
			t.Errorf("%s: answers %d %s", name, status, text)
		}
	}
}

func TestAuthTokenValidatesOnceForItsBrowser(t *testing.T) {
	f := newFixture(t)
	browser := corbado.ClientInfo{RemoteAddress: "192.0.2.1", UserAgent: "Firefox"}
	validate := func(token string, from corbado.ClientInfo) (int, string) {
		body, err := json.Marshal(map[string]any{"token": token, "clientInfo": from, "requestID": "r-1"})
		if err != nil {
			t.Fatal(err)
		}
		return f.ask(http.MethodPost, "/v1/authTokens/validate", string(body))
	}
	token := f.service.AuthToken("alice@example.com", browser)
	status, text := validate(token, browser)
	var out struct{ Data struct{ UserData string } }
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusOK || out.Data.UserData != `{"username":"alice@example.com"}` {
		t.Errorf("answers %d %s", status, text)
	}
	if status, text := validate(token, browser); status != http.StatusNotFound {
		t.Errorf("a second time: answers %d %s", status, text)
	}
	stolen := f.service.AuthToken("alice@example.com", browser)
	if status, text := validate(stolen, corbado.ClientInfo{RemoteAddress: "192.0.2.2", UserAgent: "Firefox"}); status != http.StatusNotFound {
		t.Errorf("from another browser: answers %d %s", status, text)
	}
}
