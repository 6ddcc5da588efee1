package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

// What DynamoDB says of each write of a cancelled transaction tells why; what
// says nothing is a fault, and nothing that a caller knows.
func TestCancelledTransactions(t *testing.T) {
	const none, failed, conflict, throttled = "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	store := dynamo.New(client, table.Name)
	enrol := func(first bool) func() error {
		return func() error {
			return store.Enrol(t.Context(), credentials.Enrolment{
				Sub: "sub", Registration: credentials.Registration{Challenge: "c", First: first}, Max: 1, Now: time.UnixMilli(1),
			})
		}
	}
	add := func(first bool) func() error {
		return func() error {
			return store.Import(t.Context(), credentials.Import{Sub: "sub", First: first, Max: 1})
		}
	}
	remove := func() error { return store.Remove(t.Context(), credentials.Removal{Sub: "sub", Hash: "hash"}) }
	revoke := func() error {
		return store.Revoke(t.Context(), credentials.Revocation{Sub: "sub", Passkeys: make([]credentials.Passkey, 1)})
	}
	for _, c := range []struct {
		name  string
		do    func() error
		codes []string
		want  error // nil: a fault
	}{
		{"no such registration", enrol(true), []string{failed, failed, failed, failed}, credentials.ErrRegistration},
		{"the passkey is there", enrol(true), []string{none, failed, none, none}, credentials.ErrDuplicate},
		{"somebody has the id", enrol(true), []string{none, none, failed, failed}, credentials.ErrDuplicate},
		{"the user got an item since", enrol(true), []string{none, none, none, failed}, credentials.ErrRegistration},
		{"the user has too many", enrol(false), []string{none, none, none, failed}, credentials.ErrTooMany},
		{"another registration is under way", enrol(true), []string{none, none, conflict, none}, credentials.ErrConflict},
		{"throttled registration", enrol(true), []string{none, throttled, none, none}, nil},
		{"a registration without reasons", enrol(true), nil, nil},
		{"the imported passkey is there", add(true), []string{failed, failed, failed}, credentials.ErrDuplicate},
		{"somebody has the imported id", add(true), []string{none, failed, failed}, credentials.ErrDuplicate},
		{"the user of an import got an item since", add(true), []string{none, none, failed}, credentials.ErrConflict},
		{"the user of an import has too many", add(false), []string{none, none, failed}, credentials.ErrTooMany},
		{"a registration is under way beside an import", add(true), []string{none, none, conflict}, credentials.ErrConflict},
		{"throttled import", add(false), []string{none, none, throttled}, nil},
		{"no such passkey", remove, []string{failed, failed, none}, credentials.ErrNotFound},
		{"the last passkey", remove, []string{none, failed, none}, credentials.ErrLastCredential},
		{"another removal is under way", remove, []string{conflict, none, none}, credentials.ErrConflict},
		{"throttled removal", remove, []string{none, none, throttled}, nil},
		{"a removal without reasons", remove, nil, nil},
		{"a passkey to revoke was used", revoke, []string{failed, none, none}, credentials.ErrCondition},
		{"the user of a revocation has no list", revoke, []string{none, none, failed}, credentials.ErrCondition},
		{"a sign-in is under way beside a revocation", revoke, []string{conflict, none, none}, credentials.ErrConflict},
		{"throttled revocation", revoke, []string{none, throttled, none}, nil},
		{"a revocation without reasons", revoke, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire.Break("TransactWriteItems", passkeytest.Cancelled(c.codes...), 1)
			err := c.do()
			if err == nil || !errors.Is(known(err), c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
		})
	}
}

// known returns the error that the store's callers know, or nil for a fault.
func known(err error) error {
	for _, own := range []error{
		credentials.ErrNotFound, credentials.ErrCondition, credentials.ErrRegistration, credentials.ErrDuplicate,
		credentials.ErrTooMany, credentials.ErrLastCredential, credentials.ErrConflict,
	} {
		if errors.Is(err, own) {
			return own
		}
	}
	return nil
}
