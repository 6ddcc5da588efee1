package answer_test

import (
	"context"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
)

// A scene is what happens at once to a stack. A step is one operation of the
// store, or the beginning of an answer.
type scene struct {
	*journey.Stack
	*orders.Play
	t       *testing.T
	store   *steppedStore
	answers map[string]*given // actor → answer
}

// given is an answer of an actor.
type given struct {
	verdict string                  // right, fault, or why it was refused
	repeat  func(*testing.T) string // gives the same answer again
}

const (
	right = "right"
	fault = "fault"
)

// explore plays a scene once for every order in which its actors can take their
// steps, and has each outcome checked.
func explore(t *testing.T, set func(*scene), check func(*testing.T, *scene)) {
	t.Helper()
	orders.Explore(t, func(p *orders.Play) func() {
		s := &scene{Stack: journey.New(t), Play: p, t: t, answers: map[string]*given{}}
		s.store = &steppedStore{Store: s.Store}
		s.Store = s.store
		p.Tick = func() { s.Advance(time.Millisecond) }
		set(s)
		return func() {
			check(t, s)
			s.checkNothingCountsAgain(t)
		}
	})
}

// addAnswer adds an actor that gives an answer in a session.
func (s *scene) addAnswer(name string, session *journey.Session, answer string) {
	give := func(ctx context.Context, t *testing.T) string {
		v, err := s.Verify(ctx, session, answer, nil)
		if err != nil {
			return fault
		}
		if v.Response.AnswerCorrect {
			return right
		}
		return s.Log.Last(t, "verified")["reason"].(string)
	}
	g := &given{repeat: func(t *testing.T) string { return give(t.Context(), t) }}
	s.answers[name] = g
	s.Add(name, func(ctx context.Context) {
		orders.Step(ctx, "starts")
		g.verdict = give(ctx, s.t)
	})
}

// verdict returns what came of an actor's answer.
func (s *scene) verdict(name string) string { return s.answers[name].verdict }

// checkNothingCountsAgain gives every answer again when the grace is over.
func (s *scene) checkNothingCountsAgain(t *testing.T) {
	t.Helper()
	s.Advance(21 * time.Second)
	for name, a := range s.answers {
		if v := a.repeat(t); a.verdict == right && v == right {
			t.Errorf("the answer of %s counted again", name)
		}
	}
}

// steppedStore makes actors take turns at its operations.
type steppedStore struct {
	credentials.Store
	losesReply bool // the reply to every Spend is lost, and the SDK sends it again
}

func (s *steppedStore) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	orders.Step(ctx, "reads")
	return s.Store.Passkey(ctx, sub, hash)
}

func (s *steppedStore) Spend(ctx context.Context, spend credentials.Spend) error {
	orders.Step(ctx, "records")
	err := s.Store.Spend(ctx, spend)
	if s.losesReply && orders.IsActing(ctx) {
		orders.Step(ctx, "records again")
		return s.Store.Spend(ctx, spend)
	}
	return err
}

func (s *steppedStore) Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error {
	orders.Step(ctx, "repeats")
	return s.Store.Repeat(ctx, sub, hash, challenge, digest)
}

func (s *steppedStore) Remove(ctx context.Context, r credentials.Removal) error {
	orders.Step(ctx, "removes")
	return s.Store.Remove(ctx, r)
}
