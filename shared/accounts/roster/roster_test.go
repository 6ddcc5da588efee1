package roster_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	number = "K 1234-5"
	email  = "kim@example.com"
	sub    = "5f0c8d2e-0000-4000-8000-000000000001"
)

// world is a roster on a table behind DynamoDB's protocol.
type world struct {
	*testing.T
	table *passkeytest.Table
	roster.Roster
	roster.Ledger
	mu   sync.Mutex
	ring secret.Ring
	now  time.Time
}

func newWorld(t *testing.T) *world {
	ring, err := secret.NewRing(secret.Pepper, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, table: passkeytest.NewTable(t), ring: ring, now: time.UnixMilli(1_790_000_000_000)}
	store := dynamo.New(w.table.Client, w.table.Name)
	clock := func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	}
	w.Roster = roster.Roster{Peppers: func(context.Context) (secret.Ring, error) { return w.ring, nil }, Store: store, Now: clock}
	w.Ledger = roster.Ledger{Store: store, Now: clock}
	return w
}

// expire lets every reservation end.
func (w *world) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(roster.ReservedFor)
}

func (w *world) identify(number, email string) roster.Identity {
	w.Helper()
	id, err := roster.Identify(number, email)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) wantImport(number, email string, want roster.Outcome, operations ...string) {
	w.Helper()
	w.table.Operations()
	got, err := w.Import(w.Context(), w.identify(number, email))
	if err != nil || got != want {
		w.Fatalf("the outcome is %d, want %d; error %v", got, want, err)
	}
	if took := w.table.Operations(); len(operations) > 0 && !slices.Equal(took, operations) {
		w.Errorf("it took %v, want %v", took, operations)
	}
}

func (w *world) wantStanding(number, email string, want roster.Standing) credentials.Place {
	w.Helper()
	place, got, err := w.Find(w.Context(), w.identify(number, email))
	if err != nil || got != want {
		w.Fatalf("%s with %s is %q, want %q; error %v", number, email, got, want, err)
	}
	return place
}

func (w *world) want(want roster.Standing) func(roster.Standing, error) {
	return func(got roster.Standing, err error) {
		w.Helper()
		if err != nil || got != want {
			w.Fatalf("the standing is %q, want %q; error %v", got, want, err)
		}
	}
}

func TestPersonIsFoundHoweverTheNumberIsTyped(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported, "GetItem", "PutItem")
	for _, typed := range []string{"K12345", "k-1234-5", " k 1 2 3 4 5\t", "Ｋ１２３４５", "K–1234—5", "K\u20111234\u22125", "K\u00AD12345"} {
		w.wantStanding(typed, "Kim@Example.COM", roster.Free)
	}
	w.table.Operations()
	w.wantStanding(number, email, roster.Free)
	if took := w.table.Operations(); !slices.Equal(took, []string{"GetItem"}) {
		t.Errorf("it took %v, want one read", took)
	}
	w.wantStanding("K12346", email, roster.Unknown)
	w.wantStanding("0K12345", email, roster.Unknown)
	w.wantStanding(number, "kim.lee@example.com", roster.OtherAddress)
}

