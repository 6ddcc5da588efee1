package trigger_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

const sub = "5f0c8d2e-0000-4000-8000-00000000000a"

// What else than journey.TryAgain a client may read.
const (
	notServed = "sign-in with a passkey is not set up for this app client"
	misplaced = "this function answers another trigger: deploy the stack again"
)

// innards is what a client must never read and a panic must not write.
const innards = "innards of the table"

// withPasskey is a stack over a store that can fail, with one user who holds one passkey.
func withPasskey(t testing.TB) (*journey.Stack, *failing, journey.User, *passkeytest.Authenticator) {
	t.Helper()
	s := journey.New(t)
	store := &failing{Store: s.Store}
	s.Store = store
	u, a := s.NewUser(sub), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	return s, store, u, a
}

// wantMessage checks that a call ended as a fault that tells the client nothing else.
func wantMessage(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// wantQuietLog checks that nothing which could sign someone in was logged.
func wantQuietLog(t testing.TB, s *journey.Stack, session *journey.Session, answer string) {
	t.Helper()
	s.WantNotLogged(t, session.Private["c"], answer, session.User.Attributes["email"], `"acc"`, `"fido2options"`)
}

// failing is a store whose operations fail while their error is set.
type failing struct {
	credentials.Store
	user, passkey, spend, repeat error
	lostReply                    bool // Spend writes, and then fails
}

// errPanic makes an operation panic.
var errPanic = errors.New("panic")

func fail(err error) error {
	if errors.Is(err, errPanic) {
		panic(innards)
	}
	return err
}

func (f *failing) User(ctx context.Context, sub string) (credentials.User, error) {
	if f.user != nil {
		return credentials.User{}, fail(f.user)
	}
	return f.Store.User(ctx, sub)
}

func (f *failing) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	if f.passkey != nil {
		return credentials.Passkey{}, fail(f.passkey)
	}
	return f.Store.Passkey(ctx, sub, hash)
}

func (f *failing) Spend(ctx context.Context, s credentials.Spend) error {
	if f.spend != nil && !f.lostReply {
		return fail(f.spend)
	}
	if err := f.Store.Spend(ctx, s); err != nil {
		return err
	}
	return f.spend
}

func (f *failing) Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error {
	if f.repeat != nil {
		return fail(f.repeat)
	}
	return f.Store.Repeat(ctx, sub, hash, challenge, digest)
}
