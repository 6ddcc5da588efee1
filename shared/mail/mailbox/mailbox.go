// Package mailbox tells which e-mail addresses lead to one mailbox.
package mailbox

import (
	"regexp"
	"strings"
)

// maxAddress is how long an address may be, in bytes (RFC 5321, section 4.5.3.1.3).
const maxAddress = 254

// address is what browsers take in a field for an e-mail address, with a domain of
// two labels at least.
// https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
var address = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" +
	`[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$`)

// IsAddress reports whether a text is an e-mail address, as people type it in a form.
func IsAddress(text string) bool { return len(text) <= maxAddress && address.MatchString(text) }

// Fold makes addresses alike that lead to one mailbox, as mail systems in use read
// them: it ignores the case of ASCII letters only. Other letters fold into these,
// such as the Kelvin sign into k, and make the address of somebody else.
func Fold(address string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, address)
}

// Same reports whether two addresses lead to one mailbox.
func Same(a, b string) bool { return Fold(a) == Fold(b) }
