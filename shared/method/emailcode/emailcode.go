// Package emailcode is signing in by a code of eight digits that is mailed to the
// user's verified address. The code is derived from a key and the sign-in
// session, so a trigger that Cognito repeats makes the same one, and is nowhere
// stored: its hash travels with the session, out of the client's reach. Wrong
// tries are counted in the table.
package emailcode

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const (
	challenge = "EMAIL_CODE" // as clients ask for it
	digits    = 8
	codes     = 100_000_000 // that many codes there are
)

// Private values of a round.
const (
	privateHash    = "h"
	privateSession = "s"
)

// reasonNoCode is the reason of a refusal: the round was opened without a code.
const reasonNoCode = "no_code"

// Issuer implements customauth.Issuer.
type Issuer struct {
	Desk     sent.Desk
	Lifetime time.Duration
}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return customauth.MethodCode }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{sent.ParameterChallenge} }

// Issue implements customauth.Issuer. It mails a code, once in a session.
func (i Issuer) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	return i.Desk.Ask(ctx, issue, sent.Request{
		Method:    customauth.MethodCode,
		Challenge: challenge,
		SortKey:   table.CodeSK(issue.Session),
		Lifetime:  i.Lifetime,
		Write: func(key secret.Key, _ time.Time) (mail.Letter, credentials.Mailing) {
			return mail.Letter{Kind: mail.KindCode, Code: codeOf(key, issue)}, credentials.Mailing{}
		},
		Private: func(key secret.Key) map[string]string {
			return map[string]string{privateHash: hash(issue.Session, codeOf(key, issue)), privateSession: issue.Session}
		},
	}), nil
}

func codeOf(key secret.Key, issue customauth.Issue) string {
	mac := key.MAC("code", issue.Session, issue.User.Sub)
	return fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(mac)%codes)
}

func hash(session, code string) string {
	sum := sha256.Sum256(framing.Append(nil, []byte(session), []byte(code)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Checker implements customauth.Checker. A code is found correct once.
type Checker struct{ Book sent.Book }

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodCode }

// Recognizes implements customauth.Checker: a code is eight digits.
func (Checker) Recognizes(answer string) bool {
	return len(answer) == digits && strings.Trim(answer, "0123456789") == ""
}

// Check implements customauth.Checker. In a round without a code it reads nothing.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	session, want := answer.Sealed.Private[privateSession], answer.Sealed.Private[privateHash]
	if session == "" || want == "" {
		return customauth.Verdict{Method: c.Method(), Reason: reasonNoCode}, nil
	}
	return c.Book.Check(ctx, answer, sent.Claim{
		Method:  c.Method(),
		SortKey: table.CodeSK(session),
		Right:   subtle.ConstantTimeCompare([]byte(hash(session, answer.Text)), []byte(want)) == 1,
		Refuse:  func(credentials.Mailing) string { return "" },
	})
}
