package credentials

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// clientFreshness is how long an app client's item is used before it is read
// again, so that a change of policy takes effect soon and a sign-in still costs one read.
const clientFreshness = time.Minute

// Reader is the part of a store that a Directory needs.
type Reader interface {
	Client(ctx context.Context, clientID string) (customauth.Client, error)
	PasswordClient(ctx context.Context, clientID string) (string, error)
	User(ctx context.Context, sub string) (User, error)
}

// Directory reads for customauth.Create and for gate.Passwords and remembers app
// clients. If reading one again fails, the last good value is used.
type Directory struct {
	store Reader

	clients   cache[customauth.Client]
	passwords cache[string]
}

// NewDirectory returns a Directory over a store.
func NewDirectory(store Reader, now func() time.Time) *Directory {
	return &Directory{
		store:     store,
		clients:   cache[customauth.Client]{now: now, entries: map[string]entry[customauth.Client]{}},
		passwords: cache[string]{now: now, entries: map[string]entry[string]{}},
	}
}

// Client implements customauth.Directory.
func (d *Directory) Client(ctx context.Context, clientID string) (customauth.Client, error) {
	return d.clients.get(clientID, func() (customauth.Client, error) { return d.store.Client(ctx, clientID) })
}

// PasswordClient implements gate.Directory.
func (d *Directory) PasswordClient(ctx context.Context, clientID string) (string, error) {
	return d.passwords.get(clientID, func() (string, error) {
		relyingPartyID, err := d.store.PasswordClient(ctx, clientID)
		if errors.Is(err, ErrNotFound) {
			return "", nil
		}
		return relyingPartyID, err
	})
}

// cache remembers what is read of app clients.
type cache[T any] struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[string]entry[T] // app client id → what was read
}

type entry[T any] struct {
	value T
	read  time.Time
}

func (c *cache[T]) get(clientID string, read func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.entries[clientID]
	if known && c.now().Sub(last.read) < clientFreshness {
		return last.value, nil
	}
	value, err := read()
	switch {
	case err == nil:
		c.entries[clientID] = entry[T]{value, c.now()}
		return value, nil
	case known && !errors.Is(err, customauth.ErrNotServed):
		return last.value, nil
	default:
		delete(c.entries, clientID)
		return value, err
	}
}

// Passkeys implements customauth.Directory.
func (d *Directory) Passkeys(ctx context.Context, userKey, relyingPartyID string) ([]customauth.Passkey, error) {
	user, err := d.store.User(ctx, userKey)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var passkeys []customauth.Passkey
	for _, p := range user.Passkeys {
		if p.RelyingPartyID == relyingPartyID {
			passkeys = append(passkeys, customauth.Passkey{CredentialID: p.ID, Transports: p.Transports})
		}
	}
	return passkeys, nil
}
