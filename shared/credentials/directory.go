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
	User(ctx context.Context, sub string) (User, error)
}

// Directory reads for customauth.Create and remembers app clients. If reading
// one again fails, the last good value is used.
type Directory struct {
	store Reader
	now   func() time.Time

	mu      sync.Mutex
	clients map[string]remembered // app client id → its item
}

type remembered struct {
	client customauth.Client
	read   time.Time
}

// NewDirectory returns a Directory over a store.
func NewDirectory(store Reader, now func() time.Time) *Directory {
	return &Directory{store: store, now: now, clients: map[string]remembered{}}
}

// Client implements customauth.Directory.
func (d *Directory) Client(ctx context.Context, clientID string) (customauth.Client, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, known := d.clients[clientID]
	if known && d.now().Sub(last.read) < clientFreshness {
		return last.client, nil
	}
	client, err := d.store.Client(ctx, clientID)
	switch {
	case err == nil:
		d.clients[clientID] = remembered{client, d.now()}
		return client, nil
	case known && !errors.Is(err, customauth.ErrNotServed):
		return last.client, nil
	default:
		delete(d.clients, clientID)
		return customauth.Client{}, err
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
