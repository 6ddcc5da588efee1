package webauthn_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"iter"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// leastMutants is how many of each ceremony are tried at the least.
const leastMutants = 500

// mutants yields every version of good in which one bit is flipped, or one
// byte missing or doubled: index of the byte → version.
func mutants(good []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for i := range good {
			for bit := range 8 {
				flipped := bytes.Clone(good)
				flipped[i] ^= 1 << bit
				if !yield(i, flipped) {
					return
				}
			}
			if !yield(i, slices.Delete(bytes.Clone(good), i, i+1)) || !yield(i, slices.Insert(bytes.Clone(good), i, good[i])) {
				return
			}
		}
	}
}

// byteClass is one of the byte strings that a ceremony is judged by.
type byteClass struct {
	name  string
	good  []byte
	judge func(mutant []byte) error
	// idle are the parts of good that may change without being refused, and
	// are not tried.
	idle [][]byte
}

// tryMutants has every mutant of every class judged, and none may pass.
func tryMutants(t *testing.T, classes []byteClass) {
	t.Helper()
	total := 0
	for _, class := range classes {
		if err := class.judge(class.good); err != nil {
			t.Fatalf("%s as it was: %v", class.name, err)
		}
		for i, mutant := range mutants(class.good) {
			if class.isIdle(t, i) {
				continue
			}
			total++
			if reasonOf(t, class.judge(mutant)) == "" {
				t.Errorf("%s: accepted with byte %d changed: %q", class.name, i, mutant)
			}
		}
	}
	if total < leastMutants {
		t.Errorf("tried %d mutants, want at least %d", total, leastMutants)
	}
	t.Logf("%d mutants", total)
}

func (c byteClass) isIdle(t *testing.T, i int) bool {
	t.Helper()
	for _, part := range c.idle {
		start := bytes.LastIndex(c.good, part) // random bytes before it may look alike
		if start < 0 {
			t.Fatalf("%s: %q is not there", c.name, part)
		}
		if i >= start && i < start+len(part) {
			return true
		}
	}
	return false
}

// with returns a copy of an answer that has one field changed.
func with[Answer any](answer *Answer, change func(*Answer)) *Answer {
	changed := *answer
	change(&changed)
	return &changed
}

func TestMutantsOfAnAssertionAreRejected(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	judge := func(raw []byte) error {
		_, err := verify(raw, record, want)
		return err
	}
	field := func(set func(a *passkeytest.Assertion, mutant []byte)) func([]byte) error {
		return func(mutant []byte) error {
			return judge(with(answer, func(a *passkeytest.Assertion) { set(a, mutant) }).JSON())
		}
	}
	tryMutants(t, []byteClass{
		{"the standard form", answer.JSON(), judge, [][]byte{
			[]byte("platform"), // the attachment, a hint that nothing here reads
		}},
		{"the sample's form", answer.SampleJSON(), judge, nil},
		{"credential id", answer.CredentialID, field(func(a *passkeytest.Assertion, m []byte) { a.CredentialID = m }), nil},
		{"client data", answer.ClientDataJSON, field(func(a *passkeytest.Assertion, m []byte) { a.ClientDataJSON = m }), nil},
		{"authenticator data", answer.AuthenticatorData, field(func(a *passkeytest.Assertion, m []byte) { a.AuthenticatorData = m }), nil},
		{"signature", answer.Signature, field(func(a *passkeytest.Assertion, m []byte) { a.Signature = m }), nil},
		{"user handle", answer.UserHandle, field(func(a *passkeytest.Assertion, m []byte) { a.UserHandle = m }), nil},
		{"stored public key", record.PublicKey, func(mutant []byte) error {
			_, err := verify(answer.JSON(), with(record, func(c *credential.Record) { c.PublicKey = mutant }), want)
			return err
		}, nil},
		{"expected challenge", want.Challenge, func(mutant []byte) error {
			_, err := verify(answer.JSON(), record, *with(&want, func(w *webauthn.Expectation) { w.Challenge = mutant }))
			return err
		}, nil},
	})
}

