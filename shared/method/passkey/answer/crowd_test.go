package answer_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// crowdOn is a stack over DynamoDB's protocol whose one user holds a passkey of
// the authenticator, and in which the next reads of it wait for each other.
func crowdOn(t *testing.T, a *passkeytest.Authenticator) (*journey.Stack, journey.User, *barrierStore) {
	t.Helper()
	s, credentialTable := journey.New(t), passkeytest.NewTable(t)
	store := &barrierStore{Store: dynamo.New(credentialTable.Client, credentialTable.Name)}
	s.Store = store
	u := s.NewUser(subA)
	s.Register(t, u, a)
	return s, u, store
}

// verdicts gives all answers at once, each in its session, and returns which
// were right and how many ended in a fault.
func verdicts(t *testing.T, s *journey.Stack, sessions []*journey.Session, answers []string) (right []bool, faults int) {
	t.Helper()
	var failed atomic.Int32
	right = passkeytest.AtOnce(func(i int) bool {
		v, err := s.Verify(t.Context(), sessions[i], answers[i], nil)
		if err != nil {
			failed.Add(1)
		}
		return v.Response.AnswerCorrect
	})
	return right, int(failed.Load())
}

// One answer many times in one session: each reads the passkey before the first writes.
func TestOverlappingAnswersCountOnce(t *testing.T) {
	a := passkeytest.NewSynced(journey.Origin)
	s, u, store := crowdOn(t, a)
	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	store.reads.Hold()
	right, faults := verdicts(t, s, slices.Repeat([]*journey.Session{session}, passkeytest.Crowd), slices.Repeat([]string{answer}, passkeytest.Crowd))
	wantOneRight(t, right, faults)
}

func wantOneRight(t *testing.T, right []bool, faults int) {
	t.Helper()
	count := 0
	for _, r := range right {
		if r {
			count++
		}
	}
	if count != 1 || faults > 0 {
		t.Errorf("%d of %d were right, %d faults; want 1 right", count, len(right), faults)
	}
}

func TestCrowdOfDevicesWithOnePasskey(t *testing.T) {
	a := passkeytest.NewSynced(journey.Origin)
	s, u, store := crowdOn(t, a)
	var sessions []*journey.Session
	var answers []string
	for range passkeytest.Crowd {
		session := s.Begin(t, u)
		sessions, answers = append(sessions, session), append(answers, journey.Assert(t, a, session.Options()))
	}
	store.reads.Hold()
	right, faults := verdicts(t, s, sessions, answers)
	for i, r := range right {
		if !r {
			t.Errorf("answer %d was not right", i)
		}
	}
	if faults > 0 {
		t.Errorf("%d faults", faults)
	}
}

func TestCrowdOfSessionsWithOneAnswer(t *testing.T) {
	a := passkeytest.NewSynced(journey.Origin)
	s, u, store := crowdOn(t, a)
	answer := journey.Assert(t, a, s.SignInOptions(t))
	var sessions []*journey.Session
	for range passkeytest.Crowd {
		sessions = append(sessions, s.Begin(t, u))
	}
	store.reads.Hold()
	right, faults := verdicts(t, s, sessions, slices.Repeat([]string{answer}, passkeytest.Crowd))
	wantOneRight(t, right, faults)
}

// Fifty answers of a key that counts, at once: what is stored in the end is the
// highest count that was right. A fault is one that lost the race too often.
func TestCrowdOfCounts(t *testing.T) {
	a := passkeytest.NewDeviceBound(journey.Origin)
	s, u, store := crowdOn(t, a)
	var sessions []*journey.Session
	var answers []string
	var counts []uint32
	for range passkeytest.Crowd {
		session := s.Begin(t, u)
		sessions, answers = append(sessions, session), append(answers, journey.Assert(t, a, session.Options()))
		counts = append(counts, a.Passkeys[0].SignCount)
	}
	store.reads.Hold()
	right, _ := verdicts(t, s, sessions, answers)
	var highest uint32
	for i, r := range right {
		if r {
			highest = max(highest, counts[i])
		}
	}
	p, err := s.Store.Passkey(t.Context(), subA, table.Hash(a.Passkeys[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	if highest == 0 || p.SignCount != highest {
		t.Errorf("the count stored is %d, the highest that was right %d", p.SignCount, highest)
	}
}
