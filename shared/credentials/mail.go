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
	Last time.Time // the latest
	Day  int64     // of Sent, in days since the epoch
	Sent int       // on that day
}

// Limit is how many letters a Rate may count.
type Limit struct {
	Pause  time.Duration // between two; 0: none
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
	if limit.Pause > 0 && !r.Last.IsZero() && !r.Last.Before(now.Add(-limit.Pause)) {
		return r, false
	}
	day := now.Unix() / int64(24*time.Hour/time.Second)
	if r.Last.IsZero() || r.Day < day {
		return Rate{Last: now, Day: day, Sent: 1}, true
	}
	if r.Sent >= limit.PerDay {
		return r, false
	}
	return Rate{Last: now, Day: r.Day, Sent: r.Sent + 1}, true
}
