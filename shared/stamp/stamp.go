// Package stamp makes and checks challenges that carry their own time and an
// Ed25519 signature, so that a challenge can be handed to anybody without
// storing anything, and be checked by those who hold only public keys.
//
// A stamp is 92 bytes: version 01, purpose (1), key id (4), issued in
// milliseconds (6), random (16), signature (64). The signature also covers the
// pool, the relying party and a context, each with its length in front, so that
// a stamp is worth nothing for another.
package stamp

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Lifetime is how long a stamp may be answered.
const Lifetime = 300 * time.Second

// Purpose says what a stamp is for.
type Purpose byte

// SignIn is the purpose of challenges for a sign-in without a user name.
const SignIn Purpose = 's'

// Scope is what a stamp is bound to besides its time.
type Scope struct {
	Purpose        Purpose
	PoolID         string
	RelyingPartyID string
	Context        []byte // empty for SignIn
}

const (
	version   = 1
	keyIDSize = len(secret.KeyID{})
	headSize  = 2 + keyIDSize + 6 + 16
	size      = headSize + ed25519.SignatureSize
	domain    = "stamp/1"
)

// Issue signs a fresh stamp.
func Issue(key secret.Key, scope Scope, now time.Time) []byte {
	id := key.ID()
	s := make([]byte, 0, size)
	s = append(s, version, byte(scope.Purpose))
	s = append(s, id[:]...)
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(now.UnixMilli()))
	s = append(s, millis[2:]...)
	s = s[:headSize]
	_, _ = rand.Read(s[headSize-16:]) // never fails since Go 1.24: it ends the program instead
	return append(s, key.Sign(scope.signed(s))...)
}

// Verifier checks stamps. The zero value accepts none.
type Verifier struct{ keys secret.PublicKeys }

// NewVerifier returns a verifier that accepts stamps of any of the public keys,
// each unpadded base64url.
func NewVerifier(publicKeys []string) (Verifier, error) {
	keys, err := secret.ParsePublicKeys(publicKeys)
	if err != nil {
		return Verifier{}, fmt.Errorf("stamp keys: %w", err)
	}
	return Verifier{keys}, nil
}

// Check reports whether challenge is a stamp of exactly this scope, and when it
// was issued. The caller holds the time against Lifetime.
func (v Verifier) Check(challenge []byte, scope Scope) (issued time.Time, ok bool) {
	if len(challenge) != size || challenge[0] != version || Purpose(challenge[1]) != scope.Purpose {
		return time.Time{}, false
	}
	if !v.keys.Verify(secret.KeyID(challenge[2:]), scope.signed(challenge[:headSize]), challenge[headSize:]) {
		return time.Time{}, false
	}
	var millis [8]byte
	copy(millis[2:], challenge[2+keyIDSize:])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(millis[:]))), true
}

// signed is the message under the signature.
func (s Scope) signed(head []byte) []byte {
	m := framing.Append([]byte(domain), []byte(s.PoolID), []byte(s.RelyingPartyID), s.Context)
	return append(m, head...)
}
