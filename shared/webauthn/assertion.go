package webauthn

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"
)

// maxUserHandle is the longest user handle in bytes (§5.4.3).
const maxUserHandle = 64

// Assertion is an answer to a sign-in, decoded and not yet judged: until
// [RelyingParty.VerifyAssertion] accepts it, its fields are a client's claims.
type Assertion struct {
	CredentialID []byte // 1 to 1023 bytes
	UserHandle   []byte // nil when the answer has none
	Challenge    []byte // the challenge that the client data holds

	client            clientData
	authenticatorData []byte // as it came, which is signed
	authenticator     protocol.AuthenticatorData
	signature         []byte
	extensions        map[string]jsontext.Value // client extension output → value
}

// ParseAssertion decodes an answer of at most MaxResponseSize bytes in one of
// two forms, known by its exact members: AuthenticationResponseJSON (§5.1), or
// the one that clients of AWS's passwordless sample send. Every error is a
// [*Refusal].
func ParseAssertion(raw []byte) (*Assertion, error) {
	members := readObject(raw)
	var parts assertionParts
	var err error
	if members.has(sampleCredentialID) {
		parts, err = readSampleAssertion(members)
	} else {
		parts, err = readAssertionResponse(members)
	}
	if err != nil {
		return nil, err
	}
	return parts.parse()
}

// assertionParts is what both forms hold.
type assertionParts struct {
	credentialID, clientDataJSON, authenticatorData, signature, userHandle []byte
	extensions                                                             map[string]jsontext.Value
}

func readAssertionResponse(members *object) (assertionParts, error) {
	envelope := readEnvelope(members)
	response := envelope.response
	response.dropNull("userHandle")
	parts := assertionParts{
		credentialID:      envelope.credentialID,
		clientDataJSON:    response.bytes("clientDataJSON"),
		authenticatorData: response.bytes("authenticatorData"),
		signature:         response.bytes("signature"),
		extensions:        envelope.extensions,
	}
	if response.has("userHandle") {
		parts.userHandle = response.bytes("userHandle")
	}
	return parts, envelope.done()
}

// The members of the sample's answer. A user handle that is missing is null.
const (
	sampleCredentialID      = "credentialIdB64"
	sampleAuthenticatorData = "authenticatorDataB64"
	sampleClientData        = "clientDataJSON_B64"
	sampleSignature         = "signatureB64"
	sampleUserHandle        = "userHandleB64"
)

func readSampleAssertion(members *object) (assertionParts, error) {
	parts := assertionParts{
		credentialID:      members.bytes(sampleCredentialID),
		clientDataJSON:    members.bytes(sampleClientData),
		authenticatorData: members.bytes(sampleAuthenticatorData),
		signature:         members.bytes(sampleSignature),
	}
	if members.members[sampleUserHandle].Kind() == 'n' {
		members.take(sampleUserHandle)
	} else {
		parts.userHandle = members.bytes(sampleUserHandle)
	}
	return parts, members.done()
}

func (p assertionParts) parse() (*Assertion, error) {
	if len(p.credentialID) == 0 || len(p.credentialID) > maxCredentialID {
		return nil, refuse(Malformed, "the credential id is not of 1 to 1023 bytes")
	}
	if len(p.userHandle) > maxUserHandle {
		return nil, refuse(Malformed, "the user handle is longer than 64 bytes")
	}
	client, err := parseClientData(p.clientDataJSON)
	if err != nil {
		return nil, err
	}
	authenticator, err := parseAuthenticatorData(p.authenticatorData)
	if err != nil {
		return nil, err
	}
	if authenticator.Flags.HasAttestedCredentialData() {
		return nil, refuse(Malformed, "an assertion never holds an attested credential (§6.1)")
	}
	a := &Assertion{
		CredentialID:      p.credentialID,
		Challenge:         client.challenge,
		client:            client,
		authenticatorData: p.authenticatorData,
		authenticator:     authenticator,
		signature:         p.signature,
		extensions:        p.extensions,
	}
	// Some platforms send an empty handle for "none".
	if len(p.userHandle) > 0 {
		a.UserHandle = p.userHandle
	}
	return a, nil
}

// envelope is what the JSON forms of both ceremonies' answers share.
type envelope struct {
	members      *object
	response     *object
	extensions   map[string]jsontext.Value // client extension output → value
	credentialID []byte
}

func readEnvelope(members *object) envelope {
	// Some clients write null for an attachment that they don't know.
	members.dropNull("authenticatorAttachment")
	if members.has("authenticatorAttachment") {
		members.text("authenticatorAttachment")
	}
	e := envelope{
		members:      members,
		credentialID: members.bytes("rawId"),
		response:     members.object("response"),
		extensions:   members.object("clientExtensionResults").members,
	}
	if !bytes.Equal(members.bytes("id"), e.credentialID) {
		members.fail("id", "is not rawId")
	}
	if members.text("type") != string(publicKeyType) {
		members.fail("type", "is not "+string(publicKeyType))
	}
	return e
}

// done returns the first problem of the envelope or the response in it.
func (e envelope) done() error {
	if err := e.members.done(); err != nil {
		return err
	}
	return e.response.done()
}
