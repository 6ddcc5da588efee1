package userpool

import "slices"

// The first factors, which the pool's AllowedFirstAuthFactors names. All but the password are challenges as well.
const (
	factorEmailOTP = "EMAIL_OTP"
	factorPassword = "PASSWORD"
	factorSMSOTP   = "SMS_OTP"
	factorWebAuthn = "WEB_AUTHN"
)

// The challenges that the factor PASSWORD stands for.
const (
	challengePlainPassword = "PASSWORD"
	challengePasswordSRP   = "PASSWORD_SRP"
)

// firstChallenges are those that PREFERRED_CHALLENGE may name.
var firstChallenges = []string{challengePlainPassword, challengePasswordSRP, factorWebAuthn, factorEmailOTP, factorSMSOTP}

// startUserAuth starts choice-based authentication: by the preferred challenge if the user can take it, otherwise by the
// choice among those that the user can. The triggers of custom authentication have no part in it.
//
// On a client that hides users, one that doesn't exist gets one of the pool's challenges, whatever was preferred, as
// Cognito documents; the same each time for the same name.
func (p *Pool) startUserAuth(c *call, cl *client, in initiateAuthInput) (authOutput, error) {
	preferred := in.AuthParameters[paramPreferred]
	switch {
	case in.Session != "":
		return authOutput{}, fail(invalidParameter, "the local user pool continues no sign-up: start without a Session")
	case preferred != "" && !slices.Contains(firstChallenges, preferred):
		return authOutput{}, fail(invalidParameter, "%s %q: want one of %q", paramPreferred, preferred, firstChallenges)
	}
	s, u, err := p.begin(cl, in)
	if err != nil {
		return authOutput{}, err
	}
	if err := mayStart(u); err != nil {
		return authOutput{}, err
	}
	if err := p.preAuthentication(c, s, u, in.ClientMetadata); err != nil {
		return authOutput{}, err
	}
	if u == nil {
		return p.challengeFirst(c, s, u, p.decoyChallenge(s), in.AuthParameters, in.ClientMetadata)
	}
	offered := challengesOf(p.firstFactors(u))
	if slices.Contains(offered, preferred) {
		return p.challengeFirst(c, s, u, preferred, in.AuthParameters, in.ClientMetadata)
	}
	return authOutput{
		ChallengeName: challengeSelect, AvailableChallenges: offered,
		ChallengeParameters: map[string]string{}, Session: p.await(s, challengeSelect),
	}, nil
}

// mayStart reports why an existing user can't start a sign-in that proves nothing yet.
func mayStart(u *user) error {
	switch {
	case u == nil:
		return nil
	case !u.Enabled:
		return errDisabled()
	case u.Status == statusUnconfirmed:
		return errNotConfirmed()
	}
	return nil
}

// firstFactors returns those of the pool's first factors that a user has. A user whose password must change has no
// other. One with an authenticator app keeps MFA: a code by mail never satisfies it, a passkey does where the pool and the
// user say so. That AWS documents for pools that require MFA; the local pool holds to it where MFA is the user's choice.
func (p *Pool) firstFactors(u *user) []string {
	var factors []string
	for _, factor := range p.properties.firstFactors() {
		confirmed, mfa := u.Status == statusConfirmed, p.asksTOTP(u)
		has := map[string]bool{
			factorPassword: true,
			factorWebAuthn: confirmed && len(u.Passkeys) > 0 && p.checkWebAuthn() == nil && (!mfa || u.PasskeyMFA),
			factorEmailOTP: confirmed && !mfa && u.Attributes[attrEmailVerified] == "true",
		}
		if has[factor] {
			factors = append(factors, factor)
		}
	}
	return factors
}

func challengesOf(factors []string) []string {
	var challenges []string
	for _, factor := range factors {
		if factor == factorPassword {
			challenges = append(challenges, challengePlainPassword, challengePasswordSRP)
		} else {
			challenges = append(challenges, factor)
		}
	}
	return challenges
}

// decoyChallenge picks a challenge of the pool for someone who doesn't exist.
func (p *Pool) decoyChallenge(s *session) string {
	challenges := challengesOf(p.properties.firstFactors())
	return challenges[int(p.decoy("first challenge", s.userName)[0])%len(challenges)]
}

