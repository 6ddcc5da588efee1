package gateway_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/gateway"
)

const (
	functionARN = "arn:aws:lambda:us-east-1:000000000000:function:api"
	issuer      = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01"
	clientID    = "1example23456789"
	keyID       = "key-1"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// fixture is an API whose function answers as a test says.
type fixture struct {
	api     *gateway.API
	signer  *rsa.PrivateKey
	calls   []gateway.Call
	clock   func() time.Time
	respond func(events.APIGatewayV2HTTPRequest) (string, error)
}

func newFixture(t *testing.T, cors *gateway.CORS, routes ...gateway.RouteProperties) *fixture {
	t.Helper()
	f := &fixture{clock: func() time.Time { return now }, respond: func(events.APIGatewayV2HTTPRequest) (string, error) { return `{"statusCode": 200}`, nil }}
	var err error
	if f.signer, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.signer.Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}}}) // the test sees it
	}))
	t.Cleanup(keys.Close)
	f.api, err = gateway.New(gateway.Properties{ProtocolType: "HTTP", CorsConfiguration: cors}, gateway.Options{
		ID: "abcdefghij", Region: "us-east-1", AccountID: "000000000000",
		Invoke:    f.invoke,
		KeySetURL: func(string) (string, error) { return keys.URL, nil },
		Log:       log.New(io.Discard, "", 0),
		Now:       func() time.Time { return f.clock() },
	})
	if err != nil {
		t.Fatal(err)
	}
	authorizer := gateway.AuthorizerProperties{AuthorizerType: "JWT", IdentitySource: []string{"$request.header.Authorization"}}
	authorizer.JwtConfiguration.Issuer = issuer
	authorizer.JwtConfiguration.Audience = []string{clientID}
	steps := []error{
		f.api.AddIntegration("int1", gateway.IntegrationProperties{IntegrationType: "AWS_PROXY", IntegrationURI: functionARN, PayloadFormatVersion: "2.0"}),
		f.api.AddAuthorizer("auth1", authorizer),
	}
	for _, route := range routes {
		route.Target = "integrations/int1"
		steps = append(steps, f.api.AddRoute(route))
	}
	if err := errors.Join(append(steps, f.api.AddStage(gateway.StageProperties{StageName: "$default"}))...); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) invoke(_ context.Context, call gateway.Call) ([]byte, error) {
	f.calls = append(f.calls, call)
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(call.Event, &event); err != nil {
		return nil, err
	}
	response, err := f.respond(event)
	return []byte(response), err
}

func (f *fixture) lastEvent(t *testing.T) events.APIGatewayV2HTTPRequest {
	t.Helper()
	if len(f.calls) == 0 {
		t.Fatal("the function wasn't called")
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(f.calls[len(f.calls)-1].Event, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

func (f *fixture) serve(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response := httptest.NewRecorder()
	f.api.ServeHTTP(response, request)
	return response
}

func (f *fixture) token(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", keyID))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func validClaims() map[string]any {
	return map[string]any{
		"iss": issuer, "client_id": clientID, "sub": "user-1", "scope": "aws.cognito.signin.user.admin",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "cognito:groups": []string{"a", "b"}, "email_verified": true,
	}
}

func TestEventOfPayloadFormat2(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "PATCH /passkeys/{id}"})
	response := f.serve("PATCH", "/passkeys/a%2Fb?x=1&x=2&y=%20z", `{"name":"Phone"}`,
		"Content-Type", "application/json; charset=utf-8", "Cookie", "a=1; b=2", "X-List", "one", "X-List", "two", "User-Agent", "test/1")
	if response.Code != http.StatusOK {
		t.Fatalf("received %d %s", response.Code, response.Body)
	}
	event := f.lastEvent(t)
	requestID := response.Header().Get("Apigw-Requestid")
	want := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "PATCH /passkeys/{id}", RawPath: "/passkeys/a/b", RawQueryString: "x=1&x=2&y=%20z",
		Cookies: []string{"a=1", "b=2"},
		Headers: map[string]string{
			"content-type": "application/json; charset=utf-8", "x-list": "one,two", "user-agent": "test/1",
			"host": "abcdefghij.execute-api.us-east-1.amazonaws.com", "x-forwarded-for": "192.0.2.1", "x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
		QueryStringParameters: map[string]string{"x": "1,2", "y": " z"},
		PathParameters:        map[string]string{"id": "a/b"},
		Body:                  `{"name":"Phone"}`,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "PATCH /passkeys/{id}", AccountID: "000000000000", Stage: "$default", RequestID: requestID, APIID: "abcdefghij",
			DomainName: "abcdefghij.execute-api.us-east-1.amazonaws.com", DomainPrefix: "abcdefghij",
			Time: "21/Nov/2026:10:00:00 +0000", TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: "PATCH", Path: "/passkeys/a/b", Protocol: "HTTP/1.1", SourceIP: "192.0.2.1", UserAgent: "test/1",
			},
		},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	wantSource := "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/$default/PATCH/passkeys/{id}"
	if call := f.calls[0]; call.FunctionARN != functionARN || call.SourceARN != wantSource {
		t.Errorf("called %s as %s", call.FunctionARN, call.SourceARN)
	}
}

