package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
)

// The COSE algorithms that an Authenticator can sign with.
const (
	ES256 int64 = -7
	EdDSA int64 = -8
	RS256 int64 = -257
)

// keyMakers: COSE algorithm → maker of a private key for it.
var keyMakers = map[int64]func() (crypto.Signer, error){
	ES256: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	RS256: func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
	EdDSA: func() (crypto.Signer, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	},
}

// PublicKey encodes the public half of a key as a COSE_Key.
func PublicKey(key crypto.Signer) ([]byte, error) {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 04, x, y
		if err != nil {
			return nil, fmt.Errorf("encoding a point: %w", err)
		}
		return encodeCBOR(map[int]any{1: 2, 3: ES256, -1: 1, -2: point[1:33], -3: point[33:]})
	case ed25519.PublicKey:
		return encodeCBOR(map[int]any{1: 1, 3: EdDSA, -1: 6, -2: []byte(public)})
	case *rsa.PublicKey:
		exponent := big.NewInt(int64(public.E)).Bytes()
		return encodeCBOR(map[int]any{1: 3, 3: RS256, -1: public.N.Bytes(), -2: exponent})
	}
	return nil, fmt.Errorf("a key of type %T has no COSE form here", key)
}

// Sign signs the authenticator data and the hash of the client data, as both
// assertions and self attestations do.
func Sign(key crypto.Signer, clientDataJSON, authenticatorData []byte) ([]byte, error) {
	hash := sha256.Sum256(clientDataJSON)
	signed := append(authenticatorData[:len(authenticatorData):len(authenticatorData)], hash[:]...)
	if _, pure := key.Public().(ed25519.PublicKey); pure {
		return key.Sign(rand.Reader, signed, crypto.Hash(0))
	}
	digest := sha256.Sum256(signed)
	return key.Sign(rand.Reader, digest[:], crypto.SHA256)
}
