package once_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const (
	method = "vendor"
	right  = "right answer"
)

var start = time.UnixMilli(1_790_000_000_000)

// vendor accepts every right answer, as often as it comes.
type vendor struct {
	asked atomic.Int32
	fault error
	asks  passkeytest.Barrier
}

func (*vendor) Method() string         { return method }
func (*vendor) Recognizes(string) bool { return true }
func (v *vendor) Check(_ context.Context, a customauth.Answer) (customauth.Verdict, error) {
	v.asked.Add(1)
	v.asks.Wait()
	if v.fault != nil {
		return customauth.Verdict{}, v.fault
	}
	if a.Text != right {
		return customauth.Verdict{Method: method, Reason: "wrong_answer"}, nil
	}
	return customauth.Verdict{Correct: true, Method: method, Flags: []string{"first"}}, nil
}

// world is a Checker, its clock and its table.
type world struct {
	once.Checker
	vendor *vendor
	table  *passkeytest.Table
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{vendor: &vendor{}, table: passkeytest.NewTable(t), now: start}
	w.Checker = once.Checker{Checker: w.vendor, Store: dynamo.New(w.table.Client, w.table.Name), Now: func() time.Time { return w.now }}
	return w
}

// session is a session of the user's with a challenge of its own.
func session(challenge string) customauth.Answer {
	return customauth.Answer{
		User:   customauth.User{PoolID: "pool", ClientID: "client", Name: "ann", Sub: "sub"},
		Text:   right,
		Sealed: customauth.Sealed{Challenge: []byte(challenge), Issued: start, Expires: start.Add(customauth.ChallengeLifetime)},
	}
}

// give gives an answer now.
func (w *world) give(t *testing.T, a customauth.Answer) customauth.Verdict {
	t.Helper()
	a.Started = w.now
	verdict, err := w.Check(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Method != method {
		t.Errorf("the verdict is of method %q", verdict.Method)
	}
	return verdict
}

// Cognito repeats a trigger whose reply was lost: the verdict stays, and the
// service is asked once.
func TestRepeatKeepsTheVerdict(t *testing.T) {
	w := newWorld(t)
	for i := range credentials.MaxRepeats {
		verdict := w.give(t, session("one"))
		if !verdict.Correct || (i == 0) != (len(verdict.Flags) == 1) {
			t.Errorf("time %d: %+v", i+1, verdict)
		}
		w.now = w.now.Add(5 * time.Second)
	}
	if verdict := w.give(t, session("one")); verdict.Correct || verdict.Reason != "answer_spent" {
		t.Errorf("once too often: %+v", verdict)
	}
	if n := w.vendor.asked.Load(); n != 1 {
		t.Errorf("the service was asked %d times, want 1", n)
	}
}

func TestRejects(t *testing.T) {
	for _, c := range []struct {
		name   string
		second customauth.Answer
		after  time.Duration
	}{
		{"rejects the answer in another session", session("two"), time.Second},
		{"rejects an answer that overlapped", session("one"), 0},
		{"rejects a late repeat", session("one"), 21 * time.Second},
		{"rejects a replay after the session", session("two"), time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.now = w.now.Add(time.Microsecond)
			if !w.give(t, session("one")).Correct {
				t.Fatal("refused the first time")
			}
			w.now = w.now.Add(c.after)
			if verdict := w.give(t, c.second); verdict.Correct || verdict.Reason != "answer_spent" {
				t.Errorf("verdict is %+v", verdict)
			}
		})
	}
}

// Wrong answers cost no write, and are the vendor's verdict.
func TestWrongAnswerWritesNothing(t *testing.T) {
	w := newWorld(t)
	wrong := session("one")
	wrong.Text = "wrong answer"
	for range 2 {
		if verdict := w.give(t, wrong); verdict.Correct || verdict.Reason != "wrong_answer" {
			t.Errorf("verdict is %+v", verdict)
		}
	}
	if got := strings.Join(w.table.Operations(), " "); got != "GetItem GetItem" {
		t.Errorf("operations are %s", got)
	}
	if !w.give(t, session("one")).Correct {
		t.Error("the right answer was refused afterwards")
	}
	if got := strings.Join(w.table.Operations(), " "); got != "GetItem UpdateItem" {
		t.Errorf("operations are %s", got)
	}
}

