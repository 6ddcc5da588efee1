// Package roster knows who may create an account where only people are let in
// whom the owner of the stack knows: each by an account number and an e-mail
// address. The table holds neither, only hashes of them under a pepper, which is
// a secret: there are few enough account numbers to try them all.
package roster

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
)

// Identity is what somebody says of themselves, or an owner of somebody. It is
// personal: log nothing of it.
type Identity struct {
	number string // normalized
	email  string // folded
}

// The parts of an identity, as the columns of an import are called.
const (
	FieldNumber = "account_number"
	FieldEmail  = "email"
)

// FieldError is returned by Identify. It repeats no more of a field than one
// character.
type FieldError struct {
	Field string // FieldNumber or FieldEmail
	Why   string // and how to mend it
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

// Identify returns the identity of an account number and an e-mail address, or an
// error that joins a *FieldError for each that can't be one.
func Identify(number, email string) (Identity, error) {
	id := Identity{number: normalize(number), email: mailbox.Fold(strings.TrimSpace(email))}
	var problems []error
	if why := unfitNumber(id.number); why != "" {
		problems = append(problems, &FieldError{FieldNumber, why})
	}
	if why := unfitEmail(id.email); why != "" {
		problems = append(problems, &FieldError{FieldEmail, why})
	}
	if len(problems) > 0 {
		return Identity{}, errors.Join(problems...)
	}
	return id, nil
}

// Number is the normalized account number.
func (i Identity) Number() string { return i.number }

// Email is the folded e-mail address.
func (i Identity) Email() string { return i.email }

// normalize makes account numbers alike that people take for one: in Unicode's
// compatibility form NFKC, so that full-width digits are digits, without white
// space, hyphens and dashes, and in upper case. Zeros in front stay.
// https://www.unicode.org/reports/tr15/
func normalize(number string) string {
	kept := strings.Map(func(r rune) rune {
		const minus, softHyphen = '\u2212', '\u00AD'
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == minus || r == softHyphen {
			return -1
		}
		return r
	}, norm.NFKC.String(number))
	return norm.NFKC.String(strings.ToUpper(kept))
}

// Limits of fields, in characters and, for addresses, in bytes (RFC 5321 section 4.5.3.1).
const (
	maxNumber    = 64
	maxAddress   = 254
	maxLocalPart = 64
)

func unfitNumber(number string) string {
	switch length := utf8.RuneCountInString(number); {
	case length == 0:
		return "it is empty: give the number"
	case length > maxNumber:
		return fmt.Sprintf("it has %d characters without spaces and hyphens: at most %d are taken", length, maxNumber)
	}
	for _, r := range number {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return fmt.Sprintf("it holds %U, which can't be printed: take it out", r)
		}
	}
	return ""
}

// unfitEmail refuses what Amazon SES would: it mails no address with other
// characters than ASCII.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
func unfitEmail(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	switch {
	case address == "":
		return "it is empty: give an address such as name@example.com"
	case len(address) > maxAddress || len(local) > maxLocalPart:
		return fmt.Sprintf("it has %d bytes, %d before the @: at most %d and %d are taken", len(address), len(local), maxAddress, maxLocalPart)
	case local == "" || !strings.Contains(domain, "."), strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."),
		strings.Contains(domain, ".."), strings.Contains(domain, "@"):
		return "it doesn't look like name@example.com: give one whole address"
	}
	for _, r := range address {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>,;:"()[]\`, r) {
			return fmt.Sprintf("it holds %U: give an address of ASCII characters without spaces, quotes and brackets", r)
		}
	}
	return ""
}