func TestBinaryBodyIsBase64(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "$default"})
	f.serve("POST", "/upload", "\x00\x01", "Content-Type", "application/octet-stream")
	if event := f.lastEvent(t); event.Body != "AAE=" || !event.IsBase64Encoded {
		t.Errorf("body %q, base64 %v", event.Body, event.IsBase64Encoded)
	}
}

func TestRouteThatFitsBest(t *testing.T) {
	routes := []gateway.RouteProperties{
		{RouteKey: "$default"}, {RouteKey: "ANY /users/{proxy+}"}, {RouteKey: "GET /users/{id}"}, {RouteKey: "ANY /users/{id}"}, {RouteKey: "GET /users/me"},
	}
	f := newFixture(t, nil, routes...)
	tests := []struct{ method, path, want string }{
		{"GET", "/users/me", "GET /users/me"},
		{"POST", "/users/me", "ANY /users/{id}"},
		{"GET", "/users/7", "GET /users/{id}"},
		{"GET", "/users/7/keys", "ANY /users/{proxy+}"},
		{"GET", "/users/", "ANY /users/{proxy+}"},
		{"GET", "/", "$default"},
		{"GET", "/users", "$default"},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			f.serve(test.method, test.path, "")
			if got := f.lastEvent(t).RouteKey; got != test.want {
				t.Errorf("route %s, want %s", got, test.want)
			}
		})
	}
}

func TestUnknownRouteIsNotFound(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "GET /users/{id}"})
	for _, target := range []string{"/users/1/2", "/users/", "/other"} {
		response := f.serve("GET", target, "")
		if response.Code != http.StatusNotFound || strings.TrimSpace(response.Body.String()) != `{"message":"Not Found"}` {
			t.Errorf("%s: %d %s", target, response.Code, response.Body)
		}
	}
	if response := f.serve("POST", "/users/1", ""); response.Code != http.StatusNotFound {
		t.Errorf("another method: %d", response.Code)
	}
}

func TestAuthorizerHandsOnTheClaims(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "GET /passkeys", AuthorizationType: "JWT", AuthorizerID: "auth1"})
	token := f.token(t, jose.RS256, f.signer, validClaims())
	for _, header := range []string{"Bearer " + token, "bearer " + token, token} {
		if response := f.serve("GET", "/passkeys", "", "Authorization", header); response.Code != http.StatusOK {
			t.Fatalf("received %d %s %s", response.Code, response.Body, response.Header())
		}
	}
	got := f.lastEvent(t).RequestContext.Authorizer.JWT
	want := map[string]string{
		"iss": issuer, "client_id": clientID, "sub": "user-1", "scope": "aws.cognito.signin.user.admin",
		"iat": "1795255200", "exp": "1795258800", "cognito:groups": "[a b]", "email_verified": "true",
	}
	if diff := cmp.Diff(want, got.Claims); diff != "" {
		t.Error(diff)
	}
	if got.Scopes != nil {
		t.Errorf("scopes %v on a route that asks for none", got.Scopes)
	}
}

func TestAuthorizerAcceptsAudienceAsAPIGatewayDoes(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "GET /passkeys", AuthorizationType: "JWT", AuthorizerID: "auth1"})
	idToken := validClaims()
	delete(idToken, "client_id")
	idToken["aud"] = clientID
	if response := f.serve("GET", "/passkeys", "", "Authorization", f.token(t, jose.RS256, f.signer, idToken)); response.Code != http.StatusOK {
		t.Errorf("an ID token: %d", response.Code)
	}
}

