package passkeytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// importOf is an import of what the enrolment of the same user and id would store.
func importOf(sub, id string, first bool) credentials.Import {
	e := enrolment(sub, id, first)
	e.Passkey.Used = suiteNow
	return credentials.Import{Sub: sub, UserName: e.UserName, Passkey: e.Passkey, First: first, Max: suiteMax}
}

func suiteImport(t *testing.T, s credentials.Store) {
	i := importOf(suiteSub, "credential one", true)
	wantError(t, s.Import(t.Context(), i), nil)
	wantOnly(t, s, i.Passkey)
	enrol(t, s, suiteSub, "credential two", false)
}

func suiteImportOnce(t *testing.T, s credentials.Store) {
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential one", true)), nil)
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential one", false)), credentials.ErrDuplicate)
	wantError(t, s.Import(t.Context(), importOf("other", "credential one", true)), credentials.ErrDuplicate)
	_, err := s.User(t.Context(), "other")
	wantError(t, err, credentials.ErrNotFound)
}

func suiteImportRemoved(t *testing.T, s credentials.Store) {
	i := importOf(suiteSub, "credential one", true)
	wantError(t, s.Import(t.Context(), i), nil)
	wantError(t, s.Remove(t.Context(), credentials.Removal{Sub: suiteSub, Hash: table.Hash(i.Passkey.ID), Now: suiteNow}), nil)
	i.First = false
	wantError(t, s.Import(t.Context(), i), credentials.ErrDuplicate)
}

func suiteImportFirst(t *testing.T, s credentials.Store) {
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential one", true)), nil)
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential two", true)), credentials.ErrConflict)
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential two", false)), nil)
	user, err := s.User(t.Context(), suiteSub)
	wantError(t, err, nil)
	if len(user.Passkeys) != 2 {
		t.Errorf("the user has %d passkeys, want 2", len(user.Passkeys))
	}
}

func suiteImportCap(t *testing.T, s credentials.Store) {
	for n, id := range []string{"credential one", "credential two", "credential three"} {
		wantError(t, s.Import(t.Context(), importOf(suiteSub, id, n == 0)), nil)
	}
	wantError(t, s.Import(t.Context(), importOf(suiteSub, "credential four", false)), credentials.ErrTooMany)
}

func suiteAll(t *testing.T, s credentials.Store) {
	want := map[string]string{} // credential id → sub
	for _, i := range []credentials.Import{
		importOf(suiteSub, "credential one", true), importOf("other", "credential two", true), importOf(suiteSub, "credential three", false),
	} {
		wantError(t, s.Import(t.Context(), i), nil)
		want[string(i.Passkey.ID)] = i.Sub
	}
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "ticket", use(suiteNow)), nil)
	got, users := map[string]string{}, []string(nil) // credential id → sub; subs in the order in which they come
	for held, err := range s.All(t.Context()) {
		wantError(t, err, nil)
		got[string(held.Passkey.ID)] = held.Sub
		if len(users) == 0 || users[len(users)-1] != held.Sub {
			users = append(users, held.Sub)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(users) != 2 {
		t.Errorf("of users %q (-want +got):\n%s", users, diff)
	}
	for _, err := range s.All(t.Context()) {
		wantError(t, err, nil)
		break // whoever has seen enough may stop
	}
}
