package passkeytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// wantTicket checks what is remembered of a ticket.
func wantTicket(t *testing.T, s credentials.Store, sub, id string, want credentials.Use) {
	t.Helper()
	got, err := s.Ticket(t.Context(), sub, id)
	wantError(t, err, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticket (-want +got):\n%s", diff)
	}
}

func suiteTicketOnce(t *testing.T, s credentials.Store) {
	first, second := use(suiteNow), use(suiteNow)
	second.Digest, second.Invocation = []byte("another digest"), []byte("another")
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "ticket", first), nil)
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "ticket", second), credentials.ErrCondition)
	wantTicket(t, s, suiteSub, "ticket", first)
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "another", second), nil)
}

func suiteTicketRace(t *testing.T, s credentials.Store) {
	errs := AtOnce(func(int) error { return s.SpendTicket(t.Context(), suiteSub, "ticket", use(suiteNow)) })
	wantOne(t, errs, credentials.ErrCondition)
}

func suiteTicketRepeat(t *testing.T, s credentials.Store) {
	repeat := func(digest string) error { return s.RepeatTicket(t.Context(), suiteSub, "ticket", []byte(digest)) }
	wantError(t, repeat("digest"), credentials.ErrCondition)
	_, err := s.Ticket(t.Context(), suiteSub, "ticket")
	wantError(t, err, credentials.ErrNotFound)
	want := use(suiteNow)
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "ticket", want), nil)
	wantError(t, repeat("another digest"), credentials.ErrCondition)
	for range credentials.MaxRepeats - 1 {
		wantError(t, repeat("digest"), nil)
	}
	wantError(t, repeat("digest"), credentials.ErrCondition)
	want.Times = credentials.MaxRepeats
	wantTicket(t, s, suiteSub, "ticket", want)
}

func suiteTicketOthers(t *testing.T, s credentials.Store) {
	wantError(t, s.SpendTicket(t.Context(), suiteSub, "ticket", use(suiteNow)), nil)
	_, err := s.Ticket(t.Context(), "other", "ticket")
	wantError(t, err, credentials.ErrNotFound)
	wantError(t, s.RepeatTicket(t.Context(), "other", "ticket", []byte("digest")), credentials.ErrCondition)
	wantError(t, s.SpendTicket(t.Context(), "other", "ticket", use(suiteNow)), nil)
}
