package recovery

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// LinkLifetime is how long a one-time link is good for.
const LinkLifetime = 24 * time.Hour

// Fragment precedes the token in a one-time link. No browser sends it.
const Fragment = "#recovery="

// separator stands between whose link it is and what nobody can guess.
const separator = "."

// maxToken bounds a token, in bytes.
const maxToken = 256

// NewLink makes the token of a link by which an operator lets a user in, once, and
// what is stored of it under table.RecoveryLinkSK. A user has one: the next one
// replaces it.
func NewLink(sub string, now time.Time) (token string, stored credentials.Mailing) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails since Go 1.24: it ends the program instead
	token = sub + separator + base64.RawURLEncoding.EncodeToString(random)
	return token, credentials.Mailing{Token: hash(token), Expires: now.Add(LinkLifetime)}
}

// ReadLink returns whose link a token says it is, and the hash that is stored if
// it speaks the truth; or false for what is no token.
func ReadLink(token string) (sub string, stored []byte, ok bool) {
	sub, random, _ := strings.Cut(token, separator)
	return sub, hash(token), sub != "" && random != "" && len(token) <= maxToken
}

func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
