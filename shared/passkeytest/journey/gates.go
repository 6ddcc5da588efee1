package journey

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/gate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

// PasswordClientID is the app client for passwords, on which a passkey ends them.
const PasswordClientID = "passwords0123456789abcdefg"

// PasswordClient implements gate.Directory's reader.
func (c clients) PasswordClient(_ context.Context, clientID string) (string, error) {
	if clientID != PasswordClientID {
		return "", credentials.ErrNotFound
	}
	return c.client.RelyingPartyID, nil
}

// StartPassword calls the Pre Authentication trigger, as a sign-in by password does.
func (s *Stack) StartPassword(ctx context.Context, user User, clientID string) (trigger.PreAuthenticationEvent, error) {
	s.wire()
	return invoke(ctx, PreAuthenticationEvent(user, clientID), s.gates.PreAuthentication.Handle)
}

// PreAuthenticationEvent is the event that Cognito sends when a user begins to sign in by password.
func PreAuthenticationEvent(user User, clientID string) trigger.PreAuthenticationEvent {
	return trigger.PreAuthenticationEvent{
		CognitoEventUserPoolsHeader: header(&Session{User: user, ClientID: clientID}, "PreAuthentication_Authentication"),
		Request:                     events.CognitoEventUserPoolsPreAuthenticationRequest{UserAttributes: user.Attributes, UserNotFound: user.NotFound},
	}
}

// SignUp calls the Pre Sign-up trigger as the source does, such as "PreSignUp_SignUp".
func (s *Stack) SignUp(ctx context.Context, source string, user User) (trigger.PreSignUpEvent, error) {
	s.wire()
	return invoke(ctx, PreSignUpEvent(source, user, nil), s.gates.PreSignUp.Handle)
}

// PreSignUpEvent is the event that Cognito sends before it creates a user.
func PreSignUpEvent(source string, user User, metadata map[string]string) trigger.PreSignUpEvent {
	return trigger.PreSignUpEvent{
		CognitoEventUserPoolsHeader: header(&Session{User: user, ClientID: ClientID}, source),
		Request:                     events.CognitoEventUserPoolsPreSignupRequest{UserAttributes: user.Attributes, ClientMetadata: metadata},
	}
}

// PostConfirmationEvent is the event that Cognito sends when a user is confirmed.
func PostConfirmationEvent(source string, user User) trigger.PostConfirmationEvent {
	return trigger.PostConfirmationEvent{
		CognitoEventUserPoolsHeader: header(&Session{User: user, ClientID: ClientID}, source),
		Request:                     events.CognitoEventUserPoolsPostConfirmationRequest{UserAttributes: user.Attributes},
	}
}

// Gates are the triggers around a new account and before a password.
type Gates struct {
	PreSignUp         trigger.PreSignUp
	PostConfirmation  trigger.PostConfirmation // where known people use Cognito's SignUp
	PreAuthentication trigger.PreAuthentication
}

// Gates returns the triggers themselves, for events that Cognito would not send.
func (s *Stack) Gates() Gates {
	s.wire()
	return s.gates
}

func (s *Stack) wireGates() {
	directory := credentials.NewDirectory(clients{s.Store, s.Client}, s.Now)
	s.gates = Gates{
		PreSignUp:         trigger.PreSignUp{Telemetry: s.recorder("pre-sign-up")},
		PreAuthentication: trigger.PreAuthentication{Gate: gate.Passwords{Directory: directory}, Telemetry: s.recorder("pre-authentication")},
	}
	if s.Known != nil {
		s.gates.PreSignUp.Gate.Known = s.Known
		s.gates.PostConfirmation = trigger.PostConfirmation{Known: *s.Known, Telemetry: s.recorder("post-confirmation")}
	}
}
