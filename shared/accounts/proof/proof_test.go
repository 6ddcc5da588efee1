package proof_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	subA   = "5f0c8d2e-0000-4000-8000-00000000000a"
	subB   = "5f0c8d2e-0000-4000-8000-00000000000b"
	source = "192.0.2.1"
)

// claim is what the tests prove, unless they say otherwise.
var claim = proof.Claim{Purpose: mail.KindSignUp, Address: "ann@example.com", ClientID: journey.ClientID, Subject: "subject"}

// scene is a stack with a desk for proofs.
type scene struct {
	*journey.Stack
	desk proof.Desk
	post *journey.Postbox
}

func newScene(t testing.TB, store credentials.Store) *scene {
	t.Helper()
	s := &scene{Stack: journey.New(t), post: &journey.Postbox{}}
	s.Store = store
	s.desk = s.Proofs(s.post)
	return s
}

// ask asks for a code and returns the id of the proof.
func (s *scene) ask(t testing.TB, change ...func(*proof.Request)) proof.Asked {
	t.Helper()
	request := proof.Request{Claim: claim, SourceIP: source, Locale: "de", Started: s.Now()}
	for _, c := range change {
		c(&request)
	}
	return s.desk.Ask(t.Context(), request)
}

// mailed asks for a code and returns what gives it back.
func (s *scene) mailed(t testing.TB, change ...func(*proof.Request)) proof.Attempt {
	t.Helper()
	asked := s.ask(t, change...)
	letters := s.post.Letters()
	if asked.Withheld != "" || asked.Fault != nil || len(letters) != 1 {
		t.Fatalf("asked is %+v, and %d letters went", asked, len(letters))
	}
	return proof.Attempt{Claim: claim, ID: asked.ID, Code: letters[0].Code, Started: s.Now()}
}

// redeem returns "right", or why an attempt that begins now is wrong.
func (s *scene) redeem(t testing.TB, a proof.Attempt) string {
	t.Helper()
	a.Started = s.Now()
	verdict, err := s.desk.Redeem(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Correct {
		return right
	}
	return verdict.Reason
}

const (
	right = "right"
	spent = "answer_spent"
)

func TestCodeProvesTheAddress(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	asked := s.ask(t)
	letters := s.post.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters, want 1", len(letters))
	}
	want := mail.Letter{
		Kind: mail.KindSignUp, To: "ann@example.com", Locale: "de", Code: letters[0].Code, Lifetime: journey.CodeLifetime,
	}
	if diff := cmp.Diff(want, letters[0]); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
	attempt := proof.Attempt{Claim: claim, ID: asked.ID, Code: letters[0].Code}
	attempt.Address = "Ann@Example.com" // as it is typed the second time
	if got := s.redeem(t, attempt); got != right {
		t.Errorf("the code is %s", got)
	}
}

func TestRedeemRejects(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *scene, a *proof.Attempt)
		want   string
	}{
		"rejects another code":             {func(_ *scene, a *proof.Attempt) { a.Code = journey.OtherCode(a.Code) }, "wrong_code"},
		"rejects another purpose":          {func(_ *scene, a *proof.Attempt) { a.Purpose = mail.KindRecovery }, "wrong_code"},
		"rejects another address":          {func(_ *scene, a *proof.Attempt) { a.Address = "bob@example.com" }, "wrong_code"},
		"rejects another app client":       {func(_ *scene, a *proof.Attempt) { a.ClientID = "other" }, "wrong_code"},
		"rejects another subject":          {func(_ *scene, a *proof.Attempt) { a.Subject = "" }, "wrong_code"},
		"rejects another proof's code":     {func(s *scene, a *proof.Attempt) { s.Advance(time.Hour); a.ID = s.ask(t).ID }, "wrong_code"},
		"rejects a proof nobody asked":     {func(_ *scene, a *proof.Attempt) { a.ID = strings.Repeat("A", len(a.ID)) }, "unknown_proof"},
		"rejects an id of another form":    {func(_ *scene, a *proof.Attempt) { a.ID += "A" }, "unknown_proof"},
		"rejects what is no code":          {func(_ *scene, a *proof.Attempt) { a.Code += "0" }, "unknown_proof"},
		"rejects an expired code":          {func(s *scene, _ *proof.Attempt) { s.Advance(journey.CodeLifetime) }, "mail_expired"},
		"rejects a code of a replaced key": {func(s *scene, _ *proof.Attempt) { s.MailRing.Rotate() }, "wrong_code"},
		"rejects a withheld code's proof":  {func(s *scene, a *proof.Attempt) { a.ID = s.ask(t).ID }, "unknown_proof"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, &passkeytest.Memory{})
			attempt := s.mailed(t)
			c.change(s, &attempt)
			if got := s.redeem(t, attempt); got != c.want {
				t.Errorf("it is %s, want %s", got, c.want)
			}
		})
	}
}

