package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// ReservedFor is how long a reservation lasts: longer than what lets somebody
// create an account, so that it does so once. Who did not come so far may begin
// again after it.
const ReservedFor = 6 * time.Minute

// Ledger records who creates an account, at places that a Roster found. It needs
// no pepper. It is safe for concurrent use.
type Ledger struct {
	Store Store
	Now   func() time.Time
}

// Reserve reserves an entry, so that nobody else creates an account for it
// meanwhile, and returns Free; or why not. The same holder may reserve it again.
func (l Ledger) Reserve(ctx context.Context, at credentials.Place, holder string) (Standing, error) {
	return l.change(ctx, at, func(person *credentials.Person, now time.Time) Standing {
		switch {
		case person.Sub != "":
			return Claimed
		case person.Holder != holder && isReserved(*person, now):
			return Reserved
		}
		person.Holder, person.Reserved = holder, now.Add(ReservedFor)
		return Free
	})
}

// Claim records the user for whom an account was created, for good, and returns
// Free; or why not. The same user may claim the entry again. A reservation is not
// asked for: who was let through before may be late, and the first one counts.
func (l Ledger) Claim(ctx context.Context, at credentials.Place, sub string) (Standing, error) {
	return l.change(ctx, at, func(person *credentials.Person, _ time.Time) Standing {
		if person.Sub != "" && person.Sub != sub {
			return Claimed
		}
		*person = credentials.Person{Address: person.Address, Sub: sub}
		return Free
	})
}

// tries is how often a change is tried that meets others of the same entry.
const tries = 4

// change makes a change unless it returns another standing than Free, or the
// entry is not what it was at the place.
func (l Ledger) change(ctx context.Context, at credentials.Place, change func(*credentials.Person, time.Time) Standing) (Standing, error) {
	for range tries {
		before, err := l.Store.Person(ctx, at.Key)
		if err != nil && !errors.Is(err, credentials.ErrNotFound) {
			return "", fmt.Errorf("reading the roster: %w", err)
		}
		if s := standing(before, at.Address); s == Unknown || s == OtherAddress {
			return s, nil
		}
		after := before
		if s := change(&after, l.Now()); s != Free {
			return s, nil
		}
		err = l.Store.SetPerson(ctx, at.Key, before, after)
		if err == nil {
			return Free, nil
		}
		if !errors.Is(err, credentials.ErrCondition) {
			return "", fmt.Errorf("writing the roster: %w", err)
		}
	}
	return "", fmt.Errorf("writing the roster: %w", credentials.ErrConflict)
}
