package webauthn

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// publicKeyType is the only credential type there is (§5.8.2).
const publicKeyType = protocol.PublicKeyCredentialType

// offeredParameters name the COSE algorithms asked for, best liked first.
// Ed25519 comes last because some authenticators encode its keys wrongly.
var offeredParameters = []protocol.CredentialParameter{
	{Type: publicKeyType, Algorithm: webauthncose.AlgES256},
	{Type: publicKeyType, Algorithm: webauthncose.AlgRS256},
	{Type: publicKeyType, Algorithm: webauthncose.AlgEdDSA},
}

// Base64URL is a byte string that JSON holds as unpadded base64url.
type Base64URL []byte

// MarshalText encodes b.
func (b Base64URL) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText decodes text, which must be the one canonical encoding.
func (b *Base64URL) UnmarshalText(text []byte) error {
	decoded, err := decodeBase64URL(text)
	*b = decoded
	return err
}

// strictBase64URL refuses stray bits in the last character.
var strictBase64URL = base64.RawURLEncoding.Strict()

// decodeBase64URL accepts the one canonical encoding of its result: no
// padding, no line breaks (which the standard decoder skips), no stray bits.
func decodeBase64URL(text []byte) ([]byte, error) {
	decoded, err := strictBase64URL.AppendDecode(nil, text)
	if err != nil {
		return nil, err
	}
	if base64.RawURLEncoding.EncodedLen(len(decoded)) != len(text) {
		return nil, errors.New("base64url with line breaks")
	}
	return decoded, nil
}

// Descriptor names a credential to the browser (§5.8.3).
type Descriptor struct {
	ID         Base64URL
	Transports []string
}

// MarshalJSON writes a PublicKeyCredentialDescriptorJSON.
func (d Descriptor) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type       protocol.CredentialType `json:"type"`
		ID         Base64URL               `json:"id"`
		Transports []string                `json:"transports,omitempty"`
	}{publicKeyType, d.ID, d.Transports})
}

// User is who a passkey is made for (§5.4.3).
type User struct {
	Handle      Base64URL `json:"id"` // 1 to 64 bytes, nothing personal
	Name        string    `json:"name"`
	DisplayName string    `json:"displayName"`
}

// CreationRequest is what differs between one registration and the next.
type CreationRequest struct {
	Challenge        []byte // at least MinChallengeSize random bytes
	User             User
	Exclude          []Descriptor // the passkeys that the user has
	UserVerification UserVerification
	Timeout          time.Duration // rounded to milliseconds; zero leaves it to the browser
}

// CreationOptions marshal as PublicKeyCredentialCreationOptionsJSON (§5.1.8).
type CreationOptions struct {
	RelyingParty       relyingPartyEntity             `json:"rp"`
	User               User                           `json:"user"`
	Challenge          Base64URL                      `json:"challenge"`
	Parameters         []protocol.CredentialParameter `json:"pubKeyCredParams"`
	Timeout            int64                          `json:"timeout,omitempty"` // milliseconds
	ExcludeCredentials []Descriptor                   `json:"excludeCredentials,omitempty"`
	Selection          authenticatorSelection         `json:"authenticatorSelection"`
	Attestation        protocol.ConveyancePreference  `json:"attestation"`
	Extensions         creationExtensions             `json:"extensions"`
}

type relyingPartyEntity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type authenticatorSelection struct {
	ResidentKey        string           `json:"residentKey"`
	RequireResidentKey bool             `json:"requireResidentKey"` // the same, for Level 1 clients
	UserVerification   UserVerification `json:"userVerification,omitempty"`
}

type creationExtensions struct {
	CredentialProperties bool `json:"credProps"`
}

// CreationOptions returns what navigator.credentials.create takes: a
// discoverable credential, without attestation.
func (rp RelyingParty) CreationOptions(request CreationRequest) CreationOptions {
	return CreationOptions{
		RelyingParty:       relyingPartyEntity{ID: rp.ID, Name: rp.Name},
		User:               request.User,
		Challenge:          request.Challenge,
		Parameters:         offeredParameters,
		Timeout:            request.Timeout.Milliseconds(),
		ExcludeCredentials: request.Exclude,
		Selection: authenticatorSelection{
			ResidentKey:        "required",
			RequireResidentKey: true,
			UserVerification:   request.UserVerification,
		},
		Attestation: protocol.PreferNoAttestation,
		Extensions:  creationExtensions{CredentialProperties: true},
	}
}

// RequestRequest is what differs between one sign-in and the next.
type RequestRequest struct {
	Challenge        []byte       // at least MinChallengeSize bytes
	Allow            []Descriptor // none: any discoverable passkey
	UserVerification UserVerification
	Timeout          time.Duration // rounded to milliseconds; zero leaves it to the browser
}

// RequestOptions marshal as PublicKeyCredentialRequestOptionsJSON (§5.1.9).
type RequestOptions struct {
	Challenge        Base64URL        `json:"challenge"`
	Timeout          int64            `json:"timeout,omitempty"` // milliseconds
	RelyingPartyID   string           `json:"rpId"`
	AllowCredentials []Descriptor     `json:"allowCredentials,omitempty"`
	UserVerification UserVerification `json:"userVerification,omitempty"`
}

// RequestOptions returns what navigator.credentials.get takes.
func (rp RelyingParty) RequestOptions(request RequestRequest) RequestOptions {
	return RequestOptions{
		Challenge:        request.Challenge,
		Timeout:          request.Timeout.Milliseconds(),
		RelyingPartyID:   rp.ID,
		AllowCredentials: request.Allow,
		UserVerification: request.UserVerification,
	}
}
