package mailbox_test

import (
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
