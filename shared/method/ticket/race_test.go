package ticket_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// barrierStore makes a crowd of readers of a ticket wait for each other. It lets
// nobody run out of time meanwhile, however busy the machine is.
type barrierStore struct {
	once.Store
	reads passkeytest.Barrier
}

func (b *barrierStore) Ticket(ctx context.Context, sub, id string) (credentials.Use, error) {
	use, err := b.Store.Ticket(context.WithoutCancel(ctx), sub, id)
	b.reads.Wait()
	return use, err
}

func (b *barrierStore) SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error {
	return b.Store.SpendTicket(context.WithoutCancel(ctx), sub, id, use)
}

func (b *barrierStore) RepeatTicket(ctx context.Context, sub, id string, digest []byte) error {
	return b.Store.RepeatTicket(context.WithoutCancel(ctx), sub, id, digest)
}

// crowdOn is a scene whose tickets DynamoDB's protocol keeps, behind a barrier.
func crowdOn(t *testing.T) (*scene, journey.User, *barrierStore) {
	t.Helper()
	s, table := newScene(t), passkeytest.NewTable(t)
	store := &barrierStore{Store: dynamo.New(table.Client, table.Name)}
	s.use(t, store)
	return s, s.NewUser(subA), store
}

// wantRight gives an answer at once in every session and checks how many were right.
func (s *scene) wantRight(t *testing.T, sessions []*journey.Session, answer string, want int) {
	t.Helper()
	correct := 0
	for _, right := range passkeytest.AtOnce(func(i int) bool {
		v, err := s.Verify(t.Context(), sessions[i], answer, nil)
		if err != nil {
			t.Errorf("answer %d: %v", i, err)
		}
		return v.Response.AnswerCorrect
	}) {
		if right {
			correct++
		}
	}
	if correct != want {
		t.Errorf("%d of %d were right, want %d", correct, len(sessions), want)
	}
}

// One answer many times in one session: each reads the ticket before the first writes.
func TestOverlappingAnswersCountOnce(t *testing.T) {
	s, u, store := crowdOn(t)
	same := slices.Repeat([]*journey.Session{s.Begin(t, u)}, passkeytest.Crowd)
	answer := s.sign(t, subA)
	store.reads.Hold()
	s.wantRight(t, same, answer, 1)

	s.Advance(time.Millisecond)
	store.reads.Hold()
	s.wantRight(t, same, answer, credentials.MaxRepeats-1)
}

func TestCrowdOfSessionsWithOneTicket(t *testing.T) {
	s, u, store := crowdOn(t)
	var sessions []*journey.Session
	for range passkeytest.Crowd {
		sessions = append(sessions, s.Begin(t, u))
	}
	answer := s.sign(t, subA)
	store.reads.Hold()
	s.wantRight(t, sessions, answer, 1)

	s.Advance(time.Millisecond) // and now all begin after the record, which only one of the sessions made
	s.wantRight(t, sessions, answer, 1)
}

// hookedStore runs a hook once, in front of an operation.
type hookedStore struct {
	once.Store
	beforeRead, beforeSpend func()
	losesReply              bool // the reply to SpendTicket is lost, and the SDK sends it again
	readFails, spendFails   error
	repeatFails             error
}

func runOnce(hook *func()) {
	if run := *hook; run != nil {
		*hook = nil
		run()
	}
}

func (h *hookedStore) Ticket(ctx context.Context, sub, id string) (credentials.Use, error) {
	runOnce(&h.beforeRead)
	use, err := h.Store.Ticket(ctx, sub, id)
	if h.readFails != nil {
		err = h.readFails
	}
	return use, err
}

func (h *hookedStore) SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error {
	runOnce(&h.beforeSpend)
	err := h.Store.SpendTicket(ctx, sub, id, use)
	switch {
	case h.spendFails != nil:
		return h.spendFails
	case h.losesReply:
		return h.Store.SpendTicket(ctx, sub, id, use)
	}
	return err
}

func (h *hookedStore) RepeatTicket(ctx context.Context, sub, id string, digest []byte) error {
	if h.repeatFails != nil {
		return h.repeatFails
	}
	return h.Store.RepeatTicket(ctx, sub, id, digest)
}

