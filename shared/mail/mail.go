// Package mail names what the letters say that sign-ins cause. Package words puts
// them into words, and package ses sends them.
package mail

import "time"

// Kind is what a letter says.
type Kind string

// The kinds of letters.
const (
	KindLink    Kind = "link"
	KindCode    Kind = "code"
	KindRefused Kind = "refused" // somebody asked for a mail, and this account takes a passkey only
)

// Kinds lists them.
var Kinds = []Kind{KindLink, KindCode, KindRefused}

// Letter is a mail before it is put into words.
type Letter struct {
	Kind     Kind
	To       string
	Locale   string // that the user chose, such as "de-CH"; often empty
	Code     string // of a KindCode
	Link     string // of a KindLink
	Lifetime time.Duration
}
