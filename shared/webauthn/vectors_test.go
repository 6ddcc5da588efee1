package webauthn_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Why go-webauthn refuses vectors whatever a policy may allow: their
// certificates are not from those who make such devices, and it does not verify
// Ed448.
const (
	unknownMaker = "Invalid TPM manufacturer"
	unknownRoot  = "Error validating x5c cert chain"
	noEd448      = "Error parsing the assertion public key"
)

// vectorVerdicts: vector → why its registration and its sign-in are refused, ""
// if they are not, and what go-webauthn refuses by itself. So where that is
// nothing, the policy named is all that stands against the vector.
var vectorVerdicts = map[string]struct {
	registration, signIn               webauthn.Reason
	libraryRegistration, librarySignIn string
}{
	"none-es256":                    {},
	"packed-self-es256":             {},
	"none-es256-crossOrigin":        {registration: webauthn.CrossOrigin, signIn: webauthn.CrossOrigin},
	"none-es256-topOrigin":          {registration: webauthn.CrossOrigin, signIn: webauthn.CrossOrigin},
	"none-es256-long-credential-id": {},
	"packed-es256":                  {},
	"packed-es384":                  {registration: webauthn.UnsupportedAlgorithm, signIn: webauthn.UnsupportedAlgorithm},
	"packed-es512":                  {registration: webauthn.UnsupportedAlgorithm, signIn: webauthn.UnsupportedAlgorithm},
	"packed-rs256":                  {},
	"packed-eddsa":                  {},
	"packed-ed448":                  {registration: webauthn.UnsupportedAlgorithm, signIn: webauthn.UnsupportedAlgorithm, librarySignIn: noEd448},
	"tpm-es256":                     {registration: webauthn.Attestation, libraryRegistration: unknownMaker},
	"android-key-es256":             {registration: webauthn.Attestation, libraryRegistration: unknownRoot},
	"apple-es256":                   {registration: webauthn.Attestation, libraryRegistration: unknownRoot},
	"fido-u2f-es256":                {},
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
			if want.registration == webauthn.Attestation && !strings.Contains(detailOf(err), want.libraryRegistration) {
				t.Errorf("got %q, want it to tell %q", detailOf(err), want.libraryRegistration)
			}
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

// TestVectorsAreOtherwiseGood has go-webauthn alone judge the vectors, with all
// allowed that the policy refuses.
func TestVectorsAreOtherwiseGood(t *testing.T) {
	const (
		noAppID             = ""
		allowCrossOrigin    = true
		optionalUV          = false
		requireUserPresence = true
	)
	origins, topOrigins := vectorRP.Origins, []string{"https://example.com"}
	var algorithms []protocol.CredentialParameter
	for _, algorithm := range []webauthncose.COSEAlgorithmIdentifier{-7, -8, -35, -36, -53, -257} {
		algorithms = append(algorithms, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: algorithm})
	}
	for _, v := range loadVectors(t) {
		name := strings.TrimPrefix(v.ID, "sctn-test-vectors-")
		t.Run(name, func(t *testing.T) {
			created, err := protocol.ParseCredentialCreationResponseBytes(v.registration())
			if err != nil {
				t.Fatal(err)
			}
			_, err = created.Verify(text(v.Registration.Challenge), vectorRP.ID, origins, nil, topOrigins,
				protocol.TopOriginExplicitVerificationMode, allowCrossOrigin, optionalUV, requireUserPresence,
				nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
			wantLibraryError(t, err, vectorVerdicts[name].libraryRegistration)

			asserted, err := protocol.ParseCredentialRequestResponseBytes(v.assertion().JSON())
			if err != nil {
				t.Fatal(err)
			}
			err = asserted.Verify(text(v.Authentication.Challenge), vectorRP.ID, noAppID, origins, nil, topOrigins,
				protocol.TopOriginExplicitVerificationMode, allowCrossOrigin, optionalUV, requireUserPresence,
				v.Registration.Decoded.PublicKey, protocol.SignaturePolicy{})
			wantLibraryError(t, err, vectorVerdicts[name].librarySignIn)
		})
	}
}

func text(challenge []byte) string { return base64.RawURLEncoding.EncodeToString(challenge) }

func wantLibraryError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("go-webauthn says %v, want %q", err, want)
	}
}
