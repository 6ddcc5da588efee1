package userpool

import (
	"encoding/json"
	"strings"
)

// Names of authentication flows.
const (
	flowAdminPassword = "ADMIN_USER_PASSWORD_AUTH"
	flowCustom        = "CUSTOM_AUTH"
	flowPassword      = "USER_PASSWORD_AUTH"
	flowRefresh       = "REFRESH_TOKEN"
	flowRefreshToken  = "REFRESH_TOKEN_AUTH"
	flowSRP           = "USER_SRP_AUTH"
	flowUser          = "USER_AUTH"
)

// Names of challenges.
const (
	challengeCustom      = "CUSTOM_CHALLENGE"
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
	challengePassword    = "PASSWORD_VERIFIER"
	challengeSelect      = "SELECT_CHALLENGE"
	challengeSRP         = "SRP_A"
)

// Names of parameters, of requests and of challenges.
const (
	paramAnswer          = "ANSWER"
	paramChallengeName   = "CHALLENGE_NAME"
	paramCodeDestination = "CODE_DELIVERY_DESTINATION"
	paramCodeMedium      = "CODE_DELIVERY_DELIVERY_MEDIUM"
	paramCredential      = "CREDENTIAL"
	paramEmailCode       = "EMAIL_OTP_CODE"
	paramNewPassword     = "NEW_PASSWORD"
	paramPassword        = "PASSWORD"
	paramPreferred       = "PREFERRED_CHALLENGE"
	paramRefreshToken    = "REFRESH_TOKEN"
	paramRequestOptions  = "CREDENTIAL_REQUEST_OPTIONS"
	paramRequired        = "requiredAttributes"
	paramSalt            = "SALT"
	paramSecretClaim     = "PASSWORD_CLAIM_SECRET_BLOCK"
	paramSecretBlock     = "SECRET_BLOCK"
	paramSecretHash      = "SECRET_HASH"
	paramSignature       = "PASSWORD_CLAIM_SIGNATURE"
	paramSRPA            = "SRP_A"
	paramSRPB            = "SRP_B"
	paramTimestamp       = "TIMESTAMP"
	paramTOTP            = "SOFTWARE_TOKEN_MFA_CODE"
	paramUserAttrs       = "userAttributes"
	paramUserIDForSRP    = "USER_ID_FOR_SRP"
	paramUsername        = "USERNAME"
)

type initiateAuthInput struct {
	AuthFlow, ClientId string
	AuthParameters     map[string]string
	ClientMetadata     map[string]string
	Session            string // continues a sign-up in USER_AUTH only, which is refused
	tolerated
}

type adminInitiateAuthInput struct {
	forPool
	initiateAuthInput
	ContextData any // for threat protection; nothing here reads it
}

// authOutput is the output of every operation that signs in.
type authOutput struct {
	AuthenticationResult *authenticationResult `json:",omitempty"`
	AvailableChallenges  []string              `json:",omitempty"` // of SELECT_CHALLENGE
	ChallengeName        string                `json:",omitempty"`
	ChallengeParameters  map[string]string
	Session              string `json:",omitempty"`
}

// authFlow is one way to start a sign-in.
type authFlow struct {
	allowedBy string // the client's ExplicitAuthFlows must have it
	start     func(p *Pool, c *call, cl *client, in initiateAuthInput) (authOutput, error)
}

// publicFlows: AuthFlow of InitiateAuth → what serves it.
var publicFlows = map[string]authFlow{
	flowCustom:       {allowCustom, (*Pool).startCustom},
	flowPassword:     {allowPassword, (*Pool).startPassword},
	flowRefresh:      {allowRefresh, (*Pool).startRefresh},
	flowRefreshToken: {allowRefresh, (*Pool).startRefresh},
	flowSRP:          {allowSRP, (*Pool).startSRP},
	flowUser:         {allowUserAuth, (*Pool).startUserAuth},
}

