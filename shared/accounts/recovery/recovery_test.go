package recovery_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestRecoveryWaitsAndEndsEverything(t *testing.T) {
	s := newScene(t)
	for _, sk := range []string{table.LinkSK, table.CodeSK("session")} {
		if err := s.Store.PutMailing(t.Context(), sub, sk, credentials.Mailing{Expires: s.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	from := s.Now().Add(delay)
	s.wantWaiting(from, true)
	s.Advance(time.Minute)
	s.wantWaiting(from, false)
	s.Advance(from.Add(-time.Millisecond).Sub(s.Now()))
	s.wantWaiting(from, false)
	begun := s.Begin(t, s.user)
	s.Advance(time.Millisecond)
	s.wantRecovered()
	s.WantRefused(t, begun, journey.Assert(t, s.authenticator, begun.Options()), "unknown_credential")
	for _, sk := range []string{table.LinkSK, table.CodeSK("session")} {
		if _, err := s.Store.Mailing(t.Context(), sub, sk); !errors.Is(err, credentials.ErrNotFound) {
			t.Errorf("what was mailed as %s is still there: %v", sk, err)
		}
	}
}

func TestRecoveryMustBeCompletedInTime(t *testing.T) {
	s := newScene(t)
	s.wantWaiting(s.Now().Add(delay), true)
	s.Advance(delay + recovery.Open)
	s.wantWaiting(s.Now().Add(delay), true)
	s.Advance(delay + recovery.Open - time.Millisecond)
	s.wantRecovered()
}

// Whoever holds a passkey voids the recovery by using it, also at the last moment
// and by a clock that is behind.
func TestRecoveryIsVoidOnceThePasskeysChanged(t *testing.T) {
	for name, change := range map[string]func(*scene){
		"a passkey was used": func(s *scene) { s.signIn() },
		"a passkey was used by a clock that is behind": func(s *scene) {
			s.Advance(-2 * delay)
			s.signIn()
			s.Advance(2 * delay)
		},
		"a passkey was added": func(s *scene) { s.Register(s.t, s.user, passkeytest.NewSynced(journey.Origin)) },
		"a passkey was replaced": func(s *scene) {
			s.Register(s.t, s.user, passkeytest.NewSynced(journey.Origin))
			err := s.Store.Remove(s.t.Context(), credentials.Removal{Sub: sub, Hash: table.Hash(s.authenticator.Passkeys[0].ID), Now: s.Now()})
			if err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.wantWaiting(s.Now().Add(delay), true)
			s.Advance(delay)
			change(s)
			s.wantWaiting(s.Now().Add(delay), true)
			s.Advance(delay)
			s.wantRecovered()
		})
	}
}

// A mail signs in who has no passkey anyway.
func TestRecoveryWithoutPasskeysWaitsForNothing(t *testing.T) {
	s := newScene(t)
	if err := s.Store.Remove(t.Context(), credentials.Removal{Sub: sub, Hash: table.Hash(s.authenticator.Passkeys[0].ID), Now: s.Now()}); err != nil {
		t.Fatal(err)
	}
	s.wantRecovered()
}

func TestRecoveryWithoutDelay(t *testing.T) {
	s := newScene(t)
	s.desk.Delay = 0
	s.wantRecovered()
}

func TestRecoveryThatKeepsThePasskeys(t *testing.T) {
	s := newScene(t)
	s.desk.Delay, s.desk.KeepPasskeys = 0, true
	begun := s.Begin(t, s.user)
	s.Advance(time.Millisecond)
	if o := s.prove(); !o.Recovered || o.Removed != nil || s.scrambled != 1 || s.signOuts != 1 {
		t.Errorf("outcome is %+v after %d passwords and %d sign-outs", o, s.scrambled, s.signOuts)
	}
	if _, err := s.Verify(t.Context(), begun, journey.Assert(t, s.authenticator, begun.Options()), nil); err == nil {
		t.Error("a challenge from before the recovery is still good")
	}
	s.Advance(time.Millisecond)
	s.signIn()
}

// A clock that was wrong when the address was proved makes nobody wait longer
// than the delay; one that jumps back ends nothing early.
func TestRecoveryWhenTheClockJumps(t *testing.T) {
	s := newScene(t)
	s.Advance(365 * delay)
	s.wantWaiting(s.Now().Add(delay), true)
	s.Advance(-365 * delay)
	from := s.Now().Add(delay)
	s.wantWaiting(from, true)
	s.Advance(-delay / 2)
	s.wantWaiting(s.Now().Add(delay), true)
	s.Advance(delay)
	s.wantRecovered()
}

func TestRecoveryIsOneUsers(t *testing.T) {
	s := newScene(t)
	s.desk.Delay = 0
	neighbour, a := s.NewUser(other), passkeytest.NewSynced(journey.Origin)
	s.Register(t, neighbour, a)
	s.wantRecovered()
	session := s.Begin(t, neighbour)
	s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
}

// Tokens of a sign-in come after the record of its answer: the sign-out waits for them.
func TestSignOutWaitsForASignInThatIsUnderWay(t *testing.T) {
	for since, want := range map[time.Duration]time.Duration{
		time.Millisecond: 5*time.Second - time.Millisecond,
		5 * time.Second:  0,
		-time.Hour:       5 * time.Second, // a clock that was ahead
	} {
		s := newScene(t)
		s.desk.Delay = 0
		s.signIn()
		s.Advance(since)
		s.wantRecovered()
		if got := max(s.waited[0], 0); got != want {
			t.Errorf("%s after a sign-in it waits %s, want %s", since, got, want)
		}
	}
	s := newScene(t)
	s.desk.Delay = 0
	link := credentials.Mailing{ClientID: journey.ClientID, Expires: s.Now().Add(time.Hour)}
	if err := errors.Join(
		s.Store.PutMailing(t.Context(), sub, table.CodeSK("session"), link),
		s.Store.SpendMailing(t.Context(), sub, table.CodeSK("session"), nil, credentials.Use{Time: s.Now(), Times: 1}),
	); err != nil {
		t.Fatal(err)
	}
	s.wantRecovered()
	if s.waited[0] != 5*time.Second {
		t.Errorf("after a sign-in by mail it waits %s", s.waited[0])
	}
}

// More passkeys than one transaction takes: a fault in between voids nothing.
func TestRecoveryFromFiftyPasskeys(t *testing.T) {
	s, tbl := newScene(t), passkeytest.NewTable(t)
	s.use(dynamo.New(tbl.Client, tbl.Name))
	for i := range 50 {
		err := s.Store.Import(t.Context(), credentials.Import{Sub: sub, UserName: sub, First: i == 0, Max: 50, Passkey: credentials.Passkey{
			Record: credential.Record{ID: fmt.Appendf(nil, "passkey %d", i), PublicKey: []byte("key"), UserHandle: []byte("handle")},
			Used:   s.Now().Add(-time.Duration(i) * time.Hour), Created: s.Now(),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.wantWaiting(s.Now().Add(delay), true)
	s.Advance(delay)
	s.err = errors.New("outage")
	if o, err := s.desk.Prove(t.Context(), recovery.User{Sub: sub, Name: sub}); err == nil || len(o.Removed) != credentials.MaxRevoked {
		t.Fatalf("outcome is %+v, error %v", o, err)
	}
	s.err = nil
	tbl.Operations()
	s.wantRecovered()
	transactions := slices.DeleteFunc(tbl.Operations(), func(operation string) bool { return operation != "TransactWriteItems" })
	if len(transactions) != 1 || s.signOuts != 1 {
		t.Errorf("the rest took %d transactions and %d sign-outs, want one each", len(transactions), s.signOuts)
	}
}

// Whatever fails, nobody is told that it is done, and the same call again goes on.
func TestRecoveryGoesOnAfterAFault(t *testing.T) {
	outage := errors.New("outage")
	for _, operation := range []string{"GetItem", "Query", "UpdateItem", "DeleteItem", "TransactWriteItems", "the pool"} {
		t.Run(operation, func(t *testing.T) {
			s, tbl := newScene(t), passkeytest.NewTable(t)
			client, wire := tbl.Wire(t)
			kept := s.passkeys()[0]
			s.use(dynamo.New(client, tbl.Name))
			err := s.Store.Import(t.Context(), credentials.Import{Sub: sub, UserName: sub, First: true, Max: 1, Passkey: kept})
			if err = errors.Join(err, s.Store.PutMailing(t.Context(), sub, table.LinkSK, credentials.Mailing{})); err != nil {
				t.Fatal(err)
			}
			if operation != "UpdateItem" {
				s.wantWaiting(s.Now().Add(delay), true)
				s.Advance(delay)
			}
			if wire.Break(operation, passkeytest.LostRequest, 100); operation == "the pool" {
				s.err = outage
			}
			o, err := s.desk.Prove(t.Context(), recovery.User{Sub: sub, Name: sub})
			if err == nil || o.Recovered || o.Noted {
				t.Fatalf("outcome is %+v, error %v", o, err)
			}
			if gone := len(s.passkeysOf(tbl)) == 0; gone != (len(o.Removed) == 1) {
				t.Errorf("passkeys are gone: %t, and it says %v", gone, o.Removed)
			}
			wire.Break("", nil, 0)
			s.err = nil
			if operation == "UpdateItem" {
				s.wantWaiting(s.Now().Add(delay), true)
				s.Advance(delay)
			}
			s.scrambled = 0
			s.wantRecovered()
		})
	}
}

// passkeysOf reads past what is broken.
func (s *scene) passkeysOf(tbl *passkeytest.Table) []credentials.Passkey {
	s.t.Helper()
	all, err := dynamo.New(tbl.Client, tbl.Name).Passkeys(s.t.Context(), sub)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}
