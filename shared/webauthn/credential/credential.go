// Package credential is what is kept of a passkey, apart from the ceremonies of
// package webauthn, so that a function that only reads it links no cryptography.
package credential

import "fmt"

// Record is what the relying party keeps of a passkey: the credential record of
// WebAuthn Level 3 §4.
type Record struct {
	ID             []byte // 16 to 1023 bytes
	PublicKey      []byte // COSE_Key, canonical CBOR
	SignCount      uint32
	BackupEligible bool     // a synced passkey; never changes
	BackupState    bool     // at present backed up
	UserVerified   bool     // at the last ceremony
	AAGUID         AAGUID   // the model of the authenticator; unattested, so only for display
	Transports     []string // hints for the browser, known values only
	RPID           string
	UserHandle     []byte // given to the authenticator in the creation options
}

// AAGUID identifies the model of an authenticator (Level 3 §6.5.1).
type AAGUID [16]byte

// String writes the AAGUID as a UUID.
func (a AAGUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", a[:4], a[4:6], a[6:8], a[8:10], a[10:])
}

// Provider names the passkey provider, or returns "" for one that is not on
// the list. Nothing attests the name: show it, decide nothing by it.
func Provider(aaguid AAGUID) string {
	switch aaguid.String() {
	case "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4":
		return "Google Password Manager"
	case "fbfc3007-154e-4ecc-8c0b-6e020557d7bd":
		return "Apple Passwords"
	case "bada5566-a7aa-401f-bd96-45619a55120d":
		return "1Password"
	case "d548826e-79b4-db40-a3d8-11116f7e8349":
		return "Bitwarden"
	case "08987058-cadc-4b81-b6e1-30de50dcbe96":
		return "Windows Hello"
	case "d3452668-01fd-4c12-926c-83a4204853aa":
		return "Microsoft Password Manager"
	}
	return ""
}
