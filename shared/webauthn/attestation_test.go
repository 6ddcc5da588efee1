package webauthn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// attest replaces the attestation by a statement that may sign: sign is given
// nil for the passkey's own key.
func attest(format string, statement func(sign func(crypto.Signer) []byte) any) passkeytest.Tamper {
	return func(c *passkeytest.Ceremony) {
		hash := sha256.Sum256([]byte(c.RPID))
		authenticatorData := slices.Concat(hash[:], []byte{c.Flags, 0, 0, 0, byte(c.SignCount)}, c.Attested)
		rewrite(func(raw string) string { return raw })(c) // fixes what is signed
		c.Format = format
		c.Statement = statement(func(key crypto.Signer) []byte {
			if key == nil {
				key = c.Key
			}
			signature, err := passkeytest.Sign(key, c.ClientDataJSON, authenticatorData)
			if err != nil {
				panic(err)
			}
			return signature
		})
	}
}

// selfAttest is a packed self attestation with a change.
func selfAttest(change func(statement map[string]any)) passkeytest.Tamper {
	return attest("packed", func(sign func(crypto.Signer) []byte) any {
		statement := map[string]any{"alg": passkeytest.ES256, "sig": sign(nil)}
		change(statement)
		return statement
	})
}

// deviceAttest is a packed attestation by a certificate with a change.
func deviceAttest(t *testing.T, change func(certificate *x509.Certificate)) passkeytest.Tamper {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject: pkix.Name{
			Country:            []string{"SE"},
			Organization:       []string{"Example"},
			OrganizationalUnit: []string{"Authenticator Attestation"},
			CommonName:         "Example Key",
		},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		BasicConstraintsValid: true,
	}
	change(certificate)
	encoded, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return attest("packed", func(sign func(crypto.Signer) []byte) any {
		return map[string]any{"alg": passkeytest.ES256, "sig": sign(key), "x5c": []any{encoded}}
	})
}

// compound attests as many times as there are statements, each a packed self
// attestation with a change.
func compound(changes ...func(part map[string]any)) passkeytest.Tamper {
	return attest("compound", func(sign func(crypto.Signer) []byte) any {
		parts := []any{}
		for _, change := range changes {
			part := map[string]any{"fmt": "packed", "attStmt": map[string]any{"alg": passkeytest.ES256, "sig": sign(nil)}}
			change(part)
			parts = append(parts, part)
		}
		return parts
	})
}

func TestRegistrationJudgesAttestation(t *testing.T) {
	statement := func(format string, value any) passkeytest.Tamper {
		return func(c *passkeytest.Ceremony) { c.Format, c.Statement = format, value }
	}
	asItIs := func(map[string]any) {}
	garbage := map[string]any{"alg": passkeytest.ES256, "sig": []byte("garbage")}
	for _, test := range []struct {
		name   string
		tamper passkeytest.Tamper
		want   webauthn.Reason
		detail string // a part of it
	}{
		{"accepts none", statement("none", nil), "", ""},
		{"rejects a statement with none", statement("none", map[string]any{"sig": []byte{1}}), webauthn.Attestation, "not the empty map"},
		{"rejects null in place of none's statement", statement("none", (*int)(nil)), webauthn.Attestation, "not the empty map"},
		{"rejects a statement that is an array", statement("none", []any{}), webauthn.Malformed, "attestation object"},
		{"rejects an unknown format", statement("None", map[string]any{}), webauthn.Attestation, "Invalid attestation format"},
		{"rejects an empty format", statement("", map[string]any{}), webauthn.Attestation, "Invalid attestation format"},

		{"accepts a self attestation", statement("packed", nil), "", ""},
		{"accepts a self attestation signed by hand", selfAttest(asItIs), "", ""},
		{"rejects a garbage packed statement", statement("packed", garbage), webauthn.Attestation, "Error verifying the signature"},
		{"rejects an empty packed statement", statement("packed", map[string]any{}), webauthn.Attestation, "Error retrieving alg value"},
		{"rejects a self attestation of another algorithm", selfAttest(func(s map[string]any) { s["alg"] = passkeytest.RS256 }), webauthn.Attestation, "algorithm does not equal"},
		{"rejects a self attestation with a broken certificate", selfAttest(func(s map[string]any) { s["x5c"] = []any{[]byte{0x30}} }), webauthn.Attestation, "Error parsing certificate"},
		{"rejects a self attestation with no certificates", selfAttest(func(s map[string]any) { s["x5c"] = []any{} }), webauthn.Attestation, "Error getting certificate"},
		{"rejects ECDAA", selfAttest(func(s map[string]any) { s["ecdaaKeyId"] = []byte{1} }), webauthn.Attestation, "not yet supported"},

		{"accepts a device's attestation without knowing its root", deviceAttest(t, func(*x509.Certificate) {}), "", ""},
		{"rejects an expired certificate", deviceAttest(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), webauthn.Attestation, "no longer valid"},
		{"rejects a certificate that is not valid yet", deviceAttest(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), webauthn.Attestation, "not yet valid"},
		{"rejects the certificate of an authority", deviceAttest(t, func(c *x509.Certificate) { c.IsCA = true }), webauthn.Attestation, "marked as CA"},
		{"rejects a certificate for something else", deviceAttest(t, func(c *x509.Certificate) { c.Subject.OrganizationalUnit = nil }), webauthn.Attestation, "Organizational Unit"},
		{"rejects the certificate of another model", deviceAttest(t, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: append([]byte{4, 16}, make([]byte, 15)...)}}
			c.ExtraExtensions[0].Value = append(c.ExtraExtensions[0].Value, 1)
		}), webauthn.Attestation, "AAGUID does not match"},

		{"accepts a compound of sound parts", compound(asItIs, asItIs), "", ""},
		{"rejects a compound with an unsound part", compound(asItIs, func(p map[string]any) { p["attStmt"] = garbage }), webauthn.Attestation, "Error verifying the signature"},
		{"rejects a compound of one", compound(asItIs), webauthn.Attestation, "at least two"},
		{"rejects a compound of compounds", compound(asItIs, func(p map[string]any) { p["fmt"] = "compound" }), webauthn.Attestation, "not allowed"},
		{"rejects a compound with none in it", compound(asItIs, func(p map[string]any) { p["fmt"] = "none" }), webauthn.Attestation, "Invalid attestation format"},

		{"rejects an incomplete tpm", statement("tpm", map[string]any{"ver": "2.0"}), webauthn.Attestation, "Error retrieving alg value"},
		{"rejects an incomplete android-key", statement("android-key", garbage), webauthn.Attestation, "Error retrieving x5c value"},
		{"rejects an incomplete apple", statement("apple", map[string]any{}), webauthn.Attestation, "Error retrieving x5c value"},
		{"rejects an incomplete fido-u2f", statement("fido-u2f", garbage), webauthn.Attestation, "x5c"},
		{"rejects SafetyNet", statement("android-safetynet", map[string]any{"ver": "1", "response": []byte("a.b.c")}), webauthn.Attestation, "SafetyNet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin), test.tamper)
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, test.want)
			if err != nil && !strings.Contains(detailOf(err), test.detail) {
				t.Errorf("got %q, want it to tell %q", detailOf(err), test.detail)
			}
		})
	}
}

func detailOf(err error) string {
	if refusal, ok := errors.AsType[*webauthn.Refusal](err); ok {
		return refusal.Detail
	}
	return ""
}
