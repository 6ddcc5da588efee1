package webauthn

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Adopt judges the record of a passkey that was registered elsewhere for this
// relying party, by another software or in another table: by all of
// VerifyRegistration that a record still shows. It returns the record with the
// transports that Level 3 knows. That the user holds the passkey is the word of
// whoever kept the record. Every error is a [*Refusal].
func (rp RelyingParty) Adopt(c credential.Record) (credential.Record, error) {
	switch {
	case c.RPID == "" || c.RPID != rp.ID:
		return credential.Record{}, refuse(WrongRelyingParty, "the passkey was made for another relying party id")
	case c.BackupState && !c.BackupEligible:
		return credential.Record{}, refuse(BackupFlags, "the flag BS is set without BE")
	case len(c.ID) < minCredentialID || len(c.ID) > maxCredentialID:
		return credential.Record{}, refuse(WrongCredentialID, "the credential id is not 16 to 1023 bytes long")
	case len(c.UserHandle) == 0 || len(c.UserHandle) > maxUserHandle:
		return credential.Record{}, refuse(WrongUserHandle, "the user handle is not 1 to 64 bytes long")
	}
	if err := checkPublicKey(c.PublicKey); err != nil {
		return credential.Record{}, err
	}
	c.Transports = knownTransports(c.Transports)
	return c, nil
}
