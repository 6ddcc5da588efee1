package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/vendortest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// send sends a request by the HTTP API with the right credentials, unless change says otherwise.
func (f *fixture) send(method, body string, change func(*http.Request)) (int, http.Header, string) {
	f.Helper()
	return vendortest.Send(f, method, f.corbado.URL, body, func(r *http.Request) {
		r.SetBasicAuth(actionsUser, actionsPassword)
		r.Header.Set("Content-Type", "application/json")
		change(r)
	})
}

func asIs(*http.Request) {}

func TestRequestRefused(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	const good = `{"identifier":"` + address + `"}`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, test := range map[string]struct {
		method, body string
		change       func(*http.Request)
		status       int
		code         string
	}{
		"rejects no credentials":             {"POST", good, header("Authorization", ""), 401, "unauthorized"},
		"rejects another password":           {"POST", good, func(r *http.Request) { r.SetBasicAuth(actionsUser, "guess") }, 401, "unauthorized"},
		"rejects another user name":          {"POST", good, func(r *http.Request) { r.SetBasicAuth("guess", actionsPassword) }, 401, "unauthorized"},
		"rejects a stranger before all else": {"GET", strings.Repeat(" ", 1<<20), header("Authorization", ""), 401, "unauthorized"},
		"rejects another method":             {"PUT", good, asIs, 405, "method_not_allowed"},
		"rejects a form":                     {"POST", good, header("Content-Type", "application/x-www-form-urlencoded"), 415, "unsupported_media_type"},
		"rejects text":                       {"POST", good, header("Content-Type", "text/plain"), 415, "unsupported_media_type"},
		"rejects no type":                    {"POST", good, header("Content-Type", ""), 415, "unsupported_media_type"},
		"rejects a huge body":                {"POST", `{"identifier":"` + strings.Repeat("a", 4<<10) + `"}`, asIs, 413, "body_too_large"},
		"rejects no JSON":                    {"POST", `identifier`, asIs, 400, "malformed_request"},
		"rejects an action of no kind":       {"POST", `{}`, asIs, 400, "malformed_request"},
		"rejects both actions at once":       {"POST", `{"identifier":"a","username":"a"}`, asIs, 400, "malformed_request"},
		"rejects an unknown member":          {"POST", `{"identifier":"a","action":"delete"}`, asIs, 400, "malformed_request"},
		"rejects a member twice":             {"POST", `{"identifier":"a","identifier":"b"}`, asIs, 400, "malformed_request"},
		"rejects an array":                   {"POST", `["a"]`, asIs, 400, "malformed_request"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(f.pool.asked("AdminGetUser"))
			status, header, text := f.send(test.method, test.body, test.change)
			var body struct{ Code, Message string }
			if err := json.Unmarshal([]byte(text), &body); err != nil || status != test.status || body.Code != test.code || body.Message == "" {
				t.Errorf("answers %d %s, want %d %s", status, text, test.status, test.code)
			}
			if test.status == 401 && header.Get("WWW-Authenticate") != "Basic" || test.status == 405 && header.Get("Allow") != "POST" {
				t.Errorf("headers %v", header)
			}
			if len(f.pool.asked("AdminGetUser")) != before {
				t.Error("the pool was asked")
			}
		})
	}
}

// A body that claims to be an invocation is still a body.
func TestRequestCannotPassForAnInvocation(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	for _, body := range []string{`{"identifier":"` + address + `"}`, `{"requestContext":null,"identifier":"` + address + `"}`} {
		if status, _, text := f.send(http.MethodPost, body, func(r *http.Request) { r.Header.Del("Authorization") }); status != 401 {
			t.Errorf("answers %d %s", status, text)
		}
	}
}

func TestInvocationHasTheOriginalEnvelope(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	f.pool.change(func(p *pool) { p.hasMFA = true })
	f.handler.Credentials = nil
	for event, want := range map[string]string{
		`{"identifier":"` + address + `"}`: `{"identifier":"alice"}`,
		`{"username":"alice"}`:             `{"username":"alice"}`,
	} {
		text, err := f.invoke(t.Context(), event)
		var response struct {
			StatusCode *int    `json:"statusCode"`
			Body       *string `json:"body"`
		}
		if err != nil || json.Unmarshal(text, &response) != nil || response.StatusCode == nil || response.Body == nil {
			t.Errorf("%s: %s, %v", event, text, err)
			continue
		}
		if *response.StatusCode != 200 || *response.Body != want {
			t.Errorf("%s: %d %s, want %s", event, *response.StatusCode, *response.Body, want)
		}
	}
	if status, _, text := f.send(http.MethodPost, `{"identifier":"`+address+`"}`, asIs); status != 401 {
		t.Errorf("an HTTP request without credentials to compare with answers %d %s", status, text)
	}
}

func TestFaultIsToBeTriedAgain(t *testing.T) {
	f := newFixture(t)
	f.create("alice", address)
	f.pool.change(func(p *pool) { p.down = true })
	want := `"error":{"return":true,"code":"untyped","message":"The user pool is not available for the moment: try again."}`
	for body, echo := range map[string]string{
		`{"identifier":"` + address + `"}`: `"identifier":"` + address + `"`,
		`{"username":"alice"}`:             `"username":"alice"`,
	} {
		if status, _, text := f.send(http.MethodPost, body, asIs); status != 503 || text != "{"+echo+","+want+"}" {
			t.Errorf("%s: answers %d %s", body, status, text)
		}
	}
	f.pool.change(func(p *pool) { p.down = false })
	f.handler.Credentials = func(context.Context) (secret.Text, error) {
		return secret.Text{}, errors.New("no parameter /corbado/actions")
	}
	if status, _, text := f.send(http.MethodPost, `{"username":"alice"}`, asIs); status != 503 || strings.Contains(text, "parameter") {
		t.Errorf("without the secret: answers %d %s", status, text)
	}
	log := f.log.String()
	if !strings.Contains(log, "reading the user") || !strings.Contains(log, "no parameter /corbado/actions") {
		t.Errorf("the log does not say what failed: %s", log)
	}
	if strings.Contains(log, address) || strings.Contains(log, actionsPassword) {
		t.Errorf("the log tells who or the secret: %s", log)
	}
}
