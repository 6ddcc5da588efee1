package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Values of triggerSource of the triggers around a sign-up.
const (
	sourceSignUp          = "PreSignUp_SignUp"
	sourceAdminCreateUser = "PreSignUp_AdminCreateUser"
	sourceConfirmSignUp   = "PostConfirmation_ConfirmSignUp"
	sourceConfirmForgot   = "PostConfirmation_ConfirmForgotPassword"
)

// noClient is the client id in events that an administrator's call causes.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

const (
	triggerAttempts = 3
	triggerTimeout  = 5 * time.Second // per attempt

	eventVersion  = "1"
	callerVersion = "aws-sdk-unknown-unknown" // what AWS puts where it doesn't tell
)

// trigger is one call of a Lambda trigger.
type trigger struct {
	name   string // in LambdaConfig and in errors
	source string // triggerSource of the event
	arn    string
}

// triggerEvent is the event of any trigger; R is the request of this one. The response starts empty.
type triggerEvent[R any] struct {
	events.CognitoEventUserPoolsHeader
	Request  R        `json:"request"`
	Response struct{} `json:"response"`
}

// invoke calls a trigger, three times at most, and reads its response into a Resp. It lets go of the pool's lock while the
// function runs: what the caller read before may have changed after.
func invoke[Resp, Req any](p *Pool, c *call, t trigger, clientID, userName string, request Req) (Resp, error) {
	var result struct{ Response Resp }
	event, err := json.Marshal(triggerEvent[Req]{
		CognitoEventUserPoolsHeader: events.CognitoEventUserPoolsHeader{
			Version: eventVersion, TriggerSource: t.source, Region: p.options.Region, UserPoolID: p.id, UserName: userName,
			CallerContext: events.CognitoEventUserPoolsCallerContext{AWSSDKVersion: callerVersion, ClientID: clientID},
		},
		Request: request,
	})
	if err != nil {
		return result.Response, fmt.Errorf("writing the event of %s: %w", t.name, err)
	}
	reply, err := p.attempt(c.ctx, t, event)
	if err != nil {
		return result.Response, err
	}
	if err := json.Unmarshal(reply, &result); err != nil {
		return result.Response, fail(invalidLambdaResponse, "Invalid lambda response received from %s: %v", t.name, err)
	}
	return result.Response, nil
}

func (p *Pool) attempt(ctx context.Context, t trigger, event []byte) ([]byte, error) {
	p.mu.Unlock()
	defer p.mu.Lock()
	var err error
	for range triggerAttempts {
		var reply []byte
		if reply, err = p.attemptOnce(ctx, t, event); err == nil {
			return reply, nil
		}
	}
	var answered *FunctionError
	if errors.As(err, &answered) {
		return nil, fail(userLambdaValidation, "%s failed with error %s.", t.name, answered.Message)
	}
	return nil, fail(unexpectedLambda, "%s invocation failed due to error %v.", t.name, err)
}

func (p *Pool) attemptOnce(ctx context.Context, t trigger, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, triggerTimeout)
	defer cancel()
	return p.options.Invoke(ctx, t.arn, event)
}

// preSignUp lets the pool's trigger refuse a new user, or confirm it.
func (p *Pool) preSignUp(c *call, clientID, source string, u *user, validation, metadata map[string]string) error {
	arn := p.properties.LambdaConfig.PreSignUp
	if arn == "" {
		return nil
	}
	answer, err := invoke[events.CognitoEventUserPoolsPreSignupResponse](p, c, trigger{"PreSignUp", source, arn},
		clientID, u.Username, events.CognitoEventUserPoolsPreSignupRequest{
			UserAttributes: u.Attributes, ValidationData: validation, ClientMetadata: metadata,
		})
	if err != nil {
		return err
	}
	if answer.AutoConfirmUser {
		u.Status = statusConfirmed
	}
	for attribute, verify := range map[string]bool{attrEmail: answer.AutoVerifyEmail, attrPhone: answer.AutoVerifyPhone} {
		if verify && u.Attributes[attribute] == "" {
			return fail(invalidLambdaResponse, "PreSignUp verifies %s, which the user doesn't have", attribute)
		}
		if verify {
			u.Attributes[verifiedBy[attribute]] = "true"
		}
	}
	return nil
}

