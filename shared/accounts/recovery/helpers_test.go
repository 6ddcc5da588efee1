package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
)

const (
	sub   = "5f0c8d2e-0000-4000-8000-00000000000a"
	other = "5f0c8d2e-0000-4000-8000-00000000000b"
	delay = 24 * time.Hour
)

// scene is a stack with a desk for recoveries, and a user with a passkey.
type scene struct {
	*journey.Stack
	*pool
	t             *testing.T
	desk          recovery.Desk
	user          journey.User
	authenticator *passkeytest.Authenticator
	waited        []time.Duration
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneOn(t, &passkeytest.Memory{})
}

func newSceneOn(t *testing.T, store credentials.Store) *scene {
	t.Helper()
	s := &scene{Stack: journey.New(t), t: t, authenticator: passkeytest.NewSynced(journey.Origin)}
	s.use(store)
	s.user = s.NewUser(sub)
	s.Register(t, s.user, s.authenticator)
	return s
}

// use puts the desk on a store, and the stack too before its first call.
func (s *scene) use(store credentials.Store) {
	s.Store = store
	s.pool = &pool{stack: s.Stack}
	s.desk = recovery.Desk{Store: store, Pool: s.pool, Delay: delay, Now: s.Now, Wait: func(_ context.Context, d time.Duration) {
		s.waited = append(s.waited, d)
		s.Advance(max(d, 0))
	}}
}

// pool is the user pool of a stack.
type pool struct {
	stack     *journey.Stack
	scrambled int
	signOuts  int
	err       error
}

func (p *pool) ScramblePassword(context.Context, string) error {
	if p.err == nil {
		p.scrambled++
	}
	return p.err
}

func (p *pool) SignOut(ctx context.Context, name string) error {
	orders.Step(ctx, "signs out")
	if p.err == nil {
		p.signOuts++
		p.stack.Accounts.Revoke(journey.User{Sub: name})
	}
	return p.err
}

// prove has the user prove the address.
func (s *scene) prove() recovery.Outcome {
	s.t.Helper()
	o, err := s.desk.Prove(s.t.Context(), recovery.User{Sub: sub, Name: sub})
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// wantWaiting proves the address, and checks that the recovery waits.
func (s *scene) wantWaiting(from time.Time, noted bool) {
	s.t.Helper()
	o := s.prove()
	if o.Recovered || !o.From.Equal(from) || o.Noted != noted || o.Removed != nil {
		s.t.Fatalf("outcome is %+v, want that it waits until %s, noted %t", o, from, noted)
	}
	if s.scrambled != 0 || s.signOuts != 0 || len(s.passkeys()) == 0 {
		s.t.Error("a recovery that waits ended something")
	}
}

// wantRecovered proves the address, and checks that everything has ended.
func (s *scene) wantRecovered() {
	s.t.Helper()
	had := len(s.passkeys())
	if o := s.prove(); !o.Recovered || o.Noted || len(o.Removed) != had {
		s.t.Fatalf("outcome is %+v, want a recovery from %d passkeys", o, had)
	}
	if s.scrambled != 1 || s.signOuts == 0 || len(s.passkeys()) != 0 {
		s.t.Errorf("%d passwords, %d sign-outs and %d passkeys after the recovery", s.scrambled, s.signOuts, len(s.passkeys()))
	}
	wish, err := s.Store.Recovery(s.t.Context(), sub)
	if err != nil || !wish.IsZero() {
		s.t.Errorf("after the recovery there is %+v, error %v", wish, err)
	}
}

func (s *scene) passkeys() []credentials.Passkey {
	s.t.Helper()
	all, err := s.Store.Passkeys(s.t.Context(), sub)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// signIn signs in with the passkey.
func (s *scene) signIn() {
	s.t.Helper()
	session := s.Begin(s.t, s.user)
	s.WantTokens(s.t, session, journey.Assert(s.t, s.authenticator, session.Options()))
}
