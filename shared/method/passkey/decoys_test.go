package passkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const sub = "5f0c8d2e-0000-4000-8000-00000000000a"

// decoysOf returns decoys of a fixed key, so that every run sees the same lists.
func decoysOf(key byte) *passkey.Decoys {
	return &passkey.Decoys{
		Key:           func(context.Context) (secret.Key, error) { return secret.Key{key}, nil },
		FoldUserNames: true,
	}
}

func unknown(name string) customauth.User { return customauth.User{Name: name, NotFound: true} }
func known(sub string) customauth.User    { return customauth.User{Name: sub, Sub: sub} }

func TestFalseListsStayTheSame(t *testing.T) {
	for name, c := range map[string]struct{ one, other customauth.User }{
		"of a user without passkeys":           {known(sub), known(sub)},
		"of a user whose name differs":         {known(sub), customauth.User{Name: "ann", Sub: sub}},
		"of a name that nobody has":            {unknown("bob@example.com"), unknown("bob@example.com")},
		"of that name in upper case":           {unknown("bob@example.com"), unknown("BOB@Example.COM")},
		"of a name with its accents apart":     {unknown("ren\u00e9@example.com"), unknown("rene\u0301@example.com")},
		"of such a name in upper case":         {unknown("ren\u00e9@example.com"), unknown("RENE\u0301@EXAMPLE.COM")},
		"of a name outside the Latin alphabet": {unknown("ΒΟΒ@example.com"), unknown("βοβ@example.com")},
	} {
		t.Run(name, func(t *testing.T) {
			one := decoysOf(1).List(t.Context(), c.one, nil)
			other := decoysOf(1).List(t.Context(), c.other, nil) // another instance
			if diff := cmp.Diff(one, other); diff != "" || len(one) == 0 {
				t.Error(diff)
			}
		})
	}
}

func TestFalseListsDiffer(t *testing.T) {
	exact := decoysOf(1)
	exact.FoldUserNames = false
	base := decoysOf(1).List(t.Context(), unknown("bob"), nil)
	for name, list := range map[string][]customauth.Passkey{
		"for another name":                             decoysOf(1).List(t.Context(), unknown("bob2"), nil),
		"for a user whose sub is the name":             decoysOf(1).List(t.Context(), known("bob"), nil),
		"with another key":                             decoysOf(2).List(t.Context(), unknown("bob"), nil),
		"in upper case where the pool looks at case":   exact.List(t.Context(), unknown("BOB"), nil),
		"for a name with a space where it is no alias": decoysOf(1).List(t.Context(), unknown("bob "), nil),
	} {
		t.Run(name, func(t *testing.T) {
			if cmp.Equal(base, list) || len(list) == 0 {
				t.Errorf("the list is %v", list)
			}
		})
	}
}

// A list that was false looks no different when its passkeys are real: they are
// listed in one order however they are stored.
func TestRealAndFalseListsAreOrderedAlike(t *testing.T) {
	d := decoysOf(1)
	turned := 0
	for i := range 500 {
		falseList := d.List(t.Context(), unknown(fmt.Sprint("user", i)), nil)
		stored := slices.Clone(falseList)
		slices.Reverse(stored)
		for i := range stored {
			stored[i].Transports = slices.Clone(stored[i].Transports)
			slices.Reverse(stored[i].Transports)
		}
		realList := d.List(t.Context(), known(sub), stored)
		if diff := cmp.Diff(falseList, realList); diff != "" {
			t.Fatal(diff)
		}
		if len(falseList) > 1 {
			turned++
		}
	}
	if turned < 100 {
		t.Errorf("only %d lists have an order", turned)
	}
}

func TestListLeavesTheStoredPasskeysAlone(t *testing.T) {
	stored := []customauth.Passkey{
		{CredentialID: []byte("one"), Transports: []string{"usb", "nfc"}},
		{CredentialID: []byte("two"), Transports: []string{"internal", "hybrid"}},
		{CredentialID: []byte("three")},
	}
	before := fmt.Sprint(stored)
	decoysOf(1).List(t.Context(), known(sub), stored)
	if after := fmt.Sprint(stored); after != before {
		t.Errorf("they became %s", after)
	}
}

// Without the key nobody has a list, whether of real passkeys or of false ones.
func TestNoKeyNoList(t *testing.T) {
	s := journey.New(t)
	u, a := s.NewUser(sub), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	s.DecoyRing.Fail(errors.New("no key"))
	without := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000b")
	for name, user := range map[string]journey.User{
		"a user with a passkey": u, "a user without": without, "nobody": {Name: "ghost", NotFound: true},
	} {
		if list := optionsOf(t, s.Begin(t, user))["credentials"]; list != nil {
			t.Errorf("%s has the list %v", name, list)
		}
	}
	session := s.Begin(t, u)
	s.WantTokens(t, session, journey.Assert(t, a, session.Options()))
}