// challengeFirst asks for a first factor, unless it is a password and came along.
func (p *Pool) challengeFirst(c *call, s *session, u *user, challenge string, given, metadata map[string]string) (authOutput, error) {
	password, a := given[paramPassword], given[paramSRPA]
	switch {
	case challenge == factorWebAuthn:
		return p.challengePasskey(s, u)
	case challenge == factorEmailOTP:
		return p.challengeEmailCode(c, s, u), nil
	case challenge == challengePasswordSRP && a != "":
		return p.challengeSRP(s, u, a)
	case challenge == challengePlainPassword && password != "":
		if err := p.checkPassword(u, s.userName, password); err != nil {
			return authOutput{}, err
		}
		return p.passwordAccepted(c, s, metadata)
	}
	return authOutput{
		ChallengeName: challenge, ChallengeParameters: map[string]string{}, Session: p.await(s, challenge),
	}, nil
}

// answerSelect goes on with the challenge that the user chose. Cognito also takes a passkey's answer together with the
// choice; here the options to be answered come with the next challenge.
func (p *Pool) answerSelect(c *call, s *session, id string, in respondInput) (authOutput, error) {
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	choice, offered := in.ChallengeResponses[paramAnswer], challengesOf(p.firstFactors(u))
	switch {
	case !slices.Contains(offered, choice):
		p.putBack(id, s)
		return authOutput{}, fail(invalidParameter, "%s %q: want one of %q", paramAnswer, choice, offered)
	case in.ChallengeResponses[paramCredential] != "":
		p.putBack(id, s)
		return authOutput{}, fail(invalidParameter, "%s: the local user pool takes it in answer to %s", paramCredential, factorWebAuthn)
	}
	return p.challengeFirst(c, s, u, choice, in.ChallengeResponses, in.ClientMetadata)
}

func (p *Pool) answerPlainPassword(c *call, s *session, _ string, in respondInput) (authOutput, error) {
	return p.answerPassword(c, s, paramPassword, in)
}

func (p *Pool) answerPasswordSRP(c *call, s *session, _ string, in respondInput) (authOutput, error) {
	return p.answerPassword(c, s, paramSRPA, in)
}

func (p *Pool) answerPassword(c *call, s *session, parameter string, in respondInput) (authOutput, error) {
	if in.ChallengeResponses[parameter] == "" {
		return authOutput{}, errMissing(parameter)
	}
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	return p.challengeFirst(c, s, u, s.challenge, in.ChallengeResponses, in.ClientMetadata)
}

// challengeEmailCode mails a code; for someone who doesn't exist it only says so.
func (p *Pool) challengeEmailCode(c *call, s *session, u *user) authOutput {
	sent := p.simulatedDelivery(s.typed)
	if u != nil {
		sent = p.send(c, u, purposeSignIn, KindAuthentication, attrEmail, u.Attributes[attrEmail])
	}
	return authOutput{ChallengeName: factorEmailOTP, Session: p.await(s, factorEmailOTP), ChallengeParameters: map[string]string{
		paramCodeMedium: sent.DeliveryMedium, paramCodeDestination: sent.Destination,
	}}
}

func (p *Pool) answerEmailCode(c *call, s *session, id string, in respondInput) (authOutput, error) {
	given := in.ChallengeResponses[paramEmailCode]
	if given == "" {
		return authOutput{}, errMissing(paramEmailCode)
	}
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	if u == nil {
		err = errCodeMismatch()
	} else {
		_, _, err = p.redeem(u, purposeSignIn, given)
	}
	if err != nil {
		p.putBack(id, s)
		return authOutput{}, err
	}
	return p.finish(c, s, in.ClientMetadata)
}

type getUserAuthFactorsOutput struct {
	Username                  string
	ConfiguredUserAuthFactors []string
	PreferredMfaSetting       string   `json:",omitempty"`
	UserMFASettingList        []string `json:",omitempty"`
}

func (p *Pool) getUserAuthFactors(_ *call, in accessTokenInput) (out getUserAuthFactorsOutput, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	return getUserAuthFactorsOutput{
		Username: u.Username, ConfiguredUserAuthFactors: p.firstFactors(u),
		PreferredMfaSetting: u.MFA.preferred(), UserMFASettingList: u.MFA.settings(),
	}, nil
}
