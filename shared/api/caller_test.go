package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// privateRoutes are those that need an access token.
func privateRoutes() []routes.Route {
	var private []routes.Route
	for _, r := range routes.All() {
		if r.Token == routes.AccessToken {
			private = append(private, r)
		}
	}
	return private
}

// API Gateway's authorizer lets a token pass whose aud or client_id fits, so
// each combination of use and client reaches the function.
func TestTokens(t *testing.T) {
	s, u, a := withPasskey(t)
	access := s.Claims(u)
	id := with(access, "token_use", "id")
	for _, c := range []struct {
		name   string
		claims journey.Claims
		want   string // empty: let in
	}{
		{"accepts an access token of a served client", access, ""},
		{"rejects an ID token of a served client", id, "401 access_token_required"},
		{"rejects an access token of another client", with(access, "client_id", "other"), "403 client_not_served"},
		{"rejects an ID token of another client", with(id, "client_id", "other"), "401 access_token_required"},
		{"rejects an ID token with its audience as client", with(with(id, "aud", journey.ClientID), "client_id", ""), "401 access_token_required"},
		{"rejects an access token without a client", with(access, "client_id", ""), "403 client_not_served"},
		{"rejects a token without a use", with(access, "token_use", ""), "401 access_token_required"},
		{"rejects a token without a sub", with(access, "sub", ""), "401 access_token_required"},
		{"rejects a token without the time of the sign-in", with(access, "auth_time", ""), "401 access_token_required"},
		{"rejects a time of sign-in that is no number", with(access, "auth_time", "now"), "401 access_token_required"},
		{"rejects no token", nil, "401 access_token_required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, route := range privateRoutes() {
				r := s.Call(t, route, pathID(a.Passkeys[0]), c.claims, map[string]string{"name": "x"})
				if c.want != "" {
					wantProblem(t, r, c.want)
				} else if r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden {
					t.Errorf("%s answers %s", route.Key(), journey.Code(t, r))
				}
			}
		})
	}
}

func TestBearerIsReadInAnyCase(t *testing.T) {
	s, u, _ := withPasskey(t)
	for _, header := range []string{"Bearer token of " + subA, "bearer token of " + subA, "BEARER token of " + subA, "token of " + subA} {
		event := s.Event(routes.RegistrationOptions, "", s.Claims(u), "")
		event.Headers["authorization"] = header
		if r := s.Send(t, event); r.StatusCode != http.StatusOK {
			t.Errorf("with %q it answers %s", header, journey.Code(t, r))
		}
	}
}

// changes sends each request that adds or removes a passkey.
func changes(t *testing.T, s *journey.Stack, a *passkeytest.Authenticator, claims journey.Claims, response []byte) map[string]httpapi.Response {
	t.Helper()
	return map[string]httpapi.Response{
		"options":  s.Call(t, routes.RegistrationOptions, "", claims, ""),
		"register": s.Call(t, routes.RegisterPasskey, "", claims, credential(response)),
		"delete":   s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), claims, ""),
	}
}

func TestChangesRejectACaller(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *journey.Stack, u journey.User) journey.Claims
		want   string
	}{
		{"rejects a sign-in of more than five minutes ago", func(s *journey.Stack, u journey.User) journey.Claims {
			return signedInBefore(s, u, 5*time.Minute+time.Second)
		}, "403 recent_sign_in_required"},
		{"rejects a revoked token", func(s *journey.Stack, u journey.User) journey.Claims {
			s.Accounts.Revoke(u)
			return s.Claims(u)
		}, "401 token_refused"},
		{"rejects a token of somebody else than the pool says", func(s *journey.Stack, u journey.User) journey.Claims {
			claims := s.Claims(u)
			u.Attributes = map[string]string{"sub": subB, "email_verified": "true"}
			s.Accounts.Put(u)
			return claims
		}, "401 token_refused"},
		{"rejects a federated user", func(s *journey.Stack, u journey.User) journey.Claims {
			u.Attributes["identities"] = `[{"providerName":"Google"}]`
			s.Accounts.Put(u)
			return s.Claims(u)
		}, "403 federated_user"},
		{"fails when the pool does", func(s *journey.Stack, u journey.User) journey.Claims {
			s.Accounts.Fail(errors.New("no answer"))
			return s.Claims(u)
		}, "503 try_again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, a := withPasskey(t)
			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
			if err != nil {
				t.Fatal(err)
			}
			claims := c.change(s, u)
			for route, r := range changes(t, s, a, claims, made.JSON()) {
				if got := journey.Code(t, r); got != c.want {
					t.Errorf("%s answers %s, want %s", route, got, c.want)
				}
			}
			list := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", claims, ""), http.StatusOK)
			if len(list.Passkeys) != 1 {
				t.Errorf("the user has %d passkeys now, want 1", len(list.Passkeys))
			}
		})
	}
}

func TestRecentSignInLastsFiveMinutes(t *testing.T) {
	s, u, a := withPasskey(t)
	if r := s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), signedInBefore(s, u, 5*time.Minute), ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("answers %d %s", r.StatusCode, r.Body)
	}
}

// Looking at the list and renaming ask for no recent sign-in and for no answer of the pool.
func TestListAndRenameNeedNoRecentSignIn(t *testing.T) {
	s, u, a := withPasskey(t)
	claims := signedInBefore(s, u, time.Hour)
	s.Accounts.Fail(errors.New("no answer"))
	decoded[listView](t, s.Call(t, routes.ListPasskeys, "", claims, ""), http.StatusOK)
	decoded[passkeyView](t, s.Call(t, routes.RenamePasskey, pathID(a.Passkeys[0]), claims, map[string]string{"name": "x"}), http.StatusOK)
}

func TestPasskeyNeedsAVerifiedAddress(t *testing.T) {
	for name, verified := range map[string]string{"rejects an unverified address": "false", "rejects no address": "", "rejects another spelling": "True"} {
		t.Run(name, func(t *testing.T) {
			s, u, _ := withPasskey(t)
			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
			if err != nil {
				t.Fatal(err)
			}
			u.Attributes["email_verified"] = verified
			s.Accounts.Put(u)
			wantProblem(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""), "403 address_not_verified")
			wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "403 address_not_verified")
		})
	}
}

func TestNoTokenIsLogged(t *testing.T) {
	s, u, a := withPasskey(t)
	s.Accounts.Fail(errors.New("no answer"))
	changes(t, s, a, s.Claims(u), []byte(`{}`))
	if strings.Contains(s.Log.String(), "token of") {
		t.Error("an access token was logged")
	}
}