// A user without passkeys, one with some, and nobody: one shape, one cost.
func TestChallengesLookAlike(t *testing.T) {
	s, table := journey.New(t), passkeytest.NewTable(t)
	s.Store = dynamo.New(table.Client, table.Name)
	u := s.NewUser(sub)
	s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	table.Operations()

	const shape = `public [challenge fido2options], private [a acc c rp uv v x], options [challenge credentials relyingPartyId timeout userVerification], ` +
		`each [id], timeout 180000, user verification required, reads [GetItem]`
	for name, user := range map[string]journey.User{
		"a user with passkeys":              u,
		"a user without":                    s.NewUser("5f0c8d2e-0000-4000-8000-00000000000b"),
		"a name that nobody has":            {Name: "ghost", NotFound: true},
		"a sub that the pool does not know": {Name: sub, NotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, user)
			options := optionsOf(t, session)
			each := map[string]bool{}
			for _, credential := range options["credentials"].([]any) {
				for member := range credential.(map[string]any) {
					each[member] = true
				}
				delete(each, "transports") // some authenticators state none
			}
			got := fmt.Sprintf("public %s, private %s, options %s, each %s, timeout %v, user verification %v, reads %v",
				names(session.Public), names(session.Private), names(options), names(each),
				options["timeout"], options["userVerification"], table.Operations())
			if got != shape {
				t.Errorf("%s\nwant\n%s", got, shape)
			}
			if !strings.HasPrefix(session.Metadata, "cp1:passkey:") || len(session.Metadata) != len("cp1:passkey:")+22 {
				t.Errorf("metadata %q", session.Metadata)
			}
		})
	}
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func optionsOf(t *testing.T, session *journey.Session) map[string]any {
	t.Helper()
	var options map[string]any
	if err := json.Unmarshal(session.Options(), &options); err != nil {
		t.Fatal(err)
	}
	return options
}

// Passkeys of another relying party are of no use here, and who has only such
// ones has a false list.
func TestListOfAnotherRelyingPartyIsFalse(t *testing.T) {
	s := journey.New(t)
	u, a := s.NewUser(sub), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	other := journey.New(t)
	other.Store, other.DecoyRing = s.Store, s.DecoyRing
	other.Client.RelyingPartyID = "other.example"
	nobodys := journey.New(t)
	nobodys.DecoyRing = s.DecoyRing

	list := optionsOf(t, other.Begin(t, u))["credentials"]
	if diff := cmp.Diff(optionsOf(t, nobodys.Begin(t, u))["credentials"], list); diff != "" {
		t.Errorf("not the list of the same user without passkeys: %s", diff)
	}
	if cmp.Equal(optionsOf(t, s.Begin(t, u))["credentials"], list) {
		t.Error("the passkeys of another relying party are listed")
	}
}

// The features of a list that anybody can see: feature → how many in a hundred
// lists, or passkeys, have it.
var (
	numbers = map[string]float64{"1": 68, "2": 20, "3": 8, "4": 3, "5": 1}
	shapes  = map[string]float64{
		"16 [hybrid internal]": 29, "20 [hybrid internal]": 29, "32 [hybrid internal]": 15, "32 [internal]": 14,
		"48 [nfc usb]": 5, "64 [nfc usb]": 3, "48 [usb]": 3, "20 []": 2,
	}
)

// Lists for unknown names and for users without passkeys are drawn from one
// distribution, which is the one written down. Nothing here is left to chance:
// the key is fixed.
func TestFalseListsFollowOneDistribution(t *testing.T) {
	const lists = 4_000
	for name, user := range map[string]func(int) customauth.User{
		"of names that nobody has":   func(i int) customauth.User { return unknown(fmt.Sprintf("user%d@example.com", i)) },
		"of users without a passkey": func(i int) customauth.User { return known(fmt.Sprintf("5f0c8d2e-0000-4000-8000-%012d", i)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := decoysOf(7)
			byNumber, byShape, first, ids := map[string]int{}, map[string]int{}, map[string]int{}, map[string]bool{}
			total := 0
			for i := range lists {
				list := d.List(t.Context(), user(i), nil)
				byNumber[fmt.Sprint(len(list))]++
				first[shapeOf(list[0])]++
				for _, p := range list {
					total++
					byShape[shapeOf(p)]++
					ids[string(p.CredentialID)] = true
				}
			}
			wantShares(t, "number of passkeys", byNumber, numbers, lists)
			wantShares(t, "shape", byShape, shapes, total)
			wantShares(t, "shape of the first", first, shapes, lists)
			if len(ids) != total {
				t.Errorf("%d of %d ids are not unique", total-len(ids), total)
			}
		})
	}
}

func shapeOf(p customauth.Passkey) string { return fmt.Sprint(len(p.CredentialID), " ", p.Transports) }

// wantShares allows a percentage to be off by two, which is nearly three
// standard deviations of the largest share.
func wantShares(t *testing.T, what string, got map[string]int, want map[string]float64, total int) {
	t.Helper()
	if !slices.Equal(names(got), names(want)) {
		t.Errorf("%s: %v, want %v", what, names(got), names(want))
	}
	for feature, percent := range want {
		if share := 100 * float64(got[feature]) / float64(total); math.Abs(share-percent) > 2 {
			t.Errorf("%s %s: %.2f %%, want %.0f %%", what, feature, share, percent)
		}
	}
}

// Every bit of a false id is as likely set as not, so that an id tells nothing
// by its look; real ones are random or encrypted.
func TestFalseIDsLookRandom(t *testing.T) {
	const lists = 4_000
	d := decoysOf(7)
	var set [16 * 8]int
	total := 0
	for i := range lists {
		for _, p := range d.List(t.Context(), unknown(fmt.Sprint(i)), nil) {
			total++
			for bit := range set {
				if p.CredentialID[bit/8]&(1<<(bit%8)) != 0 {
					set[bit]++
				}
			}
		}
	}
	for bit, n := range set {
		if share := 100 * float64(n) / float64(total); math.Abs(share-50) > 2.5 {
			t.Errorf("bit %d is set in %.2f %% of the ids", bit, share)
		}
	}
}
