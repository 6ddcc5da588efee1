package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// Whatever a client sends is answered with a status below 500 and, where it is
// an error, with a code and a message. A panic would be a 503.
func FuzzHandle(f *testing.F) {
	s, u, a := withPasskey(f)
	claims := s.Claims(u)
	id := pathID(a.Passkeys[0])
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(f, u))
	if err != nil {
		f.Fatal(err)
	}
	assertion := journey.Assert(f, a, s.SignInOptions(f))
	for i := range routes.All() {
		for _, body := range []string{
			"", "{}", `{"name":"x"}`, `{"credential":` + string(made.JSON()) + `}`, `{"credential":` + assertion + `}`, `{"name":"x","name":"y"}`,
		} {
			f.Add(uint8(i), id, body, false, "Bearer token of "+subA, "access", claims["client_id"], claims["sub"], claims["auth_time"])
		}
		f.Add(uint8(i), "*", "e30=", true, "", "id", "", "", "x")
	}
	f.Fuzz(func(t *testing.T, route uint8, id, body string, isBase64 bool, authorization, use, client, sub, authTime string) {
		all := routes.All()
		event := s.Event(all[int(route)%len(all)], id, nil, body)
		event.IsBase64Encoded = isBase64
		event.Headers["authorization"] = authorization
		if use != "" {
			event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{
					"token_use": use, "client_id": client, "sub": sub, "username": sub, "auth_time": authTime,
				}},
			}
		}
		r := s.Send(t, event)
		switch {
		case r.StatusCode >= http.StatusInternalServerError:
			t.Errorf("%+v is answered %d %s", event, r.StatusCode, r.Body)
		case r.StatusCode >= http.StatusBadRequest:
			journey.Code(t, r)
		case r.StatusCode != http.StatusNoContent && !json.Valid([]byte(r.Body)):
			t.Errorf("%+v is answered %q, which is no JSON", event, r.Body)
		}
	})
}
