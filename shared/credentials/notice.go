package credentials

import "time"

// Notice is that a user is told of a change of the account.
type Notice struct {
	Kind string
	ID   string    // tells the change from every other of its kind
	Time time.Time // of the change
}

// NoticesPerDay is of how many changes of one kind a user is told in a day.
const NoticesPerDay = 20

// noticesKept is how long the notices of a day are kept after the latest.
const noticesKept = 48 * time.Hour

// Day is the notice's, in days since the epoch.
func (n Notice) Day() int64 { return n.Time.Unix() / int64(24*time.Hour/time.Second) }

// Expires is when a store may forget it.
func (n Notice) Expires() time.Time { return n.Time.Add(noticesKept) }