func TestWrongCodesEndTheProof(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	attempt := s.mailed(t)
	wrong := attempt
	wrong.Code = journey.OtherCode(wrong.Code)
	for range credentials.MaxWrongTries {
		if got := s.redeem(t, wrong); got != "wrong_code" {
			t.Errorf("a wrong code is %s", got)
		}
	}
	if got := s.redeem(t, attempt); got != "too_many_tries" {
		t.Errorf("the right code is %s after that", got)
	}
}

// A reply can get lost: the same attempt keeps its verdict, for as long and as
// often as that of a sign-in, and tells the user that was made for it.
func TestRepeats(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	attempt := s.mailed(t)
	if got := s.redeem(t, attempt); got != right {
		t.Fatalf("the code is %s", got)
	}
	if err := s.desk.Note(t.Context(), attempt.ID, subA); err != nil {
		t.Fatal(err)
	}
	if err := s.desk.Note(t.Context(), attempt.ID, subB); !errors.Is(err, credentials.ErrCondition) {
		t.Errorf("another user was noted: %v", err)
	}
	s.Advance(10 * time.Second)
	changed := attempt
	changed.ClientID = "other"
	if got := s.redeem(t, changed); got != spent {
		t.Errorf("another attempt is %s", got)
	}
	if got := s.redeem(t, attempt); got != right {
		t.Errorf("the repeat is %s", got)
	}
	if sub, err := s.desk.User(t.Context(), attempt.ID); err != nil || sub != subA {
		t.Errorf("the user is %q, error %v", sub, err)
	}
	s.Advance(11 * time.Second)
	if got := s.redeem(t, attempt); got != spent {
		t.Errorf("a repeat after the grace is %s", got)
	}
}

func TestRepeatsAreFew(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	attempt := s.mailed(t)
	for i := range credentials.MaxRepeats + 2 {
		s.Advance(time.Second)
		want := right
		if i >= credentials.MaxRepeats {
			want = spent
		}
		if got := s.redeem(t, attempt); got != want {
			t.Errorf("attempt %d is %s, want %s", i+1, got, want)
		}
	}
}

// However the clock jumps, a code counts no more often than a lost reply allows,
// and for no attempt that begins before it was recorded.
func TestClockJumps(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	attempt := s.mailed(t)
	if got := s.redeem(t, attempt); got != right {
		t.Fatalf("the code is %s", got)
	}
	for _, jump := range []time.Duration{-time.Hour, 30 * time.Minute, 24 * time.Hour, -12 * time.Hour} {
		s.Advance(jump)
		if got := s.redeem(t, attempt); got != spent {
			t.Errorf("after a jump by %s it is %s", jump, got)
		}
	}
	s.Advance(-11*time.Hour - 30*time.Minute) // when it was recorded
	again := 0
	for i := range 40 {
		s.Advance(time.Duration(i%3-1) * time.Second)
		if s.redeem(t, attempt) == right {
			again++
		}
	}
	if again > credentials.MaxRepeats-1 {
		t.Errorf("it counts %d times more, want %d at most", again, credentials.MaxRepeats-1)
	}
}

// Whoever gives the code back at the same moment, one counts.
func TestCrowd(t *testing.T) {
	table := passkeytest.NewTable(t)
	s := newScene(t, &together{Store: dynamo.New(table.Client, table.Name)})
	attempt := s.mailed(t)
	s.Store.(*together).barrier.Hold()
	proved := 0
	for _, got := range passkeytest.AtOnce(func(int) string { return s.redeem(t, attempt) }) {
		switch got {
		case right:
			proved++
		case spent:
		default:
			t.Errorf("an attempt is %s", got)
		}
	}
	if proved != 1 {
		t.Errorf("%d attempts count, want 1", proved)
	}
}

// together has a crowd read a proof before anyone of it records.
type together struct {
	credentials.Store
	barrier passkeytest.Barrier
}

