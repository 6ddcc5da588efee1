package webauthn

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
)

// cborMap is the major type of a CBOR map: the upper three bits of its first byte.
const cborMap = 5

// parseAuthenticatorData accounts for every byte of the structure of §6.1.
func parseAuthenticatorData(raw []byte) (protocol.AuthenticatorData, error) {
	var data protocol.AuthenticatorData
	if err := data.Unmarshal(raw); err != nil {
		return data, refuse(Malformed, fmt.Sprintf("the authenticator data is malformed: %.100s", err))
	}
	// go-webauthn takes CBOR's null for an empty map.
	if data.Flags.HasExtensions() && data.ExtData[0]>>5 != cborMap {
		return data, refuse(Malformed, "the extension outputs are not a CBOR map")
	}
	return data, nil
}

// checkAuthenticatorData is §7.1 steps 13 to 18 and §7.2 steps 15 to 18.
func checkAuthenticatorData(data *protocol.AuthenticatorData, rpID string, verification UserVerification) error {
	hash := sha256.Sum256([]byte(rpID))
	switch {
	case !bytes.Equal(data.RPIDHash, hash[:]):
		return refuse(WrongRelyingParty, "the authenticator answered for another relying party id")
	case !data.Flags.HasUserPresent():
		return refuse(UserNotPresent, "the flag UP is not set")
	case verification == UserVerificationRequired && !data.Flags.HasUserVerified():
		return refuse(UserNotVerified, "the flag UV is not set and user verification is required")
	case data.Flags.HasBackupState() && !data.Flags.HasBackupEligible():
		return refuse(BackupFlags, "the flag BS is set without BE")
	}
	return nil
}
