package passkeytest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

func use(issued time.Time) credentials.Use {
	return credentials.Use{
		Digest: []byte("digest"), Invocation: []byte("invocation"), Time: issued.Add(time.Second), Times: 1,
		Issued: issued, Expires: issued.Add(time.Minute),
	}
}

// spendOf is a spend of a challenge that would be accepted.
func spendOf(e credentials.Enrolment, challenge string, issued time.Time) credentials.Spend {
	return credentials.Spend{
		Sub: e.Sub, Hash: table.Hash(e.Passkey.ID), Challenge: challenge, Use: use(issued),
		Generation: e.Passkey.Generation, SignCount: e.Passkey.SignCount,
	}
}

func stored(t *testing.T, s credentials.Store, e credentials.Enrolment) credentials.Passkey {
	t.Helper()
	p, err := s.Passkey(t.Context(), e.Sub, table.Hash(e.Passkey.ID))
	wantError(t, err, nil)
	return p
}

// wantUnchanged checks that a refused spend wrote nothing.
func wantUnchanged(t *testing.T, s credentials.Store, spend credentials.Spend, before credentials.Passkey) {
	t.Helper()
	wantError(t, s.Spend(t.Context(), spend), credentials.ErrCondition)
	after, err := s.Passkey(t.Context(), spend.Sub, spend.Hash)
	wantError(t, err, nil)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("a refused spend wrote:\n%s", diff)
	}
}

func suiteSpendOnce(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	spend := spendOf(e, "c1", suiteNow)
	wantError(t, s.Spend(t.Context(), spend), nil)
	before := stored(t, s, e)
	wantUnchanged(t, s, spend, before)
	wantError(t, s.Spend(t.Context(), spendOf(e, "c2", suiteNow)), nil)
}

func suiteSpendRace(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	wantOne(t, AtOnce(func(int) error { return s.Spend(t.Context(), spendOf(e, "c1", suiteNow)) }), credentials.ErrCondition)
}

func suiteSpendUpdates(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	spend := spendOf(e, "c1", suiteNow)
	spend.SignCount, spend.BackupState, spend.Floor = 9, true, suiteNow.Add(-time.Minute)
	wantError(t, s.Spend(t.Context(), spend), nil)
	want := e.Passkey
	want.SignCount, want.BackupState, want.Floor, want.Used = 9, true, spend.Floor, spend.Use.Time
	want.Spent = map[string]credentials.Use{"c1": spend.Use}
	if diff := cmp.Diff(want, stored(t, s, e)); diff != "" {
		t.Errorf("passkey (-want +got):\n%s", diff)
	}
}

func suiteSpendGeneration(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	spend := spendOf(e, "c1", suiteNow)
	spend.Generation = "another"
	wantUnchanged(t, s, spend, e.Passkey)
}

func suiteSpendFloor(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	raise := spendOf(e, "c1", suiteNow.Add(time.Second))
	raise.Floor = suiteNow
	wantError(t, s.Spend(t.Context(), raise), nil)
	before := stored(t, s, e)
	wantUnchanged(t, s, spendOf(e, "c2", suiteNow), before)
	wantUnchanged(t, s, spendOf(e, "c3", suiteNow.Add(-time.Second)), before)
	wantError(t, s.Spend(t.Context(), spendOf(e, "c4", suiteNow.Add(time.Millisecond))), nil)
}

func suiteFloorNeverFalls(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	raise := spendOf(e, "c1", suiteNow.Add(time.Second))
	raise.Floor = suiteNow
	wantError(t, s.Spend(t.Context(), raise), nil)
	lower := spendOf(e, "c2", suiteNow.Add(time.Second))
	lower.Floor = suiteNow.Add(-time.Millisecond)
	wantUnchanged(t, s, lower, stored(t, s, e))
	lower.Floor = suiteNow
	wantError(t, s.Spend(t.Context(), lower), nil)
}

func suiteSpendCounter(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	for _, count := range []uint32{e.Passkey.SignCount, e.Passkey.SignCount - 1, 0} {
		spend := spendOf(e, "c1", suiteNow)
		spend.SignCount, spend.CounterMustIncrease = count, true
		wantUnchanged(t, s, spend, e.Passkey)
	}
	spend := spendOf(e, "c1", suiteNow)
	spend.SignCount, spend.CounterMustIncrease = e.Passkey.SignCount+1, true
	wantError(t, s.Spend(t.Context(), spend), nil)
}

func suiteSpendDrops(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	for _, c := range []string{"c1", "c2", "c3"} {
		wantError(t, s.Spend(t.Context(), spendOf(e, c, suiteNow)), nil)
	}
	spend := spendOf(e, "c4", suiteNow)
	spend.Drop = []string{"c1", "c3"}
	wantError(t, s.Spend(t.Context(), spend), nil)
	want := map[string]credentials.Use{"c2": use(suiteNow), "c4": use(suiteNow)}
	if diff := cmp.Diff(want, stored(t, s, e).Spent); diff != "" {
		t.Errorf("spent challenges (-want +got):\n%s", diff)
	}
}

func suiteRepeat(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	wantError(t, s.Spend(t.Context(), spendOf(e, "c1", suiteNow)), nil)
	repeat := func() error { return s.Repeat(t.Context(), e.Sub, table.Hash(e.Passkey.ID), "c1", []byte("digest")) }
	for range credentials.MaxRepeats - 1 {
		wantError(t, repeat(), nil)
	}
	wantError(t, repeat(), credentials.ErrCondition)
	if got := stored(t, s, e).Spent["c1"].Times; got != credentials.MaxRepeats {
		t.Errorf("counted %d, want %d", got, credentials.MaxRepeats)
	}
}

func suiteRepeatOther(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	hash := table.Hash(e.Passkey.ID)
	wantError(t, s.Spend(t.Context(), spendOf(e, "c1", suiteNow)), nil)
	before := stored(t, s, e)
	wantError(t, s.Repeat(t.Context(), e.Sub, hash, "c1", []byte("another")), credentials.ErrCondition)
	wantError(t, s.Repeat(t.Context(), e.Sub, hash, "c2", []byte("digest")), credentials.ErrCondition)
	wantError(t, s.Repeat(t.Context(), "other", hash, "c1", []byte("digest")), credentials.ErrCondition)
	if diff := cmp.Diff(before, stored(t, s, e)); diff != "" {
		t.Errorf("a refused repeat wrote:\n%s", diff)
	}
}
