package userpool

import (
	"encoding/json"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// challengePasskey asks for a signature by one of the user's passkeys; from someone who doesn't exist, by a passkey that
// nobody has.
func (p *Pool) challengePasskey(s *session, u *user) (authOutput, error) {
	if err := p.checkWebAuthn(); err != nil {
		return authOutput{}, err
	}
	allow := []webauthn.Descriptor{{ID: p.decoy("credential id", s.userName)}}
	if u != nil {
		allow = u.descriptors()
	}
	s.nonce = randomBytes(32)
	options, err := json.Marshal(p.relyingParty("").RequestOptions(webauthn.RequestRequest{
		Challenge: s.nonce, Allow: allow, UserVerification: p.verification(u), Timeout: passkeyTimeout,
	}))
	if err != nil {
		return authOutput{}, fmt.Errorf("writing the request options: %w", err)
	}
	return authOutput{ChallengeName: factorWebAuthn, Session: p.await(s, factorWebAuthn),
		ChallengeParameters: map[string]string{paramRequestOptions: string(options)}}, nil
}

// answerPasskey ends the sign-in, either way: a session takes one signature.
func (p *Pool) answerPasskey(c *call, s *session, _ string, in respondInput) (authOutput, error) {
	raw := in.ChallengeResponses[paramCredential]
	if raw == "" {
		return authOutput{}, errMissing(paramCredential)
	}
	assertion, err := webauthn.ParseAssertion([]byte(raw))
	if err != nil {
		return authOutput{}, fail(invalidParameter, "%s: %v", paramCredential, err)
	}
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	if u == nil || !p.signedBy(u, s, assertion, readStatement([]byte(raw)).origin) {
		return authOutput{}, errIncorrect()
	}
	return p.finish(c, s, in.ClientMetadata)
}

// signedBy reports whether one of the user's passkeys answered the session's challenge, and notes what it said of itself.
func (p *Pool) signedBy(u *user, s *session, assertion *webauthn.Assertion, origin string) bool {
	k := u.passkey(assertion.CredentialID)
	rp := p.relyingParty(origin)
	if k == nil || rp.Validate() != nil {
		return false
	}
	verdict, err := rp.VerifyAssertion(assertion, &k.Record, webauthn.Expectation{
		Challenge: s.nonce, UserVerification: p.verification(u), UserHandle: webauthn.UserHandleOptional, RPID: rp.ID,
	})
	if err != nil {
		return false
	}
	k.SignCount, k.BackupState, k.UserVerified = verdict.SignCount, verdict.BackupState, verdict.UserVerified
	return true
}