// adminFlows: AuthFlow of AdminInitiateAuth → what serves it.
var adminFlows = map[string]authFlow{
	flowAdminPassword: {allowAdminPassword, (*Pool).startPassword},
	flowCustom:        publicFlows[flowCustom],
	flowPassword:      publicFlows[flowPassword],
	flowRefresh:       publicFlows[flowRefresh],
	flowRefreshToken:  publicFlows[flowRefreshToken],
	flowSRP:           publicFlows[flowSRP],
	flowUser:          publicFlows[flowUser],
}

func (p *Pool) initiateAuth(c *call, in initiateAuthInput) (authOutput, error) {
	return p.startFlow(c, publicFlows, in)
}

func (p *Pool) adminInitiateAuth(c *call, in adminInitiateAuthInput) (authOutput, error) {
	return p.startFlow(c, adminFlows, in.initiateAuthInput)
}

func (p *Pool) startFlow(c *call, flows map[string]authFlow, in initiateAuthInput) (authOutput, error) {
	cl := p.clients[in.ClientId]
	flow, served := flows[in.AuthFlow]
	switch {
	case cl == nil:
		return authOutput{}, errNoSuchClient(in.ClientId)
	case !served && adminFlows[in.AuthFlow].start != nil:
		return authOutput{}, fail(invalidParameter, "Initiate Auth method not supported.")
	case !served:
		return authOutput{}, fail(invalidParameter, "the local user pool doesn't serve the AuthFlow %q", in.AuthFlow)
	case !cl.flows[flow.allowedBy]:
		return authOutput{}, errFlowDisabled(in.AuthFlow)
	}
	return flow.start(p, c, cl, in)
}

// begin checks the client's secret and the name, and starts a session. The user is nil if it doesn't exist.
func (p *Pool) begin(cl *client, in initiateAuthInput) (*session, *user, error) {
	name := in.AuthParameters[paramUsername]
	if _, err := p.clientFor(cl.id, in.AuthParameters[paramSecretHash], name); err != nil {
		return nil, nil, err
	}
	u, err := p.identify(cl, name)
	if err != nil {
		return nil, nil, err
	}
	return p.newSession(cl, name, u), u, nil
}

func (p *Pool) startPassword(c *call, cl *client, in initiateAuthInput) (authOutput, error) {
	s, u, err := p.begin(cl, in)
	if err != nil {
		return authOutput{}, err
	}
	password := in.AuthParameters[paramPassword]
	if password == "" {
		return authOutput{}, errMissing(paramPassword)
	}
	if err := p.preAuthentication(c, s, u, in.ClientMetadata); err != nil {
		return authOutput{}, err
	}
	if err := p.checkPassword(u, s.userName, password); err != nil {
		return authOutput{}, err
	}
	return p.passwordAccepted(c, s, in.ClientMetadata)
}

// startSRP answers the client's A by B. For a user that doesn't exist it makes up a salt and a verifier, the same each
// time, that no password fits.
func (p *Pool) startSRP(c *call, cl *client, in initiateAuthInput) (authOutput, error) {
	s, u, err := p.begin(cl, in)
	if err != nil {
		return authOutput{}, err
	}
	if err := p.preAuthentication(c, s, u, in.ClientMetadata); err != nil {
		return authOutput{}, err
	}
	return p.challengeSRP(s, u, in.AuthParameters[paramSRPA])
}

func (p *Pool) challengeSRP(s *session, u *user, a string) (authOutput, error) {
	if a == "" {
		return authOutput{}, errMissing(paramSRPA)
	}
	salt, verifier := p.decoy("salt", s.userName)[:srpSaltBytes], p.decoy("verifier", s.userName)
	if u != nil {
		salt, verifier = u.Salt, u.Verifier
	}
	exchange, err := newSRPExchange(a, salt, verifier)
	if err != nil {
		return authOutput{}, fail(invalidParameter, "%v", err)
	}
	s.srp = exchange
	// Cognito tells an answer by its SECRET_BLOCK: clients send no Session with it.
	return authOutput{ChallengeName: challengePassword, ChallengeParameters: map[string]string{
		paramSalt: exchange.saltHex(), paramSRPB: exchange.b.Text(16), paramSecretBlock: p.await(s, challengePassword),
		paramUserIDForSRP: s.userName, paramUsername: s.userName,
	}}, nil
}

