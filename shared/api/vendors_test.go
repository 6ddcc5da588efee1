package api_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corbadoservice "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	passageservice "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// site is a stack whose users have passkeys with Corbado and with Passage too.
type site struct {
	*journey.Stack
	corbado  *corbadoservice.Service
	passage  *passageservice.Service
	ann, bob journey.User
}

func newSite(t *testing.T) site {
	t.Helper()
	s := site{Stack: journey.New(t)}
	var err error
	if s.corbado, err = corbadoservice.New(corbadoservice.Options{ProjectID: "pro-1", APISecret: "key", Now: s.Now}); err != nil {
		t.Fatal(err)
	}
	s.passage = passageservice.New(passageservice.Options{AppID: "app-1", APIKey: "key", Now: s.Now})
	client, err := corbado.NewClient(serve(t, s.corbado)+corbadoservice.ConnectPath, keyOf(base64.StdEncoding.EncodeToString([]byte("pro-1:key"))))
	if err != nil {
		t.Fatal(err)
	}
	devices, err := passageflex.NewDevices(passageflex.App{BaseURL: serve(t, s.passage), ID: "app-1", APIKey: keyOf("key"), TransactionForm: "uuid"})
	if err != nil {
		t.Fatal(err)
	}
	s.Corbado, s.Passage = corbado.Tokens{Service: client, Lifetime: time.Minute}, devices
	s.ann, s.bob = s.NewUser(subA), s.NewUser(subB)
	for _, u := range []journey.User{s.ann, s.bob} {
		transaction, err := devices.Register(t.Context(), u.Sub, u.Name)
		if err == nil {
			_, err = s.passage.Complete(transaction)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func keyOf(text string) func(context.Context) (secret.Text, error) {
	return func(context.Context) (secret.Text, error) { return secret.NewText(text), nil }
}

type tokenType struct {
	Type string `json:"type"`
}

// devicesOf returns the ids of a user's passkeys at Passage.
func (s site) devicesOf(t *testing.T, u journey.User) []string {
	t.Helper()
	list := decoded[struct{ Devices []struct{ ID string } }](t, s.Call(t, routes.ListPassageDevices, "", s.Claims(u), ""), http.StatusOK)
	var ids []string
	for _, d := range list.Devices {
		ids = append(ids, d.ID)
	}
	return ids
}

// vendorChanges sends each request that adds or removes a passkey at a vendor.
func (s site) vendorChanges(t *testing.T, device string, claims journey.Claims) map[string]httpapi.Response {
	t.Helper()
	return map[string]httpapi.Response{
		"append token":  s.Call(t, routes.CorbadoConnectToken, "", claims, tokenType{"passkey-append"}),
		"add token":     s.Call(t, routes.CorbadoConnectToken, "", claims, tokenType{"passkey-add"}),
		"delete token":  s.Call(t, routes.CorbadoConnectToken, "", claims, tokenType{"passkey-delete"}),
		"list token":    s.Call(t, routes.CorbadoConnectToken, "", claims, tokenType{"passkey-list"}),
		"transaction":   s.Call(t, routes.PassageTransaction, "", claims, ""),
		"revoke device": s.Call(t, routes.RevokePassageDevice, device, claims, ""),
	}
}

func TestVendorRoutesServeTheCallerAlone(t *testing.T) {
	s := newSite(t)
	for asked, used := range map[string]string{
		"passkey-append": "passkey-append", "passkey-add": "passkey-append", "passkey-list": "passkey-list", "passkey-delete": "passkey-delete",
	} {
		made := decoded[struct{ Token string }](t, s.Call(t, routes.CorbadoConnectToken, "", s.Claims(s.ann), tokenType{asked}), http.StatusCreated)
		if token, ok := s.corbado.Redeem(made.Token); !ok || token.Type != used || token.Data.Identifier != s.ann.Name {
			t.Errorf("%s: redeemed %+v, %t", asked, token, ok)
		}
	}
	for _, unknown := range []string{"passkey-login", "", "PASSKEY-APPEND"} {
		wantProblem(t, s.Call(t, routes.CorbadoConnectToken, "", s.Claims(s.ann), tokenType{unknown}), "400 bad_token_type")
	}
	wantProblem(t, s.Call(t, routes.CorbadoConnectToken, "", s.Claims(s.ann), `{"type":"passkey-list","identifier":"`+s.bob.Name+`"}`), "400 malformed_request")

	anns, bobs := s.devicesOf(t, s.ann), s.devicesOf(t, s.bob)
	for _, id := range []string{bobs[0], "../" + bobs[0], "%2e%2e", "..", "x"} {
		wantProblem(t, s.Call(t, routes.RevokePassageDevice, id, s.Claims(s.ann), ""), "404 device_not_found")
	}
	if r := s.Call(t, routes.RevokePassageDevice, anns[0], s.Claims(s.ann), ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("one's own device: %d %s", r.StatusCode, r.Body)
	}
	if len(s.devicesOf(t, s.ann)) != 0 || len(s.devicesOf(t, s.bob)) != 1 {
		t.Error("another device was revoked")
	}
	s.passage.Break(fault.SuccessForAnother)
	wantProblem(t, s.Call(t, routes.ListPassageDevices, "", s.Claims(s.ann), ""), "503 try_again")
	wantProblem(t, s.Call(t, routes.RevokePassageDevice, bobs[0], s.Claims(s.ann), ""), "503 try_again")
}

func TestVendorChangesRejectACaller(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(site) journey.Claims
		want   string
	}{
		{"rejects an ID token", func(s site) journey.Claims { return with(s.Claims(s.ann), "token_use", "id") }, "401 access_token_required"},
		{"rejects an access token of another client", func(s site) journey.Claims { return with(s.Claims(s.ann), "client_id", "other") }, "403 client_not_served"},
		{"rejects an ID token of another client", func(s site) journey.Claims {
			return with(with(s.Claims(s.ann), "token_use", "id"), "client_id", "other")
		}, "401 access_token_required"},
		{"rejects no token", func(site) journey.Claims { return nil }, "401 access_token_required"},
		{"rejects a sign-in of long ago", func(s site) journey.Claims { return signedInBefore(s.Stack, s.ann, time.Hour) }, "403 recent_sign_in_required"},
		{"rejects a revoked token", func(s site) journey.Claims {
			s.Accounts.Revoke(s.ann)
			return s.Claims(s.ann)
		}, "401 token_refused"},
		{"rejects a federated user", func(s site) journey.Claims {
			s.ann.Attributes["identities"] = `[{"providerName":"Google"}]`
			s.Accounts.Put(s.ann)
			return s.Claims(s.ann)
		}, "403 federated_user"},
		{"fails when the pool does", func(s site) journey.Claims {
			s.Accounts.Fail(errors.New("no answer"))
			return s.Claims(s.ann)
		}, "503 try_again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			device := s.devicesOf(t, s.ann)[0]
			for route, r := range s.vendorChanges(t, device, c.change(s)) {
				if got := journey.Code(t, r); got != c.want {
					t.Errorf("%s answers %s, want %s", route, got, c.want)
				}
			}
		})
	}
}

// Whoever made an account in another's name must not leave a passkey at a vendor
// either, and may clean up.
func TestPasskeyAtAVendorNeedsAVerifiedAddress(t *testing.T) {
	s := newSite(t)
	device := s.devicesOf(t, s.ann)[0]
	s.ann.Attributes["email_verified"] = "false"
	s.Accounts.Put(s.ann)
	answers := s.vendorChanges(t, device, s.Claims(s.ann))
	for _, adding := range []string{"append token", "add token", "transaction"} {
		wantProblem(t, answers[adding], "403 address_not_verified")
	}
	for _, other := range []string{"delete token", "list token", "revoke device"} {
		if r := answers[other]; r.StatusCode >= http.StatusMultipleChoices {
			t.Errorf("%s answers %d %s", other, r.StatusCode, r.Body)
		}
	}
}
