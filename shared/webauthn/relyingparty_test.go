package webauthn_test

import (
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

func TestValidateAccepts(t *testing.T) {
	for name, party := range map[string]webauthn.RelyingParty{
		"web and app origins": rp,
		"localhost by http":   {ID: webauthn.Localhost, Name: "x", Origins: []string{"http://localhost:8080"}},
		"the domain itself":   {ID: "a-1.example", Name: "x", Origins: []string{"https://a-1.example:8443"}, Counter: webauthn.CounterReject},
	} {
		if err := party.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateRejects(t *testing.T) {
	for _, id := range []string{"", "Example.com", "com", "https://example.com", "example.com:443", "192.0.2.1", "example..com", "-a.example", "example.com.", strings.Repeat("a", 64) + ".example"} {
		party := webauthn.RelyingParty{ID: id, Name: "x", Origins: []string{"ios:bundle-id:x"}}
		if err := party.Validate(); err == nil || !strings.Contains(err.Error(), "relying party id") {
			t.Errorf("id %q: got %v", id, err)
		}
	}
	for _, origin := range []string{
		"", "example.com", "https://", "https://example.com/", "https://example.com/path", "https://Example.com", "HTTPS://example.com",
		"https://user@example.com", "https://example.com:443", "https://example.com:", "https://example.com?", "https://example.com#",
		"http://example.com", "ftp://example.com", "https://example.org", "https://notexample.com", "https://*.example.com",
		"android:apk-key-hash:", "android:apk-key-hash:AAAA", "android:apk-key-hash:" + apkKeyHash + "=", "ios:bundle-id:",
	} {
		party := webauthn.RelyingParty{ID: "example.com", Name: "x", Origins: []string{origin}}
		if err := party.Validate(); err == nil || !strings.Contains(err.Error(), `"`+origin+`"`) {
			t.Errorf("origin %q: got %v", origin, err)
		}
	}
}

func TestValidateReportsEveryProblemAtOnce(t *testing.T) {
	party := webauthn.RelyingParty{
		ID:             "Example",
		Origins:        []string{"http://a.example"},
		RelatedOrigins: []string{"https://b.example/path"},
		Counter:        "sometimes",
	}
	err := party.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, problem := range []string{"Example", "needs a name", "http://a.example", "https://b.example/path", "sometimes"} {
		if !strings.Contains(err.Error(), problem) {
			t.Errorf("%q is missing in:\n%v", problem, err)
		}
	}
	if err := (webauthn.RelyingParty{}).Validate(); err == nil || !strings.Contains(err.Error(), "at least one origin") {
		t.Errorf("got %v", err)
	}
}
