package quota_test

import (
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

var noon = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// taken is how many of a crowd of letters that are asked for at once there may be.
func taken(t *testing.T, q quota.Quota, counts ...quota.Count) int {
	t.Helper()
	letters := make(chan struct{}, passkeytest.Crowd)
	for _, err := range passkeytest.AtOnce(func(int) error {
		within, err := q.Take(t.Context(), counts...)
		if within {
			letters <- struct{}{}
		}
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return len(letters)
}

// A count that all users share takes every letter up to its limit, also of those
// that are asked for at once; one with a pause takes one of them.
func TestLettersAtOnce(t *testing.T) {
	q := quota.Quota{Store: &passkeytest.Memory{}, Now: func() time.Time { return noon }}
	altogether := quota.NewCount(secret.Key{}, "all", "", credentials.Limit{PerDay: 7})
	if n := taken(t, q, altogether); n != 7 {
		t.Errorf("%d letters, want all 7 that there may be", n)
	}
	if n := taken(t, q, quota.Mail(secret.Key{}, "sub", "ann@example.com")...); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}

// What one count refuses is counted under none.
func TestRefusedLettersAreNotCounted(t *testing.T) {
	now := noon
	q := quota.Quota{Store: &passkeytest.Memory{}, Now: func() time.Time { return now }}
	altogether := quota.NewCount(secret.Key{}, "all", "", credentials.Limit{PerDay: 2})
	ask := func(address string) bool {
		within, err := q.Take(t.Context(), append(quota.Mail(secret.Key{}, "", address), altogether)...)
		if err != nil {
			t.Fatal(err)
		}
		return within
	}
	for i, c := range []struct {
		address string
		after   time.Duration
		want    bool
	}{
		{"ann@example.com", 0, true}, {"Ann@Example.com", time.Minute - 1, false}, {"bob@example.com", 0, true},
		{"eve@example.com", time.Hour, false}, {"eve@example.com", 12 * time.Hour, true},
	} {
		now = now.Add(c.after)
		if got := ask(c.address); got != c.want {
			t.Errorf("letter %d, to %s at %s: %t, want %t", i, c.address, now, got, c.want)
		}
	}
}

// One source may ask for a burst of mails to whomever, then for one in each pause,
// and for so many in a day, also when the clock jumps back and forth.
func TestSource(t *testing.T) {
	now := noon
	q := quota.Quota{Store: &passkeytest.Memory{}, Now: func() time.Time { return now }}
	source := quota.Source(secret.Key{}, "192.0.2.1")
	if n := taken(t, q, source); n != quota.Sources.Burst {
		t.Errorf("%d mails at once, want %d", n, quota.Sources.Burst)
	}
	sent := quota.Sources.Burst
	for _, after := range []time.Duration{0, -time.Hour, time.Hour, quota.Sources.Pause - 1, 1, 0} {
		now = now.Add(after)
		if n := taken(t, q, source); n > 1 || n == 1 && after <= 0 {
			t.Errorf("%d mails %s later", n, after)
		} else {
			sent += n
		}
	}
	if sent != quota.Sources.Burst+1 {
		t.Errorf("%d mails, want one more after a pause", sent)
	}
	for range 1000 {
		now = now.Add(quota.Sources.Pause)
		sent += taken(t, q, source)
	}
	if sent != quota.Sources.PerDay {
		t.Errorf("%d mails in a day, want %d", sent, quota.Sources.PerDay)
	}
}

func TestWhatIsOneSource(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false}, {"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", true}, {"2001:db8::1", "2001:db8:0:1::1", false}, {"2001:db8::1%a", "2001:db8::1", true},
		{"", "", true}, {"", "192.0.2.1", false},
	} {
		if got := quota.Source(secret.Key{}, c.a) == quota.Source(secret.Key{}, c.b); got != c.same {
			t.Errorf("%q and %q are one source: %t, want %t", c.a, c.b, got, c.same)
		}
	}
}
