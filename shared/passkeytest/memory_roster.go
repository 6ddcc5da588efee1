package passkeytest

import (
	"context"
	"reflect"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// Person implements credentials.Store.
func (m *Memory) Person(_ context.Context, key string) (credentials.Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	person, ok := m.persons[key]
	if !ok {
		return credentials.Person{}, credentials.ErrNotFound
	}
	return person, nil
}

// SetPerson implements credentials.Store.
func (m *Memory) SetPerson(_ context.Context, key string, before, after credentials.Person) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.setPerson(key, before, after)
}

func (m *Memory) setPerson(key string, before, after credentials.Person) error {
	if !reflect.DeepEqual(m.persons[key], before) {
		return credentials.ErrCondition
	}
	after.Reserved = after.Reserved.Truncate(time.Millisecond)
	put(&m.persons, key, after)
	return nil
}

// MovePerson implements credentials.Store.
func (m *Memory) MovePerson(_ context.Context, from, to string, before, after credentials.Person) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !reflect.DeepEqual(m.persons[from], before) {
		return credentials.ErrCondition
	}
	if err := m.setPerson(to, credentials.Person{}, after); err != nil {
		return err
	}
	delete(m.persons, from)
	return nil
}

// Arrival implements credentials.Store.
func (m *Memory) Arrival(_ context.Context, key string) (credentials.Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	place, ok := m.arrivals[key]
	if !ok {
		return credentials.Place{}, credentials.ErrNotFound
	}
	return place, nil
}

// PutArrival implements credentials.Store.
func (m *Memory) PutArrival(_ context.Context, key string, place credentials.Place) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	put(&m.arrivals, key, place)
	return nil
}