type respondInput struct {
	ChallengeName, ClientId, Session string
	ChallengeResponses               map[string]string
	ClientMetadata                   map[string]string
	tolerated
}

type adminRespondInput struct {
	forPool
	respondInput
	ContextData any // for threat protection; nothing here reads it
}

// challenges: ChallengeName → what judges the answer, given the session and its id.
var challenges = map[string]func(p *Pool, c *call, s *session, id string, in respondInput) (authOutput, error){
	challengeCustom:        (*Pool).answerCustom,
	challengeNewPassword:   (*Pool).answerNewPassword,
	challengePassword:      (*Pool).answerSRP,
	challengePasswordSRP:   (*Pool).answerPasswordSRP,
	challengePlainPassword: (*Pool).answerPlainPassword,
	challengeSelect:        (*Pool).answerSelect,
	factorEmailOTP:         (*Pool).answerEmailCode,
	factorWebAuthn:         (*Pool).answerPasskey,
	softwareTokenMFA:       (*Pool).answerTOTP,
}

func (p *Pool) adminRespondToAuthChallenge(c *call, in adminRespondInput) (authOutput, error) {
	return p.respondToAuthChallenge(c, in.respondInput)
}

func (p *Pool) respondToAuthChallenge(c *call, in respondInput) (authOutput, error) {
	answer, served := challenges[in.ChallengeName]
	if !served {
		return authOutput{}, fail(invalidParameter, "the local user pool doesn't serve the ChallengeName %q", in.ChallengeName)
	}
	name := in.ChallengeResponses[paramUsername]
	cl, err := p.clientFor(in.ClientId, in.ChallengeResponses[paramSecretHash], name)
	if err != nil {
		return authOutput{}, err
	}
	id, idName := in.Session, "Session"
	if in.ChallengeName == challengePassword {
		id, idName = in.ChallengeResponses[paramSecretClaim], paramSecretClaim
	}
	switch {
	case name == "":
		return authOutput{}, errMissing(paramUsername)
	case id == "":
		return authOutput{}, errMissing(idName)
	}
	s, err := p.take(cl, id, in.ChallengeName)
	if err != nil {
		return authOutput{}, err
	}
	if !p.named(s, name) {
		return authOutput{}, errIncorrect()
	}
	if _, err := p.userOf(s); err != nil {
		return authOutput{}, err
	}
	return answer(p, c, s, id, in)
}

func (p *Pool) answerSRP(c *call, s *session, id string, in respondInput) (authOutput, error) {
	timestamp := in.ChallengeResponses[paramTimestamp]
	if !isSRPTimestamp(timestamp) {
		return authOutput{}, fail(invalidParameter, "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english")
	}
	if err := p.checkLockout(s.userName); err != nil {
		return authOutput{}, err
	}
	if !s.srp.proves(p.name(), s.userName, id, timestamp, in.ChallengeResponses[paramSignature]) || s.notFound {
		p.countFailure(s.userName)
		return authOutput{}, errIncorrect()
	}
	delete(p.failures, s.userName)
	if s.custom {
		return p.customPasswordAccepted(c, s, in.ClientMetadata)
	}
	return p.passwordAccepted(c, s, in.ClientMetadata)
}

