package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

func TestEveryRouteIsServed(t *testing.T) {
	s, u, a := withPasskey(t)
	for _, route := range routes.All() {
		r := s.Call(t, route, pathID(a.Passkeys[0]), s.Claims(u), "")
		if strings.Contains(r.Body, `"not_found"`) || r.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s answers %d %s", route.Key(), r.StatusCode, r.Body)
		}
	}
	for _, key := range []string{"", "GET /", "$default", "get /passkeys", "GET /passkeys/", "PUT /passkeys/{id}"} {
		event := s.Event(routes.ListPasskeys, "", s.Claims(u), "")
		event.RouteKey = key
		wantProblem(t, s.Send(t, event), "404 not_found")
	}
}

func TestBodies(t *testing.T) {
	s, u, a := withPasskey(t)
	rename := func(body string, isBase64 bool) httpapi.Response {
		event := s.Event(routes.RenamePasskey, pathID(a.Passkeys[0]), s.Claims(u), body)
		event.IsBase64Encoded = isBase64
		return s.Send(t, event)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(`{"name":"Ann's"}`))
	for _, c := range []struct {
		name     string
		body     string
		isBase64 bool
		want     string // empty: accepted
	}{
		{"accepts a body in base64", encoded, true, ""},
		{"accepts space around the object", " \r\n{\"name\":\"x\"}\t ", false, ""},
		{"rejects base64 that is said to be text", encoded, false, "400 malformed_request"},
		{"rejects text that is said to be base64", `{"name":"x"}`, true, "400 malformed_request"},
		{"accepts 64 KiB", `{"name":"x"}` + strings.Repeat(" ", 64<<10-12), false, ""},
		{"rejects more than 64 KiB", `{"name":"x"}` + strings.Repeat(" ", 64<<10-11), false, "413 body_too_large"},
		{"rejects 6 MB", strings.Repeat("[", 6<<20), false, "413 body_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rename(c.body, c.isBase64)
			if c.want == "" {
				decoded[passkeyView](t, r, http.StatusOK)
			} else {
				wantProblem(t, r, c.want)
			}
		})
	}
}

func TestPanicIsAFault(t *testing.T) {
	s := journey.New(t)
	s.Store = panicking{s.Store}
	u := s.NewUser(subA)
	wantProblem(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""), "503 try_again")
	if s.Log.Last(t, "answered")["stack"] == nil {
		t.Error("the log doesn't tell where")
	}
	if strings.Contains(s.Log.String(), "secret of the store") {
		t.Error("the value of the panic was logged")
	}
}
