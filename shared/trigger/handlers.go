package trigger

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// DefineEvent is Cognito's event of the Define Auth Challenge trigger.
type DefineEvent = events.CognitoEventUserPoolsDefineAuthChallenge

// CreateEvent is Cognito's event of the Create Auth Challenge trigger.
type CreateEvent = events.CognitoEventUserPoolsCreateAuthChallenge

// VerifyEvent is Cognito's event of the Verify Auth Challenge Response trigger.
type VerifyEvent = events.CognitoEventUserPoolsVerifyAuthChallenge

// Define serves the Define Auth Challenge trigger.
type Define struct {
	Conversation customauth.Define
	Log          *slog.Logger
}

// Handle returns the event with Cognito's next step in its response.
func (d Define) Handle(ctx context.Context, event DefineEvent) (DefineEvent, error) {
	return serve(ctx, d.Log, event, d.decide)
}

func (d Define) decide(ctx context.Context, event DefineEvent) (DefineEvent, error) {
	if event.TriggerSource != sourceDefine {
		return event, errMisplaced
	}
	r := event.Request
	nobody := r.UserNotFound || slices.Contains(statusesWithoutTokens, r.UserAttributes[attributeStatus])
	decision := d.Conversation.Decide(historyOf(r.Session, r.ClientMetadata, nobody))
	event.Response = events.CognitoEventUserPoolsDefineAuthChallengeResponse{FailAuthentication: true}
	outcome := telemetry.OutcomeFail
	switch decision.Outcome {
	case customauth.Tokens:
		event.Response = events.CognitoEventUserPoolsDefineAuthChallengeResponse{IssueTokens: true}
		outcome = telemetry.OutcomeTokens
	case customauth.Challenge:
		event.Response = events.CognitoEventUserPoolsDefineAuthChallengeResponse{ChallengeName: customauth.CustomChallenge}
		outcome = telemetry.OutcomeChallenge
	}
	d.Log.InfoContext(ctx, "defined", telemetry.Outcome, outcome, telemetry.ClientID, event.CallerContext.ClientID)
	return event, nil
}

// flagMethodMissing marks a challenge without a method that the app client
// accepts, because that method had a fault.
const flagMethodMissing = "method_missing"

// Create serves the Create Auth Challenge trigger.
type Create struct {
	Conversation customauth.Create
	Log          *slog.Logger
}

// Handle returns the event with the challenge in its response.
func (c Create) Handle(ctx context.Context, event CreateEvent) (CreateEvent, error) {
	return serve(ctx, c.Log, event, c.open)
}

func (c Create) open(ctx context.Context, event CreateEvent) (CreateEvent, error) {
	r := event.Request
	if event.TriggerSource != sourceCreate || r.ChallengeName != customauth.CustomChallenge {
		return event, errMisplaced
	}
	user, err := userOf(event.CognitoEventUserPoolsHeader, r.UserAttributes, r.UserNotFound)
	if err != nil {
		return event, err
	}
	opened, err := c.Conversation.Open(ctx, user, historyOf(r.Session, r.ClientMetadata, r.UserNotFound))
	if err != nil {
		return event, err
	}
	event.Response = events.CognitoEventUserPoolsCreateAuthChallengeResponse{
		PublicChallengeParameters:  opened.Public,
		PrivateChallengeParameters: opened.Private,
		ChallengeMetadata:          opened.Metadata,
	}
	details := []any{
		telemetry.Outcome, telemetry.OutcomeChallenge, telemetry.Method, opened.Method, telemetry.ClientID, event.CallerContext.ClientID,
	}
	if err := errors.Join(opened.Faults...); err != nil {
		details = append(details, telemetry.Flags, []string{flagMethodMissing}, telemetry.Error, err.Error())
	}
	c.Log.InfoContext(ctx, "created", details...)
	return event, nil
}

// Verify serves the Verify Auth Challenge Response trigger.
type Verify struct {
	Conversation customauth.Verify
	Log          *slog.Logger
	Now          func() time.Time
}

// Handle returns the event with the verdict in its response.
func (v Verify) Handle(ctx context.Context, event VerifyEvent) (VerifyEvent, error) {
	return serve(ctx, v.Log, event, v.check)
}

func (v Verify) check(ctx context.Context, event VerifyEvent) (VerifyEvent, error) {
	started := v.Now()
	if event.TriggerSource != sourceVerify && event.TriggerSource != sourceVerifyShort {
		return event, errMisplaced
	}
	r := event.Request
	user, err := userOf(event.CognitoEventUserPoolsHeader, r.UserAttributes, r.UserNotFound)
	if err != nil {
		return event, err
	}
	answer, _ := r.ChallengeAnswer.(string) // anything else is an answer of no form
	verdict, err := v.Conversation.Check(ctx, user, r.PrivateChallengeParameters, answer, started)
	if err != nil {
		return event, err
	}
	v.log(ctx, user, verdict)
	event.Response.AnswerCorrect = verdict.Correct
	return event, nil
}

func (v Verify) log(ctx context.Context, user customauth.User, verdict customauth.Verdict) {
	outcome := telemetry.OutcomeRefused
	if verdict.Correct {
		outcome = telemetry.OutcomeCorrect
	}
	v.Log.InfoContext(ctx, "verified", telemetry.Outcome, outcome, telemetry.Method, verdict.Method,
		telemetry.Reason, verdict.Reason, telemetry.Flags, verdict.Flags,
		telemetry.Sub, user.Sub, telemetry.ClientID, user.ClientID)
}