func (s *together) Proof(ctx context.Context, id string) (credentials.Proof, error) {
	p, err := s.Store.Proof(ctx, id)
	s.barrier.Wait()
	return p, err
}

// stepped makes actors take turns at the operations that decide.
type stepped struct{ credentials.Store }

func (s stepped) Proof(ctx context.Context, id string) (credentials.Proof, error) {
	orders.Step(ctx, "reads")
	return s.Store.Proof(ctx, id)
}

func (s stepped) SpendProof(ctx context.Context, id string, use credentials.Use) error {
	orders.Step(ctx, "records")
	return s.Store.SpendProof(ctx, id, use)
}

func (s stepped) RepeatProof(ctx context.Context, id string, digest []byte) error {
	orders.Step(ctx, "repeats")
	return s.Store.RepeatProof(ctx, id, digest)
}

// In every order of two attempts, of which each begins when it reads, one counts
// first, and the other only as its repeat.
func TestOrdersOfOneCodeTwice(t *testing.T) {
	orders.Explore(t, func(p *orders.Play) func() {
		s := newScene(t, stepped{&passkeytest.Memory{}})
		p.Tick = func() { s.Advance(time.Millisecond) }
		attempt := s.mailed(t)
		results := map[string]string{}
		for _, name := range []string{"one", "other"} {
			p.Add(name, func(ctx context.Context) {
				own := attempt
				own.Started = s.Now()
				verdict, err := s.desk.Redeem(ctx, own)
				if err != nil {
					t.Error(err)
				}
				results[name] = verdict.Reason
			})
		}
		return func() {
			if results["one"] != "" && results["other"] != "" {
				t.Errorf("neither counts: %v", results)
			}
		}
	})
}

// A right code and wrong ones at the same moment: the tries stay bounded, and the
// code counts unless they came first.
func TestGuessesAtOnce(t *testing.T) {
	s := newScene(t, &passkeytest.Memory{})
	attempt := s.mailed(t)
	wrong := attempt
	wrong.Code = journey.OtherCode(wrong.Code)
	for _, got := range passkeytest.AtOnce(func(int) string { return s.redeem(t, wrong) }) {
		if got != "wrong_code" && got != "too_many_tries" {
			t.Errorf("a guess is %s", got)
		}
	}
	p, err := s.Store.Proof(t.Context(), attempt.ID)
	if err != nil || p.Wrong != credentials.MaxWrongTries || !p.Use.Time.IsZero() {
		t.Errorf("the proof is %+v, error %v", p, err)
	}
}

// Whoever asks is told the same, as fast, whether a code goes or not.
func TestRequestsLookAlike(t *testing.T) {
	for name, c := range map[string]struct {
		before   func(t *testing.T, s *scene)
		change   func(*proof.Request)
		withheld string
		fault    string
	}{
		"a code":                      {},
		"a code that may not be sent": {change: func(r *proof.Request) { r.Withheld = "no_such_user" }, withheld: "no_such_user"},
		"an address that got one":     {before: func(t *testing.T, s *scene) { s.mailed(t) }, withheld: "rate_limited"},
		"an address in another case":  {before: func(t *testing.T, s *scene) { s.mailed(t) }, change: func(r *proof.Request) { r.Address = "ANN@example.com" }, withheld: "rate_limited"},
		"a user of another address": {
			before: func(t *testing.T, s *scene) {
				s.mailed(t, func(r *proof.Request) { r.Sub, r.Address = subA, "old@example.com" })
			},
			change: func(r *proof.Request) { r.Sub = subA }, withheld: "rate_limited",
		},
		"an address that asked to sign in": {before: func(t *testing.T, s *scene) {
			key, err := s.MailRing.Ring(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if within, err := s.desk.Quota.Take(t.Context(), quota.Mail(key.Current(), subA, claim.Address)...); err != nil || !within {
				t.Fatalf("the mail is refused: %v", err)
			}
		}, withheld: "rate_limited"},
		"a number that got one": {
			before: func(t *testing.T, s *scene) {
				s.mailed(t, func(r *proof.Request) { r.Address, r.Further = "bob@example.com", countOfANumber })
			},
			change: func(r *proof.Request) { r.Further = countOfANumber }, withheld: "rate_limited",
		},
		"a judge who says no": {change: func(r *proof.Request) {
			r.Judge = func(context.Context) (string, error) { return "not_in_roster", nil }
		}, withheld: "not_in_roster"},
		"a judge who can't say": {change: func(r *proof.Request) {
			r.Judge = func(context.Context) (string, error) { return "", errors.New("outage") }
		}, fault: "outage"},
		"no mail service": {before: func(_ *testing.T, s *scene) { s.post.Fail(errors.New("MessageRejected")) }, fault: "sending the letter: MessageRejected"},
		"no key":          {before: func(_ *testing.T, s *scene) { s.MailRing.Fail(errors.New("outage")) }, fault: "reading the mail key: outage"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, &passkeytest.Memory{})
			if c.before != nil {
				c.before(t, s)
			}
			before := s.Now()
			asked := s.ask(t, func(r *proof.Request) {
				if c.change != nil {
					c.change(r)
				}
			})
			if took := s.Now().Sub(before); took != sent.MinimumTime {
				t.Errorf("it took %s, want %s", took, sent.MinimumTime)
			}
			if len(asked.ID) != 26 || asked.Withheld != c.withheld {
				t.Errorf("asked is %+v, want it withheld for %q", asked, c.withheld)
			}
			if (asked.Fault == nil) != (c.fault == "") || asked.Fault != nil && asked.Fault.Error() != c.fault {
				t.Errorf("the fault is %v, want %q", asked.Fault, c.fault)
			}
			_, err := s.Store.Proof(t.Context(), asked.ID)
			if c.withheld != "" && !errors.Is(err, credentials.ErrNotFound) {
				t.Errorf("something was stored: %v", err)
			}
		})
	}
}

