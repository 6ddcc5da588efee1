package passkeytest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// base64URL is what the options hold byte strings in.
type base64URL []byte

func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Registration is the answer to a creation. Change its fields to tamper with
// it after the signing.
type Registration struct {
	CredentialID      []byte
	ClientDataJSON    []byte
	AttestationObject []byte
	AuthenticatorData []byte
	Algorithm         int64
	Transports        []string
	Extensions        map[string]any // client extension outputs
}

// Members returns the RegistrationResponseJSON that PublicKeyCredential.toJSON
// makes, to be changed or marshalled.
func (r *Registration) Members() map[string]any {
	return envelope(r.CredentialID, r.Extensions, map[string]any{
		"clientDataJSON":     encode(r.ClientDataJSON),
		"attestationObject":  encode(r.AttestationObject),
		"authenticatorData":  encode(r.AuthenticatorData),
		"publicKeyAlgorithm": r.Algorithm,
		"transports":         r.Transports,
	})
}

// JSON returns the RegistrationResponseJSON.
func (r *Registration) JSON() []byte { return marshal(r.Members()) }

// Assertion is the answer to a request. Change its fields to tamper with it
// after the signing.
type Assertion struct {
	CredentialID      []byte
	ClientDataJSON    []byte
	AuthenticatorData []byte
	Signature         []byte
	UserHandle        []byte         // nil: none
	Extensions        map[string]any // client extension outputs
}

// Members returns the AuthenticationResponseJSON that
// PublicKeyCredential.toJSON makes, to be changed or marshalled.
func (a *Assertion) Members() map[string]any {
	response := map[string]any{
		"clientDataJSON":    encode(a.ClientDataJSON),
		"authenticatorData": encode(a.AuthenticatorData),
		"signature":         encode(a.Signature),
	}
	if a.UserHandle != nil {
		response["userHandle"] = encode(a.UserHandle)
	}
	return envelope(a.CredentialID, a.Extensions, response)
}

// JSON returns the AuthenticationResponseJSON.
func (a *Assertion) JSON() []byte { return marshal(a.Members()) }

// SampleMembers returns the answer that clients of AWS's passwordless sample
// send, to be changed or marshalled.
func (a *Assertion) SampleMembers() map[string]any {
	members := map[string]any{
		"credentialIdB64":      encode(a.CredentialID),
		"authenticatorDataB64": encode(a.AuthenticatorData),
		"clientDataJSON_B64":   encode(a.ClientDataJSON),
		"signatureB64":         encode(a.Signature),
		"userHandleB64":        nil,
	}
	if a.UserHandle != nil {
		members["userHandleB64"] = encode(a.UserHandle)
	}
	return members
}

// SampleJSON returns the answer that clients of AWS's passwordless sample send.
func (a *Assertion) SampleJSON() []byte { return marshal(a.SampleMembers()) }

func envelope(id []byte, extensions, response map[string]any) map[string]any {
	return map[string]any{
		"id":                      encode(id),
		"rawId":                   encode(id),
		"type":                    "public-key",
		"authenticatorAttachment": "platform",
		"clientExtensionResults":  extensions,
		"response":                response,
	}
}

// marshal panics only on values that a test put in and JSON cannot hold.
func marshal(members map[string]any) []byte {
	encoded, err := json.Marshal(members)
	if err != nil {
		panic(fmt.Sprintf("encoding an answer: %v", err))
	}
	return encoded
}
