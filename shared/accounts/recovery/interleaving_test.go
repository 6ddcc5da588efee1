package recovery_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// steppedStore makes actors take turns at those of its operations that decide
// about a recovery, a sign-in or a registration.
type steppedStore struct{ credentials.Store }

func (s steppedStore) Passkeys(ctx context.Context, sub string) ([]credentials.Passkey, error) {
	orders.Step(ctx, "looks")
	return s.Store.Passkeys(ctx, sub)
}

func (s steppedStore) EndRegistration(ctx context.Context, sub string) error {
	orders.Step(ctx, "ends the registration")
	return s.Store.EndRegistration(ctx, sub)
}

func (s steppedStore) Revoke(ctx context.Context, r credentials.Revocation) error {
	orders.Step(ctx, "revokes")
	return s.Store.Revoke(ctx, r)
}

func (s steppedStore) Spend(ctx context.Context, spend credentials.Spend) error {
	orders.Step(ctx, "records")
	return s.Store.Spend(ctx, spend)
}

func (s steppedStore) BeginRegistration(ctx context.Context, sub string, r credentials.Registration) error {
	orders.Step(ctx, "begins")
	return s.Store.BeginRegistration(ctx, sub, r)
}

func (s steppedStore) Enrol(ctx context.Context, e credentials.Enrolment) error {
	orders.Step(ctx, "enrols")
	return s.Store.Enrol(ctx, e)
}

// play is a scene of which actors are part.
type play struct {
	*scene
	*orders.Play
	outcome recovery.Outcome
}

// asActor makes what a test does an actor's doing.
type asActor struct {
	testing.TB
	ctx context.Context
}

func (a asActor) Context() context.Context { return a.ctx }

// explore plays a recovery together with a thief, in every order. Afterwards there
// must be no passkey, no token that the pool honours, and no way to finish a
// registration, unless the recovery was void.
func explore(t *testing.T, set func(*play), thief func(*play, asActor)) {
	t.Helper()
	orders.Explore(t, func(p *orders.Play) func() {
		s := &play{scene: newSceneOn(t, steppedStore{&passkeytest.Memory{}}), Play: p}
		s.desk.Delay = 0
		p.Tick = func() { s.Advance(time.Millisecond) }
		set(s)
		p.Add("owner", func(ctx context.Context) {
			o, err := s.desk.Prove(ctx, recovery.User{Sub: sub, Name: sub})
			if err != nil {
				t.Error(err)
			}
			s.outcome = o
		})
		p.Add("thief", func(ctx context.Context) { thief(s, asActor{t, ctx}) })
		return func() { s.check(t) }
	})
}

func (s *play) check(t *testing.T) {
	t.Helper()
	if !s.outcome.Recovered {
		if s.desk.Delay == 0 || !s.outcome.Noted || !s.Happened("thief records", "owner revokes") {
			t.Errorf("outcome is %+v", s.outcome)
		}
		return
	}
	if left := s.passkeys(); len(left) != 0 {
		t.Errorf("%d passkeys survived", len(left))
	}
	if _, err := s.Accounts.Account(t.Context(), "token of "+sub); !errors.Is(err, httpapi.ErrTokenRefused) {
		t.Errorf("a session survived: %v", err)
	}
}

// answers has the thief answer with the user's passkey; a right answer gives
// tokens, for which a sign-out waits.
func (s *play) answers(as asActor, session *journey.Session, answer string) {
	verified, err := s.Verify(as.ctx, session, answer, nil)
	if err != nil {
		as.Errorf("answering: %v", err)
	}
	if verified.Response.AnswerCorrect {
		s.Accounts.Put(s.user)
	}
}

// registers has the thief add a passkey, as far as the API lets anybody.
func (s *play) registers(as asActor) {
	begun := s.Call(as, routes.RegistrationOptions, "", s.Claims(s.user), "{}")
	if begun.StatusCode == http.StatusOK {
		s.finishes(as, journey.PublicKey(as, begun))
	}
}

func (s *play) finishes(as asActor, options []byte) {
	made, err := passkeytest.NewSynced(journey.Origin).Create(options)
	if err != nil {
		as.Error(err)
		return
	}
	s.FinishRegistration(as, s.user, made.JSON())
}

// A sign-in with the passkey that is revoked meanwhile.
func TestOrdersOfRecoveryAndSignIn(t *testing.T) {
	for name, delayed := range map[string]time.Duration{"without delay": 0, "when it is ripe": delay} {
		t.Run(name, func(t *testing.T) {
			var session *journey.Session
			var answer string
			explore(t, func(s *play) {
				if s.desk.Delay = delayed; delayed > 0 {
					s.wantWaiting(s.Now().Add(delay), true)
					s.Advance(delay)
				}
				session = s.Begin(t, s.user)
				answer = journey.Assert(t, s.authenticator, session.Options())
			}, func(s *play, as asActor) { s.answers(as, session, answer) })
		})
	}
}

// A registration that a stolen session has begun, or begins meanwhile.
func TestOrdersOfRecoveryAndRegistration(t *testing.T) {
	var options []byte
	explore(t, func(s *play) { options = s.BeginRegistration(t, s.user) },
		func(s *play, as asActor) { s.finishes(as, options) })
	explore(t, func(*play) {}, func(s *play, as asActor) { s.registers(as) })
}

// Both: the thief signs in with the passkey and adds one of his own at once.
func TestOrdersOfRecoverySignInAndRegistration(t *testing.T) {
	var session *journey.Session
	var answer string
	explore(t, func(s *play) {
		session = s.Begin(t, s.user)
		answer = journey.Assert(t, s.authenticator, session.Options())
	}, func(s *play, as asActor) {
		s.answers(as, session, answer)
		s.registers(as)
	})
}
