// Package mail names what the letters say that sign-ins and changes of accounts
// cause. Package words puts them into words, and package ses sends them.
package mail

import "time"

// Kind is what a letter says.
type Kind string

// The kinds of letters.
const (
	KindLink    Kind = "link"
	KindCode    Kind = "code"
	KindRefused Kind = "refused" // somebody asked for a mail, and this account takes a passkey only

	KindSignUp Kind = "sign-up" // the code that proves the address of somebody who wants an account

	KindRecovery      Kind = "recovery"       // the code that proves an address of somebody without a passkey
	KindRecoveryAsked Kind = "recovery-asked" // somebody proved the address, and may get in from some time on
	KindRecovered     Kind = "recovered"      // somebody got in so

	KindPasskeyAdded   Kind = "passkey-added"
	KindPasskeyRemoved Kind = "passkey-removed"

	KindPasswordRemoved Kind = "password-removed"
)

// Kinds lists them.
var Kinds = []Kind{
	KindLink, KindCode, KindRefused,
	KindSignUp,
	KindRecovery, KindRecoveryAsked, KindRecovered,
	KindPasskeyAdded, KindPasskeyRemoved,
	KindPasswordRemoved,
}

// HasCode reports whether letters of a kind carry a code.
func (k Kind) HasCode() bool { return k == KindCode || k == KindSignUp || k == KindRecovery }

// Letter is a mail before it is put into words.
type Letter struct {
	Kind     Kind
	To       string
	Locale   string // that the user chose, such as "de-CH"; often empty
	Code     string // of a kind that HasCode
	Link     string // of a KindLink
	Lifetime time.Duration
	When     time.Time // of a KindRecoveryAsked: when it may be completed

	// Of a letter that tells of a change, which package notice sends:
	Time    time.Time // when it was made
	Passkey string    // what its user calls the passkey that was added or removed
	Last    bool      // no more of its kind are sent that day
}
