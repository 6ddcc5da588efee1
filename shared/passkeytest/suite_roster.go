package passkeytest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

const suiteKey = "kid.hash"

// suitePersons are the states of one entry of the roster, each made of the one before.
func suitePersons() (free, reserved, claimed credentials.Person) {
	free = credentials.Person{Address: []byte("address")}
	reserved = free
	reserved.Holder, reserved.Reserved = "holder", suiteNow.Add(time.Minute)
	claimed = reserved
	claimed.Sub = suiteSub
	return free, reserved, claimed
}

func wantPerson(t *testing.T, s credentials.Store, key string, want credentials.Person) {
	t.Helper()
	got, err := s.Person(t.Context(), key)
	wantError(t, err, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("person (-want +got):\n%s", diff)
	}
}

func suitePerson(t *testing.T, s credentials.Store) {
	_, err := s.Person(t.Context(), suiteKey)
	wantError(t, err, credentials.ErrNotFound)
	free, reserved, claimed := suitePersons()
	before := credentials.Person{}
	for _, after := range []credentials.Person{free, reserved, claimed, free} {
		wantError(t, s.SetPerson(t.Context(), suiteKey, before, after), nil)
		wantPerson(t, s, suiteKey, after)
		before = after
	}
	_, err = s.Person(t.Context(), "other")
	wantError(t, err, credentials.ErrNotFound)
}

func suitePersonChanged(t *testing.T, s credentials.Store) {
	free, reserved, claimed := suitePersons()
	moved, later, other := free, reserved, reserved
	moved.Address, later.Reserved, other.Holder = []byte("another"), suiteNow.Add(time.Hour), "another"
	states := []credentials.Person{{}, free, moved, reserved, later, other, claimed}
	stored := credentials.Person{}
	for _, state := range states[1:] {
		wantError(t, s.SetPerson(t.Context(), suiteKey, stored, state), nil)
		stored = state
		for _, before := range states {
			if !cmp.Equal(before, stored) {
				wantError(t, s.SetPerson(t.Context(), suiteKey, before, free), credentials.ErrCondition)
			}
		}
		wantPerson(t, s, suiteKey, stored)
	}
}

func suitePersonRace(t *testing.T, s credentials.Store) {
	free, reserved, _ := suitePersons()
	wantOne(t, AtOnce(func(int) error {
		return s.SetPerson(t.Context(), suiteKey, credentials.Person{}, free)
	}), credentials.ErrCondition)
	wantOne(t, AtOnce(func(int) error { return s.SetPerson(t.Context(), suiteKey, free, reserved) }), credentials.ErrCondition)
}

func suitePersonMove(t *testing.T, s credentials.Store) {
	_, reserved, claimed := suitePersons()
	after := claimed
	after.Address = []byte("under another pepper")
	move := func() error { return s.MovePerson(t.Context(), suiteKey, "to", claimed, after) }
	wantError(t, move(), credentials.ErrCondition) // there is none
	wantError(t, s.SetPerson(t.Context(), suiteKey, credentials.Person{}, reserved), nil)
	wantError(t, move(), credentials.ErrCondition)
	wantError(t, s.SetPerson(t.Context(), suiteKey, reserved, claimed), nil)
	wantError(t, s.SetPerson(t.Context(), "taken", credentials.Person{}, reserved), nil)
	wantError(t, s.MovePerson(t.Context(), suiteKey, "taken", claimed, after), credentials.ErrCondition)
	wantPerson(t, s, suiteKey, claimed)
	wantPerson(t, s, "taken", reserved)
	wantError(t, move(), nil)
	wantPerson(t, s, "to", after)
	_, err := s.Person(t.Context(), suiteKey)
	wantError(t, err, credentials.ErrNotFound)
}

func suiteArrival(t *testing.T, s credentials.Store) {
	_, err := s.Arrival(t.Context(), "key")
	wantError(t, err, credentials.ErrNotFound)
	for _, place := range []credentials.Place{{Key: suiteKey, Address: []byte("address")}, {Key: "other", Address: []byte("another")}} {
		wantError(t, s.PutArrival(t.Context(), "key", place), nil)
		got, err := s.Arrival(t.Context(), "key")
		wantError(t, err, nil)
		if diff := cmp.Diff(place, got); diff != "" {
			t.Errorf("arrival (-want +got):\n%s", diff)
		}
	}
}
