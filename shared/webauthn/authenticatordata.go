package webauthn

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// The flags of authenticator data (§6.1).
const (
	flagUserPresent    = 0x01
	flagUserVerified   = 0x04
	flagBackupEligible = 0x08
	flagBackupState    = 0x10
	flagAttested       = 0x40
	flagExtensions     = 0x80
)

const (
	fixedSize         = sha256.Size + 1 + 4 // rpIdHash, flags, signCount
	attestedFixedSize = 16 + 2              // credential.AAGUID, length of the credential id
)

// authenticatorData is what the authenticator states and signs (§6.1).
type authenticatorData struct {
	raw          []byte
	rpIDHash     [sha256.Size]byte
	flags        byte
	signCount    uint32
	aaguid       credential.AAGUID // this and the next two are there if attested
	credentialID []byte
	publicKey    []byte // as it came, perhaps not canonical
}

func (d *authenticatorData) has(flag byte) bool { return d.flags&flag != 0 }

// parseAuthenticatorData accounts for every byte.
func parseAuthenticatorData(raw []byte) (authenticatorData, error) {
	short := refuse(Malformed, "the authenticator data ends early")
	if len(raw) < fixedSize {
		return authenticatorData{}, short
	}
	data := authenticatorData{raw: raw, rpIDHash: [sha256.Size]byte(raw), flags: raw[sha256.Size]}
	data.signCount = binary.BigEndian.Uint32(raw[sha256.Size+1:])
	rest := raw[fixedSize:]
	if data.has(flagAttested) {
		if len(rest) < attestedFixedSize {
			return authenticatorData{}, short
		}
		size := int(binary.BigEndian.Uint16(rest[len(data.aaguid):]))
		data.aaguid, rest = credential.AAGUID(rest), rest[attestedFixedSize:]
		if len(rest) < size {
			return authenticatorData{}, short
		}
		data.credentialID, rest = rest[:size], rest[size:]
		var key webauthncbor.RawMessage
		n, err := webauthncbor.UnmarshalFirst(rest, &key)
		if err != nil {
			return authenticatorData{}, refuse(Malformed, "the public key is not CBOR")
		}
		data.publicKey, rest = rest[:n], rest[n:]
	}
	if data.has(flagExtensions) {
		var outputs map[string]webauthncbor.RawMessage
		n, err := webauthncbor.UnmarshalFirst(rest, &outputs)
		if err != nil || outputs == nil {
			return authenticatorData{}, refuse(Malformed, "the extension outputs are not a CBOR map")
		}
		rest = rest[n:]
	}
	if len(rest) != 0 {
		return authenticatorData{}, refuse(Malformed, "the authenticator data goes on after its end")
	}
	return data, nil
}

// checkAuthenticatorData is §7.1 steps 13 to 18 and §7.2 steps 15 to 18.
func checkAuthenticatorData(data *authenticatorData, rpID string, verification UserVerification) error {
	switch {
	case data.rpIDHash != sha256.Sum256([]byte(rpID)):
		return refuse(WrongRelyingParty, "the authenticator answered for another relying party id")
	case !data.has(flagUserPresent):
		return refuse(UserNotPresent, "the flag UP is not set")
	case verification == UserVerificationRequired && !data.has(flagUserVerified):
		return refuse(UserNotVerified, "the flag UV is not set and user verification is required")
	case data.has(flagBackupState) && !data.has(flagBackupEligible):
		return refuse(BackupFlags, "the flag BS is set without BE")
	}
	return nil
}
