package credentials_test

import (
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// A record is never earlier than it was made, so that what began in the same
// millisecond is no repeat.
func TestRoundUp(t *testing.T) {
	whole := time.UnixMilli(1_790_000_000_000)
	for at, want := range map[time.Time]time.Time{
		whole:                           whole,
		whole.Add(time.Nanosecond):      whole.Add(time.Millisecond),
		whole.Add(time.Millisecond - 1): whole.Add(time.Millisecond),
		whole.Add(time.Millisecond):     whole.Add(time.Millisecond),
	} {
		if got := credentials.RoundUp(at); !got.Equal(want) {
			t.Errorf("%s becomes %s, want %s", at, got, want)
		}
	}
}

func TestRepeatedBy(t *testing.T) {
	use := credentials.Use{Digest: []byte("digest"), Time: time.UnixMilli(1_790_000_000_000)}
	const grace = 20 * time.Second
	for _, c := range []struct {
		name         string
		digest       string
		started, now time.Duration // after the record
		want         bool
	}{
		{"the same answer", "digest", 0, 0, true},
		{"until the grace ends", "digest", time.Second, grace, true},
		{"rejects another answer", "another", 0, 0, false},
		{"rejects what overlapped", "digest", -time.Nanosecond, time.Second, false},
		{"rejects what comes after the grace", "digest", time.Second, grace + time.Nanosecond, false},
	} {
		if got := use.RepeatedBy([]byte(c.digest), use.Time.Add(c.started), use.Time.Add(c.now)); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
