// Package ticket lets a trusted backend that has authenticated a user itself
// sign that user in: with another provider's passkey, at a bank's counter, from
// an older system whose sessions are to live on as Cognito's.
//
// The backend signs a one-time ticket for one user and one app client. Whoever
// conducts the sign-in, the backend or the user's own client, starts CUSTOM_AUTH
// (InitiateAuth or AdminInitiateAuth) for that user and answers the custom
// challenge with the ticket, whatever the challenge asks for. The answer is found
// correct once, within a minute, by that app client, and only if the client lists
// the method; the tokens are then Cognito's own.
//
// A ticket is text of three parts, "tk1.<payload>.<signature>", both unpadded
// base64url; the stack's own, of the kind Account, begins with "ac1". The payload is a JSON object:
//
//	kid     id of the signing key: unpadded base64url of the first 4 bytes of the SHA-256 of the public key
//	jti     id of the ticket, 16 to 64 characters of base64url that nobody can guess
//	pool    id of the user pool
//	client  id of the app client
//	sub     the user's sub, never a name that somebody typed
//	iat     when it was signed, in seconds since 1970
//	exp     when it ends, at most 60 s after iat
//	amr     how the backend authenticated the user, in the words of RFC 8176 or your own
//
// The signature is Ed25519 over the text before its dot. A backend in another
// language needs no more than that.
//
// Whoever holds the signing key signs in as anybody on the app clients that list
// the method: let the backend alone read its parameter, and list the method on
// the backend's own app client rather than on the public one.
package ticket

import (
	"slices"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// Kind is who signs a ticket: the text that it begins with. Kinds have keys of
// their own, so that neither signer can sign in where only the other may.
type Kind string

// The kinds.
const (
	Backend Kind = "tk1" // a trusted backend
	Account Kind = "ac1" // the stack's own accounts function, for whoever proved an address to it
)

// method is the method that an app client lists to take tickets of the kind.
func (k Kind) method() string {
	if k == Account {
		return customauth.MethodAccount
	}
	return customauth.MethodTicket
}

// Lifetime is how long a ticket may be answered at most, counted in whole seconds.
const Lifetime = 60 * time.Second

// Bounds of what a ticket says.
const (
	minIDLength = 16 // 22 characters of base64url hold 128 bits; a shorter id than this can be guessed
	maxIDLength = 64 // characters, so that it fits a sort key
	maxMethods  = 8
	maxMethod   = 32 // characters
)

// claims is the payload.
type claims struct {
	KeyID    string   `json:"kid"`
	ID       string   `json:"jti"`
	PoolID   string   `json:"pool"`
	ClientID string   `json:"client"`
	Sub      string   `json:"sub"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	Methods  []string `json:"amr"`
}

func (c claims) issued() time.Time  { return time.Unix(c.Issued, 0) }
func (c claims) expires() time.Time { return time.Unix(c.Expires, 0) }

// Characters that an id and a method are made of.
const (
	wordCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-"
	idCharacters   = wordCharacters + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func isID(id string) bool {
	return len(id) >= minIDLength && len(id) <= maxIDLength && strings.Trim(id, idCharacters) == ""
}

// areMethods reports whether amr says how the user was authenticated, in words
// that can be logged.
func areMethods(amr []string) bool {
	return len(amr) > 0 && len(amr) <= maxMethods && !slices.ContainsFunc(amr, func(method string) bool {
		return method == "" || len(method) > maxMethod || strings.Trim(method, wordCharacters) != ""
	})
}
