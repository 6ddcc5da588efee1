package credentials

import "time"

// Mailing is what a user was mailed to sign in with: a link, of which a user has
// one outstanding, or the code of one sign-in session.
type Mailing struct {
	Token    []byte    // SHA-256 of a link's token; empty for a code, which is not stored
	Session  string    // that asked for it
	Browser  []byte    // SHA-256 of what the browser that asked keeps; empty if it said nothing
	ClientID string    // app client that it is good for
	Expires  time.Time //
	Wrong    int       // wrong tries
	Use      Use       // zero until it signed the user in; of it, Issued and Expires are not kept
}

// MaxWrongTries is how often a mailing may be answered wrongly.
const MaxWrongTries = 5

// MailingKept is how long a mailing is kept after it expired.
const MailingKept = time.Hour

// Rate counts letters, such as those to one address or to one user. The zero
// value is that of whom nothing was sent.
type Rate struct {
	Last time.Time // the latest, or later by the pauses that a burst left out
	Day  int64     // of Sent, in days since the epoch
	Sent int       // on that day
}

// Limit is how many letters a Rate may count.
type Limit struct {
	Pause  time.Duration // between two; 0: none
	Burst  int           // how many may come at once, after as many pauses; 0: one
	PerDay int
}

// rateKept is how long a Rate is kept after the latest letter.
const rateKept = 48 * time.Hour

// Expires is when a store may forget it.
func (r Rate) Expires() time.Time { return r.Last.Add(rateKept) }

// Next returns the rate after one more letter, or false if that is too many. A
// clock that jumps back gives no further letters: the pause then lasts until it
// has caught up, and the count goes on.
func (r Rate) Next(now time.Time, limit Limit) (Rate, bool) {
	ahead := time.Duration(max(limit.Burst, 1)-1) * limit.Pause
	if limit.Pause > 0 && !r.Last.IsZero() && r.Last.After(now.Add(ahead-limit.Pause)) {
		return r, false
	}
	last := now
	if due := r.Last.Add(limit.Pause); limit.Burst > 1 && due.After(now) {
		last = due
	}
	day := now.Unix() / int64(24*time.Hour/time.Second)
	if r.Last.IsZero() || r.Day < day {
		return Rate{Last: last, Day: day, Sent: 1}, true
	}
	if r.Sent >= limit.PerDay {
		return r, false
	}
	return Rate{Last: last, Day: r.Day, Sent: r.Sent + 1}, true
}