// countOfANumber is what a letter counts under beside its address and source.
func countOfANumber(key secret.Key) []quota.Count {
	return []quota.Count{quota.NewCount(key, "number", "K1", quota.Mails)}
}

// What each step costs in the table.
func TestOperations(t *testing.T) {
	const get, update = "GetItem", "UpdateItem"
	table := passkeytest.NewTable(t)
	s := newScene(t, dynamo.New(table.Client, table.Name))
	want := func(doing string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, table.Operations()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doing, diff)
		}
	}
	attempt := s.mailed(t)
	want("a code", get, get, update, update, update)
	s.ask(t)
	want("a code that was withheld for its address", get)
	wrong := attempt
	wrong.Code = journey.OtherCode(wrong.Code)
	s.redeem(t, wrong)
	want("a wrong code", get, update)
	s.redeem(t, attempt)
	want("the right code", get, update)
	s.Advance(time.Second)
	s.redeem(t, attempt)
	want("the repeat", get, update)
	s.Advance(time.Minute)
	s.redeem(t, attempt)
	want("a spent code", get)
	unknown := attempt
	unknown.ID = strings.Repeat("A", len(unknown.ID))
	s.redeem(t, unknown)
	want("an unknown proof", get, update) // as a wrong code, so that the time tells nobody whether one was sent
	unknown.ID = "?"
	s.redeem(t, unknown)
	want("what is no id")
}

func TestFaultsAreNoVerdicts(t *testing.T) {
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	s := newScene(t, dynamo.New(client, table.Name))
	const always = 100
	for _, c := range []struct{ operation, code, name string }{
		{"GetItem", "", "reading the proof"}, {"UpdateItem", "wrong", "counting a wrong code"}, {"UpdateItem", "", "recording the proof"},
	} {
		attempt := s.mailed(t)
		if c.code == "wrong" {
			attempt.Code = journey.OtherCode(attempt.Code)
		}
		wire.Break(c.operation, passkeytest.InternalError, always)
		verdict, err := s.desk.Redeem(t.Context(), attempt)
		if err == nil || !strings.HasPrefix(err.Error(), c.name) || verdict != (proof.Verdict{}) {
			t.Errorf("%s: the verdict is %+v, error %v", c.name, verdict, err)
		}
		wire.Break(c.operation, nil, 0)
		s.Advance(time.Hour)
	}
}

// A reply of the table that got lost is asked for again, and the attempt counts.
func TestLostReplyOfTheRecord(t *testing.T) {
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	s := newScene(t, dynamo.New(client, table.Name))
	attempt := s.mailed(t)
	wire.Break("UpdateItem", passkeytest.LostReply, 1)
	if got := s.redeem(t, attempt); got != right {
		t.Errorf("the code is %s", got)
	}
}