func TestIdentifyRefuses(t *testing.T) {
	for _, c := range []struct{ name, number, email, want string }{
		{"rejects no number", " - ", email, "account_number: it is empty"},
		{"rejects a long number", strings.Repeat("7", 65), email, "account_number: it has 65 characters"},
		{"rejects what can't be printed", "K1\x00", email, "account_number: it holds U+0000"},
		{"rejects another encoding", "K\xfc1", email, "account_number: it holds U+FFFD"},
		{"rejects what turns the direction of text", "K\u202E1", email, "account_number: it holds U+202E"},
		{"rejects no address", number, " ", "email: it is empty"},
		{"rejects a name alone", number, "kim", "email: it doesn't look like"},
		{"rejects two addresses", number, "kim@example.com@example.com", "email: it doesn't look like"},
		{"rejects a domain without a dot", number, "kim@localhost", "email: it doesn't look like"},
		{"rejects a list of addresses", number, "kim@example.com,lee", "email: it holds U+002C"},
		{"rejects the Kelvin sign", number, "\u212Aim@example.com", "email: it holds U+212A"},
		{"rejects a long address", number, strings.Repeat("k", 65) + "@example.com", "email: it has 77 bytes, 65 before the @"},
		{"rejects both at once", "", "", "account_number: it is empty: give the number\nemail: it is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := roster.Identify(c.number, c.email)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error is %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("K 1234-5", "Kim@Example.com")
	f.Add("ﬃ\u0345\u1FF7", "a@b.c")
	f.Fuzz(func(t *testing.T, number, email string) {
		id, err := roster.Identify(number, email)
		if err != nil {
			return
		}
		again, err := roster.Identify(number+" - ", " "+id.Email()+" ")
		if err != nil || again != id {
			t.Errorf("%q and %q make another identity when they are typed again: %v", number, email, err)
		}
	})
}

// Neither the number nor the address is in the table, nor can either be found by
// trying without the pepper.
func TestTableHoldsHashesOnly(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	w.wantImport("K 9999-9", email, roster.Imported)
	items := w.items()
	for _, clear := range []string{"12345", "kim", "example"} {
		if strings.Contains(strings.ToLower(items), clear) {
			t.Errorf("the table holds %s: %s", clear, items)
		}
	}
	other := newWorld(t)
	other.wantImport(number, email, roster.Imported)
	if place := w.wantStanding(number, email, roster.Free); strings.Contains(other.items(), place.Key) {
		t.Error("two peppers make the same key")
	}
	if a, b := w.wantStanding(number, email, roster.Free), w.wantStanding("K99999", email, roster.Free); slices.Equal(a.Address, b.Address) {
		t.Error("the table tells who shares an address")
	}
}

func (w *world) items() string {
	w.Helper()
	found, err := w.table.Client.Scan(w.Context(), &dynamodb.ScanInput{TableName: &w.table.Name})
	if err != nil {
		w.Fatal(err)
	}
	var text strings.Builder
	for _, item := range found.Items {
		for name, value := range item {
			fmt.Fprintf(&text, "%s=%s\n", name, value)
		}
	}
	return text.String()
}

func TestReservation(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	place := w.wantStanding(number, email, roster.Free)
	w.want(roster.Free)(w.Reserve(t.Context(), place, "first"))
	w.want(roster.Free)(w.Reserve(t.Context(), place, "first"))
	w.want(roster.Reserved)(w.Reserve(t.Context(), place, "second"))
	w.wantStanding(number, email, roster.Free)
	w.expire()
	w.want(roster.Free)(w.Reserve(t.Context(), place, "second"))
	w.want(roster.Reserved)(w.Reserve(t.Context(), place, "first"))
}

func TestOneOfACrowdReserves(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	place := w.wantStanding(number, email, roster.Free)
	free := 0
	for _, got := range passkeytest.AtOnce(func(i int) roster.Standing {
		standing, err := w.Reserve(t.Context(), place, fmt.Sprint(i))
		if err != nil {
			t.Error(err)
		}
		return standing
	}) {
		if got == roster.Free {
			free++
		}
	}
	if free != 1 {
		t.Errorf("%d reserved one entry, want 1", free)
	}
}

func TestClaimIsForGood(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	place := w.wantStanding(number, email, roster.Free)
	w.want(roster.Free)(w.Reserve(t.Context(), place, "holder"))
	w.want(roster.Free)(w.Claim(t.Context(), place, sub))
	w.want(roster.Free)(w.Claim(t.Context(), place, sub))
	w.want(roster.Claimed)(w.Claim(t.Context(), place, "another"))
	w.want(roster.Claimed)(w.Reserve(t.Context(), place, "holder"))
	w.wantStanding(number, email, roster.Claimed)
	w.wantImport(number, "lee@example.com", roster.Taken, "GetItem")
	w.wantStanding(number, email, roster.Claimed)
}

func TestLateClaim(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	place := w.wantStanding(number, email, roster.Free)
	w.want(roster.Free)(w.Reserve(t.Context(), place, "first"))
	w.expire()
	w.want(roster.Free)(w.Reserve(t.Context(), place, "second"))
	w.want(roster.Free)(w.Claim(t.Context(), place, sub)) // the first one was let through, and is first
	w.want(roster.Claimed)(w.Claim(t.Context(), place, "another"))
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported, "GetItem", "PutItem")
	w.wantImport("k12345", "KIM@example.com", roster.Unchanged, "GetItem")
	old := w.wantStanding(number, email, roster.Free)
	w.wantImport(number, "lee@example.com", roster.Changed, "GetItem", "PutItem")
	w.wantStanding(number, email, roster.OtherAddress)
	w.want(roster.OtherAddress)(w.Reserve(t.Context(), old, "holder"))
	w.want(roster.OtherAddress)(w.Claim(t.Context(), old, sub))
	place := w.wantStanding(number, "lee@example.com", roster.Free)
	w.want(roster.Free)(w.Reserve(t.Context(), place, "holder"))
	w.wantImport(number, "lee@example.com", roster.Unchanged, "GetItem")
	w.wantImport(number, email, roster.Busy, "GetItem")
	w.expire()
	w.wantImport(number, email, roster.Changed)
	w.wantStanding(number, email, roster.Free)
}

func TestPreviousPepperIsStillFound(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	w.wantImport("K2", email, roster.Imported)
	w.wantImport("K3", email, roster.Imported)
	old := w.wantStanding(number, email, roster.Free)
	w.want(roster.Free)(w.Claim(t.Context(), w.wantStanding("K2", email, roster.Free), sub))
	w.ring = w.ring.Rotate(1)
	w.wantStanding("K4", email, roster.Unknown)
	w.wantStanding(number, "lee@example.com", roster.OtherAddress)
	w.wantStanding("K2", email, roster.Claimed)
	w.want(roster.Free)(w.Reserve(t.Context(), w.wantStanding(number, email, roster.Free), "holder"))
	w.wantImport(number, email, roster.Busy, "GetItem", "GetItem")
	w.expire()

	w.wantImport(number, email, roster.Changed, "GetItem", "GetItem", "TransactWriteItems")
	w.wantImport(number, email, roster.Unchanged, "GetItem")
	w.wantImport("K2", email, roster.Taken, "GetItem", "GetItem", "TransactWriteItems")
	w.wantImport("K2", email, roster.Taken, "GetItem")
	w.want(roster.Unknown)(w.Claim(t.Context(), old, sub))
	w.ring = w.ring.Rotate(2)
	w.wantStanding(number, email, roster.Free)
	w.wantStanding("K2", email, roster.Claimed)
	w.wantStanding("K3", email, roster.Unknown) // two rotations without an import in between lose it
}

// An import that meets another, or a reply that is lost, ends as it would alone.
func TestImportsAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.identify(number, email)
	imported := 0
	for _, got := range passkeytest.AtOnce(func(int) roster.Outcome {
		outcome, err := w.Import(t.Context(), id)
		if err != nil {
			t.Error(err)
		}
		return outcome
	}) {
		switch got {
		case roster.Imported:
			imported++
		case roster.Unchanged:
		default:
			t.Errorf("outcome is %d", got)
		}
	}
	if imported != 1 {
		t.Errorf("one entry was imported %d times", imported)
	}
	client, wire := w.table.Wire(t)
	w.Roster.Store = dynamo.New(client, w.table.Name)
	wire.Break("PutItem", passkeytest.LostReply, 1)
	if _, err := w.Import(t.Context(), w.identify("K7", email)); err != nil {
		t.Error(err)
	}
	w.wantStanding("K7", email, roster.Free)
}

func TestFaultIsNoStanding(t *testing.T) {
	w := newWorld(t)
	w.wantImport(number, email, roster.Imported)
	place := w.wantStanding(number, email, roster.Free)
	client, wire := w.table.Wire(t)
	store := dynamo.New(client, w.table.Name)
	for operation, f := range map[string]func() (any, error){
		"GetItem": func() (any, error) {
			_, s, err := roster.Roster{Peppers: w.Peppers, Store: store, Now: time.Now}.Find(t.Context(), w.identify(number, email))
			return s, err
		},
		"PutItem": func() (any, error) { return roster.Ledger{Store: store, Now: time.Now}.Claim(t.Context(), place, sub) },
	} {
		wire.Break(operation, passkeytest.InternalError, 100)
		if got, err := f(); err == nil || got != roster.Standing("") {
			t.Errorf("a fault in %s gives %q and no error", operation, got)
		}
	}
	symmetric, err := secret.NewRing(secret.Symmetric, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.ring = symmetric
	if _, _, err := w.Find(t.Context(), w.identify(number, email)); err == nil || !strings.Contains(err.Error(), "no peppers") {
		t.Errorf("a ring of another kind: error is %v", err)
	}
}
