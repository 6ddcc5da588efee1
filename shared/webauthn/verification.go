package webauthn

import (
	"bytes"
	"encoding/base64"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/protocol"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Expectation is what the session that issued the challenge expects.
type Expectation struct {
	Challenge        []byte // at least MinChallengeSize bytes
	UserVerification UserVerification
	UserHandle       UserHandle
	RPID             string // for which the options were made
}

// UserHandle says whether an answer must hold the user handle. One that is
// there must be the credential's in any case.
type UserHandle int

const (
	// UserHandleOptional is for sign-ins that began with a user name.
	UserHandleOptional UserHandle = iota
	// UserHandleRequired is for sign-ins that began with none (§7.2 step 6).
	UserHandleRequired
)

// Verdict is what an accepted assertion says, to be stored with the credential.
type Verdict struct {
	SignCount    uint32
	BackupState  bool
	UserVerified bool
	// CounterRegressed reports a sign count that did not increase and was
	// accepted all the same.
	CounterRegressed bool
	// CounterMustIncrease demands that the write which records the sign-in be
	// conditional on a stored sign count below SignCount; otherwise two
	// answers at once would both pass.
	CounterMustIncrease bool
}

// VerifyAssertion judges an answer made with credential c by §7.2. Every error
// is a [*Refusal].
func (rp RelyingParty) VerifyAssertion(a *Assertion, c *credential.Record, want Expectation) (Verdict, error) {
	if !bytes.Equal(a.CredentialID, c.ID) {
		return Verdict{}, refuse(UnknownCredential, "the answer was made with another credential")
	}
	if err := rp.checkClientData(&a.client, protocol.AssertCeremony, want.Challenge); err != nil {
		return Verdict{}, err
	}
	if err := checkExtensions(a.extensions); err != nil {
		return Verdict{}, err
	}
	if c.RPID != rp.ID || want.RPID != rp.ID {
		return Verdict{}, refuse(WrongRelyingParty, "the credential, the session and this relying party differ in their id")
	}
	if err := checkAuthenticatorData(&a.authenticator, rp.ID, want.UserVerification); err != nil {
		return Verdict{}, err
	}
	if a.authenticator.Flags.HasBackupEligible() != c.BackupEligible {
		return Verdict{}, refuse(BackupFlags, "the flag BE is not what it was at registration")
	}
	if err := checkUserHandle(a.UserHandle, c.UserHandle, want.UserHandle); err != nil {
		return Verdict{}, err
	}
	if err := checkPublicKey(c.PublicKey); err != nil {
		return Verdict{}, err
	}
	if err := rp.verifyCeremony(a, c.PublicKey, want); err != nil {
		return Verdict{}, err
	}
	return rp.judgeCounter(a, c)
}

// How both ceremonies have go-webauthn judge. Our origins go in as its opaque
// ones, which it compares byte for byte as we do; it folds the case of others.
const (
	noAppID             = ""
	byTopOriginList     = protocol.TopOriginExplicitVerificationMode
	forbidCrossOrigin   = false
	requireUserPresence = true
)

var (
	noFoldedOrigins, noTopOrigins []string
	noMetadata                    metadata.Provider        // no judgement of models, no network
	strictSignatures              protocol.SignaturePolicy // in DER only
)

// verifyCeremony has go-webauthn judge the ceremony as a whole and verify the
// signature (§7.2 steps 20 and 21). Of what it judges, only the signature was
// not looked at before, each with a Reason of its own; so that is the reason.
func (rp RelyingParty) verifyCeremony(a *Assertion, publicKey []byte, want Expectation) error {
	ceremony := protocol.ParsedCredentialAssertionData{
		Response: protocol.ParsedAssertionResponse{
			CollectedClientData: a.client.collected,
			AuthenticatorData:   a.authenticator,
			Signature:           a.signature,
		},
		Raw: protocol.CredentialAssertionResponse{AssertionResponse: protocol.AuthenticatorAssertionResponse{
			AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: a.client.raw},
			AuthenticatorData:     a.authenticatorData,
		}},
	}
	err := ceremony.Verify(base64.RawURLEncoding.EncodeToString(want.Challenge), rp.ID, noAppID,
		noFoldedOrigins, rp.origins(), noTopOrigins, byTopOriginList, forbidCrossOrigin,
		want.UserVerification == UserVerificationRequired, requireUserPresence,
		publicKey, strictSignatures)
	if err != nil {
		return refuse(BadSignature, "the signature does not verify with the credential's public key")
	}
	return nil
}

// checkUserHandle is §7.2 step 6. The handle is not signed: it can refuse a
// user and never name one.
func checkUserHandle(stated, stored []byte, policy UserHandle) error {
	if stated == nil && policy == UserHandleOptional || stated != nil && bytes.Equal(stated, stored) {
		return nil
	}
	return refuse(WrongUserHandle, "the user handle is not the credential's")
}

// judgeCounter is §7.2 step 22.
func (rp RelyingParty) judgeCounter(a *Assertion, c *credential.Record) (Verdict, error) {
	count := a.authenticator.Counter
	counts := c.SignCount != 0 || count != 0
	regressed := counts && count <= c.SignCount
	strict := rp.Counter == CounterReject || rp.Counter == CounterByBackup && !c.BackupEligible
	if strict && regressed {
		return Verdict{}, refuse(Counter, "the sign count did not increase: the key may have been cloned")
	}
	return Verdict{
		SignCount:           count,
		BackupState:         a.authenticator.Flags.HasBackupState(),
		UserVerified:        a.authenticator.Flags.HasUserVerified(),
		CounterRegressed:    regressed && rp.Counter != CounterIgnore,
		CounterMustIncrease: strict && counts,
	}, nil
}

// decoyKey is a valid ES256 key, the base point of P-256, as a COSE_Key.
// Its private key is 1, which does no harm: nothing it signs is accepted.
const decoyKey = "\xa5\x01\x02\x03\x26\x20\x01" +
	"\x21\x58\x20" +
	"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2" +
	"\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96" +
	"\x22\x58\x20" +
	"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16" +
	"\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"

// RefuseUnknown refuses an answer made with a credential that nobody has, at
// the cost of judging the same answer with an ES256 passkey that somebody has.
// RS256 and Ed25519 passkeys cost up to 40 µs less or more, depending on the
// signature in the answer; so time tells such a passkey from an unknown one to
// whom can measure that behind a read of the table.
func (rp RelyingParty) RefuseUnknown(a *Assertion, want Expectation) error {
	decoy := credential.Record{
		ID:             a.CredentialID,
		PublicKey:      []byte(decoyKey),
		BackupEligible: a.authenticator.Flags.HasBackupEligible(),
		RPID:           want.RPID,
		UserHandle:     a.UserHandle,
	}
	_, _ = rp.VerifyAssertion(a, &decoy, want)
	return refuse(UnknownCredential, "nobody has the credential")
}
