// Package trigger serves triggers of an Amazon Cognito user pool: it turns
// Cognito's events into the conversation of package customauth and the questions
// of package gate, and their decisions into Cognito's responses. Faults become
// errors that the user may read and retry; everything else stays in the log.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Budget is what a trigger may take. Cognito waits 5 s and then asks again; by
// then the user must have an error to retry, and the function be free.
const Budget = 2500 * time.Millisecond

// Trigger sources, as Cognito writes them. The developer guide has two names
// for the third.
const (
	sourceDefine      = "DefineAuthChallenge_Authentication"
	sourceCreate      = "CreateAuthChallenge_Authentication"
	sourceVerify      = "VerifyAuthChallengeResponse_Authentication"
	sourceVerifyShort = "VerifyAuthChallenge_Authentication"

	sourceSignUp            = "PreSignUp_SignUp"
	sourceAdminCreateUser   = "PreSignUp_AdminCreateUser"
	sourceExternalProvider  = "PreSignUp_ExternalProvider"
	sourceConfirmSignUp     = "PostConfirmation_ConfirmSignUp"
	sourceConfirmForgot     = "PostConfirmation_ConfirmForgotPassword"
	sourcePreAuthentication = "PreAuthentication_Authentication"
)

// What a client reads after "… failed with error". They say nothing of what happened inside.
var (
	errRetry     = errors.New("sign-in is not available for the moment, please try again")
	errNotServed = errors.New("sign-in with a passkey is not set up for this app client")
	errMisplaced = errors.New("this function answers another trigger: deploy the stack again")
)

// refusal is a verdict that Cognito takes as an error only. The client reads it too.
type refusal string

func (r refusal) Error() string { return string(r) }

// serve calls h within Budget, logs what h did as done, and keeps panics and the
// text of internal errors from the caller. It is a fault, never an answer, when h panics.
func serve[E any](ctx context.Context, recorder *telemetry.Recorder, done string, event E,
	h func(context.Context, E, *telemetry.Call) (E, error),
) (response E, err error) {
	call := recorder.Begin()
	defer func() {
		if p := recover(); p != nil {
			// The value itself is not logged: it could hold what was being decoded.
			call.Note(slog.String(metrics.Outcome, telemetry.OutcomeFault), slog.String(telemetry.Stack, string(debug.Stack())))
			call.Fault(fmt.Sprintf("%T", p))
			call.End(ctx, "panic")
			response, err = *new(E), errRetry
		}
	}()
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	response, err = h(limited, event, call)
	if refused := refusal(""); errors.As(err, &refused) {
		call.End(ctx, done)
		return *new(E), refused
	}
	if err != nil {
		call.Note(slog.String(metrics.Outcome, telemetry.OutcomeFault))
		call.Fault(err.Error())
		call.End(ctx, "fault")
		return *new(E), public(err)
	}
	call.End(ctx, done)
	return response, nil
}

// public is the one place where an error becomes what a client reads.
func public(err error) error {
	switch {
	case errors.Is(err, errMisplaced):
		return errMisplaced
	case errors.Is(err, customauth.ErrNotServed):
		return errNotServed
	default:
		return errRetry
	}
}

func userOf(h events.CognitoEventUserPoolsHeader, attributes map[string]string, notFound bool) (customauth.User, error) {
	u := customauth.User{
		PoolID:   h.UserPoolID,
		ClientID: h.CallerContext.ClientID,
		Name:     h.UserName,
		NotFound: notFound,
	}
	if notFound {
		return u, nil
	}
	if u.Sub = attributes[attributeSub]; u.Sub == "" {
		return customauth.User{}, errors.New("the event names a user without a sub")
	}
	u.Locale = attributes[attributeLocale]
	if slices.Contains(statusesWithoutTokens, attributes[attributeStatus]) {
		return u, nil
	}
	if attributes[attributeEmailVerified] == "true" {
		u.VerifiedEmail = attributes[attributeEmail]
	}
	if attributes[attributePhoneVerified] == "true" {
		u.VerifiedPhone = attributes[attributePhone]
	}
	return u, nil
}

// Attributes of a user in the events.
const (
	attributeSub           = "sub"
	attributeStatus        = "cognito:user_status"
	attributeEmail         = "email"
	attributeEmailVerified = "email_verified"
	attributePhone         = "phone_number"
	attributePhoneVerified = "phone_number_verified"
	attributeLocale        = "locale"
)

// statusExternal is that of users who sign in through another identity provider.
const statusExternal = "EXTERNAL_PROVIDER"

// statusesWithoutTokens are those of users who may not sign in here: they have
// not proved their address yet, or sign in elsewhere. Cognito refuses them
// before it asks for a challenge; this doesn't rely on it.
var statusesWithoutTokens = []string{"UNCONFIRMED", statusExternal}

func historyOf(session []*events.CognitoEventUserPoolsChallengeResult, metadata map[string]string, notFound bool) customauth.History {
	h := customauth.History{UserNotFound: notFound, Ask: metadata}
	for _, e := range session {
		if e == nil {
			e = &events.CognitoEventUserPoolsChallengeResult{} // counts, and is nothing that Define knows
		}
		h.Entries = append(h.Entries, customauth.Entry{
			Challenge: e.ChallengeName, Correct: e.ChallengeResult, Metadata: e.ChallengeMetadata,
		})
	}
	return h
}
