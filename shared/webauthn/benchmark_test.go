package webauthn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// The whole of a sign-in's judgement beside the bare signature check in it.
// ES256 is to cost at most 1.4 times the bare check.
func BenchmarkAssertion(b *testing.B) {
	for _, algorithm := range []struct {
		name string
		id   int64
	}{{"ES256", passkeytest.ES256}, {"RS256", passkeytest.RS256}, {"EdDSA", passkeytest.EdDSA}} {
		authenticator := passkeytest.NewSynced(origin)
		authenticator.Algorithm = algorithm.id
		credential := register(b, authenticator)
		want, answer := get(b, authenticator)
		raw := answer.JSON()
		b.Run(algorithm.name+"/whole", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verify(raw, credential, want); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(algorithm.name+"/signature", func(b *testing.B) {
			public := authenticator.Passkeys[0].Key.Public()
			for b.Loop() {
				if !rawVerify(public, answer) {
					b.Fatal("the signature does not verify")
				}
			}
		})
		b.Run(algorithm.name+"/unknown", func(b *testing.B) {
			for b.Loop() {
				assertion, err := webauthn.ParseAssertion(raw)
				if err != nil {
					b.Fatal(err)
				}
				_ = rp.RefuseUnknown(assertion, want)
			}
		})
	}
}

func rawVerify(public crypto.PublicKey, answer *passkeytest.Assertion) bool {
	hash := sha256.Sum256(answer.ClientDataJSON)
	signed := slices.Concat(answer.AuthenticatorData, hash[:])
	digest := sha256.Sum256(signed)
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest[:], answer.Signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], answer.Signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(public, signed, answer.Signature)
	}
	return false
}