func TestAuthorizerRefuses(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "GET /passkeys", AuthorizationType: "JWT", AuthorizerID: "auth1"})
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name string, value any) string {
		claims := validClaims()
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
		return f.token(t, jose.RS256, f.signer, claims)
	}
	tests := []struct{ name, token, reason string }{
		{"no token", "", "Bearer"},
		{"text that is no token", "Bearer x", "not a JWT signed with RS256"},
		{"an HMAC keyed with public bytes", f.token(t, jose.HS256, f.signer.N.Bytes(), validClaims()), "not a JWT signed with RS256"},
		{"another RSA algorithm", f.token(t, jose.PS256, f.signer, validClaims()), "not a JWT signed with RS256"},
		{"another key", f.token(t, jose.RS256, stranger, validClaims()), "signature is invalid"},
		{"another issuer", with("iss", issuer+"x"), "invalid issuer"},
		{"another client", with("client_id", "other"), "valid audience"},
		{"another audience although the client fits", with("aud", "other"), "valid audience"},
		{"neither audience nor client", with("client_id", nil), "valid audience"},
		{"no expiry", with("exp", nil), "has expired"},
		{"a token that expires now", with("exp", now.Unix()), "has expired"},
		{"a token that isn't valid yet", with("nbf", now.Unix()+1), "not valid yet"},
		{"a token of the future", with("iat", now.Unix()+1), "not valid yet"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := f.serve("GET", "/passkeys", "", "Authorization", test.token)
			if response.Code != http.StatusUnauthorized || strings.TrimSpace(response.Body.String()) != `{"message":"Unauthorized"}` {
				t.Errorf("received %d %s", response.Code, response.Body)
			}
			if reason := response.Header().Get("Www-Authenticate"); !strings.Contains(reason, test.reason) {
				t.Errorf("reason %q, want %q", reason, test.reason)
			}
		})
	}
	if len(f.calls) != 0 {
		t.Errorf("the function was called %d times", len(f.calls))
	}
}

func TestScopes(t *testing.T) {
	f := newFixture(t, nil,
		gateway.RouteProperties{RouteKey: "GET /a", AuthorizationType: "JWT", AuthorizerID: "auth1", AuthorizationScopes: []string{"x", "aws.cognito.signin.user.admin"}},
		gateway.RouteProperties{RouteKey: "GET /b", AuthorizationType: "JWT", AuthorizerID: "auth1", AuthorizationScopes: []string{"x"}})
	token := f.token(t, jose.RS256, f.signer, validClaims())
	if response := f.serve("GET", "/a", "", "Authorization", token); response.Code != http.StatusOK {
		t.Errorf("a token with the scope: %d", response.Code)
	}
	if diff := cmp.Diff([]string{"aws.cognito.signin.user.admin"}, f.lastEvent(t).RequestContext.Authorizer.JWT.Scopes); diff != "" {
		t.Error(diff)
	}
	if response := f.serve("GET", "/b", "", "Authorization", token); response.Code != http.StatusForbidden {
		t.Errorf("a token without the scope: %d", response.Code)
	}
}

func TestCORS(t *testing.T) {
	f := newFixture(t, &gateway.CORS{
		AllowOrigins: []string{"http://localhost:8080"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"authorization"},
		ExposeHeaders: []string{"retry-after"}, MaxAge: "600", AllowCredentials: true,
	}, gateway.RouteProperties{RouteKey: "GET /a"})
	f.respond = func(events.APIGatewayV2HTTPRequest) (string, error) {
		return `{"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "x-own": 5}}`, nil
	}
	const origin = "http://localhost:8080"

	preflight := f.serve("OPTIONS", "/a", "", "Origin", origin, "Access-Control-Request-Method", "GET")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "GET,POST", "Access-Control-Allow-Headers": "authorization",
		"Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true",
	} {
		if got := preflight.Header().Get(name); got != want {
			t.Errorf("preflight: %s is %q, want %q", name, got, want)
		}
	}
	if preflight.Code != http.StatusNoContent || len(f.calls) != 0 {
		t.Errorf("preflight: %d, %d calls", preflight.Code, len(f.calls))
	}
	foreign := f.serve("OPTIONS", "/a", "", "Origin", "http://evil.example", "Access-Control-Request-Method", "GET")
	if foreign.Code != http.StatusNoContent || foreign.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight of another origin: %d %v", foreign.Code, foreign.Header())
	}
	plain := f.serve("GET", "/a", "", "Origin", origin)
	if plain.Header().Get("Access-Control-Allow-Origin") != origin || plain.Header().Get("Access-Control-Expose-Headers") != "retry-after" || plain.Header().Get("X-Own") != "5" {
		t.Errorf("a request: %v", plain.Header())
	}
	if other := f.serve("GET", "/a", "", "Origin", "http://evil.example"); other.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the function's own CORS header was passed on: %v", other.Header())
	}
}