func newHooked(t *testing.T) (*scene, journey.User, *hookedStore) {
	t.Helper()
	s := newScene(t)
	store := &hookedStore{Store: s.Store}
	s.use(t, store)
	return s, s.NewUser(subA), store
}

// The orders in which two identical answers of one session can take their
// steps: start, read, record. What began after the record is a repeat.
func TestOrdersOfOneAnswerTwice(t *testing.T) {
	for _, c := range []struct {
		name       string
		hook       func(*hookedStore) *func() // where in the first answer the other happens
		lost       bool
		one, other string
	}{
		{"the other happens between start and read", func(h *hookedStore) *func() { return &h.beforeRead }, false, spent, right},
		{"the other happens between read and record", func(h *hookedStore) *func() { return &h.beforeSpend }, false, spent, right},
		{"so, and replies are lost", func(h *hookedStore) *func() { return &h.beforeSpend }, true, spent, right},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, store := newHooked(t)
			store.losesReply = c.lost
			session, answer, other := s.Begin(t, u), s.sign(t, subA), ""
			*c.hook(store) = func() {
				s.Advance(time.Millisecond)
				other = s.verdict(t, session, answer)
			}
			if one := s.verdict(t, session, answer); one != c.one || other != c.other {
				t.Errorf("one is %s, the other %s; want %s and %s", one, other, c.one, c.other)
			}
		})
	}
}

// Cognito repeats a trigger whose reply was lost: the verdict stays, twice, for
// 20 seconds, in that session only, even if the ticket expires meanwhile.
func TestRepeats(t *testing.T) {
	s, u, store := newHooked(t)
	store.losesReply = true
	answer := s.sign(t, subA)
	s.Advance(89 * time.Second)
	session, other := s.Begin(t, u), s.Begin(t, u)
	for i, want := range []string{right, right, right, spent} {
		if got := s.verdict(t, session, answer); got != want {
			t.Errorf("answer %d is %s, want %s", i+1, got, want)
		}
		if got := s.verdict(t, other, answer); got != spent {
			t.Errorf("after answer %d the ticket is %s in another session, want %s", i+1, got, spent)
		}
		s.Advance(5 * time.Second)
	}
}

func TestGraceEnds(t *testing.T) {
	for after, want := range map[time.Duration]string{20 * time.Second: right, 20*time.Second + time.Millisecond: spent} {
		s := newScene(t)
		session, answer := s.Begin(t, s.NewUser(subA)), s.sign(t, subA)
		if got := s.verdict(t, session, answer); got != right {
			t.Fatalf("the ticket is %s", got)
		}
		s.Advance(after)
		if got := s.verdict(t, session, answer); got != want {
			t.Errorf("%s later the ticket is %s, want %s", after, got, want)
		}
	}
}

// A fault of the table is an error to retry, never a verdict.
func TestFaultsAreNoVerdicts(t *testing.T) {
	outage := errors.New("throttled")
	for _, c := range []struct {
		name   string
		broken func(*testing.T, *scene, *hookedStore, *journey.Session, string)
	}{
		{"the use can't be read", func(_ *testing.T, _ *scene, h *hookedStore, _ *journey.Session, _ string) { h.readFails = outage }},
		{"the use can't be recorded", func(_ *testing.T, _ *scene, h *hookedStore, _ *journey.Session, _ string) { h.spendFails = outage }},
		{"a repeat can't be recorded", func(t *testing.T, s *scene, h *hookedStore, session *journey.Session, answer string) {
			s.verdict(t, session, answer)
			h.repeatFails = outage
		}},
		{"the use can't be read again", func(t *testing.T, s *scene, h *hookedStore, session *journey.Session, answer string) {
			h.beforeSpend = func() {
				s.verdict(t, session, answer)
				h.readFails = outage
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, store := newHooked(t)
			session, answer := s.Begin(t, u), s.sign(t, subA)
			c.broken(t, s, store, session, answer)
			v, err := s.Verify(t.Context(), session, answer, nil)
			if err == nil || v.Response.AnswerCorrect {
				t.Errorf("received %v and %v, want an error", v.Response.AnswerCorrect, err)
			}
		})
	}
}
