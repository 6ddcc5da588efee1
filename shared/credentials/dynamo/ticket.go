package dynamo

import (
	"context"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Ticket implements credentials.Store.
func (s *Store) Ticket(ctx context.Context, sub, id string) (credentials.Use, error) {
	i, err := s.get(ctx, table.UserPK(sub), table.TicketSK(id))
	if err != nil {
		return credentials.Use{}, err
	}
	return useFrom(i), nil
}

// SpendTicket implements credentials.Store. The item is made by an update, so
// that who may only update items, as Verify may, needs no further permission.
func (s *Store) SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error {
	var e expression
	for name, value := range useItem(use) {
		e.set(e.name(name), value)
	}
	e.set(e.name(table.TTL), seconds(use.Expires.Add(credentials.TicketKept)))
	e.condition("attribute_not_exists(" + e.name(table.PartitionKey) + ")")
	_, err := s.update(ctx, key(table.UserPK(sub), table.TicketSK(id)), e)
	return err
}

// RepeatTicket implements credentials.Store.
func (s *Store) RepeatTicket(ctx context.Context, sub, id string, digest []byte) error {
	var e expression
	e.repeat("", digest)
	_, err := s.update(ctx, key(table.UserPK(sub), table.TicketSK(id)), e)
	return err
}

// repeat counts one more "correct" in the use at a path of placeholders, which
// is empty or ends with a dot.
func (e *expression) repeat(path string, digest []byte) {
	times := path + e.name(table.Times)
	e.setTo(times, times+" + "+e.value(number(1)))
	e.condition(path + e.name(table.Digest) + " = " + e.value(bytes(digest)))
	e.condition(times + " < " + e.value(number(credentials.MaxRepeats)))
}
