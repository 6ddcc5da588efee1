package origin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/origin"
)

var config = origin.ClientConfig{
	Region: "us-east-1", UserPoolID: "us-east-1_Example01", UserPoolClientID: "1example", RelyingPartyID: "localhost",
	UserPoolEndpoint: "http://localhost:8080/cognito-idp/", APIURL: "http://localhost:8080/api",
}

// said is a handler that names itself and the path it was given.
func said(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, name, " ", r.URL.Path) })
}

func newOrigin(outbox *origin.Outbox, change func(*origin.Options)) http.Handler {
	o := origin.Options{Port: 8080, Config: config, Stack: &origin.Stack{
		UserPool: said("pool"), KeySet: said("keys"), API: said("api"), Outbox: outbox, Operator: said("aws"),
	}}
	if change != nil {
		change(&o)
	}
	return origin.New(o)
}

func get(handler http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Host = "localhost:8080"
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response
}

func TestStackWithoutAnHTTPAPI(t *testing.T) {
	handler := newOrigin(&origin.Outbox{}, func(o *origin.Options) { o.Config.APIURL, o.Stack.API = "", nil })
	if got := get(handler, "/api/passkeys"); got.Code != http.StatusNotFound {
		t.Errorf("the path of the API answers %d", got.Code)
	}
	page := get(handler, "/")
	if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src 'self' http://localhost:8080; ") {
		t.Errorf("policy %s", policy)
	}
	if strings.Contains(page.Body.String(), "the HTTP API") {
		t.Errorf("the overview has an API: %s", page.Body)
	}
	if config := get(handler, "/config.json").Body.String(); strings.Contains(config, "apiUrl") {
		t.Errorf("the configuration has an API: %s", config)
	}
}

func TestPaths(t *testing.T) {
	handler := newOrigin(&origin.Outbox{}, nil)
	for target, want := range map[string]string{
		"/cognito-idp/": "pool /cognito-idp/",
		"/api/passkeys": "api /passkeys",
		"/us-east-1_Example01/.well-known/jwks.json": "keys /us-east-1_Example01/.well-known/jwks.json",
	} {
		if got := get(handler, target); got.Code != http.StatusOK || got.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", target, got.Code, got.Body, want)
		}
	}
	if got := get(handler, "/other"); got.Code != http.StatusNotFound {
		t.Errorf("another path: %d", got.Code)
	}
	overview := get(handler, "/")
	if !strings.Contains(overview.Body.String(), "http://localhost:8080/api") {
		t.Errorf("overview: %s", overview.Body)
	}
}

func TestConfig(t *testing.T) {
	var got map[string]string
	if err := json.NewDecoder(get(newOrigin(&origin.Outbox{}, nil), "/config.json").Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"region": "us-east-1", "userPoolId": "us-east-1_Example01", "userPoolClientId": "1example", "relyingPartyId": "localhost",
		"userPoolEndpoint": "http://localhost:8080/cognito-idp/", "apiUrl": "http://localhost:8080/api",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostIsChecked(t *testing.T) {
	handler := newOrigin(&origin.Outbox{}, nil)
	for host, want := range map[string]int{
		"localhost:8080": 200, "LOCALHOST:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200,
		"localhost": 403, "localhost:8081": 403, "evil.example:8080": 403, "localhost.evil.example:8080": 403, "": 403,
	} {
		request := httptest.NewRequest(http.MethodGet, "/config.json", nil)
		request.Host = host
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		if response.Code != want {
			t.Errorf("host %q: %d, want %d", host, response.Code, want)
		}
	}
}

func TestDemoPage(t *testing.T) {
	handler := newOrigin(&origin.Outbox{}, func(o *origin.Options) {
		o.Web = fstest.MapFS{"index.html": {Data: []byte("demo")}, "app.js": {Data: []byte("export {}")}}
	})
	page := get(handler, "/")
	if page.Body.String() != "demo" {
		t.Errorf("received %q", page.Body)
	}
	if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
	if script := get(handler, "/app.js"); !strings.HasPrefix(script.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("script: %v", script.Header())
	}
}

func TestPageOfAStackInAWS(t *testing.T) {
	handler := newOrigin(nil, func(o *origin.Options) {
		o.Web = fstest.MapFS{"index.html": {Data: []byte("demo")}}
		o.Stack = nil
		o.Config.UserPoolEndpoint, o.Config.APIURL = "https://cognito-idp.eu-west-1.amazonaws.com/", "https://example.execute-api.eu-west-1.amazonaws.com"
	})
	const want = "connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com https://example.execute-api.eu-west-1.amazonaws.com;"
	if policy := get(handler, "/").Header().Get("Content-Security-Policy"); !strings.Contains(policy, want) {
		t.Errorf("policy %q lacks %q", policy, want)
	}
	for _, path := range []string{"/cognito-idp/", "/api/passkeys", "/outbox", "/us-east-1_Example01/.well-known/jwks.json"} {
		if got := get(handler, path); got.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404: it is in AWS", path, got.Code)
		}
	}
}

func TestOutbox(t *testing.T) {
	outbox := &origin.Outbox{}
	handler := newOrigin(outbox, nil)
	if empty := get(handler, "/outbox?format=json"); strings.TrimSpace(empty.Body.String()) != "[]" {
		t.Errorf("an empty outbox: %s", empty.Body)
	}
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for i := range 201 {
		outbox.Add(origin.Mail{To: "a@example.com", Subject: "Your code", Body: fmt.Sprintf("<b>%d</b>", i), Kind: "SignUp", Code: fmt.Sprint(i), At: at})
	}
	var mails []map[string]string
	if err := json.NewDecoder(get(handler, "/outbox", "Accept", "application/json").Body).Decode(&mails); err != nil {
		t.Fatal(err)
	}
	if len(mails) != 200 {
		t.Errorf("%d mails are kept, want 200", len(mails))
	}
	want := map[string]string{"to": "a@example.com", "subject": "Your code", "body": "<b>200</b>", "kind": "SignUp", "code": "200", "at": "2026-11-21T10:00:00Z"}
	if diff := cmp.Diff(want, mails[0]); diff != "" {
		t.Error(diff)
	}
	page := get(handler, "/outbox", "Accept", "text/html")
	if !strings.Contains(page.Body.String(), "&lt;b&gt;200&lt;/b&gt;") {
		t.Error("the page doesn't show the mail as text")
	}
}

func TestALinkInAMailCanBeClicked(t *testing.T) {
	outbox := &origin.Outbox{}
	outbox.Add(origin.Mail{Body: "Open this:\n\nhttp://localhost:8080/#a.b\n\nSee https://example.com for more, or javascript:alert(1)"})
	page := get(newOrigin(outbox, nil), "/outbox").Body.String()
	if !strings.Contains(page, `<a href="http://localhost:8080/#a.b"`) || strings.Count(page, "<a ") != 1 {
		t.Errorf("want the one link: %s", page)
	}
}

func TestBodyIsLimited(t *testing.T) {
	var readErr error
	handler := newOrigin(&origin.Outbox{}, func(o *origin.Options) {
		o.Stack.UserPool = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, readErr = io.ReadAll(r.Body) })
	})
	request := httptest.NewRequest(http.MethodPost, "/cognito-idp/", strings.NewReader(strings.Repeat("x", 11<<20)))
	request.Host = "localhost:8080"
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if readErr == nil {
		t.Error("a body of 11 MB was read whole")
	}
}