func (p *Pool) postConfirmation(c *call, clientID, source string, u *user, metadata map[string]string) error {
	arn := p.properties.LambdaConfig.PostConfirmation
	if arn == "" {
		return nil
	}
	_, err := invoke[events.CognitoEventUserPoolsPostConfirmationResponse](p, c, trigger{"PostConfirmation", source, arn},
		clientID, u.Username, events.CognitoEventUserPoolsPostConfirmationRequest{
			UserAttributes: u.eventAttributes(), ClientMetadata: metadata,
		})
	return err
}

// preAuthentication runs before a password is looked at. Custom authentication goes without: see startCustom.
func (p *Pool) preAuthentication(c *call, s *session, u *user, validation map[string]string) error {
	arn := p.properties.LambdaConfig.PreAuthentication
	if arn == "" {
		return nil
	}
	_, err := invoke[events.CognitoEventUserPoolsPreAuthenticationResponse](p, c,
		trigger{"PreAuthentication", "PreAuthentication_Authentication", arn}, s.client.id, s.userName,
		events.CognitoEventUserPoolsPreAuthenticationRequest{
			UserAttributes: attributesOf(u), ValidationData: validation, UserNotFound: u == nil,
		})
	return err
}

func (p *Pool) postAuthentication(c *call, cl *client, u *user, metadata map[string]string) error {
	arn := p.properties.LambdaConfig.PostAuthentication
	if arn == "" {
		return nil
	}
	_, err := invoke[events.CognitoEventUserPoolsPostAuthenticationResponse](p, c,
		trigger{"PostAuthentication", "PostAuthentication_Authentication", arn}, cl.id, u.Username,
		events.CognitoEventUserPoolsPostAuthenticationRequest{UserAttributes: u.eventAttributes(), ClientMetadata: metadata})
	return err
}

// Sources of the PreTokenGeneration trigger.
const (
	tokensAuthentication = "TokenGeneration_Authentication"
	tokensNewPassword    = "TokenGeneration_NewPasswordChallenge"
	tokensRefresh        = "TokenGeneration_RefreshTokens"
)

// claimsOverride is what the PreTokenGeneration trigger (version 1) makes of the ID token.
type claimsOverride struct{ events.ClaimsOverrideDetails }

func (p *Pool) preTokenGeneration(c *call, cl *client, u *user, source string, metadata map[string]string) (claimsOverride, error) {
	arn := p.properties.LambdaConfig.PreTokenGeneration
	if arn == "" {
		return claimsOverride{}, nil
	}
	answer, err := invoke[events.CognitoEventUserPoolsPreTokenGenResponse](p, c,
		trigger{"PreTokenGeneration", source, arn}, cl.id, u.Username, events.CognitoEventUserPoolsPreTokenGenRequest{
			UserAttributes: u.eventAttributes(), ClientMetadata: metadata,
			GroupConfiguration: events.GroupConfiguration{GroupsToOverride: []string{}, IAMRolesToOverride: []string{}},
		})
	return claimsOverride{answer.ClaimsOverrideDetails}, err
}

// fixedClaims are those that no trigger can change.
var fixedClaims = set([]string{
	"acr", "amr", "at_hash", "aud", "auth_time", "azp", "cognito:username", "event_id", "exp", "iat", "iss", "jti", "nbf",
	"nonce", "origin_jti", "sub", "token_use",
})

func (o claimsOverride) apply(claims map[string]any) {
	for name, value := range o.ClaimsToAddOrOverride {
		if !fixedClaims[name] {
			claims[name] = value
		}
	}
	for _, name := range o.ClaimsToSuppress {
		if !fixedClaims[name] {
			delete(claims, name)
		}
	}
	if groups := o.GroupOverrideDetails.GroupsToOverride; len(groups) > 0 {
		claims["cognito:groups"] = groups
	}
}

// attributesOf returns what triggers get to know of a user; of one that doesn't exist, nothing.
func attributesOf(u *user) map[string]string {
	if u == nil {
		return map[string]string{}
	}
	return u.eventAttributes()
}
