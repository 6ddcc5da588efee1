package mailbox_test

import (
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
)

func TestSame(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"takes other case of letters", "Kim.Lee@Example.COM", "kim.lee@example.com", true},
		{"rejects another mailbox", "kim@example.com", "kim.lee@example.com", false},
		{"rejects the Kelvin sign for a k", "\u212Aim@example.com", "kim@example.com", false},
		{"rejects a long s for an s", "lo\u017F@example.com", "los@example.com", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mailbox.Same(c.a, c.b); got != c.want {
				t.Errorf("%q and %q: same is %t, want %t", c.a, c.b, got, c.want)
			}
		})
	}
}

func TestIsAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"ann@example.com": true, "Ann.O'Neil+news@mail.Example.co.uk": true, "1@2.de": true, strings.Repeat("a", 64) + "@example.com": true,
		"": false, "ann": false, "ann@localhost": false, "@example.com": false, "ann@example.com ": false, "ann@exa mple.com": false,
		"Ann <ann@example.com>": false, "ann@example.com,bob@example.com": false, "ann@example.com\nBcc: bob@example.com": false,
		"\u212Aim@example.com": false, "ann@ex\u00E4mple.com": false, `"ann"@example.com`: false, "ann@-example.com": false, "ann@example..com": false,
		strings.Repeat("a", 65) + "@example.com": false, "ann@" + strings.Repeat("a.", 130) + "com": false,
	} {
		if got := mailbox.IsAddress(text); got != want {
			t.Errorf("%q is an address: %t, want %t", text, got, want)
		}
	}
}
