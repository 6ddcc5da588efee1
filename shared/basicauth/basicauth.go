// Package basicauth checks HTTP Basic credentials (RFC 7617) in constant time.
package basicauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// ChallengeHeader and Challenge are what a reply with status 401 carries.
const (
	ChallengeHeader = "WWW-Authenticate"
	Challenge       = "Basic"
)

// Matches reports whether a request has the credentials <user>:<password>. The
// time it takes tells nothing of them, not even their length.
func Matches(r *http.Request, credentials secret.Text) bool {
	user, password, ok := r.BasicAuth()
	presented := sha256.Sum256([]byte(user + ":" + password))
	expected := sha256.Sum256([]byte(credentials.Reveal()))
	return subtle.ConstantTimeCompare(presented[:], expected[:]) == 1 && ok
}
