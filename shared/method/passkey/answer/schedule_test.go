package answer_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// A scene is what happens at once: actors whose steps are interleaved in every
// order. A step is one operation of the store, or the beginning of an answer.
type scene struct {
	*journey.Stack
	t      *testing.T
	store  *steppedStore
	actors []*actor
	trace  []string // "actor step" in the order in which they happened
}

type actor struct {
	name    string
	act     func(context.Context)
	resume  chan struct{}
	done    bool
	verdict string                  // of an answer: right, fault, or why it was refused
	repeat  func(*testing.T) string // gives the same answer again
	scene   *scene
}

const (
	right = "right"
	fault = "fault"
)

// explore plays a scene once for every order in which its actors can take their
// steps, and has each outcome checked.
func explore(t *testing.T, set func(*scene), check func(*testing.T, *scene)) {
	t.Helper()
	var order []int // which of the actors that can go on goes on, step by step
	orders := 0
	for ; order != nil || orders == 0; orders++ {
		s := &scene{Stack: journey.New(t), t: t}
		s.store = &steppedStore{Store: s.Store}
		s.Store = s.store
		set(s)
		taken, choices := s.play(order)
		check(t, s)
		s.checkNothingCountsAgain(t)
		if t.Failed() {
			t.Fatalf("in the order\n%s", strings.Join(s.trace, "\n"))
		}
		order = next(taken, choices)
	}
	if orders < 2 {
		t.Errorf("%d orders: nothing was interleaved", orders)
	}
	t.Logf("%d orders", orders)
}

// next returns the order after one in which taken was chosen out of choices, or
// nil after the last.
func next(taken, choices []int) []int {
	for i := len(taken) - 1; i >= 0; i-- {
		if taken[i]+1 < choices[i] {
			return append(slices.Clone(taken[:i]), taken[i]+1)
		}
	}
	return nil
}

// play lets one actor at a time take one step, as order says and then the first
// that can, until all are done.
func (s *scene) play(order []int) (taken, choices []int) {
	arrived := make(chan struct{})
	s.store.arrived = arrived
	for _, a := range s.actors {
		go func() {
			a.act(context.WithValue(s.t.Context(), actorKey{}, a))
			a.done = true
			arrived <- struct{}{}
		}()
		<-arrived
	}
	for {
		waiting := slices.DeleteFunc(slices.Clone(s.actors), func(a *actor) bool { return a.done })
		if len(waiting) == 0 {
			return taken, choices
		}
		choice := 0
		if len(taken) < len(order) {
			choice = order[len(taken)]
		}
		taken, choices = append(taken, choice), append(choices, len(waiting))
		waiting[choice].resume <- struct{}{}
		<-arrived
	}
}

type actorKey struct{}

// step waits for the turn of the actor whose call this is. Time passes with each.
func (s *steppedStore) step(ctx context.Context, what string) {
	a, acting := ctx.Value(actorKey{}).(*actor)
	if !acting {
		return
	}
	s.arrived <- struct{}{}
	<-a.resume
	a.scene.Advance(time.Millisecond)
	a.scene.trace = append(a.scene.trace, a.name+" "+what)
}

// add adds an actor.
func (s *scene) add(name string, act func(context.Context)) *actor {
	a := &actor{name: name, act: act, resume: make(chan struct{}), scene: s}
	s.actors = append(s.actors, a)
	return a
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
	a := s.add(name, nil)
	a.act = func(ctx context.Context) {
		s.store.step(ctx, "starts")
		a.verdict = give(ctx, s.t)
	}
	a.repeat = func(t *testing.T) string { return give(t.Context(), t) }
}

// verdict returns what came of an actor's answer.
func (s *scene) verdict(name string) string {
	for _, a := range s.actors {
		if a.name == name {
			return a.verdict
		}
	}
	panic("no actor " + name)
}

// happened reports whether one step happened before another did, if that did.
func (s *scene) happened(step, before string) bool {
	i, j := slices.Index(s.trace, step), slices.Index(s.trace, before)
	return i >= 0 && (j < 0 || i < j)
}

// checkNothingCountsAgain gives every answer again when the grace is over.
func (s *scene) checkNothingCountsAgain(t *testing.T) {
	t.Helper()
	s.Advance(21 * time.Second)
	for _, a := range s.actors {
		if a.repeat == nil {
			continue
		}
		if v := a.repeat(t); a.verdict == right && v == right {
			t.Errorf("the answer of %s counted again", a.name)
		}
	}
}

// steppedStore makes actors take turns at its operations.
type steppedStore struct {
	credentials.Store
	arrived    chan struct{}
	losesReply bool // the reply to every Spend is lost, and the SDK sends it again
}

func (s *steppedStore) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	s.step(ctx, "reads")
	return s.Store.Passkey(ctx, sub, hash)
}

func (s *steppedStore) Spend(ctx context.Context, spend credentials.Spend) error {
	s.step(ctx, "records")
	err := s.Store.Spend(ctx, spend)
	if _, acting := ctx.Value(actorKey{}).(*actor); s.losesReply && acting {
		s.step(ctx, "records again")
		return s.Store.Spend(ctx, spend)
	}
	return err
}

func (s *steppedStore) Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error {
	s.step(ctx, "repeats")
	return s.Store.Repeat(ctx, sub, hash, challenge, digest)
}

func (s *steppedStore) Remove(ctx context.Context, r credentials.Removal) error {
	s.step(ctx, "removes")
	return s.Store.Remove(ctx, r)
}