func TestResponses(t *testing.T) {
	tests := []struct {
		name, response, wantBody, wantType string
		wantStatus                         int
	}{
		{"a stated response", `{"statusCode": 201, "headers": {"content-type": "application/json"}, "cookies": ["a=1"], "body": "{}"}`, "{}", "application/json", 201},
		{"a base64 body", `{"statusCode": 200, "isBase64Encoded": true, "body": "aGk="}`, "hi", "text/plain;charset=UTF-8", 200},
		{"an inferred object", `{"ok": true}`, `{"ok": true}`, "application/json", 200},
		{"an inferred text", `"hello"`, "hello", "application/json", 200},
		{"a status that is none", `{"statusCode": 7}`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"a status in words", `{"statusCode": "OK"}`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"a body that isn't base64", `{"statusCode": 200, "isBase64Encoded": true, "body": "~"}`, `{"message":"Internal Server Error"}`, "application/json", 500},
		{"no JSON", `hello`, `{"message":"Internal Server Error"}`, "application/json", 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "$default"})
			f.respond = func(events.APIGatewayV2HTTPRequest) (string, error) { return test.response, nil }
			got := f.serve("GET", "/", "")
			if got.Code != test.wantStatus || strings.TrimSpace(got.Body.String()) != test.wantBody || got.Header().Get("Content-Type") != test.wantType {
				t.Errorf("received %d %s %q", got.Code, got.Header().Get("Content-Type"), got.Body)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "$default"})
	f.respond = func(events.APIGatewayV2HTTPRequest) (string, error) { return "", errors.New("out of paint") }
	if got := f.serve("GET", "/", ""); got.Code != 500 || strings.Contains(got.Body.String(), "paint") {
		t.Errorf("a fault: %d %s", got.Code, got.Body)
	}
	f.respond = func(events.APIGatewayV2HTTPRequest) (string, error) { return "", context.DeadlineExceeded }
	if got := f.serve("GET", "/", ""); got.Code != 503 {
		t.Errorf("no answer in time: %d %s", got.Code, got.Body)
	}
	calls := len(f.calls)
	if got := f.serve("POST", "/", strings.Repeat("x", 10<<20+1)); got.Code != 413 || len(f.calls) != calls {
		t.Errorf("a body over the limit: %d %s", got.Code, got.Body)
	}
}

func TestTemplateIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	tests := []struct {
		name, want string
		err        error
	}{
		{"settings of a route that isn't there", "unable to find Route by key GET /nothing", f.api.AddStage(gateway.StageProperties{
			StageName: "$default", RouteSettings: map[string]gateway.RouteSettings{"GET /nothing": {}},
		})},
		{"another stage", `stage "prod"`, f.api.AddStage(gateway.StageProperties{StageName: "prod"})},
		{"another integration type", `"HTTP_PROXY"`, f.api.AddIntegration("x", gateway.IntegrationProperties{IntegrationType: "HTTP_PROXY"})},
		{"an integration without a function", "a function's ARN is", f.api.AddIntegration("x", gateway.IntegrationProperties{IntegrationType: "AWS_PROXY", PayloadFormatVersion: "2.0", IntegrationURI: "https://a.example"})},
		{"another authorizer type", `"REQUEST"`, f.api.AddAuthorizer("x", gateway.AuthorizerProperties{AuthorizerType: "REQUEST"})},
		{"a route to nowhere", "no integration", f.api.AddRoute(gateway.RouteProperties{RouteKey: "GET /", Target: "integrations/none"})},
		{"a route with an unknown authorizer", "no authorizer", f.api.AddRoute(gateway.RouteProperties{RouteKey: "GET /", Target: "integrations/int1", AuthorizationType: "JWT"})},
		{"IAM authorization", `"AWS_IAM"`, f.api.AddRoute(gateway.RouteProperties{RouteKey: "GET /", Target: "integrations/int1", AuthorizationType: "AWS_IAM"})},
		{"a route key without a path", "want a method and a path", f.api.AddRoute(gateway.RouteProperties{RouteKey: "GET"})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
				t.Errorf("received %v, want %q", test.err, test.want)
			}
		})
	}
}

// A route of its own limit takes a burst, then as many as its rate allows, and
// costs the other routes nothing.
func TestThrottle(t *testing.T) {
	f := newFixture(t, nil, gateway.RouteProperties{RouteKey: "POST /sign-up"}, gateway.RouteProperties{RouteKey: "GET /passkeys"})
	clock := now
	f.clock = func() time.Time { return clock }
	err := f.api.AddStage(gateway.StageProperties{StageName: "$default", RouteSettings: map[string]gateway.RouteSettings{
		"POST /sign-up": {ThrottlingRateLimit: 2, ThrottlingBurstLimit: 5},
	}})
	if err != nil {
		t.Fatal(err)
	}
	flood := func(method, path string) (served int) {
		for range 20 {
			w := httptest.NewRecorder()
			f.api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
			switch {
			case w.Code == http.StatusOK:
				served++
			case w.Code != http.StatusTooManyRequests || w.Body.String() != `{"message":"Too Many Requests"}`+"\n":
				t.Fatalf("answers %d %s", w.Code, w.Body)
			}
		}
		return served
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 5}, {0, 0}, {time.Second, 2}, {-time.Hour, 0}, {time.Hour, 5}} {
		clock = clock.Add(c.after)
		if got := flood(http.MethodPost, "/sign-up"); got != c.want {
			t.Errorf("%s later %d calls are served, want %d", c.after, got, c.want)
		}
	}
	if got := flood(http.MethodGet, "/passkeys"); got != 20 {
		t.Errorf("of another route %d calls are served, want all", got)
	}
}
