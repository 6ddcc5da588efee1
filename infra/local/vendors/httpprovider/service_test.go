package httpprovider_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/vendortest"
)

// account is the service with one person, and its clock.
type account struct {
	*httptest.Server
	now time.Time
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{now: time.UnixMilli(1_790_000_000_000)}
	service := httpprovider.New(httpprovider.Options{APIKey: "key", Now: func() time.Time { return a.now }})
	service.Enrol("ann@example.com", true)
	a.Server = httptest.NewServer(service)
	t.Cleanup(a.Close)
	return a
}

// post returns the status and the body, on one line.
func (a *account) post(t *testing.T, key, path, body string) (int, string) {
	t.Helper()
	status, _, text := vendortest.Send(t, http.MethodPost, a.URL+path, body, func(r *http.Request) { r.Header.Set("X-Api-Key", key) })
	return status, strings.TrimSpace(text)
}

// approved opens a session and approves it through a page. It returns the
// request that verifies the token.
func (a *account) approved(t *testing.T) string {
	t.Helper()
	_, text := a.post(t, "key", "/v1/sessions", `{"subject":{"email":"ann@example.com"},"kind":"login"}`)
	var opened struct {
		Data struct{ Sessions []struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(text), &opened); err != nil || len(opened.Data.Sessions) != 1 {
		t.Fatalf("opened %s", text)
	}
	id := opened.Data.Sessions[0].ID
	_, given := a.post(t, "", "/browser/sessions/"+id, "")
	return `{"session":{"id":"` + id + `"},` + strings.TrimPrefix(given, "{")
}

const denied = `{"data":{"status":"denied"}}`

func TestTokenCountsOnce(t *testing.T) {
	a := newAccount(t)
	request := a.approved(t)
	for _, want := range []string{`{"data":{"status":"approved","subject":{"email":"ann@example.com","email_verified":true}}}`, denied} {
		if status, got := a.post(t, "key", "/v1/sessions/verify", request); status != http.StatusOK || got != want {
			t.Errorf("answers %d %s, want %s", status, got, want)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	a := newAccount(t)
	request := a.approved(t)
	a.now = a.now.Add(httpprovider.SessionLifetime + 1)
	if _, got := a.post(t, "key", "/v1/sessions/verify", request); got != denied {
		t.Errorf("answers %s", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, key, path, body string
		status                int
		code                  string
	}{
		{"rejects another key", "another", "/v1/sessions", `{}`, 401, "unknown_key"},
		{"rejects what is no JSON", "key", "/v1/sessions", `{`, 400, "malformed"},
		{"rejects another kind", "key", "/v1/sessions", `{"subject":{"email":"ann@example.com"}}`, 400, "malformed"},
		{"rejects somebody unknown", "key", "/v1/sessions", `{"subject":{"email":"bob@example.com"},"kind":"login"}`, 422, "unknown_subject"},
		{"rejects no token", "key", "/v1/sessions/verify", `{}`, 400, "malformed"},
		{"rejects a page without a session", "", "/browser/sessions/x", "", 404, "unknown_session"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, got := newAccount(t).post(t, c.key, c.path, c.body); status != c.status || got != `{"error":{"code":"`+c.code+`"}}` {
				t.Errorf("answers %d %s, want %d %s", status, got, c.status, c.code)
			}
		})
	}
}
