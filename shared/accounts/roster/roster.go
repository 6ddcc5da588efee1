package roster

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Store is the part of the credential table that a Ledger needs.
type Store interface {
	Person(ctx context.Context, key string) (credentials.Person, error)
	SetPerson(ctx context.Context, key string, before, after credentials.Person) error
}

// Keeper is the part of the credential table that a Roster needs.
type Keeper interface {
	Store
	MovePerson(ctx context.Context, from, to string, before, after credentials.Person) error
}

// Standing is how somebody stands in the roster. Nobody but the log is told more
// than whether it is Free.
type Standing string

// Values of Standing.
const (
	Free         Standing = "free"          // may create an account
	Unknown      Standing = "not_in_roster" // there is no such account number
	OtherAddress Standing = "other_address" // there is, with another e-mail address
	Reserved     Standing = "reserved"      // an account is being created
	Claimed      Standing = "claimed"       // somebody has created one
)

// Roster finds people by what they are called, for which it needs the peppers.
// It is safe for concurrent use.
type Roster struct {
	Peppers func(context.Context) (secret.Ring, error) // of kind secret.Pepper
	Store   Keeper
	Now     func() time.Time
}

// errRing is returned when the ring is not one of peppers.
var errRing = errors.New("the roster's key ring holds no peppers: make one with new-key -for roster")

// entry is where an identity stands, or would stand, under one pepper.
type entry struct {
	credentials.Place
	person credentials.Person // zero if there is none
}

// place returns where an identity has its entry under a pepper. The pepper's id
// is part of the key, so that an operator can tell what an import after a
// rotation has not moved yet. The address is hashed with the number, so that who
// shares one is not told.
func place(pepper secret.Key, id Identity) credentials.Place {
	encode := base64.RawURLEncoding.EncodeToString
	return credentials.Place{
		Key:     encode(pepper.MAC("roster key id")[:4]) + "." + encode(pepper.MAC("roster number", id.number)),
		Address: pepper.MAC("roster address", id.number, id.email),
	}
}

// seek returns the entry of an identity's account number: under the current
// pepper, or under the previous one, or else where it would be.
func (r Roster) seek(ctx context.Context, id Identity) (found entry, current credentials.Place, err error) {
	ring, err := r.Peppers(ctx)
	if err != nil {
		return entry{}, current, fmt.Errorf("reading the roster's pepper: %w", err)
	}
	peppers := ring.Peppers()
	if len(peppers) == 0 {
		return entry{}, current, errRing
	}
	current = place(peppers[0], id)
	for _, pepper := range peppers {
		found.Place = place(pepper, id)
		found.person, err = r.Store.Person(ctx, found.Key)
		if !errors.Is(err, credentials.ErrNotFound) {
			break
		}
	}
	switch {
	case errors.Is(err, credentials.ErrNotFound):
		return entry{Place: current}, current, nil
	case err != nil:
		return entry{}, current, fmt.Errorf("reading the roster: %w", err)
	}
	return found, current, nil
}

// Find returns where somebody stands, and how: Free, Unknown, OtherAddress or
// Claimed. It reads once, and once more while the previous pepper is kept and the
// number is not found under the current one.
func (r Roster) Find(ctx context.Context, id Identity) (credentials.Place, Standing, error) {
	found, _, err := r.seek(ctx, id)
	if err != nil {
		return credentials.Place{}, "", err
	}
	return found.Place, standing(found.person, found.Address), nil
}

// standing is how somebody with that address stands, whatever is reserved.
func standing(person credentials.Person, address []byte) Standing {
	switch {
	case len(person.Address) == 0:
		return Unknown
	case !hmac.Equal(person.Address, address):
		return OtherAddress
	case person.Sub != "":
		return Claimed
	default:
		return Free
	}
}

// isReserved reports whether somebody is creating an account.
func isReserved(person credentials.Person, now time.Time) bool {
	return person.Sub == "" && person.Holder != "" && person.Reserved.After(now)
}
