// Package passkeytest has what tests of passkeys need: an authenticator that
// really signs, with a browser's manners in front of it; credential stores in
// memory and on DynamoDB's protocol, which can fail, with the contract that every
// store keeps; and crowds that do at once what counts once.
package passkeytest

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// The flags of authenticator data (Level 3, §6.1).
const (
	UserPresent    byte = 0x01
	UserVerified   byte = 0x04
	BackupEligible byte = 0x08
	BackupState    byte = 0x10
	Attested       byte = 0x40
	HasExtensions  byte = 0x80
)

// What an authenticator says when it has nothing to answer with.
var (
	ErrExcluded  = errors.New("a passkey of the exclude list is here already")
	ErrNoPasskey = errors.New("no passkey for this request")
)

// Authenticator makes passkeys, signs with them, and stands in for the browser
// in front of it, which states the origin. It is not safe for concurrent use.
type Authenticator struct {
	Origin     string // of the page that it is used on
	AAGUID     [16]byte
	Transports []string
	Flags      byte       // of its answers, besides Attested and HasExtensions
	CountStep  uint32     // added to a passkey's sign count per answer; zero: no counter
	Algorithm  int64      // COSE algorithm of new passkeys; zero: the first offered one it knows
	Account    []byte     // user handle chosen where several passkeys fit; nil: the newest
	Passkeys   []*Passkey // oldest first
}

// Passkey is one credential of an authenticator.
type Passkey struct {
	ID         []byte
	RPID       string
	UserHandle []byte
	SignCount  uint32
	Algorithm  int64
	Key        crypto.Signer
}

// NewDeviceBound returns an authenticator that is like a security key: it
// verifies its user, counts, and nothing leaves it.
func NewDeviceBound(origin string) *Authenticator {
	return &Authenticator{
		Origin:     origin,
		Flags:      UserPresent | UserVerified,
		CountStep:  1,
		Transports: []string{"usb"},
	}
}

// NewSynced returns an authenticator that is like a passkey provider: backed
// up, without a counter.
func NewSynced(origin string) *Authenticator {
	return &Authenticator{
		Origin:     origin,
		Flags:      UserPresent | UserVerified | BackupEligible | BackupState,
		Transports: []string{"hybrid", "internal"},
	}
}

// Ceremony is what an answer is made of, before it is signed.
type Ceremony struct {
	ClientData     map[string]any
	ClientDataJSON []byte // in place of ClientData

	RPID              string // whose hash is signed
	Flags             byte
	SignCount         uint32
	Attested          []byte         // AAGUID, length and id of the credential, public key
	Extensions        map[string]any // outputs; HasExtensions is set if there are any
	AuthenticatorData []byte         // in place of the above

	Format    string // of the attestation; "packed" is signed by the passkey unless there is a Statement
	Statement any

	Key crypto.Signer
}

// Tamper changes a ceremony before it is signed. What comes after the signing
// can be changed in the answer itself.
type Tamper func(*Ceremony)

// creationOptions are the members of PublicKeyCredentialCreationOptionsJSON
// that an authenticator heeds.
type creationOptions struct {
	RP        struct{ ID string }    `json:"rp"`
	User      struct{ ID base64URL } `json:"user"`
	Challenge string
	Params    []struct{ Alg int64 }    `json:"pubKeyCredParams"`
	Exclude   []struct{ ID base64URL } `json:"excludeCredentials"`
}

// Create answers a PublicKeyCredentialCreationOptionsJSON with a new passkey.
func (a *Authenticator) Create(options []byte, tampers ...Tamper) (*Registration, error) {
	var o creationOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("reading creation options: %w", err)
	}
	for _, excluded := range o.Exclude {
		if a.find(excluded.ID) != nil {
			return nil, ErrExcluded
		}
	}
	passkey, err := a.newPasskey(o)
	if err != nil {
		return nil, err
	}
	publicKey, err := PublicKey(passkey.Key)
	if err != nil {
		return nil, err
	}
	c := a.ceremony("webauthn.create", o.Challenge, passkey)
	c.Flags |= Attested
	c.Attested = AttestedCredential(a.AAGUID, passkey.ID, publicKey)
	c.Format, c.Statement = "none", nil
	clientDataJSON, authenticatorData, err := c.assemble(tampers)
	if err != nil {
		return nil, err
	}
	attestationObject, err := c.attest(clientDataJSON, authenticatorData, passkey.Algorithm)
	if err != nil {
		return nil, err
	}
	a.Passkeys = append(a.Passkeys, passkey)
	return &Registration{
		CredentialID:      passkey.ID,
		ClientDataJSON:    clientDataJSON,
		AttestationObject: attestationObject,
		AuthenticatorData: authenticatorData,
		Algorithm:         passkey.Algorithm,
		Transports:        a.Transports,
		Extensions:        map[string]any{"credProps": map[string]any{"rk": true}},
	}, nil
}

// requestOptions are the members of PublicKeyCredentialRequestOptionsJSON that
// an authenticator heeds, and of the sample's fido2options, which mean the same.
type requestOptions struct {
	RPID        string `json:"rpId"`
	SampleRPID  string `json:"relyingPartyId"`
	Challenge   string
	Allow       []struct{ ID base64URL } `json:"allowCredentials"`
	SampleAllow []struct{ ID base64URL } `json:"credentials"`
}

