package passkeytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// suiteMost is the largest number of passkeys that a stack allows one user.
const suiteMost = 50

// suiteRecovery is a recovery that ripens in a day.
func suiteRecovery() credentials.Recovery {
	return credentials.Recovery{From: suiteNow.Add(24 * time.Hour), Expires: suiteNow.Add(48 * time.Hour), Seen: []byte("seen")}
}

func wantRecovery(t *testing.T, s credentials.Store, want credentials.Recovery) {
	t.Helper()
	got, err := s.Recovery(t.Context(), suiteSub)
	wantError(t, err, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recovery (-want +got):\n%s", diff)
	}
}

func suiteRecoveryChanges(t *testing.T, s credentials.Store) {
	none, first := credentials.Recovery{}, suiteRecovery()
	wantRecovery(t, s, none)
	wantOne(t, AtOnce(func(int) error { return s.SetRecovery(t.Context(), suiteSub, none, first) }), credentials.ErrCondition)
	wantRecovery(t, s, first)
	second := suiteRecovery()
	second.Seen = []byte("seen otherwise")
	wantError(t, s.SetRecovery(t.Context(), suiteSub, second, second), credentials.ErrCondition)
	wantError(t, s.SetRecovery(t.Context(), "other", first, second), credentials.ErrCondition)
	wantError(t, s.SetRecovery(t.Context(), suiteSub, first, second), nil)
	wantRecovery(t, s, second)
	third := second
	third.From = third.From.Add(time.Hour)
	wantError(t, s.SetRecovery(t.Context(), suiteSub, third, third), credentials.ErrCondition)
	wantError(t, s.SetRecovery(t.Context(), suiteSub, second, third), nil)
	wantError(t, s.EndRecovery(t.Context(), "other"), nil)
	wantRecovery(t, s, third)
	wantError(t, s.EndRecovery(t.Context(), suiteSub), nil)
	wantError(t, s.EndRecovery(t.Context(), suiteSub), nil)
	wantRecovery(t, s, none)
}

func suiteDropMailings(t *testing.T, s credentials.Store) {
	used, err := s.DropMailings(t.Context(), suiteSub)
	wantError(t, err, nil)
	if !used.IsZero() {
		t.Errorf("nothing was used at %s", used)
	}
	link := suiteLink()
	for _, sk := range []string{table.LinkSK, table.RecoveryLinkSK, table.CodeSK("one"), table.CodeSK("two")} {
		wantError(t, s.PutMailing(t.Context(), suiteSub, sk, link), nil)
		wantError(t, s.PutMailing(t.Context(), "other", sk, link), nil)
	}
	wantError(t, s.SetRecovery(t.Context(), suiteSub, credentials.Recovery{}, suiteRecovery()), nil)
	wantError(t, s.SpendMailing(t.Context(), suiteSub, table.CodeSK("one"), link.Token, mailingUse()), nil)
	used, err = s.DropMailings(t.Context(), suiteSub)
	wantError(t, err, nil)
	if !used.Equal(mailingUse().Time) {
		t.Errorf("the code was used at %s, want %s", used, mailingUse().Time)
	}
	for _, sk := range []string{table.LinkSK, table.CodeSK("one"), table.CodeSK("two")} {
		_, err := s.Mailing(t.Context(), suiteSub, sk)
		wantError(t, err, credentials.ErrNotFound)
		_, err = s.Mailing(t.Context(), "other", sk)
		wantError(t, err, nil)
	}
	wantMailing(t, s, table.RecoveryLinkSK, link)
	wantRecovery(t, s, suiteRecovery())
}

// listed reads all that a user has.
func listed(t *testing.T, s credentials.Store, sub string) []credentials.Passkey {
	t.Helper()
	all, err := s.Passkeys(t.Context(), sub)
	wantError(t, err, nil)
	return all
}

