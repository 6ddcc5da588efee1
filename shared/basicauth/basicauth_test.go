package basicauth_test

import (
	"net/http"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/basicauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

func TestMatches(t *testing.T) {
	for header, want := range map[string]bool{
		"Basic d2ViaG9vazpzM2NyZXQ=":  true, // webhook:s3cret
		"basic d2ViaG9vazpzM2NyZXQ=":  true, // RFC 7617 §2: the scheme ignores case
		"Basic d2ViaG9vazpndWVzcw==":  false,
		"Basic c3RyYW5nZXI6czNjcmV0":  false,
		"Basic d2ViaG9vazpzM2NyZXQ6":  false, // one character more
		"Basic d2ViaG9vazo=":          false, // no password
		"Basic webhook:s3cret":        false,
		"Bearer d2ViaG9vazpzM2NyZXQ=": false,
		"":                            false,
	} {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if got := basicauth.Matches(r, secret.NewText("webhook:s3cret")); got != want {
			t.Errorf("%q: %t, want %t", header, got, want)
		}
	}
}

// A secret that was never set, or badly, must not let in who sends nothing.
func TestMatchesNobodyWithoutCredentials(t *testing.T) {
	for header, expected := range map[string]string{"": ":", "Basic ": ":", "Basic Og==": ""} {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if basicauth.Matches(r, secret.NewText(expected)) {
			t.Errorf("%q matches the secret %q", header, expected)
		}
	}
}
