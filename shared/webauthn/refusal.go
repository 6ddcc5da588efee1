package webauthn

import "fmt"

// Reason says why an answer was refused: one of the constants, fit to be the
// dimension of a metric.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	TooLarge             Reason = "too_large"             // more than MaxResponseSize bytes
	Malformed            Reason = "malformed"             // not what a client sends
	UnknownCredential    Reason = "unknown_credential"    // nobody has this credential
	WrongType            Reason = "wrong_type"            // made in another ceremony
	WrongChallenge       Reason = "wrong_challenge"       // not the challenge that was issued
	WrongOrigin          Reason = "wrong_origin"          // made on another page or app
	CrossOrigin          Reason = "cross_origin"          // made inside another site's page
	Extension            Reason = "extension"             // an extension replaced one of our checks
	WrongRelyingParty    Reason = "wrong_relying_party"   // made for another relying party
	UserNotPresent       Reason = "user_not_present"      // nobody touched the authenticator
	UserNotVerified      Reason = "user_not_verified"     // required, and not done
	BackupFlags          Reason = "backup_flags"          // contradictory, or changed since registration
	WrongCredentialID    Reason = "wrong_credential_id"   // not the attested id, or too short to be unguessable
	UnsupportedAlgorithm Reason = "unsupported_algorithm" // not one that was offered
	BadKey               Reason = "bad_key"               // a public key that must not be stored or used
	Attestation          Reason = "attestation"           // a statement that does not verify
	WrongUserHandle      Reason = "wrong_user_handle"     // not the credential's, or missing where required
	BadSignature         Reason = "bad_signature"         // not made by the credential's private key
	Counter              Reason = "counter"               // the sign count did not increase: a clone, perhaps
)

// Refusal is the error of every answer that was judged and found wrong; any
// other error is a fault. Its text holds no expected value and nothing that
// could sign someone in, so it may be logged.
type Refusal struct {
	Reason Reason
	Detail string // for the developer, in English
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("answer refused (%s): %s", r.Reason, r.Detail)
}

func refuse(reason Reason, detail string) error {
	return &Refusal{Reason: reason, Detail: detail}
}