// passwordAccepted goes on after the right password: to a new one, to the authenticator app, or to tokens.
func (p *Pool) passwordAccepted(c *call, s *session, metadata map[string]string) (authOutput, error) {
	u, err := p.userOf(s)
	switch {
	case err != nil:
		return authOutput{}, err
	case u.Status == statusUnconfirmed:
		return authOutput{}, errNotConfirmed()
	case u.Status == statusForcePassword && p.now().After(u.PasswordExpiry):
		return authOutput{}, fail(notAuthorized, "Temporary password has expired and must be reset by an administrator.")
	case u.Status == statusForcePassword:
		return p.askNewPassword(s, u)
	case p.asksTOTP(u):
		return authOutput{ChallengeName: softwareTokenMFA, Session: p.await(s, softwareTokenMFA),
			ChallengeParameters: map[string]string{paramUserIDForSRP: u.Username}}, nil
	case p.properties.MfaConfiguration == mfaOn:
		return authOutput{}, fail(invalidParameter, "the local user pool doesn't serve the challenge MFA_SETUP, which a user without an authenticator app gets")
	}
	return p.finish(c, s, metadata)
}

func (p *Pool) askNewPassword(s *session, u *user) (authOutput, error) {
	known, err := json.Marshal(u.Attributes)
	if err != nil {
		return authOutput{}, err
	}
	missing := []string{}
	for _, name := range p.missingAttributes(u) {
		missing = append(missing, paramUserAttrs+"."+name)
	}
	required, err := json.Marshal(missing)
	if err != nil {
		return authOutput{}, err
	}
	return authOutput{ChallengeName: challengeNewPassword, Session: p.await(s, challengeNewPassword),
		ChallengeParameters: map[string]string{
			paramUserIDForSRP: u.Username, paramRequired: string(required), paramUserAttrs: string(known),
		}}, nil
}

func (p *Pool) answerNewPassword(c *call, s *session, id string, in respondInput) (authOutput, error) {
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	password := in.ChallengeResponses[paramNewPassword]
	given, err := p.newPasswordAttributes(s.client, u, in.ChallengeResponses)
	if err == nil {
		err = p.properties.Policies.PasswordPolicy.check(password)
	}
	if err != nil {
		p.putBack(id, s)
		return authOutput{}, err
	}
	for _, a := range given {
		u.Attributes[a.Name] = a.Value
	}
	p.setPassword(u, password)
	u.Status = statusConfirmed
	s.fromNew = true
	return p.passwordAccepted(c, s, in.ClientMetadata)
}

// newPasswordAttributes reads the attributes that came with a new password, which complete the required ones.
func (p *Pool) newPasswordAttributes(cl *client, u *user, responses map[string]string) ([]attribute, error) {
	given := map[string]string{}
	for name, value := range responses {
		if rest, ok := strings.CutPrefix(name, paramUserAttrs+"."); ok {
			given[rest] = value
		}
	}
	list := attributeList(given, every)
	if _, err := p.writable(cl, list); err != nil {
		return nil, err
	}
	for _, a := range list {
		if err := p.checkChange(u, a); err != nil {
			return nil, err
		}
	}
	for _, name := range p.missingAttributes(u) {
		if given[name] == "" {
			return nil, nonconforming(name, "The attribute is required")
		}
	}
	return list, nil
}

func (p *Pool) answerTOTP(c *call, s *session, id string, in respondInput) (authOutput, error) {
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	if !u.MFA.accept(u.MFA.Secret, in.ChallengeResponses[paramTOTP], p.now()) {
		p.putBack(id, s)
		return authOutput{}, fail(codeMismatch, "Invalid code received for user")
	}
	return p.finish(c, s, in.ClientMetadata)
}

// finish ends a sign-in: the last triggers, then tokens for a user who still may have them.
func (p *Pool) finish(c *call, s *session, metadata map[string]string) (authOutput, error) {
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	if err := p.postAuthentication(c, s.client, u, metadata); err != nil {
		return authOutput{}, err
	}
	source := tokensAuthentication
	if s.fromNew {
		source = tokensNewPassword
	}
	override, err := p.preTokenGeneration(c, s.client, u, source, metadata)
	if err != nil {
		return authOutput{}, err
	}
	if u, err = p.userOf(s); err != nil { // the triggers took their time
		return authOutput{}, err
	}
	result, err := p.issue(s.client, u, override)
	return authOutput{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, err
}