// Of many answers that overlap, in one session or several, one counts, even if
// the service takes them all.
func TestOverlappingAnswersCountOnce(t *testing.T) {
	for name, challenge := range map[string]func(int) string{
		"one session":   func(int) string { return "one" },
		"many sessions": func(i int) string { return string(rune('a' + i)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.vendor.asks.Hold()
			correct := 0
			for _, right := range passkeytest.AtOnce(func(i int) bool {
				a := session(challenge(i))
				a.Started = w.now
				verdict, err := w.Check(t.Context(), a)
				if err != nil {
					t.Error(err)
				}
				return verdict.Correct
			}) {
				if right {
					correct++
				}
			}
			if correct != 1 {
				t.Errorf("%d answers were right, want 1", correct)
			}
		})
	}
}

// A fault of the service is no verdict, and leaves nothing behind.
func TestFaultOfTheService(t *testing.T) {
	w := newWorld(t)
	w.vendor.fault = errors.New("outage")
	if verdict, err := w.Check(t.Context(), session("one")); !errors.Is(err, w.vendor.fault) || verdict.Correct {
		t.Errorf("verdict %+v, error %v", verdict, err)
	}
	w.vendor.fault = nil
	if !w.give(t, session("one")).Correct {
		t.Error("refused after the fault")
	}
}

// faulty is a store of which an operation fails.
type faulty struct {
	once.Store
	read, spend, repeat error
	lostReply           bool // SpendTicket writes, and meets its own write
}

func (f *faulty) Ticket(ctx context.Context, sub, id string) (credentials.Use, error) {
	if f.read != nil {
		return credentials.Use{}, f.read
	}
	return f.Store.Ticket(ctx, sub, id)
}

func (f *faulty) SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error {
	if f.lostReply {
		return errors.Join(f.Store.SpendTicket(ctx, sub, id, use), credentials.ErrCondition)
	}
	if f.spend != nil {
		return f.spend
	}
	return f.Store.SpendTicket(ctx, sub, id, use)
}

func (f *faulty) RepeatTicket(ctx context.Context, sub, id string, digest []byte) error {
	if f.repeat != nil {
		return f.repeat
	}
	return f.Store.RepeatTicket(ctx, sub, id, digest)
}

func TestFaultsOfTheTable(t *testing.T) {
	throttled := errors.New("throttled")
	w := newWorld(t)
	f := &faulty{Store: w.Store}
	w.Store = f
	wantFault := func(during string) {
		t.Helper()
		a := session("one")
		a.Started = w.now
		if verdict, err := w.Check(t.Context(), a); !errors.Is(err, throttled) || verdict.Correct {
			t.Errorf("%s: verdict %+v, error %v", during, verdict, err)
		}
	}
	f.read = throttled
	wantFault("reading")
	f.read, f.spend = nil, throttled
	wantFault("recording")
	f.spend, f.lostReply = nil, true
	if !w.give(t, session("one")).Correct {
		t.Error("refused because the reply to the record was lost")
	}
	w.now = w.now.Add(time.Second)
	f.repeat = throttled
	wantFault("recording a repeat")
	f.repeat = nil
	if !w.give(t, session("one")).Correct {
		t.Error("refused after the fault")
	}
}

// What is recorded of one user or method concerns no other.
func TestOthersAreNotConcerned(t *testing.T) {
	w := newWorld(t)
	w.give(t, session("one"))
	other := session("two")
	other.User.Sub = "other"
	if !w.give(t, other).Correct {
		t.Error("another user's answer of the same text was refused")
	}
}
