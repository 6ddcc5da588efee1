package credentials

import (
	"bytes"
	"crypto/rand"
	"time"
)

// Use is what is remembered of a challenge that was answered rightly, or of a
// ticket that was accepted.
type Use struct {
	Digest     []byte    // of the answer
	Invocation []byte    // who recorded it
	Time       time.Time // when it was recorded, by RoundUp
	Times      int       // how often it was answered "correct"
	Issued     time.Time
	Expires    time.Time
}

// What becomes of an answer that is repeated in its session. Cognito tries a
// trigger up to 3 times, for 5 s each.
const (
	MaxRepeats = 3                // how often one answer may be found correct, the first time included
	grace      = 20 * time.Second // how long it may be
)

// TicketKept is how long the use of a ticket is kept after the ticket expired.
const TicketKept = time.Hour

// RepeatedBy reports whether an answer of that digest is the one that was
// recorded, given again: begun after the record, and within the grace. How
// often, MaxRepeats, is counted by the store.
func (u Use) RepeatedBy(digest []byte, started, now time.Time) bool {
	return bytes.Equal(u.Digest, digest) && !started.Before(u.Time) && !now.After(u.Time.Add(grace))
}

// NewInvocation returns what tells one invocation of a function from others.
func NewInvocation() []byte {
	invocation := make([]byte, 8)
	_, _ = rand.Read(invocation) // never fails since Go 1.24: it ends the program instead
	return invocation
}

// RoundUp is a time in whole milliseconds, as a store keeps it, but never
// earlier: an answer that began in the same millisecond as the record did
// overlapped with it and is no repeat.
func RoundUp(t time.Time) time.Time { return t.Add(time.Millisecond - 1).Truncate(time.Millisecond) }
