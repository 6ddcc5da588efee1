package secret

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// KeyID tells the public keys of a signing ring apart: the first bytes of a
// key's SHA-256. It stands in what the key signed.
type KeyID [4]byte

// PublicKeys are Ed25519 public keys that verify what a signing ring signed:
// key id → key.
type PublicKeys map[KeyID]ed25519.PublicKey

// ParsePublicKeys reads what Ring.PublicKeys returned.
func ParsePublicKeys(texts []string) (PublicKeys, error) {
	keys := PublicKeys{}
	for _, text := range texts {
		key, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%q is not an Ed25519 public key in unpadded base64url", text)
		}
		keys[keyID(key)] = key
	}
	return keys, nil
}

// Verify reports whether the key of that id signed the message.
func (k PublicKeys) Verify(id KeyID, message, signature []byte) bool {
	key, known := k[id]
	return known && ed25519.Verify(key, message, signature)
}

// ID returns the id of the public key whose seed k is.
func (k Key) ID() KeyID { return keyID(k.signing().Public().(ed25519.PublicKey)) }

// Sign signs a message with the Ed25519 key whose seed k is.
func (k Key) Sign(message []byte) []byte { return ed25519.Sign(k.signing(), message) }

func (k Key) signing() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k[:]) }

func keyID(key ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(key)
	return KeyID(sum[:])
}
