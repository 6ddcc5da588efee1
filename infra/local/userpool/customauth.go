package userpool

import (
	"maps"

	"github.com/aws/aws-lambda-go/events"
)

// Names of the custom authentication triggers, as LambdaConfig and errors have them.
const (
	triggerDefine = "DefineAuthChallenge"
	triggerCreate = "CreateAuthChallenge"
	triggerVerify = "VerifyAuthChallengeResponse"

	authentication = "_Authentication" // ends their triggerSource
)

// startCustom starts a sign-in that the three triggers decide. With CHALLENGE_NAME SRP_A the password comes first, and
// the triggers see that it did. The caller's metadata doesn't reach them here, nor does PreAuthentication run, as is
// reported of Cognito.
func (p *Pool) startCustom(c *call, cl *client, in initiateAuthInput) (authOutput, error) {
	lambdas := p.properties.LambdaConfig
	if lambdas.DefineAuthChallenge == "" || lambdas.CreateAuthChallenge == "" || lambdas.VerifyAuthChallengeResponse == "" {
		return authOutput{}, fail(invalidParameter, "Custom auth lambda trigger is not configured for the user pool.")
	}
	s, u, err := p.begin(cl, in)
	if err != nil {
		return authOutput{}, err
	}
	if err := mayUseCustom(u); err != nil {
		return authOutput{}, err
	}
	s.custom = true
	switch first := in.AuthParameters[paramChallengeName]; first {
	case "":
		return p.advance(c, s, nil)
	case challengeSRP:
		if in.AuthParameters[paramSRPA] == "" {
			return authOutput{}, errMissing(paramSRPA)
		}
		s.record(challengeSRP, "", true)
		return p.advanceSRP(c, s, in.AuthParameters[paramSRPA])
	default:
		return authOutput{}, fail(invalidParameter, "CHALLENGE_NAME %q: want %s or none", first, challengeSRP)
	}
}

// mayUseCustom reports why an existing user can't start. One who must first change a password can't: no document says
// that Cognito lets them.
func mayUseCustom(u *user) error {
	if u != nil && u.Status == statusForcePassword {
		return fail(notAuthorized, "User must set a permanent password first: its status is %s", u.Status)
	}
	return mayStart(u)
}

func (s *session) record(challenge, metadata string, right bool) {
	s.rounds = append(s.rounds, &events.CognitoEventUserPoolsChallengeResult{
		ChallengeName: challenge, ChallengeMetadata: metadata, ChallengeResult: right,
	})
}

// answerCustom has the answer judged, then asks what comes next.
func (p *Pool) answerCustom(c *call, s *session, _ string, in respondInput) (authOutput, error) {
	answer, given := in.ChallengeResponses[paramAnswer]
	if !given {
		return authOutput{}, errMissing(paramAnswer)
	}
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	verdict, err := invoke[events.CognitoEventUserPoolsVerifyAuthChallengeResponse](p, c,
		trigger{triggerVerify, triggerVerify + authentication, p.properties.LambdaConfig.VerifyAuthChallengeResponse},
		s.client.id, s.userName, events.CognitoEventUserPoolsVerifyAuthChallengeRequest{
			UserAttributes: attributesOf(u), PrivateChallengeParameters: s.secret, ChallengeAnswer: answer,
			ClientMetadata: in.ClientMetadata, UserNotFound: s.notFound,
		})
	if err != nil {
		return authOutput{}, err
	}
	s.record(challengeCustom, s.remark, verdict.AnswerCorrect)
	return p.advance(c, s, in.ClientMetadata)
}

// advance asks Define what comes next and does it.
func (p *Pool) advance(c *call, s *session, metadata map[string]string) (authOutput, error) {
	decision, err := p.define(c, s, metadata)
	if err != nil {
		return authOutput{}, err
	}
	switch {
	case decision.FailAuthentication:
		return authOutput{}, errIncorrect()
	case decision.IssueTokens && s.notFound:
		return authOutput{}, errIncorrect()
	case decision.IssueTokens:
		return p.finish(c, s, metadata)
	case decision.ChallengeName != challengeCustom:
		return authOutput{}, fail(invalidLambdaResponse, "%s asks for the challenge %q, which can't come here", triggerDefine, decision.ChallengeName)
	}
	return p.create(c, s, decision.ChallengeName, metadata)
}

