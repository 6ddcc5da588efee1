package journey

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// Claims are the claims of an access token that the authorizer let through.
type Claims map[string]string

// Claims returns the claims of an access token from a sign-in just now.
func (s *Stack) Claims(u User) Claims {
	return Claims{
		"token_use": "access", "client_id": ClientID, "sub": u.Sub, "username": u.Name,
		"auth_time": strconv.FormatInt(s.Now().Unix(), 10),
	}
}

// Call sends a request to the HTTP API. claims may be nil; body is marshalled
// unless it is a string.
func (s *Stack) Call(t testing.TB, route routes.Route, id string, claims Claims, body any) httpapi.Response {
	t.Helper()
	text, isText := body.(string)
	if !isText {
		marshalled, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(marshalled)
	}
	return s.Send(t, s.Event(route, id, claims, text))
}

// Event is the event that API Gateway sends for a request.
func (s *Stack) Event(route routes.Route, id string, claims Claims, body string) httpapi.Event {
	event := httpapi.Event{Version: "2.0", RouteKey: route.Key(), Headers: map[string]string{}, Body: body}
	if id != "" {
		event.PathParameters = map[string]string{routes.ID: id}
	}
	if claims != nil {
		event.Headers["authorization"] = "Bearer token of " + claims["sub"]
		event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
		}
	}
	return event
}

// Send hands an event to the HTTP API as it is.
func (s *Stack) Send(t testing.TB, event httpapi.Event) httpapi.Response {
	t.Helper()
	s.wire()
	response, err := s.handler.Handle(t.Context(), event)
	if err != nil {
		t.Fatalf("the API returned an error to Lambda: %v", err)
	}
	return response
}

// BeginRegistration returns creation options for a user that just signed in.
func (s *Stack) BeginRegistration(t testing.TB, u User) []byte {
	t.Helper()
	return PublicKey(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), "{}"))
}

// FinishRegistration sends what an authenticator made.
func (s *Stack) FinishRegistration(t testing.TB, u User, response []byte) httpapi.Response {
	t.Helper()
	return s.Call(t, routes.RegisterPasskey, "", s.Claims(u), map[string]any{"credential": json.RawMessage(response)})
}

// Register gives a user a passkey of the authenticator.
func (s *Stack) Register(t testing.TB, u User, a *passkeytest.Authenticator) {
	t.Helper()
	made, err := a.Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	if r := s.FinishRegistration(t, u, made.JSON()); r.StatusCode != http.StatusCreated {
		t.Fatalf("registering answers %d %s", r.StatusCode, r.Body)
	}
}

// SignInOptions returns request options for a sign-in without a user name.
func (s *Stack) SignInOptions(t testing.TB) []byte {
	t.Helper()
	return PublicKey(t, s.Call(t, routes.SignInOptions, "", nil, "{}"))
}

// PublicKey returns the options of a response.
func PublicKey(t testing.TB, r httpapi.Response) []byte {
	t.Helper()
	var reply struct {
		PublicKey json.RawMessage `json:"publicKey"`
	}
	if err := json.Unmarshal([]byte(r.Body), &reply); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("asking for options answers %d %s", r.StatusCode, r.Body)
	}
	return reply.PublicKey
}

// Code returns the code of an error response, with its status in front.
func Code(t testing.TB, r httpapi.Response) string {
	t.Helper()
	var p struct{ Code, Message string }
	if err := json.Unmarshal([]byte(r.Body), &p); err != nil || p.Code == "" || p.Message == "" {
		t.Fatalf("%d %q is not an error response", r.StatusCode, r.Body)
	}
	if strings.Contains(p.Message, "\n") || r.Headers["Content-Type"] != "application/json" {
		t.Errorf("error response %q of type %q", r.Body, r.Headers["Content-Type"])
	}
	return strconv.Itoa(r.StatusCode) + " " + p.Code
}

// Assert answers request options with the authenticator, as JSON.
func Assert(t testing.TB, a *passkeytest.Authenticator, options []byte, tampers ...passkeytest.Tamper) string {
	t.Helper()
	assertion, err := a.Get(options, tampers...)
	if err != nil {
		t.Fatal(err)
	}
	return string(assertion.JSON())
}
