package journey

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

// User is a user as the pool knows one. In a pool with e-mail sign-in the name is the sub.
type User struct {
	Name       string
	Sub        string
	NotFound   bool // nobody has the name; Cognito made it up
	Attributes map[string]string
}

// NewUser adds a confirmed user with a verified address to the stack's pool.
func (s *Stack) NewUser(sub string) User {
	u := User{Name: sub, Sub: sub, Attributes: map[string]string{
		"sub": sub, "email": sub + "@example.com", "email_verified": "true",
	}}
	s.Accounts.Put(u)
	return u
}

func (u User) token() string { return "token of " + u.Sub }

// Session is one sign-in as Cognito conducts it.
type Session struct {
	User     User
	ClientID string
	Public   map[string]string // of the challenge that is open
	Private  map[string]string
	Metadata string

	History []*events.CognitoEventUserPoolsChallengeResult
	Tokens  bool // the session ended with tokens
	Failed  bool // the session ended without
}

// Options returns the fido2options of the open challenge.
func (s *Session) Options() []byte { return []byte(s.Public["fido2options"]) }

// Begin is InitiateAuth CUSTOM_AUTH.
func (s *Stack) Begin(t testing.TB, user User) *Session {
	t.Helper()
	session := &Session{User: user, ClientID: ClientID}
	if err := s.next(t.Context(), session, nil); err != nil {
		t.Fatal(err)
	}
	return session
}

// Answer is RespondToAuthChallenge. It returns the verdict of Verify; what came
// of the session stands in it.
func (s *Stack) Answer(t testing.TB, session *Session, answer string, metadata map[string]string) bool {
	t.Helper()
	correct, err := s.TryAnswer(t.Context(), session, answer, metadata)
	if err != nil {
		t.Fatal(err)
	}
	return correct
}

// TryAnswer is Answer for when a fault is expected.
func (s *Stack) TryAnswer(ctx context.Context, session *Session, answer string, metadata map[string]string) (bool, error) {
	verified, err := s.Verify(ctx, session, answer, metadata)
	if err != nil {
		return false, err
	}
	session.History = append(session.History, &events.CognitoEventUserPoolsChallengeResult{
		ChallengeName: "CUSTOM_CHALLENGE", ChallengeResult: verified.Response.AnswerCorrect, ChallengeMetadata: session.Metadata,
	})
	return verified.Response.AnswerCorrect, s.next(ctx, session, metadata)
}

// Triggers returns the three triggers themselves, for events that Cognito would not send.
func (s *Stack) Triggers() (trigger.Define, trigger.Create, trigger.Verify) {
	s.wire()
	return s.define, s.create, s.verify
}

// Define calls the Define trigger alone.
func (s *Stack) Define(ctx context.Context, session *Session, metadata map[string]string) (trigger.DefineEvent, error) {
	s.wire()
	return invoke(ctx, s.DefineEvent(session, metadata), s.define.Handle)
}

// DefineEvent is the event that Cognito sends to Define.
func (s *Stack) DefineEvent(session *Session, metadata map[string]string) trigger.DefineEvent {
	return trigger.DefineEvent{
		CognitoEventUserPoolsHeader: header(session, "DefineAuthChallenge_Authentication"),
		Request: events.CognitoEventUserPoolsDefineAuthChallengeRequest{
			UserAttributes: session.User.Attributes, Session: session.History,
			ClientMetadata: metadata, UserNotFound: session.User.NotFound,
		},
	}
}

// Create calls the Create trigger alone.
func (s *Stack) Create(ctx context.Context, session *Session, metadata map[string]string) (trigger.CreateEvent, error) {
	s.wire()
	return invoke(ctx, s.CreateEvent(session, metadata), s.create.Handle)
}

// CreateEvent is the event that Cognito sends to Create.
func (s *Stack) CreateEvent(session *Session, metadata map[string]string) trigger.CreateEvent {
	return trigger.CreateEvent{
		CognitoEventUserPoolsHeader: header(session, "CreateAuthChallenge_Authentication"),
		Request: events.CognitoEventUserPoolsCreateAuthChallengeRequest{
			UserAttributes: session.User.Attributes, ChallengeName: "CUSTOM_CHALLENGE", Session: session.History,
			ClientMetadata: metadata, UserNotFound: session.User.NotFound,
		},
	}
}

// Verify calls the Verify trigger alone, as Cognito's retries do.
func (s *Stack) Verify(ctx context.Context, session *Session, answer string, metadata map[string]string) (trigger.VerifyEvent, error) {
	s.wire()
	return invoke(ctx, s.VerifyEvent(session, answer, metadata), s.verify.Handle)
}

// VerifyEvent is the event that Cognito sends to Verify.
func (s *Stack) VerifyEvent(session *Session, answer string, metadata map[string]string) trigger.VerifyEvent {
	return trigger.VerifyEvent{
		CognitoEventUserPoolsHeader: header(session, "VerifyAuthChallengeResponse_Authentication"),
		Request: events.CognitoEventUserPoolsVerifyAuthChallengeRequest{
			UserAttributes: session.User.Attributes, PrivateChallengeParameters: session.Private,
			ChallengeAnswer: answer, ClientMetadata: metadata, UserNotFound: session.User.NotFound,
		},
	}
}

// next asks Define and does as it says.
func (s *Stack) next(ctx context.Context, session *Session, metadata map[string]string) error {
	defined, err := s.Define(ctx, session, metadata)
	if err != nil {
		return err
	}
	r := defined.Response
	switch {
	case r.IssueTokens && !r.FailAuthentication && r.ChallengeName == "":
		session.Tokens = true
	case r.ChallengeName == "CUSTOM_CHALLENGE" && !r.IssueTokens && !r.FailAuthentication:
		created, err := s.Create(ctx, session, metadata)
		if err != nil {
			return err
		}
		session.Public = created.Response.PublicChallengeParameters
		session.Private = created.Response.PrivateChallengeParameters
		session.Metadata = created.Response.ChallengeMetadata
	default:
		session.Failed = true
	}
	return nil
}

func header(session *Session, source string) events.CognitoEventUserPoolsHeader {
	return events.CognitoEventUserPoolsHeader{
		Version: "1", TriggerSource: source, Region: "us-east-1", UserPoolID: PoolID, UserName: session.User.Name,
		CallerContext: events.CognitoEventUserPoolsCallerContext{AWSSDKVersion: "aws-sdk-unknown-unknown", ClientID: session.ClientID},
	}
}

// invoke sends an event as JSON, as Lambda does.
func invoke[E any](ctx context.Context, event E, handle func(context.Context, E) (E, error)) (E, error) {
	var sent, received E
	text, err := json.Marshal(event)
	if err != nil {
		return event, err
	}
	if err := json.Unmarshal(text, &sent); err != nil {
		return event, err
	}
	answered, err := handle(ctx, sent)
	if err != nil {
		return event, err
	}
	if text, err = json.Marshal(answered); err != nil {
		return event, err
	}
	err = json.Unmarshal(text, &received)
	return received, err
}
