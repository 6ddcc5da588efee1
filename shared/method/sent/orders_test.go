package sent_test

import (
	"context"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
)

// steppedStore makes a step of each operation on what was sent.
type steppedStore struct{ credentials.Store }

func (s steppedStore) Mailing(ctx context.Context, sub, sk string) (credentials.Mailing, error) {
	orders.Step(ctx, "reads")
	return s.Store.Mailing(ctx, sub, sk)
}

func (s steppedStore) SpendMailing(ctx context.Context, sub, sk string, token []byte, use credentials.Use) error {
	orders.Step(ctx, "records")
	return s.Store.SpendMailing(ctx, sub, sk, token, use)
}

func (s steppedStore) RepeatMailing(ctx context.Context, sub, sk string, digest []byte) error {
	orders.Step(ctx, "repeats")
	return s.Store.RepeatMailing(ctx, sub, sk, digest)
}

// exploreAnswers has two sessions answered in every order, and each outcome checked.
func exploreAnswers(t *testing.T, begin func(scene) (first, second *journey.Session, answer string), check func(right []string, p *orders.Play)) {
	t.Helper()
	orders.Explore(t, func(p *orders.Play) func() {
		stack := journey.New(t)
		stack.Store = steppedStore{stack.Store}
		s := scene{stack, stack.Mails(t), stack.NewUser(subA)}
		p.Tick = func() { s.Advance(time.Millisecond) }
		first, second, answer := begin(s)
		var right []string
		for name, session := range map[string]*journey.Session{"one": first, "other": second} {
			p.Add(name, func(ctx context.Context) {
				orders.Step(ctx, "starts")
				verified, err := s.Verify(ctx, session, answer, nil)
				if err != nil {
					t.Error(err)
				} else if verified.Response.AnswerCorrect {
					right = append(right, name)
				}
			})
		}
		return func() { check(right, p) }
	})
}

// A link that is answered in two sessions at once signs in to one of them.
func TestOrdersOfOneLinkInTwoSessions(t *testing.T) {
	exploreAnswers(t, func(s scene) (first, second *journey.Session, answer string) {
		const nonce = "kept by the browser"
		ask := map[string]string{"signInMethod": "MAGIC_LINK", "browser": hashOf(nonce)}
		first = s.Ask(t, s.user, ask)
		answer = withNonce(t, journey.Token(t, s.letter(t)), nonce)
		return first, s.Begin(t, s.user), answer
	}, func(right []string, _ *orders.Play) {
		if len(right) != 1 {
			t.Errorf("right are %v, want one", right)
		}
	})
}

// Cognito may call Verify again while the first call is under way: then one of the
// two is right, and both only where the second is the repeat of a call that had
// come as far as its record.
func TestOrdersOfOneCodeTwice(t *testing.T) {
	exploreAnswers(t, func(s scene) (first, second *journey.Session, answer string) {
		session := s.Ask(t, s.user, journey.AskCode)
		return session, session, s.letter(t).Code
	}, func(right []string, p *orders.Play) {
		repeats := func(first, second string) bool {
			return p.Happened(first+" reads", second+" starts") && p.Happened(first+" records", second+" reads")
		}
		want := 1
		if repeats("one", "other") || repeats("other", "one") {
			want = 2
		}
		if len(right) != want {
			t.Errorf("right are %v, want %d", right, want)
		}
	})
}

// The SDK repeats a write whose reply was lost, and then finds its own record.
func TestAnswerWhoseRecordWasConfirmedLate(t *testing.T) {
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	stack := journey.New(t)
	stack.Store = dynamo.New(client, table.Name)
	s := scene{stack, stack.Mails(t), stack.NewUser(subA)}
	session := s.Ask(t, s.user, journey.AskCode)
	code := s.letter(t).Code
	wire.Break("UpdateItem", passkeytest.LostReply, 1)
	s.WantTokens(t, session, code)
}
