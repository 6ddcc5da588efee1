package passageflex_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/vendortest"
)

const (
	sub    = "5f0c8d2e-0000-4000-8000-00000000000a"
	bearer = "Bearer key"
)

// app is the service and its clock.
type app struct {
	*httptest.Server
	service *passageflex.Service
	now     time.Time
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{now: time.UnixMilli(1_790_000_000_000)}
	a.service = passageflex.New(passageflex.Options{AppID: "app", APIKey: "key", Now: func() time.Time { return a.now }})
	a.Server = httptest.NewServer(a.service)
	t.Cleanup(a.Close)
	return a
}

// call returns the status and the members of the reply, which are strings where it matters.
func (a *app) call(t *testing.T, authorization, request, body string) (int, map[string]any) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	status, _, text := vendortest.Send(t, method, a.URL+path, body, func(r *http.Request) { r.Header.Set("Authorization", authorization) })
	var members map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			t.Fatalf("%s is no JSON object: %v", text, err)
		}
	}
	return status, members
}

// enrol adds a passkey of the user's through a page, and returns the nonce.
func (a *app) enrol(t *testing.T) string {
	t.Helper()
	_, made := a.call(t, bearer, "POST /apps/app/transactions/register", `{"external_id":"`+sub+`","passkey_display_name":"Ann"}`)
	status, given := a.call(t, "", "POST /browser/transactions/"+made["transaction_id"].(string), "")
	if status != http.StatusOK {
		t.Fatalf("the page is answered %d %v", status, given)
	}
	return given["nonce"].(string)
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, authorization, request, body string
		status                             int
		code                               string
	}{
		{"rejects no key", "", "POST /apps/app/authenticate/verify", `{}`, 401, "invalid_access_token"},
		{"rejects another key", "Bearer another", "POST /apps/app/authenticate/verify", `{}`, 401, "invalid_access_token"},
		{"rejects another app", bearer, "POST /apps/another/authenticate/verify", `{}`, 404, "app_not_found"},
		{"rejects a nonce that was not given", bearer, "POST /apps/app/authenticate/verify", `{"nonce":"n"}`, 401, "invalid_nonce"},
		{"rejects no nonce", bearer, "POST /apps/app/authenticate/verify", `{}`, 400, "invalid_request"},
		{"rejects a user without a passkey", bearer, "POST /apps/app/transactions/authenticate", `{"external_id":"x"}`, 404, "user_not_found"},
		{"rejects no user", bearer, "POST /apps/app/transactions/authenticate", `{}`, 400, "invalid_request"},
		{"rejects a passkey without a name", bearer, "POST /apps/app/transactions/register", `{"external_id":"x"}`, 400, "invalid_request"},
		{"rejects a list without a limit", bearer, "GET /apps/app/users", "", 400, "invalid_request"},
		{"rejects an unknown user", bearer, "GET /apps/app/users/x", "", 404, "user_not_found"},
		{"rejects an unknown user's devices", bearer, "GET /apps/app/users/x/devices", "", 404, "user_not_found"},
		{"rejects an unknown user's device", bearer, "DELETE /apps/app/users/x/devices/y", "", 404, "user_not_found"},
		{"rejects a page without a transaction", "", "POST /browser/transactions/x", "", 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, got := newApp(t).call(t, c.authorization, c.request, c.body); status != c.status || got["code"] != c.code || got["error"] == "" {
				t.Errorf("answers %d %v, want %d %s", status, got, c.status, c.code)
			}
		})
	}
}

func TestNonceAndTransactionCountOnce(t *testing.T) {
	a := newApp(t)
	nonce := `{"nonce":"` + a.enrol(t) + `"}`
	if status, got := a.call(t, bearer, "POST /apps/app/authenticate/verify", nonce); status != http.StatusOK || got["external_id"] != sub {
		t.Errorf("answers %d %v", status, got)
	}
	if status, got := a.call(t, bearer, "POST /apps/app/authenticate/verify", nonce); got["code"] != "invalid_nonce" {
		t.Errorf("answers %d %v to a replay", status, got)
	}
	_, made := a.call(t, bearer, "POST /apps/app/transactions/authenticate", `{"external_id":"`+sub+`"}`)
	transaction := made["transaction_id"].(string)
	if _, err := a.service.Complete(transaction); err != nil {
		t.Error(err)
	}
	if _, err := a.service.Complete(transaction); !errors.Is(err, passageflex.ErrTransaction) {
		t.Errorf("a transaction that is over: %v", err)
	}
}

func TestEverythingExpires(t *testing.T) {
	a := newApp(t)
	nonce := a.enrol(t)
	a.now = a.now.Add(passageflex.NonceLifetime + 1)
	if status, got := a.call(t, bearer, "POST /apps/app/authenticate/verify", `{"nonce":"`+nonce+`"}`); got["code"] != "invalid_nonce" {
		t.Errorf("answers %d %v to an old nonce", status, got)
	}
	_, made := a.call(t, bearer, "POST /apps/app/transactions/authenticate", `{"external_id":"`+sub+`"}`)
	a.now = a.now.Add(passageflex.TransactionLifetime + 1)
	if _, err := a.service.Complete(made["transaction_id"].(string)); !errors.Is(err, passageflex.ErrTransaction) {
		t.Errorf("an old transaction: %v", err)
	}
}

func TestDevices(t *testing.T) {
	a := newApp(t)
	a.enrol(t)
	_, found := a.call(t, bearer, "GET /apps/app/users?limit=1&identifier="+sub, "")
	user := "/apps/app/users/" + found["users"].([]any)[0].(map[string]any)["id"].(string)
	_, listed := a.call(t, bearer, "GET "+user+"/devices", "")
	device := listed["devices"].([]any)[0].(map[string]any)
	if device["friendly_name"] != "Ann" {
		t.Errorf("device is %v", device)
	}
	path := user + "/devices/" + device["id"].(string)
	if status, _ := a.call(t, bearer, "DELETE "+path, ""); status != http.StatusOK {
		t.Errorf("answers %d", status)
	}
	if status, got := a.call(t, bearer, "DELETE "+path, ""); got["code"] != "device_not_found" {
		t.Errorf("answers %d %v to the second", status, got)
	}
	_, made := a.call(t, bearer, "POST /apps/app/transactions/authenticate", `{"external_id":"`+sub+`"}`)
	if _, err := a.service.Complete(made["transaction_id"].(string)); !errors.Is(err, passageflex.ErrNoPasskey) {
		t.Errorf("a sign-in without a passkey: %v", err)
	}
}
