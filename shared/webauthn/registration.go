package webauthn

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// The lengths in bytes that a credential id may have: at least 16 by the
// definition of the term in §4, at most 1023 by §7.1 step 25, which go-webauthn
// sees to at a registration.
const (
	minCredentialID = 16
	maxCredentialID = 1023
)

// Registration is a RegistrationResponseJSON (§5.1) taken apart.
type Registration struct {
	CredentialID []byte
	Challenge    []byte // that was signed

	transports  []string
	client      clientData
	attestation protocol.AttestationObject
	statement   webauthncbor.RawMessage   // of the attestation, as it came
	extensions  map[string]jsontext.Value // client extension output → value
}

// ParseRegistration takes a RegistrationResponseJSON of at most
// MaxResponseSize bytes apart and judges nothing of it but its form. Every
// error is a [*Refusal].
func ParseRegistration(raw []byte) (*Registration, error) {
	envelope := readEnvelope(readObject(raw))
	response := envelope.response
	r := &Registration{
		CredentialID: envelope.credentialID,
		extensions:   envelope.extensions,
		transports:   response.texts("transports"),
	}
	clientDataJSON := response.bytes("clientDataJSON")
	attestationObject := response.bytes("attestationObject")
	// Copies of what the attestation object holds, for clients that cannot decode it.
	for _, copied := range []string{"authenticatorData", "publicKey", "publicKeyAlgorithm"} {
		response.take(copied)
	}
	if err := envelope.done(); err != nil {
		return nil, err
	}
	var err error
	if r.client, err = parseClientData(clientDataJSON); err != nil {
		return nil, err
	}
	r.Challenge = r.client.challenge
	if err = r.parseAttestationObject(attestationObject); err != nil {
		return nil, err
	}
	return r, nil
}

// VerifyRegistration judges a registration by §7.1. The challenge is the one
// that the creation options held. Every error is a [*Refusal].
//
// No attestation is asked for. One that arrives all the same, as some platforms
// and enterprise policies have it, is verified by go-webauthn as its format
// demands (§8) and refused with the reason [Attestation] if that fails. Who
// made the authenticator is not asked, so no trust anchor is needed beyond those
// that go-webauthn has built in for the formats android-key and apple, and its
// list of TPM manufacturers; and the record's AAGUID stays a claim. Validity of certificates is judged by the
// machine's clock; revocation is not looked up, and nothing reaches the network.
//
// The caller sets the UserHandle of the record, which no response holds, and
// makes sure that nobody has the credential id yet (§7.1 step 26).
func (rp RelyingParty) VerifyRegistration(r *Registration, challenge []byte, verification UserVerification) (credential.Record, error) {
	if err := rp.checkClientData(&r.client, protocol.CreateCeremony, challenge); err != nil {
		return credential.Record{}, err
	}
	if err := checkExtensions(r.extensions); err != nil {
		return credential.Record{}, err
	}
	data := &r.attestation.AuthData
	if err := checkAuthenticatorData(data, rp.ID, verification); err != nil {
		return credential.Record{}, err
	}
	if err := r.checkCredential(); err != nil {
		return credential.Record{}, err
	}
	if err := rp.verifyAttestation(r, challenge, verification); err != nil {
		return credential.Record{}, err
	}
	return credential.Record{
		ID:             data.AttData.CredentialID,
		PublicKey:      data.AttData.CredentialPublicKey,
		SignCount:      data.Counter,
		BackupEligible: data.Flags.HasBackupEligible(),
		BackupState:    data.Flags.HasBackupState(),
		UserVerified:   data.Flags.HasUserVerified(),
		AAGUID:         credential.AAGUID(data.AttData.AAGUID),
		Transports:     knownTransports(r.transports),
		RPID:           rp.ID,
	}, nil
}

