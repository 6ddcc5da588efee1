package roster

import (
	"context"
	"errors"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// Outcome is what an import made of an entry.
type Outcome int

// Values of Outcome.
const (
	Imported  Outcome = iota + 1 // it is new
	Unchanged                    // it was there
	Changed                      // it has another address now, or the current pepper
	Taken                        // somebody has claimed it: it stays as it is
	Busy                         // somebody is creating an account: it stays as it is
)

// Import adds an entry, or changes the address of one for which nobody has
// created an account. What is reserved or claimed stays so; under the current
// pepper from then on, if it is claimed. An entry that is as it should be costs a
// read, another one a write besides.
func (r Roster) Import(ctx context.Context, id Identity) (Outcome, error) {
	for range tries {
		outcome, err := r.importOnce(ctx, id)
		if !errors.Is(err, credentials.ErrCondition) && !errors.Is(err, credentials.ErrConflict) {
			return outcome, err
		}
	}
	return 0, fmt.Errorf("writing the roster: %w", credentials.ErrConflict)
}

func (r Roster) importOnce(ctx context.Context, id Identity) (Outcome, error) {
	found, current, err := r.seek(ctx, id)
	if err != nil {
		return 0, err
	}
	before, after := found.person, credentials.Person{Address: current.Address, Sub: found.person.Sub}
	inPlace := found.Key == current.Key
	switch s := standing(before, found.Address); {
	case s == Unknown:
		return Imported, writing(r.Store.SetPerson(ctx, current.Key, credentials.Person{}, after))
	case inPlace && s == Free:
		return Unchanged, nil
	case isReserved(before, r.Now()):
		return Busy, nil
	case !inPlace:
		err = r.Store.MovePerson(ctx, found.Key, current.Key, before, after)
	case before.Sub == "":
		err = r.Store.SetPerson(ctx, current.Key, before, after)
	}
	if before.Sub != "" {
		return Taken, writing(err)
	}
	return Changed, writing(err)
}

func writing(err error) error {
	if err != nil {
		return fmt.Errorf("writing the roster: %w", err)
	}
	return nil
}
