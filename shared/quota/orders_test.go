package quota_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// steppedStore makes a step of each operation on a rate.
type steppedStore struct{ passkeytest.Memory }

func (s *steppedStore) Rate(ctx context.Context, key string) (credentials.Rate, error) {
	orders.Step(ctx, "reads")
	return s.Memory.Rate(ctx, key)
}

func (s *steppedStore) SetRate(ctx context.Context, key string, before, after credentials.Rate) error {
	orders.Step(ctx, "counts")
	return s.Memory.SetRate(ctx, key, before, after)
}

// Of letters that are asked for at once there are as many as there may be, in
// every order: one where they have a pause between them.
func TestOrdersOfLettersAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		limit credentials.Limit
		want  int
	}{
		"with a pause":          {quota.Mails, 1},
		"with room for both":    {credentials.Limit{PerDay: 2}, 2},
		"with room for one":     {credentials.Limit{PerDay: 1}, 1},
		"with a burst for both": {credentials.Limit{Pause: time.Minute, Burst: 2, PerDay: 10}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			orders.Explore(t, func(p *orders.Play) func() {
				q := quota.Quota{Store: &steppedStore{}, Now: func() time.Time { return noon }}
				taken := 0
				for _, name := range []string{"one", "other"} {
					p.Add(name, func(ctx context.Context) {
						within, err := q.Take(ctx, quota.NewCount(secret.Key{}, "kind", "value", c.limit))
						if err != nil {
							t.Error(err)
						}
						if within {
							taken++
						}
					})
				}
				return func() {
					if taken != c.want {
						t.Errorf("%d letters, want %d", taken, c.want)
					}
				}
			})
		})
	}
}

// What a count was is kept for the whole of its day, and a clock that jumps back
// to the day before begins no count anew.
func TestCountOutlivesAJumpOfTheClock(t *testing.T) {
	limit := credentials.Limit{PerDay: 2}
	rate := credentials.Rate{}
	for i, c := range []struct {
		at   time.Time
		want bool
	}{{noon, true}, {noon.Add(-24 * time.Hour), true}, {noon.Add(-24 * time.Hour), false}, {noon, false}, {noon.Add(24 * time.Hour), true}} {
		next, within := rate.Next(c.at, limit)
		if within != c.want {
			t.Errorf("letter %d at %s: %t, want %t", i, c.at, within, c.want)
		}
		rate = next
	}
	if kept := rate.Expires().Sub(rate.Last); kept < 24*time.Hour {
		t.Errorf("it is kept for %s", kept)
	}
}

// failing is a store whose counts can't be written.
type failing struct{ passkeytest.Memory }

func (*failing) SetRate(context.Context, string, credentials.Rate, credentials.Rate) error {
	return errors.New("throttled")
}

// A letter that can't be counted is not sent.
func TestFaultSendsNothing(t *testing.T) {
	q := quota.Quota{Store: &failing{}, Now: func() time.Time { return noon }}
	within, err := q.Take(t.Context(), quota.Mail(secret.Key{}, "sub", "ann@example.com")...)
	if within || err == nil || err.Error() != "counting the letter: throttled" {
		t.Errorf("a letter may be sent: %t, error %v", within, err)
	}
}

func TestMailsAreOneAMinuteAndTenADay(t *testing.T) {
	now := noon
	q := quota.Quota{Store: &passkeytest.Memory{}, Now: func() time.Time { return now }}
	sent := 0
	for range 11 * 4 {
		now = now.Add(15 * time.Second)
		within, err := q.Take(t.Context(), quota.Mail(secret.Key{}, "sub", "ann@example.com")...)
		if err != nil {
			t.Fatal(err)
		}
		if within {
			sent++
		}
	}
	if sent != 10 {
		t.Errorf("%d mails in eleven minutes, want ten", sent)
	}
}
