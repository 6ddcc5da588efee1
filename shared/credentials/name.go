package credentials

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

const maxName = 100 // characters

// IsName reports whether a passkey may have a name, because it can be shown as
// it is: no control characters, and none that turn the direction of the text
// around it.
func IsName(name string) bool {
	unfit := func(r rune) bool { return !unicode.IsPrint(r) }
	return strings.TrimSpace(name) == name && name != "" &&
		utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, unfit)
}

// DefaultName is the name of a passkey to which nobody gave one: its provider's.
func DefaultName(c credential.Record) string {
	if provider := credential.Provider(c.AAGUID); provider != "" {
		return provider
	}
	return "Passkey"
}
