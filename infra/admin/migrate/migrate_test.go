package migrate_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

const relyingPartyID = "example.com"

var bob = migrate.Account{
	Sub: "5f0c8d2e-0000-4000-8000-00000000000b", UserName: "bob", Status: "CONFIRMED", Attributes: map[string]string{"phone_number_verified": "true"},
}

// pool is a pool of one user, which counts how often it is asked.
type pool struct {
	account migrate.Account
	err     error
	asked   int
}

func (p *pool) Find(context.Context, migrate.Holder) (migrate.Account, error) {
	p.asked++
	return p.account, p.err
}

// candidates returns passkeys of one holder.
func candidates(t *testing.T, holder migrate.Holder, number int) iter.Seq2[migrate.Candidate, error] {
	t.Helper()
	return func(yield func(migrate.Candidate, error) bool) {
		for range number {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			cose, err := passkeytest.PublicKey(key)
			if err != nil {
				t.Fatal(err)
			}
			id := make([]byte, 16)
			_, _ = rand.Read(id) // never fails
			c := migrate.Candidate{Item: "a passkey", Holder: holder, Record: credential.Record{
				ID: id, PublicKey: cose, RPID: relyingPartyID, UserHandle: []byte("handle"),
			}}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// run imports into a store and returns the reasons of skips.
func run(t *testing.T, accounts migrate.Accounts, store migrate.Store, from iter.Seq2[migrate.Candidate, error]) (migrate.Summary, error) {
	t.Helper()
	importer := migrate.Importer{
		RelyingParty: webauthn.RelyingParty{ID: relyingPartyID}, Accounts: accounts, Store: store, Max: 20,
		Skip: func(migrate.Skipped) error { return nil }, Progress: func(migrate.Summary) {}, Now: time.Now,
	}
	return importer.Run(t.Context(), from)
}

func TestAUserIsLookedUpOnce(t *testing.T) {
	for name, p := range map[string]*pool{"known": {account: bob}, "unknown": {err: migrate.ErrNoAccount}} {
		t.Run(name, func(t *testing.T) {
			summary, err := run(t, p, &passkeytest.Memory{}, candidates(t, migrate.Holder{UserName: "bob"}, 3))
			if err != nil || summary.Read != 3 || p.asked != 1 {
				t.Errorf("asked %d times for %+v, error %v", p.asked, summary, err)
			}
		})
	}
}

// Whom the pool finds must be whom the source names, in every case.
func TestHoldersAreCompared(t *testing.T) {
	unconfirmed, federated, unverified := bob, bob, bob
	unconfirmed.Status, federated.Status, unverified.Attributes = "UNCONFIRMED", "EXTERNAL_PROVIDER", nil
	for _, c := range []struct {
		name    string
		holder  migrate.Holder
		account migrate.Account
		skipped map[string]int
	}{
		{"by name", migrate.Holder{UserName: "bob"}, bob, map[string]int{}},
		{"by sub", migrate.Holder{Sub: bob.Sub}, bob, map[string]int{}},
		{"by both", migrate.Holder{Sub: bob.Sub, UserName: "bob"}, bob, map[string]int{}},
		{"rejects another name", migrate.Holder{UserName: "Bob"}, bob, map[string]int{"no_such_user": 1}},
		{"rejects another sub", migrate.Holder{Sub: "another"}, bob, map[string]int{"no_such_user": 1}},
		{"rejects the name of one and the sub of another", migrate.Holder{Sub: "another", UserName: "bob"}, bob, map[string]int{"no_such_user": 1}},
		{"rejects a holder without name", migrate.Holder{}, bob, map[string]int{"no_such_user": 1}},
		{"rejects who has not proved an address", migrate.Holder{UserName: "bob"}, unconfirmed, map[string]int{"user_not_confirmed": 1}},
		{"rejects who signs in elsewhere", migrate.Holder{UserName: "bob"}, federated, map[string]int{"user_not_confirmed": 1}},
		{"rejects who has no verified address", migrate.Holder{UserName: "bob"}, unverified, map[string]int{"address_not_verified": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			summary, err := run(t, &pool{account: c.account}, &passkeytest.Memory{}, candidates(t, c.holder, 1))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.skipped, summary.Skipped); diff != "" || summary.Imported != 1-len(c.skipped) {
				t.Errorf("imported %d, skipped (-want +got):\n%s", summary.Imported, diff)
			}
		})
	}
}

// racedStore meets another registration of the user, as often as it is told.
type racedStore struct {
	credentials.Store
	times int
}

func (r *racedStore) Import(ctx context.Context, i credentials.Import) error {
	if r.times > 0 {
		r.times--
		return credentials.ErrConflict
	}
	return r.Store.Import(ctx, i)
}

func TestAnImportMeetsARegistration(t *testing.T) {
	for times, want := range map[int]error{2: nil, 3: credentials.ErrConflict} {
		summary, err := run(t, &pool{account: bob}, &racedStore{&passkeytest.Memory{}, times}, candidates(t, migrate.Holder{UserName: "bob"}, 1))
		if !errors.Is(err, want) || (summary.Imported == 1) != (want == nil) {
			t.Errorf("after %d conflicts: %+v, error %v, want %v", times, summary, err, want)
		}
	}
}

func TestFaultsEndARun(t *testing.T) {
	outage := errors.New("throttled")
	broken := func(yield func(migrate.Candidate, error) bool) { yield(migrate.Candidate{}, outage) }
	if summary, err := run(t, &pool{account: bob}, &passkeytest.Memory{}, broken); !errors.Is(err, outage) || summary.Read != 0 {
		t.Errorf("with a broken source: %+v, error %v", summary, err)
	}
	summary, err := run(t, &pool{err: outage}, &passkeytest.Memory{}, candidates(t, migrate.Holder{UserName: "bob"}, 2))
	if !errors.Is(err, outage) || summary.Read != 1 {
		t.Errorf("without the pool: %+v, error %v", summary, err)
	}
}
