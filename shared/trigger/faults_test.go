package trigger_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

const userSub = "5f0c8d2e-0000-4000-8000-00000000000f"

// onDynamoDB is a stack over DynamoDB's protocol whose one user holds a passkey.
func onDynamoDB(t *testing.T) (*journey.Stack, *passkeytest.Wire, journey.User, *passkeytest.Authenticator) {
	t.Helper()
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	s := journey.New(t)
	s.Store = dynamo.New(client, table.Name)
	u, a := s.NewUser(userSub), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	return s, wire, u, a
}

const (
	get    = "GetItem"
	update = "UpdateItem"
)

// always is more often than anything is tried.
const always = 100

// Once and twice a fault costs nothing but time; a lasting one is an error that
// the user can retry, and the very same answer is right afterwards.
func TestFaultsOfTheTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault passkeytest.Fault
		lasts bool // even once: nothing is known of it that could be tried again
	}{
		{"throttled", passkeytest.Throttled, false},
		{"the account is throttled", passkeytest.TableThrottled, false},
		{"internal server error", passkeytest.InternalError, false},
		{"request lost", passkeytest.LostRequest, false},
		{"reply lost", passkeytest.LostReply, false},
		{"malformed error", passkeytest.MalformedError, false},
		{"malformed reply", passkeytest.MalformedReply, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, wire, u, a := onDynamoDB(t)
			for times, faulty := range map[int]bool{1: c.lasts, awsclient.Attempts - 1: c.lasts, always: true} {
				session := &journey.Session{User: u, ClientID: journey.ClientID}
				wire.Break(get, c.fault, times)
				_, err := s.Create(t.Context(), session, nil)
				wantFault(t, "Create", err, faulty)
				wire.Break("", nil, 0)

				for _, operation := range []string{get, update} {
					session, answer := signature(t, s, u, a)
					wire.Break(operation, c.fault, times)
					verified, err := s.Verify(t.Context(), session, answer, nil)
					wantFault(t, "Verify, "+operation, err, faulty)
					if verified.Response.AnswerCorrect == faulty {
						t.Errorf("%d times on %s: correct is %t", times, operation, verified.Response.AnswerCorrect)
					}
					wire.Break("", nil, 0)
					s.Advance(time.Second)
					if correct, err := s.TryAnswer(t.Context(), session, answer, nil); err != nil || !correct || !session.Tokens {
						t.Errorf("%d times on %s: the same answer afterwards: correct is %t, error %v", times, operation, correct, err)
					}
				}
			}
		})
	}
}

func wantFault(t *testing.T, where string, err error, want bool) {
	t.Helper()
	if (err != nil) != want || err != nil && err.Error() != journey.TryAgain {
		t.Errorf("%s: error is %v, want one: %t", where, err, want)
	}
}

func signature(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) (*journey.Session, string) {
	t.Helper()
	session := s.Begin(t, u)
	return session, journey.Assert(t, a, session.Options())
}

// A removal or another answer is under way: the write is tried again.
func TestConflictIsTriedAgain(t *testing.T) {
	s, wire, u, a := onDynamoDB(t)
	for times, faulty := range map[int]bool{1: false, 2: false, always: true} {
		session, answer := signature(t, s, u, a)
		wire.Break(update, passkeytest.Conflict, times)
		verified, err := s.Verify(t.Context(), session, answer, nil)
		wantFault(t, "Verify", err, faulty)
		if verified.Response.AnswerCorrect == faulty {
			t.Errorf("%d conflicts: correct is %t", times, verified.Response.AnswerCorrect)
		}
	}
}

// The record was written, its reply was lost, and the SDK's repetition of it met
// a conflict: the answer is right all the same.
func TestRecordedAnswerSurvivesAConflict(t *testing.T) {
	s, wire, u, a := onDynamoDB(t)
	session, answer := signature(t, s, u, a)
	s.Advance(time.Microsecond) // as all but one in a thousand clocks do: the record's time is rounded up
	wire.Break(update, inTurn(passkeytest.LostReply, passkeytest.Conflict), 2)
	if correct, err := s.TryAnswer(t.Context(), session, answer, nil); !correct || err != nil || !session.Tokens {
		t.Errorf("correct is %t, error %v", correct, err)
	}
}

// inTurn is one fault after the other.
func inTurn(faults ...passkeytest.Fault) passkeytest.Fault {
	return func(send func() (*http.Response, error)) (*http.Response, error) {
		fault := faults[0]
		faults = faults[1:]
		return fault(send)
	}
}

