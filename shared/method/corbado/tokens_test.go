package corbado_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

const tokenLifetime = 5 * time.Minute

func TestConnectTokenIsForItsHolder(t *testing.T) {
	f := newFixture(t)
	tokens := corbado.Tokens{Service: f.client, Lifetime: tokenLifetime}
	for name, test := range map[string]struct {
		asked  string
		holder corbado.Holder
		want   string
		data   service.ConnectTokenData
	}{
		"append": {
			"passkey-append", corbado.Holder{UserName: alice, DisplayName: "Alice"},
			"passkey-append", service.ConnectTokenData{Identifier: alice, DisplayName: "Alice"},
		},
		"append by its other name": {
			"passkey-add", corbado.Holder{UserName: alice, DisplayName: "Alice"},
			"passkey-append", service.ConnectTokenData{Identifier: alice, DisplayName: "Alice"},
		},
		"append without a name to show": {
			"passkey-append", corbado.Holder{UserName: alice},
			"passkey-append", service.ConnectTokenData{Identifier: alice, DisplayName: alice},
		},
		"list": {
			"passkey-list", corbado.Holder{UserName: alice, DisplayName: "Alice"},
			"passkey-list", service.ConnectTokenData{Identifier: alice},
		},
		"delete": {
			"passkey-delete", corbado.Holder{UserName: alice, DisplayName: "Alice"},
			"passkey-delete", service.ConnectTokenData{Identifier: alice},
		},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := tokens.Create(t.Context(), test.asked, test.holder)
			if err != nil {
				t.Fatal(err)
			}
			if !token.Expires.Equal(now.Add(tokenLifetime)) {
				t.Errorf("expires at %v", token.Expires)
			}
			used, ok := f.service.Redeem(token.Secret)
			if !ok || used.Type != test.want || used.Data != test.data {
				t.Errorf("redeemed %+v, %t", used, ok)
			}
		})
	}
}

func TestConnectTokenTypeRefused(t *testing.T) {
	f := newFixture(t)
	for _, asked := range []string{"passkey-login", "PASSKEY-LIST", ""} {
		if _, err := (corbado.Tokens{Service: f.client, Lifetime: tokenLifetime}).Create(t.Context(), asked, corbado.Holder{UserName: alice}); !errors.Is(err, corbado.ErrTokenType) {
			t.Errorf("%q: error %v", asked, err)
		}
	}
	if calls := f.service.Calls(); calls != 0 {
		t.Errorf("the service was asked %d times", calls)
	}
}

func TestConnectTokenForSomebodyOrSomethingElseIsNotHandedOut(t *testing.T) {
	for name, reply := range map[string]string{
		"another holder": `{"tokenType":"passkey-list","data":{"identifier":"` + mallory + `"},"secret":"ctk1_a","expires":1790000300}`,
		"another type":   `{"tokenType":"passkey-append","data":{"identifier":"` + alice + `"},"secret":"ctk1_a","expires":1790000300}`,
		"no secret":      `{"tokenType":"passkey-list","data":{"identifier":"` + alice + `"},"expires":1790000300}`,
	} {
		t.Run(name, func(t *testing.T) {
			odd := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, reply)
			})
			token, err := corbado.Tokens{Service: clientOf(t, serve(t, odd), "a:b"), Lifetime: tokenLifetime}.Create(t.Context(), corbado.TokenList, corbado.Holder{UserName: alice})
			if err == nil || !strings.Contains(err.Error(), "somebody or something else") || token.Secret != "" {
				t.Errorf("token %+v, error %v", token, err)
			}
		})
	}
}

func TestConnectTokenNeedsTheService(t *testing.T) {
	faults := maps.Clone(serviceFaults)
	faults[fault.SuccessForAnother] = "somebody or something else"
	for how, words := range faults {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.service.Break(how)
			token, err := corbado.Tokens{Service: f.client, Lifetime: tokenLifetime}.Create(t.Context(), corbado.TokenList, corbado.Holder{UserName: alice})
			if !errors.Is(err, provider.ErrUnavailable) || !strings.Contains(err.Error(), words) || token.Secret != "" {
				t.Errorf("token %+v, error %v, want %q", token, err, words)
			}
		})
	}
}

func TestConnectTokenNeedsTheProjectsSecret(t *testing.T) {
	f := newFixture(t)
	stranger := corbado.Tokens{Service: clientOf(t, f.server, project+":guess"), Lifetime: tokenLifetime}
	if _, err := stranger.Create(t.Context(), corbado.TokenList, corbado.Holder{UserName: alice}); err == nil || !strings.Contains(err.Error(), "base64 text of <project id>:<API secret>") {
		t.Errorf("error %v", err)
	}
}
