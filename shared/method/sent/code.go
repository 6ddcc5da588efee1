package sent

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
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const (
	digits = 8
	codes  = 100_000_000 // that many codes there are
)

// Private values of a round with a code.
const (
	privateHash    = "h"
	privateSession = "s"
)

// AskCode answers a request for a letter with a code of eight digits, once in a
// session, like Ask; the request says nothing of how the letter is written. The
// code is derived from the key and the sign-in session, so a trigger that Cognito
// repeats makes the same one, and is nowhere stored: its hash travels with the
// session, out of the client's reach. A code of one method is none of another's.
func (d Desk) AskCode(ctx context.Context, issue customauth.Issue, request Request) customauth.Issued {
	code := func(key secret.Key) string { return Code(key, request.Method, issue.Session, issue.User.Sub) }
	request.SortKey = table.CodeSK(issue.Session)
	request.Write = func(key secret.Key, _ time.Time) (mail.Letter, credentials.Mailing) {
		return mail.Letter{Kind: mail.KindCode, Code: code(key)}, credentials.Mailing{}
	}
	request.Private = func(key secret.Key) map[string]string {
		return map[string]string{privateHash: hash(issue.Session, code(key)), privateSession: issue.Session}
	}
	return d.Ask(ctx, issue, request)
}

// Code returns the code of eight digits that derives from texts, of which the
// first says what it is for.
func Code(key secret.Key, parts ...string) string {
	return fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(key.MAC(parts...))%codes)
}

func hash(session, code string) string {
	sum := sha256.Sum256(framing.Append(nil, []byte(session), []byte(code)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// IsCode reports whether a text has the form of a code: eight digits.
func IsCode(text string) bool {
	return len(text) == digits && strings.Trim(text, "0123456789") == ""
}

// HasCode reports whether a method's round was opened with a code.
func HasCode(sealed customauth.Sealed) bool {
	return sealed.Private[privateSession] != "" && sealed.Private[privateHash] != ""
}

// CheckCode returns the verdict on an answer with a code, which is found correct
// once, like Check. Wrong codes are counted in the table. One in a round without a
// code takes as long.
func (b Book) CheckCode(ctx context.Context, answer customauth.Answer, method, code string) (customauth.Verdict, error) {
	session, want := answer.Sealed.Private[privateSession], answer.Sealed.Private[privateHash]
	return b.Check(ctx, answer, Claim{
		Method:  method,
		SortKey: table.CodeSK(session),
		Right:   subtle.ConstantTimeCompare([]byte(hash(session, code)), []byte(want)) == 1,
		Refuse:  func(credentials.Mailing) string { return "" },
	})
}