// parseAttestationObject decodes the structure of §6.5.4.
func (r *Registration) parseAttestationObject(raw []byte) error {
	// go-webauthn ignores further members, and the case of names.
	var members map[string]webauthncbor.RawMessage
	malformed := webauthncbor.Unmarshal(raw, &members) != nil || len(members) != 3 ||
		members["fmt"] == nil || members["authData"] == nil || members["attStmt"] == nil ||
		webauthncbor.Unmarshal(raw, &r.attestation) != nil
	if malformed {
		return refuse(Malformed, "the attestation object is not a CBOR map of fmt, attStmt and authData")
	}
	r.statement = members["attStmt"]
	var err error
	if r.attestation.AuthData, err = parseAuthenticatorData(r.attestation.RawAuthData); err != nil {
		return err
	}
	if !r.attestation.AuthData.Flags.HasAttestedCredentialData() {
		return refuse(Malformed, "the authenticator data holds no credential")
	}
	return nil
}

// attestedFixedSize is what precedes the credential id in authenticator data
// (§6.5.1): 37 bytes of every kind, the AAGUID, the length of the id.
const attestedFixedSize = 37 + 16 + 2

// checkCredential is §7.1 steps 20 and 25: key and credential id.
func (r *Registration) checkCredential() error {
	attested := r.attestation.AuthData.AttData
	if id := attested.CredentialID; len(id) < minCredentialID || !bytes.Equal(id, r.CredentialID) {
		return refuse(WrongCredentialID, "the credential id is not the attested one or shorter than 16 bytes")
	}
	// go-webauthn has encoded the key again, in canonical form.
	asItCame := r.attestation.RawAuthData[attestedFixedSize+len(attested.CredentialID):]
	if !bytes.HasPrefix(asItCame, attested.CredentialPublicKey) {
		return refuse(BadKey, "the public key is not canonical CBOR")
	}
	return checkPublicKey(attested.CredentialPublicKey)
}

// attestationPolicy accepts Android keys that software holds, because a passkey
// without any attestation is accepted too (§8.4 leaves the choice). Of a
// compound attestation, every part must verify.
var attestationPolicy = protocol.AttestationPolicy{
	AndroidKey: protocol.AndroidKeyPolicy{AuthorizationScope: protocol.AndroidKeyAuthorizationScopeUnion},
	Compound:   protocol.CompoundPolicy{SubStatementScope: protocol.CompoundSubStatementScopeAll},
}

// verifyAttestation has go-webauthn judge the ceremony as a whole and verify
// the attestation statement (§7.1 steps 21 to 24). Of what it judges, only the
// statement was not looked at before, each with a Reason of its own; so that is
// the reason.
func (rp RelyingParty) verifyAttestation(r *Registration, challenge []byte, verification UserVerification) error {
	switch protocol.AttestationFormat(r.attestation.Format) {
	case protocol.AttestationFormatNone:
		if !bytes.Equal(r.statement, []byte{cborMap << 5}) {
			return refuse(Attestation, `the statement of the format "none" is not the empty map`)
		}
	case protocol.AttestationFormatAndroidSafetyNet:
		// go-webauthn would judge it by whatever roots the machine trusts.
		return refuse(Attestation, "SafetyNet attestation is no longer in service")
	}
	ceremony := protocol.ParsedCredentialCreationData{
		ParsedPublicKeyCredential: protocol.ParsedPublicKeyCredential{RawID: r.CredentialID},
		Response: protocol.ParsedAttestationResponse{
			CollectedClientData: r.client.collected,
			AttestationObject:   r.attestation,
		},
		Raw: protocol.CredentialCreationResponse{AttestationResponse: protocol.AuthenticatorAttestationResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: r.client.raw},
		}},
	}
	_, err := ceremony.Verify(base64.RawURLEncoding.EncodeToString(challenge), rp.ID,
		noFoldedOrigins, rp.origins(), noTopOrigins, byTopOriginList, forbidCrossOrigin,
		verification == UserVerificationRequired, requireUserPresence,
		noMetadata, offeredParameters, attestationPolicy, strictSignatures)
	if err != nil {
		return refuse(Attestation, fmt.Sprintf("the %.20q attestation does not verify: %.200s", r.attestation.Format, err))
	}
	return nil
}