// The other signature that ECDSA has for each, r and -s, is all that can be
// changed in an answer without its key. WebAuthn accepts it, and nothing tells
// answers apart by their signatures.
func TestVerifyAssertionAcceptsTheMirroredSignature(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(answer.Signature, &signature); err != nil {
		t.Fatal(err)
	}
	signature.S.Sub(elliptic.P256().Params().N, signature.S)
	mirrored, err := asn1.Marshal(signature)
	if err != nil {
		t.Fatal(err)
	}
	answer.Signature = mirrored
	if _, err := verify(answer.JSON(), record, want); err != nil {
		t.Fatal(err)
	}
}

// A self attestation signs all that the authenticator and the browser say.
func TestMutantsOfARegistrationAreRejected(t *testing.T) {
	challenge, answer := create(t, passkeytest.NewDeviceBound(origin), selfAttest(func(map[string]any) {}))
	judge := func(raw []byte) error {
		_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, raw)
		return err
	}
	field := func(set func(r *passkeytest.Registration, mutant []byte)) func([]byte) error {
		return func(mutant []byte) error {
			return judge(with(answer, func(r *passkeytest.Registration) { set(r, mutant) }).JSON())
		}
	}
	response := answer.Members()["response"].(map[string]any)
	tryMutants(t, []byteClass{
		{"the response", answer.JSON(), judge, [][]byte{
			[]byte("platform"),                         // the attachment, a hint that nothing here reads
			[]byte(`"credProps":{"rk":true`),           // an extension output; two others are refused, the rest is ignored
			[]byte("usb"),                              // transports, of which unknown ones are dropped
			marshal(t, response["authenticatorData"]),  // a copy of what the attestation object holds
			marshal(t, response["publicKeyAlgorithm"]), // another
		}},
		{"credential id", answer.CredentialID, field(func(r *passkeytest.Registration, m []byte) { r.CredentialID = m }), nil},
		{"client data", answer.ClientDataJSON, field(func(r *passkeytest.Registration, m []byte) { r.ClientDataJSON = m }), nil},
		{"attestation object", answer.AttestationObject, field(func(r *passkeytest.Registration, m []byte) { r.AttestationObject = m }), nil},
		{"expected challenge", challenge, func(mutant []byte) error {
			_, err := finishRegistration(rp, mutant, webauthn.UserVerificationRequired, answer.JSON())
			return err
		}, nil},
	})
}

// unsigned are the flags, the sign count and the AAGUID in authenticator data.
func unsigned(authenticatorData []byte) []byte { return authenticatorData[32:53] }

// Where no signature covers flags, sign count and AAGUID, the browser's word is
// taken for them, within what the policy demands of the flags.
func TestMutantsOfAnUnattestedRegistrationAreRejected(t *testing.T) {
	challenge, answer := create(t, passkeytest.NewDeviceBound(origin))
	tryMutants(t, []byteClass{{"attestation object", answer.AttestationObject, func(mutant []byte) error {
		changed := with(answer, func(r *passkeytest.Registration) { r.AttestationObject = mutant })
		_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, changed.JSON())
		return err
	}, [][]byte{unsigned(answer.AuthenticatorData)}}})
}

// A device's attestation signs what a self attestation signs. Its certificate
// is held to the form that §8 demands and not to an issuer, as no root is
// trusted; so in there is what may change.
func TestMutantsOfAnAttestedRegistrationAreRejected(t *testing.T) {
	const packed, u2f = "packed-es256", "fido-u2f-es256"
	for _, v := range loadVectors(t) {
		name := strings.TrimPrefix(v.ID, "sctn-test-vectors-")
		if name != packed && name != u2f {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var object struct {
				AuthData  []byte `cbor:"authData"`
				Statement struct {
					Certificates [][]byte `cbor:"x5c"`
				} `cbor:"attStmt"`
			}
			if err := cbor.Unmarshal(v.Registration.AttestationObject, &object); err != nil {
				t.Fatal(err)
			}
			idle := object.Statement.Certificates
			if name == u2f {
				idle = append(idle, unsigned(object.AuthData))
			}
			tryMutants(t, []byteClass{{"attestation object", v.Registration.AttestationObject, func(mutant []byte) error {
				v.Registration.AttestationObject = mutant
				_, err := finishRegistration(vectorRP, v.Registration.Challenge, webauthn.UserVerificationPreferred, v.registration())
				return err
			}, idle}})
		})
	}
}
