package answer_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// The clock of the function that verifies is ahead of or behind the one that
// issued the challenge: half a minute is forgiven at either end of its life.
func TestClockSkew(t *testing.T) {
	const session, stamp = 180 * time.Second, 300 * time.Second
	for _, c := range []struct {
		name    string
		stamped bool
		skew    time.Duration
		reason  string // empty: accepted
	}{
		{"a session's challenge, 29 s behind", false, -29 * time.Second, ""},
		{"rejects a session's challenge, 31 s behind", false, -31 * time.Second, "challenge_from_the_future"},
		{"a session's challenge, 29 s late", false, session + 29*time.Second, ""},
		{"rejects a session's challenge, 31 s late", false, session + 31*time.Second, "challenge_expired"},
		{"a stamp, 29 s behind", true, -29 * time.Second, ""},
		{"rejects a stamp, 31 s behind", true, -31 * time.Second, "challenge_from_the_future"},
		{"a stamp, 29 s late", true, stamp + 29*time.Second, ""},
		{"rejects a stamp, 31 s late", true, stamp + 31*time.Second, "challenge_expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, a := withPasskey(t)
			open := s.Begin(t, u)
			options := open.Options()
			if c.stamped {
				options = s.SignInOptions(t)
			}
			answer := journey.Assert(t, a, options)
			s.Advance(c.skew)
			if c.stamped {
				open = s.Begin(t, u)
			}
			if c.reason != "" {
				s.WantRefused(t, open, answer, c.reason)
			} else {
				s.WantTokens(t, open, answer)
			}
		})
	}
}

// The key of stamps rotates while somebody signs in. The function that verifies
// was deployed before or after; it knows the current, the next and the previous key.
func TestRotationDuringASignIn(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, after  int  // rotations before the options were made, and after
		deployedBefore bool // Verify has the keys from before the first rotation
		reason         string
	}{
		{"none", 0, 0, false, ""},
		{"once, after the options: the previous key", 0, 1, false, ""},
		{"once, before the options: Verify is not deployed yet, and knows the next key", 1, 0, true, ""},
		{"once, before the options: the current key", 1, 0, false, ""},
		{"rejects the key before the previous", 0, 2, false, "wrong_challenge"},
		{"rejects the key after the next", 2, 0, true, "wrong_challenge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, u, a := withPasskey(t)
			verifying := journey.New(t)
			verifying.Store, verifying.StampRing, verifying.DecoyRing = s.Store, s.StampRing, s.DecoyRing
			if c.deployedBefore {
				verifying.Begin(t, u)
			}
			rotate(s, c.before)
			answer := journey.Assert(t, a, s.SignInOptions(t))
			rotate(s, c.after)

			user := s.Call(t, routes.SignInUser, "", nil, map[string]any{"credential": json.RawMessage(answer)})
			if known := user.StatusCode == http.StatusOK; known != (c.after < 2) {
				t.Errorf("asked for the user name, the API answers %d %s", user.StatusCode, user.Body)
			}
			open := verifying.Begin(t, u)
			if c.reason != "" {
				verifying.WantRefused(t, open, answer, c.reason)
			} else {
				verifying.WantTokens(t, open, answer)
			}
		})
	}
}

func rotate(s *journey.Stack, times int) {
	for range times {
		s.StampRing.Rotate()
	}
}

// The key of false lists has no part in what is verified.
func TestDecoyKeyRotatesDuringASignIn(t *testing.T) {
	s, u, a := withPasskey(t)
	session := s.Begin(t, u)
	s.DecoyRing.Rotate()
	s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
}