func suiteRevoke(t *testing.T, s credentials.Store) {
	for i := range suiteMost {
		e := enrolment(suiteSub, fmt.Sprintf("credential %02d", i), i == 0)
		e.Max = suiteMost
		wantError(t, s.BeginRegistration(t.Context(), suiteSub, e.Registration), nil)
		wantError(t, s.Enrol(t.Context(), e), nil)
	}
	other := enrol(t, s, "other", "credential of another", true)
	all := listed(t, s, suiteSub)
	now, rest := all[:credentials.MaxRevoked], all[credentials.MaxRevoked:]
	wantError(t, s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: now, Now: suiteNow}), nil)
	if diff := cmp.Diff(rest, listed(t, s, suiteSub)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	wantError(t, s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: rest, Now: suiteNow}), nil)
	user, err := s.User(t.Context(), suiteSub)
	wantError(t, err, nil)
	if len(user.Passkeys) != 0 || string(user.Handle) != "handle" {
		t.Errorf("afterwards the user is %+v", user)
	}
	for _, p := range all {
		_, err := s.Owner(t.Context(), table.Hash(p.ID))
		wantError(t, err, credentials.ErrNotFound)
	}
	again := enrolment(suiteSub, string(all[0].ID), false)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, again.Registration), nil)
	wantError(t, s.Enrol(t.Context(), again), credentials.ErrDuplicate)
	enrol(t, s, suiteSub, "credential afterwards", false)
	if got := listed(t, s, "other"); len(got) != 1 || string(got[0].ID) != string(other.Passkey.ID) {
		t.Errorf("another user has %v", got)
	}
}

func suiteEndRegistration(t *testing.T, s credentials.Store) {
	e := enrolment(suiteSub, "credential one", true)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, e.Registration), nil)
	wantError(t, s.EndRegistration(t.Context(), "other"), nil)
	wantError(t, s.EndRegistration(t.Context(), suiteSub), nil)
	wantError(t, s.Enrol(t.Context(), e), credentials.ErrRegistration)
	wantNothing(t, s, e)
	wantError(t, s.EndRegistration(t.Context(), suiteSub), nil)
	enrol(t, s, suiteSub, "credential one", true)
}

// What was used or removed since it was read is not revoked, and neither is the rest.
func suiteRevokeAsRead(t *testing.T, s credentials.Store) {
	first := enrol(t, s, suiteSub, "credential one", true)
	enrol(t, s, suiteSub, "credential two", false)
	before := listed(t, s, suiteSub)
	wantError(t, s.Spend(t.Context(), spendOf(first, "c1", suiteNow)), nil)
	used := listed(t, s, suiteSub)
	for _, kept := range []bool{false, true} {
		r := credentials.Revocation{Sub: suiteSub, Passkeys: before, Kept: kept, Now: suiteNow}
		wantError(t, s.Revoke(t.Context(), r), credentials.ErrCondition)
	}
	if diff := cmp.Diff(used, listed(t, s, suiteSub)); diff != "" {
		t.Errorf("a refused revocation wrote:\n%s", diff)
	}
	wantError(t, s.Remove(t.Context(), credentials.Removal{Sub: suiteSub, Hash: table.Hash(before[1].ID), Now: suiteNow}), nil)
	wantError(t, s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: used, Now: suiteNow}), credentials.ErrCondition)
	wantError(t, s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: used[:1], Now: suiteNow}), nil)
	wantError(t, s.Spend(t.Context(), spendOf(first, "c2", suiteNow)), credentials.ErrCondition)
}

func suiteRevokeKept(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	revoke := func(at time.Time) {
		t.Helper()
		wantError(t, s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: listed(t, s, suiteSub), Kept: true, Now: at}), nil)
	}
	revoke(suiteNow)
	revoke(suiteNow.Add(-time.Hour)) // a clock that jumped back
	e.Passkey.Floor = suiteNow
	wantOnly(t, s, e.Passkey)
	wantUnchanged(t, s, spendOf(e, "c1", suiteNow), e.Passkey)
	wantError(t, s.Spend(t.Context(), spendOf(e, "c1", suiteNow.Add(time.Millisecond))), nil)
}

// A sign-in and a revocation of the same moment: one of them finds what the other did.
func suiteRevokeRace(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	before := listed(t, s, suiteSub)
	errs := AtOnce(func(i int) error {
		if i%2 == 0 {
			return s.Spend(t.Context(), spendOf(e, "c1", suiteNow))
		}
		return s.Revoke(t.Context(), credentials.Revocation{Sub: suiteSub, Passkeys: before, Now: suiteNow})
	})
	wantOne(t, errs, credentials.ErrCondition)
}
