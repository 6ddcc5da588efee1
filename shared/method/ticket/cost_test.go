package ticket_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const (
	get    = "GetItem"
	update = "UpdateItem"
)

// What anybody can send must cost the owner of the pool no write, and what
// nobody signed not even a read.
func TestOperationsOfATicket(t *testing.T) {
	s, table := newScene(t), passkeytest.NewTable(t)
	s.use(t, dynamo.New(table.Client, table.Name))
	session, answer := s.Begin(t, s.NewUser(subA)), s.sign(t, subA)
	late := s.sign(t, subA)
	for _, c := range []struct {
		name, answer, verdict string
		after                 time.Duration
		operations            []string
	}{
		{"badly signed", answer + "A", "bad_signature", 0, nil},
		{"another user's", s.sign(t, subB), "wrong_user", 0, nil},
		{"accepted", answer, right, 0, []string{get, update}},
		{"repeated", answer, right, time.Second, []string{get, update}},
		{"spent", answer, spent, time.Minute, []string{get}},
		{"expired", late, "ticket_expired", time.Minute, []string{get}},
	} {
		s.Advance(c.after)
		if got := s.verdict(t, session, c.answer); got != c.verdict {
			t.Errorf("a ticket that is %s is %s, want %s", c.name, got, c.verdict)
		}
		if diff := cmp.Diff(c.operations, table.Operations()); diff != "" {
			t.Errorf("a ticket that is %s (-want +got):\n%s", c.name, diff)
		}
	}
}