// advanceSRP asks Define what follows SRP_A: normally the password's proof.
func (p *Pool) advanceSRP(c *call, s *session, a string) (authOutput, error) {
	decision, err := p.define(c, s, nil)
	if err != nil {
		return authOutput{}, err
	}
	switch {
	case decision.FailAuthentication:
		return authOutput{}, errIncorrect()
	case decision.ChallengeName == challengePassword && !decision.IssueTokens:
		u, err := p.userOf(s)
		if err != nil {
			return authOutput{}, err
		}
		return p.challengeSRP(s, u, a)
	case decision.ChallengeName == challengeCustom && !decision.IssueTokens:
		return p.create(c, s, decision.ChallengeName, nil)
	}
	return authOutput{}, fail(invalidLambdaResponse, "%s issues tokens before a password or an answer was checked", triggerDefine)
}

// customPasswordAccepted goes on with the triggers after the right password.
func (p *Pool) customPasswordAccepted(c *call, s *session, metadata map[string]string) (authOutput, error) {
	s.record(challengePassword, "", true)
	return p.advance(c, s, metadata)
}

// define calls Define with the rounds so far and refuses an answer that contradicts itself.
func (p *Pool) define(c *call, s *session, metadata map[string]string) (events.CognitoEventUserPoolsDefineAuthChallengeResponse, error) {
	u, err := p.userOf(s)
	if err != nil {
		return events.CognitoEventUserPoolsDefineAuthChallengeResponse{}, err
	}
	decision, err := invoke[events.CognitoEventUserPoolsDefineAuthChallengeResponse](p, c,
		trigger{triggerDefine, triggerDefine + authentication, p.properties.LambdaConfig.DefineAuthChallenge},
		s.client.id, s.userName, events.CognitoEventUserPoolsDefineAuthChallengeRequest{
			UserAttributes: attributesOf(u), Session: s.history(), ClientMetadata: metadata, UserNotFound: s.notFound,
		})
	if err != nil {
		return decision, err
	}
	answers := 0
	for _, given := range []bool{decision.IssueTokens, decision.FailAuthentication, decision.ChallengeName != ""} {
		if given {
			answers++
		}
	}
	if answers != 1 {
		return decision, fail(invalidLambdaResponse,
			"%s must answer exactly one of issueTokens, failAuthentication and challengeName; got %t, %t and %q",
			triggerDefine, decision.IssueTokens, decision.FailAuthentication, decision.ChallengeName)
	}
	return decision, nil
}

// create has the next challenge made. Its private half stays in the session.
func (p *Pool) create(c *call, s *session, challenge string, metadata map[string]string) (authOutput, error) {
	u, err := p.userOf(s)
	if err != nil {
		return authOutput{}, err
	}
	made, err := invoke[events.CognitoEventUserPoolsCreateAuthChallengeResponse](p, c,
		trigger{triggerCreate, triggerCreate + authentication, p.properties.LambdaConfig.CreateAuthChallenge},
		s.client.id, s.userName, events.CognitoEventUserPoolsCreateAuthChallengeRequest{
			UserAttributes: attributesOf(u), ChallengeName: challenge, Session: s.history(),
			ClientMetadata: metadata, UserNotFound: s.notFound,
		})
	if err != nil {
		return authOutput{}, err
	}
	if len(made.PublicChallengeParameters) == 0 {
		return authOutput{}, fail(invalidLambdaResponse, "%s must answer at least one of publicChallengeParameters", triggerCreate)
	}
	s.secret, s.remark = made.PrivateChallengeParameters, made.ChallengeMetadata
	shown := maps.Clone(made.PublicChallengeParameters)
	shown[paramUsername] = s.userName
	return authOutput{ChallengeName: challenge, ChallengeParameters: shown, Session: p.await(s, challenge)}, nil
}

// history returns the rounds so far, never nil: triggers get a list.
func (s *session) history() []*events.CognitoEventUserPoolsChallengeResult {
	return append([]*events.CognitoEventUserPoolsChallengeResult{}, s.rounds...)
}
