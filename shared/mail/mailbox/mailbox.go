// Package mailbox tells which e-mail addresses lead to one mailbox.
package mailbox

import "strings"

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
