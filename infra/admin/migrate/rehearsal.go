package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Rehearsal is a Store that remembers imports instead of writing them, and
// refuses what the store below would refuse. It doesn't see the credential ids
// of passkeys that were removed within the last day.
type Rehearsal struct {
	Store
	holders map[string]string // hash of an imported credential id → sub
	counts  map[string]int    // sub → how many were imported
}

// NewRehearsal returns a Rehearsal over a store.
func NewRehearsal(store Store) *Rehearsal {
	return &Rehearsal{Store: store, holders: map[string]string{}, counts: map[string]int{}}
}

// Passkey implements Store.
func (r *Rehearsal) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	if r.holders[hash] == sub {
		return credentials.Passkey{}, nil
	}
	return r.Store.Passkey(ctx, sub, hash)
}

// Import implements Store.
func (r *Rehearsal) Import(ctx context.Context, i credentials.Import) error {
	hash := table.Hash(i.Passkey.ID)
	_, err := r.Owner(ctx, hash)
	switch {
	case err == nil, r.holders[hash] != "":
		return credentials.ErrDuplicate
	case !errors.Is(err, credentials.ErrNotFound):
		return fmt.Errorf("reading the owner of the credential id: %w", err)
	}
	user, err := r.User(ctx, i.Sub)
	if err != nil && !errors.Is(err, credentials.ErrNotFound) {
		return fmt.Errorf("reading the user: %w", err)
	}
	if len(user.Passkeys)+r.counts[i.Sub] >= i.Max {
		return credentials.ErrTooMany
	}
	r.holders[hash] = i.Sub
	r.counts[i.Sub]++
	return nil
}
