package trigger

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
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
	Telemetry    *telemetry.Recorder
}

// Handle returns the event with Cognito's next step in its response.
func (d Define) Handle(ctx context.Context, event DefineEvent) (DefineEvent, error) {
	return serve(ctx, d.Telemetry, "defined", event, d.decide)
}

func (d Define) decide(_ context.Context, event DefineEvent, call *telemetry.Call) (DefineEvent, error) {
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
	call.Note(slog.String(metrics.Outcome, outcome), slog.String(telemetry.ClientID, event.CallerContext.ClientID))
	return event, nil
}

// Create serves the Create Auth Challenge trigger.
type Create struct {
	Conversation customauth.Create
	Telemetry    *telemetry.Recorder
}

// Handle returns the event with the challenge in its response.
func (c Create) Handle(ctx context.Context, event CreateEvent) (CreateEvent, error) {
	return serve(ctx, c.Telemetry, "created", event, c.open)
}

func (c Create) open(ctx context.Context, event CreateEvent, call *telemetry.Call) (CreateEvent, error) {
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
	call.Note(slog.String(metrics.Outcome, telemetry.OutcomeChallenge), slog.String(metrics.Method, opened.Method),
		slog.String(telemetry.ClientID, event.CallerContext.ClientID))
	if opened.Sent {
		call.Count(metrics.Messages, 1)
	}
	if opened.Withheld != "" {
		call.Note(slog.String(telemetry.Withheld, opened.Withheld))
	}
	if err := errors.Join(opened.Faults...); err != nil {
		call.Fault(err.Error()) // the challenge lacks a method that the app client accepts, or the mail of one
	}
	return event, nil
}

// Verify serves the Verify Auth Challenge Response trigger.
type Verify struct {
	Conversation customauth.Verify
	Telemetry    *telemetry.Recorder
	Now          func() time.Time
}

// Handle returns the event with the verdict in its response.
func (v Verify) Handle(ctx context.Context, event VerifyEvent) (VerifyEvent, error) {
	return serve(ctx, v.Telemetry, "verified", event, v.check)
}

func (v Verify) check(ctx context.Context, event VerifyEvent, call *telemetry.Call) (VerifyEvent, error) {
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
	record(call, user, verdict)
	event.Response.AnswerCorrect = verdict.Correct
	return event, nil
}

// record notes a verdict, counts it and tells of it. A client that only asks
// for another method has not tried to sign in.
func record(call *telemetry.Call, user customauth.User, verdict customauth.Verdict) {
	outcome, event := metrics.Refused, audit.Event{Type: audit.Refused, Sub: user.Sub, ClientID: user.ClientID,
		Method: verdict.Method, Reason: verdict.Reason, Passkey: verdict.Passkey}
	if verdict.Correct {
		outcome, event.Type = metrics.Succeeded, audit.SignedIn
	}
	call.Note(slog.String(metrics.Outcome, outcome), slog.String(metrics.Method, cmp.Or(verdict.Method, metrics.NoMethod)),
		slog.String(telemetry.ClientID, user.ClientID))
	if !verdict.Correct {
		call.Note(slog.String(metrics.Reason, verdict.Reason))
	}
	if verdict.Flags != nil {
		call.Note(slog.Any(telemetry.Flags, verdict.Flags))
	}
	if verdict.Reason == customauth.ReasonDummyAnswer {
		return
	}
	call.Count(metrics.SignIns, 1)
	call.Audit(event)
	if !verdict.Correct {
		call.Count(metrics.Refusals, 1)
	}
	if verdict.CloneSuspected {
		event.Type, event.Reason = audit.CloneSuspected, ""
		call.Count(metrics.CloneWarnings, 1)
		call.Audit(event)
	}
}