// silent is a store of which every operation of a sign-in lasts as long as it may.
type silent struct{ credentials.Store }

func (silent) User(ctx context.Context, _ string) (credentials.User, error) {
	<-ctx.Done()
	return credentials.User{}, ctx.Err()
}

func (silent) Passkey(ctx context.Context, _, _ string) (credentials.Passkey, error) {
	<-ctx.Done()
	return credentials.Passkey{}, ctx.Err()
}

// However slow the table is, Cognito has an error before its 5 s are over.
func TestTriggersEndWithinTheirBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := journey.New(t)
		u, a := s.NewUser(userSub), passkeytest.NewSynced(journey.Origin)
		s.Register(t, u, a)
		session, answer := signature(t, s, u, a)
		slow := journey.New(t)
		slow.Store = silent{s.Store}
		for name, call := range map[string]func() error{
			"Create": func() error {
				_, err := slow.Create(t.Context(), &journey.Session{User: u, ClientID: journey.ClientID}, nil)
				return err
			},
			"Verify": func() error { _, err := slow.Verify(t.Context(), session, answer, nil); return err },
		} {
			started := time.Now()
			err := call()
			wantFault(t, name, err, true)
			if took := time.Since(started); took != trigger.Budget {
				t.Errorf("%s gave up after %s, want %s", name, took, trigger.Budget)
			}
		}
	})
}

// stalled is a method whose service says nothing for as long as it is waited for.
type stalled struct{}

func (stalled) Method() string       { return "stalled" }
func (stalled) Parameters() []string { return nil }
func (stalled) Issue(ctx context.Context, _ customauth.Issue) (customauth.Issued, error) {
	<-ctx.Done()
	return customauth.Issued{}, ctx.Err()
}

// A method that takes all the time there is leaves a challenge for a passkey.
func TestPasskeysOutliveAStalledMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := journey.New(t)
		s.Issuers = []customauth.Issuer{stalled{}}
		s.Client.Methods = []string{customauth.MethodPasskey, stalled{}.Method()}
		u, a := s.NewUser(userSub), passkeytest.NewSynced(journey.Origin)
		s.Register(t, u, a)
		started := time.Now()
		session := s.Begin(t, u)
		if took := time.Since(started); took != trigger.Budget {
			t.Errorf("the challenge took %s, want %s", took, trigger.Budget)
		}
		s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
	})
}

// One call to AWS that meets nothing but silence fits into the budget.
func TestBudgetHoldsOneCallThatFails(t *testing.T) {
	const call = awsclient.Attempts*awsclient.AttemptTimeout + (awsclient.Attempts-1)*awsclient.MaxBackoff
	const cognitoWaits = 5 * time.Second
	if call >= trigger.Budget || trigger.Budget >= cognitoWaits-time.Second {
		t.Errorf("a call may take %s, a trigger %s, and Cognito waits %s", call, trigger.Budget, cognitoWaits)
	}
}

// Cognito repeats a Create whose reply it did not get: the challenge that it
// kept is the one that counts, and nothing was written for the other.
func TestRepeatedCreate(t *testing.T) {
	s, _, u, a := onDynamoDB(t)
	lost, kept := s.Begin(t, u), s.Begin(t, u)
	answerToLost := journey.Assert(t, a, lost.Options())
	if correct, err := s.TryAnswer(t.Context(), kept, answerToLost, nil); correct || err != nil || kept.Tokens {
		t.Errorf("an answer to the challenge that was lost: correct is %t, error %v", correct, err)
	}
	if got := s.Log.Last(t, "verified")["reason"]; got != "wrong_challenge" {
		t.Errorf("refused for %q, want wrong_challenge", got)
	}
	again, answer := signature(t, s, u, a)
	if correct, err := s.TryAnswer(t.Context(), again, answer, nil); !correct || err != nil {
		t.Errorf("correct is %t, error %v", correct, err)
	}
}

// A panic is a fault, and nothing of its value is told.
func TestPanicIsAFault(t *testing.T) {
	s := journey.New(t)
	s.Store = panicking{s.Store}
	u := s.NewUser(userSub)
	_, err := s.Create(t.Context(), &journey.Session{User: u, ClientID: journey.ClientID}, nil)
	wantFault(t, "Create", err, true)
}

type panicking struct{ credentials.Store }

func (panicking) User(context.Context, string) (credentials.User, error) {
	panic(errors.New("of the store"))
}