// Get answers a PublicKeyCredentialRequestOptionsJSON, or the fido2options of
// AWS's passwordless sample, with a passkey that it has. Without a relying
// party id the host of the origin is meant.
func (a *Authenticator) Get(options []byte, tampers ...Tamper) (*Assertion, error) {
	var o requestOptions
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("reading request options: %w", err)
	}
	passkey, err := a.choose(o)
	if err != nil {
		return nil, err
	}
	c := a.ceremony("webauthn.get", o.Challenge, passkey)
	clientDataJSON, authenticatorData, err := c.assemble(tampers)
	if err != nil {
		return nil, err
	}
	signature, err := Sign(c.Key, clientDataJSON, authenticatorData)
	if err != nil {
		return nil, err
	}
	return &Assertion{
		CredentialID:      passkey.ID,
		ClientDataJSON:    clientDataJSON,
		AuthenticatorData: authenticatorData,
		Signature:         signature,
		UserHandle:        passkey.UserHandle,
		Extensions:        map[string]any{},
	}, nil
}

func (a *Authenticator) find(id []byte) *Passkey {
	for _, passkey := range a.Passkeys {
		if string(passkey.ID) == string(id) {
			return passkey
		}
	}
	return nil
}

// choose picks the newest passkey that the request and the account allow.
func (a *Authenticator) choose(o requestOptions) (*Passkey, error) {
	rpID := o.RPID + o.SampleRPID
	if rpID == "" {
		page, err := url.Parse(a.Origin)
		if err != nil {
			return nil, fmt.Errorf("reading the origin: %w", err)
		}
		rpID = page.Hostname()
	}
	allow := slices.Concat(o.Allow, o.SampleAllow)
	for _, passkey := range slices.Backward(a.Passkeys) {
		allowed := len(allow) == 0
		for _, descriptor := range allow {
			allowed = allowed || string(descriptor.ID) == string(passkey.ID)
		}
		chosen := a.Account == nil || string(a.Account) == string(passkey.UserHandle)
		if allowed && chosen && passkey.RPID == rpID {
			return passkey, nil
		}
	}
	return nil, ErrNoPasskey
}

func (a *Authenticator) newPasskey(o creationOptions) (*Passkey, error) {
	algorithm := a.Algorithm
	for _, offered := range o.Params {
		if _, known := keyMakers[offered.Alg]; known && algorithm == 0 {
			algorithm = offered.Alg
		}
	}
	makeKey, known := keyMakers[algorithm]
	if !known {
		return nil, fmt.Errorf("no algorithm of %v is known", o.Params)
	}
	key, err := makeKey()
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id) // never fails
	return &Passkey{ID: id, RPID: o.RP.ID, UserHandle: o.User.ID, Algorithm: algorithm, Key: key}, nil
}

func (a *Authenticator) ceremony(kind, challenge string, passkey *Passkey) *Ceremony {
	passkey.SignCount += a.CountStep
	return &Ceremony{
		ClientData: map[string]any{
			"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false,
		},
		RPID:      passkey.RPID,
		Flags:     a.Flags,
		SignCount: passkey.SignCount,
		Key:       passkey.Key,
	}
}

// assemble applies the tampers and encodes what will be signed.
func (c *Ceremony) assemble(tampers []Tamper) (clientDataJSON, authenticatorData []byte, err error) {
	for _, tamper := range tampers {
		tamper(c)
	}
	if clientDataJSON = c.ClientDataJSON; clientDataJSON == nil {
		if clientDataJSON, err = json.Marshal(c.ClientData); err != nil {
			return nil, nil, fmt.Errorf("encoding client data: %w", err)
		}
	}
	if c.AuthenticatorData != nil {
		return clientDataJSON, c.AuthenticatorData, nil
	}
	var extensions []byte
	if c.Extensions != nil {
		c.Flags |= HasExtensions
		if extensions, err = encodeCBOR(c.Extensions); err != nil {
			return nil, nil, err
		}
	}
	hash := sha256.Sum256([]byte(c.RPID))
	head := binary.BigEndian.AppendUint32(append(hash[:], c.Flags), c.SignCount)
	return clientDataJSON, slices.Concat(head, c.Attested, extensions), nil
}

// attest encodes the attestation object.
func (c *Ceremony) attest(clientDataJSON, authenticatorData []byte, algorithm int64) ([]byte, error) {
	switch {
	case c.Statement != nil:
	case c.Format == "packed":
		signature, err := Sign(c.Key, clientDataJSON, authenticatorData)
		if err != nil {
			return nil, err
		}
		c.Statement = map[string]any{"alg": algorithm, "sig": signature}
	default:
		c.Statement = map[string]any{}
	}
	return encodeCBOR(map[string]any{"fmt": c.Format, "attStmt": c.Statement, "authData": authenticatorData})
}

// AttestedCredential encodes attested credential data (Level 3, §6.5.1).
func AttestedCredential(aaguid [16]byte, id, publicKey []byte) []byte {
	head := binary.BigEndian.AppendUint16(aaguid[:], uint16(len(id)))
	return slices.Concat(head, id, publicKey)
}

func encodeCBOR(value any) ([]byte, error) {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		return nil, fmt.Errorf("setting up CBOR: %w", err)
	}
	encoded, err := mode.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding CBOR: %w", err)
	}
	return encoded, nil
}
