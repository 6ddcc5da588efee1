package trigger

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/gate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// PreSignUpEvent is Cognito's event of the Pre Sign-up trigger.
type PreSignUpEvent = events.CognitoEventUserPoolsPreSignup

// PostConfirmationEvent is Cognito's event of the Post Confirmation trigger.
type PostConfirmationEvent = events.CognitoEventUserPoolsPostConfirmation

// PreAuthenticationEvent is Cognito's event of the Pre Authentication trigger.
type PreAuthenticationEvent = events.CognitoEventUserPoolsPreAuthentication

// What a client reads where a gate is closed. It says nothing of any user.
const (
	errSignUpClosed refusal = "accounts are not created in this way here"
	errUsePasskey   refusal = "use your passkey to sign in"
)

// creations: trigger source → how the account comes to be. A source that is not
// here is nothing that a gate opens for.
var creations = map[string]gate.Creation{
	sourceSignUp: gate.BySignUp, sourceAdminCreateUser: gate.ByAdmin, sourceExternalProvider: gate.ByProvider,
}

// PreSignUp serves the Pre Sign-up trigger.
type PreSignUp struct {
	Gate      gate.SignUp
	Telemetry *telemetry.Recorder
}

// Handle returns the event if the account may be created, or an error. It
// confirms no account and no address: an address that a client verified itself
// would take it from whoever has it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
func (p PreSignUp) Handle(ctx context.Context, event PreSignUpEvent) (PreSignUpEvent, error) {
	return serve(ctx, p.Telemetry, "asked for an account", event, p.decide)
}

func (p PreSignUp) decide(ctx context.Context, event PreSignUpEvent, call *telemetry.Call) (PreSignUpEvent, error) {
	creation, known := creations[event.TriggerSource]
	if !known {
		return event, errMisplaced
	}
	event.Response = events.CognitoEventUserPoolsPreSignupResponse{}
	verdict, err := p.Gate.Decide(ctx, creation, newcomerOf(event.CognitoEventUserPoolsHeader, event.Request.UserAttributes, event.Request.ClientMetadata))
	if err != nil {
		return event, err
	}
	note(call, event.CognitoEventUserPoolsHeader, verdict)
	if !verdict.Open {
		return event, errSignUpClosed
	}
	return event, nil
}

func newcomerOf(h events.CognitoEventUserPoolsHeader, attributes, metadata map[string]string) gate.Newcomer {
	return gate.Newcomer{
		PoolID: h.UserPoolID, ClientID: h.CallerContext.ClientID, UserName: h.UserName, Email: attributes[attributeEmail], Metadata: metadata,
	}
}

// Claimer gives a newcomer the roster's entry that was reserved for them.
type Claimer interface {
	// Claim returns why there is none, or "". An error is a fault.
	Claim(ctx context.Context, newcomer gate.Newcomer, sub string) (reason string, err error)
}

// PostConfirmation serves the Post Confirmation trigger, where only known people
// create accounts.
type PostConfirmation struct {
	Known     Claimer
	Telemetry *telemetry.Recorder
}

// Handle claims the roster's entry of a user who has confirmed an account, and
// returns the event, or an error. By then Cognito has confirmed the account: the
// error tells the client, and the log the operator, that it has no entry. Users of
// other identity providers need none, and nobody does to confirm a new password.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
func (p PostConfirmation) Handle(ctx context.Context, event PostConfirmationEvent) (PostConfirmationEvent, error) {
	return serve(ctx, p.Telemetry, "confirmed an account", event, p.claim)
}

func (p PostConfirmation) claim(ctx context.Context, event PostConfirmationEvent, call *telemetry.Call) (PostConfirmationEvent, error) {
	header, attributes := event.CognitoEventUserPoolsHeader, event.Request.UserAttributes
	if event.TriggerSource == sourceConfirmForgot || attributes[attributeStatus] == statusExternal {
		return event, nil
	}
	if event.TriggerSource != sourceConfirmSignUp {
		return event, errMisplaced
	}
	user, err := userOf(header, attributes, false)
	if err != nil {
		return event, err
	}
	reason, err := p.Known.Claim(ctx, newcomerOf(header, attributes, nil), user.Sub)
	if err != nil {
		return event, err
	}
	verdict := gate.Verdict{Open: reason == "", Reason: reason}
	note(call, header, verdict)
	if !verdict.Open {
		return event, errSignUpClosed
	}
	return event, nil
}

// PreAuthentication serves the Pre Authentication trigger.
type PreAuthentication struct {
	Gate      gate.Passwords
	Telemetry *telemetry.Recorder
}

// Handle returns the event if the sign-in may go on, or an error.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-authentication.html
func (p PreAuthentication) Handle(ctx context.Context, event PreAuthenticationEvent) (PreAuthenticationEvent, error) {
	return serve(ctx, p.Telemetry, "asked for a password", event, p.decide)
}

func (p PreAuthentication) decide(ctx context.Context, event PreAuthenticationEvent, call *telemetry.Call) (PreAuthenticationEvent, error) {
	if event.TriggerSource != sourcePreAuthentication {
		return event, errMisplaced
	}
	user, err := userOf(event.CognitoEventUserPoolsHeader, event.Request.UserAttributes, event.Request.UserNotFound)
	if err != nil {
		return event, err
	}
	verdict, err := p.Gate.Decide(ctx, user)
	if err != nil {
		return event, err
	}
	note(call, event.CognitoEventUserPoolsHeader, verdict)
	if !verdict.Open {
		return event, errUsePasskey
	}
	return event, nil
}

// note says in the log what a gate decided.
func note(call *telemetry.Call, h events.CognitoEventUserPoolsHeader, verdict gate.Verdict) {
	call.Note(slog.String(telemetry.ClientID, h.CallerContext.ClientID))
	if verdict.Open {
		call.Note(slog.String(metrics.Outcome, telemetry.OutcomePassed))
		return
	}
	call.Note(slog.String(metrics.Outcome, metrics.Refused), slog.String(metrics.Reason, verdict.Reason))
}
