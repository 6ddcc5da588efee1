package api_test

import (
	"context"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// keepOne is a store that leaves every user one passkey.
type keepOne struct{ credentials.Store }

func (k keepOne) Remove(ctx context.Context, r credentials.Removal) error {
	r.Keep = 1
	return k.Store.Remove(ctx, r)
}

// failing is a store that fails once err is set.
type failing struct {
	credentials.Store
	err error
}

func (f *failing) User(ctx context.Context, sub string) (credentials.User, error) {
	if f.err != nil {
		return credentials.User{}, f.err
	}
	return f.Store.User(ctx, sub)
}

func (f *failing) Passkeys(ctx context.Context, sub string) ([]credentials.Passkey, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Store.Passkeys(ctx, sub)
}

func (f *failing) Owner(ctx context.Context, hash string) (credentials.Owner, error) {
	if f.err != nil {
		return credentials.Owner{}, f.err
	}
	return f.Store.Owner(ctx, hash)
}

func (f *failing) Registration(ctx context.Context, sub string) (credentials.Registration, error) {
	if f.err != nil {
		return credentials.Registration{}, f.err
	}
	return f.Store.Registration(ctx, sub)
}

func (f *failing) Rename(ctx context.Context, sub, hash, name string) (credentials.Passkey, error) {
	if f.err != nil {
		return credentials.Passkey{}, f.err
	}
	return f.Store.Rename(ctx, sub, hash, name)
}

func (f *failing) Remove(ctx context.Context, r credentials.Removal) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.Remove(ctx, r)
}

// panicking is a store that panics when a user is read.
type panicking struct{ credentials.Store }

func (panicking) User(context.Context, string) (credentials.User, error) {
	panic("secret of the store")
}
