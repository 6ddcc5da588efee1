package webauthn_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// vectorVerdicts: vector → why its registration and its sign-in are refused,
// "" if they are not.
var vectorVerdicts = map[string]struct{ registration, signIn webauthn.Reason }{
	"none-es256":                    {"", ""},
	"packed-self-es256":             {"", ""},
	"none-es256-crossOrigin":        {webauthn.CrossOrigin, webauthn.CrossOrigin},
	"none-es256-topOrigin":          {webauthn.CrossOrigin, webauthn.CrossOrigin},
	"none-es256-long-credential-id": {"", ""},
	"packed-es256":                  {webauthn.Attestation, ""},
	"packed-es384":                  {webauthn.UnsupportedAlgorithm, webauthn.UnsupportedAlgorithm},
	"packed-es512":                  {webauthn.UnsupportedAlgorithm, webauthn.UnsupportedAlgorithm},
	"packed-rs256":                  {webauthn.Attestation, ""},
	"packed-eddsa":                  {webauthn.Attestation, ""},
	"packed-ed448":                  {webauthn.UnsupportedAlgorithm, webauthn.UnsupportedAlgorithm},
	"tpm-es256":                     {webauthn.Attestation, ""},
	"android-key-es256":             {webauthn.Attestation, ""},
	"apple-es256":                   {webauthn.Attestation, ""},
	"fido-u2f-es256":                {webauthn.Attestation, ""},
}

// hexBytes is a byte string of the vectors.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// vector is one of the test vectors of Level 3 (§16).
type vector struct {
	ID           string
	Registration struct {
		Challenge         hexBytes
		CredentialID      hexBytes `json:"credential_id"`
		ClientDataJSON    hexBytes
		AttestationObject hexBytes
		Decoded           struct {
			PublicKey hexBytes `json:"credential_public_key_cose"`
			BE        bool
		}
	}
	Authentication struct {
		Challenge         hexBytes
		AuthenticatorData hexBytes
		ClientDataJSON    hexBytes
		Signature         hexBytes
	}
}

var vectorRP = webauthn.RelyingParty{ID: "example.org", Name: "Example", Origins: []string{"https://example.org"}}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile(filepath.FromSlash("../../../shared/vectors/w3c.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

func (v vector) registration() []byte {
	return (&passkeytest.Registration{
		CredentialID:      v.Registration.CredentialID,
		ClientDataJSON:    v.Registration.ClientDataJSON,
		AttestationObject: v.Registration.AttestationObject,
		Transports:        []string{},
		Extensions:        map[string]any{},
	}).JSON()
}

func (v vector) assertion() *passkeytest.Assertion {
	return &passkeytest.Assertion{
		CredentialID:      v.Registration.CredentialID,
		ClientDataJSON:    v.Authentication.ClientDataJSON,
		AuthenticatorData: v.Authentication.AuthenticatorData,
		Signature:         v.Authentication.Signature,
		Extensions:        map[string]any{},
	}
}

func TestVectors(t *testing.T) {
	vectors := loadVectors(t)
	if len(vectors) != len(vectorVerdicts) {
		t.Errorf("got %d vectors, want %d", len(vectors), len(vectorVerdicts))
	}
	for _, v := range vectors {
		name := strings.TrimPrefix(v.ID, "sctn-test-vectors-")
		t.Run(name, func(t *testing.T) {
			want, ok := vectorVerdicts[name]
			if !ok {
				t.Fatal("no verdict is expected")
			}
			record, err := finishRegistration(vectorRP, v.Registration.Challenge, webauthn.UserVerificationPreferred, v.registration())
			wantReason(t, err, want.registration)
			if err != nil {
				// Signs in all the same, as a passkey imported from elsewhere would.
				record = credential.Record{
					ID:             v.Registration.CredentialID,
					PublicKey:      v.Registration.Decoded.PublicKey,
					BackupEligible: v.Registration.Decoded.BE,
					RPID:           vectorRP.ID,
				}
			}
			expectation := webauthn.Expectation{
				Challenge:        v.Authentication.Challenge,
				UserVerification: webauthn.UserVerificationPreferred,
				RPID:             vectorRP.ID,
			}
			for _, raw := range [][]byte{v.assertion().JSON(), v.assertion().SampleJSON()} {
				assertion, err := webauthn.ParseAssertion(raw)
				if err != nil {
					t.Fatal(err)
				}
				_, err = vectorRP.VerifyAssertion(assertion, &record, expectation)
				wantReason(t, err, want.signIn)
			}
		})
	}
}
