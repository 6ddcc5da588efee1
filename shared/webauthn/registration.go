package webauthn

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// The attestation statement formats that are accepted (§8.7, §8.2).
const (
	attestationNone   = "none"
	attestationPacked = "packed"
)

// The lengths in bytes that a credential id may have: at least 16 by the
// definition of the term in §4, at most 1023 by §7.1 step 25.
const (
	minCredentialID = 16
	maxCredentialID = 1023
)

// Registration is a RegistrationResponseJSON (§5.1) taken apart.
type Registration struct {
	CredentialID []byte
	Challenge    []byte // that was signed

	transports    []string
	client        clientData
	authenticator authenticatorData
	format        string
	statement     webauthncbor.RawMessage
	extensions    map[string]jsontext.Value // client extension output → value
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
// Of attestation it accepts what arrives when none is asked for: the format
// "none", and a self attestation of the format "packed", which browsers pass
// on and which is verified. Any other statement names a device, which nobody
// asked for, and is refused unread.
//
// The caller sets the UserHandle of the record, which no response holds, and
// makes sure that nobody has the credential id yet (§7.1 step 26).
func (rp RelyingParty) VerifyRegistration(r *Registration, challenge []byte, verification UserVerification) (credential.Record, error) {
	if err := rp.checkClientData(r.client, typeCreate, challenge); err != nil {
		return credential.Record{}, err
	}
	if err := checkExtensions(r.extensions); err != nil {
		return credential.Record{}, err
	}
	if err := checkAuthenticatorData(&r.authenticator, rp.ID, verification); err != nil {
		return credential.Record{}, err
	}
	if err := r.checkCredential(); err != nil {
		return credential.Record{}, err
	}
	return credential.Record{
		ID:             r.authenticator.credentialID,
		PublicKey:      r.authenticator.publicKey,
		SignCount:      r.authenticator.signCount,
		BackupEligible: r.authenticator.has(flagBackupEligible),
		BackupState:    r.authenticator.has(flagBackupState),
		UserVerified:   r.authenticator.has(flagUserVerified),
		AAGUID:         r.authenticator.aaguid,
		Transports:     knownTransports(r.transports),
		RPID:           rp.ID,
	}, nil
}

// parseAttestationObject decodes the structure of §6.5.4.
func (r *Registration) parseAttestationObject(raw []byte) error {
	var members map[string]webauthncbor.RawMessage
	var data []byte
	err := webauthncbor.Unmarshal(raw, &members)
	if err != nil || len(members) != 3 ||
		webauthncbor.Unmarshal(members["fmt"], &r.format) != nil ||
		webauthncbor.Unmarshal(members["authData"], &data) != nil {
		return refuse(Malformed, "the attestation object is not a CBOR map of fmt, attStmt and authData")
	}
	r.statement = members["attStmt"]
	if r.authenticator, err = parseAuthenticatorData(data); err != nil {
		return err
	}
	if !r.authenticator.has(flagAttested) {
		return refuse(Malformed, "the authenticator data holds no credential")
	}
	return nil
}

// checkCredential is §7.1 steps 20 to 25: key, attestation, credential id.
func (r *Registration) checkCredential() error {
	id := r.authenticator.credentialID
	if len(id) < minCredentialID || len(id) > maxCredentialID || !bytes.Equal(id, r.CredentialID) {
		return refuse(WrongCredentialID, "the credential id is not the attested one or not of 16 to 1023 bytes")
	}
	key, err := parsePublicKey(r.authenticator.publicKey)
	if err != nil {
		return err
	}
	switch r.format {
	case attestationNone:
		if !bytes.Equal(r.statement, []byte{0xa0}) { // the empty map
			return refuse(Attestation, `the format "none" has a statement`)
		}
		return nil
	case attestationPacked:
		return r.checkSelfAttestation(key)
	}
	return refuse(Attestation, "an attestation of a device was not asked for")
}

// checkSelfAttestation is the procedure of §8.2 for a statement without x5c.
func (r *Registration) checkSelfAttestation(key publicKey) error {
	var statement map[string]webauthncbor.RawMessage
	var header webauthncose.PublicKeyData
	var algorithm int64
	var signature []byte
	if webauthncbor.Unmarshal(r.statement, &statement) != nil || len(statement) != 2 ||
		webauthncbor.Unmarshal(statement["alg"], &algorithm) != nil ||
		webauthncbor.Unmarshal(statement["sig"], &signature) != nil {
		return refuse(Attestation, "the packed statement is not a self attestation")
	}
	if webauthncbor.Unmarshal(r.authenticator.publicKey, &header) != nil || header.Algorithm != algorithm {
		return refuse(Attestation, "the self attestation is of another algorithm than its key")
	}
	if checkSignature(key, &r.authenticator, &r.client, signature) != nil {
		return refuse(Attestation, "the self attestation does not verify with its key")
	}
	return nil
}
