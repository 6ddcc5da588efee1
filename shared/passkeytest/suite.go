package passkeytest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Times of the suite: whole milliseconds, as a store keeps them.
var (
	suiteNow = time.UnixMilli(1_790_000_000_000)
	suiteSub = "5f0c8d2e-0000-4000-8000-000000000001"
)

// StoreSuite is the contract of a credential store. newStore returns an empty one.
func StoreSuite(t *testing.T, newStore func(*testing.T) credentials.Store) {
	for name, test := range contract {
		t.Run(name, func(t *testing.T) { test(t, newStore(t)) })
	}
}

// contract: what a store does → its test.
var contract = map[string]func(*testing.T, credentials.Store){
	"an empty store finds nothing":                            suiteEmpty,
	"a registration stores the passkey as it was given":       suiteEnrol,
	"a registration ends once":                                suiteEnrolOnce,
	"a newer registration replaces the older":                 suiteReplaceRegistration,
	"an expired registration ends nothing":                    suiteExpiredRegistration,
	"a registration of another client ends nothing":           suiteForeignClient,
	"a credential id belongs to one user":                     suiteUnique,
	"fifty users race for one credential id":                  suiteRace,
	"the number of passkeys is capped":                        suiteCap,
	"a removed passkey is gone and its id stays reserved":     suiteRemove,
	"the last passkey stays where it must":                    suiteKeepLast,
	"a name changes and nothing else does":                    suiteRename,
	"a challenge is spent once":                               suiteSpendOnce,
	"fifty answers to one challenge: one is recorded":         suiteSpendRace,
	"a spend updates what the sign-in changed":                suiteSpendUpdates,
	"a spend of another generation changes nothing":           suiteSpendGeneration,
	"a spend at or below the floor changes nothing":           suiteSpendFloor,
	"a floor never falls":                                     suiteFloorNeverFalls,
	"a counter that must increase does":                       suiteSpendCounter,
	"a spend forgets what it is told to":                      suiteSpendDrops,
	"a repeat counts up to the limit":                         suiteRepeat,
	"a repeat of another answer, or of none, changes nothing": suiteRepeatOther,
	"passkeys of one user are not another's":                  suiteOthers,
	"an import stores what a registration stores":             suiteImport,
	"an import adds a passkey once, to one user":              suiteImportOnce,
	"an import of a removed passkey is refused":               suiteImportRemoved,
	"an import knows whether the user has an item":            suiteImportFirst,
	"the number of imported passkeys is capped":               suiteImportCap,
	"all passkeys are listed, with their users":               suiteAll,
	"a ticket is spent once":                                  suiteTicketOnce,
	"fifty uses of one ticket: one is recorded":               suiteTicketRace,
	"a ticket's repeat counts up to the limit":                suiteTicketRepeat,
	"a ticket of one user is not another's":                   suiteTicketOthers,
	"a mailing is stored as it was given, over the last one":  suiteMailing,
	"a mailing is spent once":                                 suiteMailingOnce,
	"fifty uses of one mailing: one is recorded":              suiteMailingRace,
	"a mailing that can't be used is not":                     suiteMailingUnfit,
	"a mailing's repeat counts up to the limit":               suiteMailingRepeat,
	"wrong tries count up to the limit":                       suiteMailingMiss,
	"a rate changes only from what it was":                    suiteRate,
	"a proof is stored as it was begun, once":                 suiteProof,
	"fifty uses of one proof: one is recorded":                suiteProofRace,
	"a proof that can't be used is not":                       suiteProofUnfit,
	"a proof's repeat counts up to the limit":                 suiteProofRepeat,
	"wrong tries at a proof count up to the limit":            suiteProofMiss,
	"a proof notes one user, once it is one":                  suiteProofNote,
	"an entry of the roster is stored as it was given":        suitePerson,
	"an entry of the roster changes only from what it was":    suitePersonChanged,
	"fifty changes of one entry of the roster: one is made":   suitePersonRace,
	"an entry of the roster moves whole or not at all":        suitePersonMove,
	"an arrival is stored as it was given, over the last one": suiteArrival,
	"a recovery changes only from what it was":                suiteRecoveryChanges,
	"mailings are dropped, and what recovers stays":           suiteDropMailings,
	"revoked passkeys are gone and their ids stay reserved":   suiteRevoke,
	"a registration that was ended ends nothing":              suiteEndRegistration,
	"a revocation of what has changed changes nothing":        suiteRevokeAsRead,
	"passkeys that are kept answer no earlier challenge":      suiteRevokeKept,
	"a sign-in and a revocation at once: one counts":          suiteRevokeRace,
	"a notice counts once, and each kind and day on its own":  suiteNotices,
	"notices count up to the limit":                           suiteNoticesRace,
}

func suiteEmpty(t *testing.T, s credentials.Store) {
	_, err := s.User(t.Context(), suiteSub)
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Passkey(t.Context(), suiteSub, "hash")
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Owner(t.Context(), "hash")
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Registration(t.Context(), suiteSub)
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Client(t.Context(), "client")
	wantError(t, err, customauth.ErrNotServed)
	_, err = s.PasswordClient(t.Context(), "client")
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Rename(t.Context(), suiteSub, "hash", "name")
	wantError(t, err, credentials.ErrNotFound)
	wantError(t, s.Remove(t.Context(), credentials.Removal{Sub: suiteSub, Hash: "hash", Now: suiteNow}), credentials.ErrNotFound)
	_, err = s.Ticket(t.Context(), suiteSub, "ticket")
	wantError(t, err, credentials.ErrNotFound)
	all, err := s.Passkeys(t.Context(), suiteSub)
	wantError(t, err, nil)
	if len(all) != 0 {
		t.Errorf("passkeys of nobody: %v", all)
	}
}

func suiteEnrol(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	wantOnly(t, s, e.Passkey)
	second := enrol(t, s, suiteSub, "credential two", false)
	all, err := s.Passkeys(t.Context(), suiteSub)
	wantError(t, err, nil)
	if diff := cmp.Diff([]credentials.Passkey{e.Passkey, second.Passkey}, all); diff != "" {
		t.Errorf("passkeys (-want +got):\n%s", diff)
	}
}

// wantOnly checks that the user has this passkey alone, as it was given.
func wantOnly(t *testing.T, s credentials.Store, p credentials.Passkey) {
	t.Helper()
	hash := table.Hash(p.ID)
	got, err := s.Passkey(t.Context(), suiteSub, hash)
	wantError(t, err, nil)
	if diff := cmp.Diff(p, got); diff != "" {
		t.Errorf("passkey (-given +stored):\n%s", diff)
	}
	user, err := s.User(t.Context(), suiteSub)
	wantError(t, err, nil)
	want := credentials.User{Handle: p.UserHandle, Passkeys: []credentials.Listed{
		{ID: p.ID, Transports: p.Transports, RelyingPartyID: p.RPID},
	}}
	if diff := cmp.Diff(want, user); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	owner, err := s.Owner(t.Context(), hash)
	wantError(t, err, nil)
	if want := (credentials.Owner{Sub: suiteSub, UserName: "user", Generation: p.Generation}); owner != want {
		t.Errorf("owner is %+v, want %+v", owner, want)
	}
}

func suiteEnrolOnce(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	wantError(t, s.Enrol(t.Context(), e), credentials.ErrRegistration)
	_, err := s.Registration(t.Context(), suiteSub)
	wantError(t, err, credentials.ErrNotFound)
}

func suiteReplaceRegistration(t *testing.T, s credentials.Store) {
	older := enrolment(suiteSub, "credential one", true)
	newer := enrolment(suiteSub, "credential two", true)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, older.Registration), nil)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, newer.Registration), nil)
	wantError(t, s.Enrol(t.Context(), older), credentials.ErrRegistration)
	got, err := s.Registration(t.Context(), suiteSub)
	wantError(t, err, nil)
	if diff := cmp.Diff(newer.Registration, got); diff != "" {
		t.Errorf("registration (-want +got):\n%s", diff)
	}
	wantError(t, s.Enrol(t.Context(), newer), nil)
}

func suiteExpiredRegistration(t *testing.T, s credentials.Store) {
	e := enrolment(suiteSub, "credential one", true)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, e.Registration), nil)
	e.Now = e.Registration.Expires
	wantError(t, s.Enrol(t.Context(), e), credentials.ErrRegistration)
	wantNothing(t, s, e)
}

func suiteForeignClient(t *testing.T, s credentials.Store) {
	e := enrolment(suiteSub, "credential one", true)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, e.Registration), nil)
	foreign := e
	foreign.Registration.ClientID = "another"
	wantError(t, s.Enrol(t.Context(), foreign), credentials.ErrRegistration)
	foreign = e
	foreign.Registration.RelyingPartyID = "other.example"
	wantError(t, s.Enrol(t.Context(), foreign), credentials.ErrRegistration)
	wantNothing(t, s, e)
}

func suiteUnique(t *testing.T, s credentials.Store) {
	first := enrol(t, s, suiteSub, "credential one", true)
	again := enrolment(suiteSub, "credential one", false)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, again.Registration), nil)
	wantError(t, s.Enrol(t.Context(), again), credentials.ErrDuplicate)

	other := enrolment("other", "credential one", true)
	wantError(t, s.BeginRegistration(t.Context(), "other", other.Registration), nil)
	wantError(t, s.Enrol(t.Context(), other), credentials.ErrDuplicate)
	_, err := s.User(t.Context(), "other")
	wantError(t, err, credentials.ErrNotFound)

	kept, err := s.Passkey(t.Context(), suiteSub, table.Hash(first.Passkey.ID))
	wantError(t, err, nil)
	if diff := cmp.Diff(first.Passkey, kept); diff != "" {
		t.Errorf("the first registration changed:\n%s", diff)
	}
}

func suiteRace(t *testing.T, s credentials.Store) {
	errs := AtOnce(func(i int) error {
		e := enrolment("user "+string(rune('A'+i)), "credential one", true)
		if err := s.BeginRegistration(t.Context(), e.Sub, e.Registration); err != nil {
			return err
		}
		for {
			if err := s.Enrol(t.Context(), e); !errors.Is(err, credentials.ErrConflict) {
				return err
			}
		}
	})
	wantOne(t, errs, credentials.ErrDuplicate)
}

func suiteCap(t *testing.T, s credentials.Store) {
	for i := range suiteMax {
		enrol(t, s, suiteSub, "credential "+string(rune('A'+i)), i == 0)
	}
	e := enrolment(suiteSub, "one too many", false)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, e.Registration), nil)
	wantError(t, s.Enrol(t.Context(), e), credentials.ErrTooMany)
}

func suiteRemove(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	hash := table.Hash(e.Passkey.ID)
	removal := credentials.Removal{Sub: suiteSub, Hash: hash, Now: suiteNow}
	wantError(t, s.Remove(t.Context(), removal), nil)
	wantError(t, s.Remove(t.Context(), removal), credentials.ErrNotFound)
	_, err := s.Passkey(t.Context(), suiteSub, hash)
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Owner(t.Context(), hash)
	wantError(t, err, credentials.ErrNotFound)
	user, err := s.User(t.Context(), suiteSub)
	wantError(t, err, nil)
	if len(user.Passkeys) != 0 || !slices.Equal(user.Handle, e.Registration.Handle) {
		t.Errorf("after the removal the user is %+v", user)
	}
	again := enrolment(suiteSub, "credential one", false)
	wantError(t, s.BeginRegistration(t.Context(), suiteSub, again.Registration), nil)
	wantError(t, s.Enrol(t.Context(), again), credentials.ErrDuplicate)
	enrol(t, s, suiteSub, "credential two", false)
}

func suiteKeepLast(t *testing.T, s credentials.Store) {
	first := enrol(t, s, suiteSub, "credential one", true)
	second := enrol(t, s, suiteSub, "credential two", false)
	remove := func(e credentials.Enrolment) error {
		return s.Remove(t.Context(), credentials.Removal{Sub: suiteSub, Hash: table.Hash(e.Passkey.ID), Keep: 1, Now: suiteNow})
	}
	wantError(t, remove(first), nil)
	wantError(t, remove(second), credentials.ErrLastCredential)
	_, err := s.Passkey(t.Context(), suiteSub, table.Hash(second.Passkey.ID))
	wantError(t, err, nil)
}

func suiteRename(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	got, err := s.Rename(t.Context(), suiteSub, table.Hash(e.Passkey.ID), "kitchen")
	wantError(t, err, nil)
	want := e.Passkey
	want.Name = "kitchen"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("renamed passkey (-want +got):\n%s", diff)
	}
}

func suiteOthers(t *testing.T, s credentials.Store) {
	e := enrol(t, s, suiteSub, "credential one", true)
	hash := table.Hash(e.Passkey.ID)
	enrol(t, s, "other", "credential two", true)
	_, err := s.Passkey(t.Context(), "other", hash)
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Rename(t.Context(), "other", hash, "mine")
	wantError(t, err, credentials.ErrNotFound)
	wantError(t, s.Remove(t.Context(), credentials.Removal{Sub: "other", Hash: hash, Now: suiteNow}), credentials.ErrNotFound)
	wantError(t, s.Spend(t.Context(), credentials.Spend{
		Sub: "other", Hash: hash, Challenge: "c", Generation: e.Passkey.Generation, Use: use(suiteNow),
	}), credentials.ErrCondition)
}

const suiteMax = 3 // passkeys per user

func enrolment(sub, id string, first bool) credentials.Enrolment {
	registration := credentials.Registration{
		Challenge:      table.Hash([]byte("challenge of " + id)),
		RelyingPartyID: "example.com",
		ClientID:       "client",
		Handle:         []byte("handle"),
		First:          first,
		Expires:        suiteNow.Add(time.Minute),
	}
	return credentials.Enrolment{
		Sub:          sub,
		UserName:     "user",
		Registration: registration,
		Passkey: credentials.Passkey{
			Record: credential.Record{
				ID:             []byte(id),
				PublicKey:      []byte("key"),
				SignCount:      7,
				BackupEligible: true,
				AAGUID:         credential.AAGUID{1, 2, 3},
				Transports:     []string{"hybrid", "internal"},
				RPID:           "example.com",
				UserHandle:     []byte("handle"),
			},
			Name:         "Phone",
			Generation:   "generation of " + id,
			Registration: registration.Challenge,
			Created:      suiteNow.Add(time.Duration(len(id)) * time.Millisecond),
			Spent:        map[string]credentials.Use{},
		},
		Max: suiteMax,
		Now: suiteNow,
	}
}

func enrol(t *testing.T, s credentials.Store, sub, id string, first bool) credentials.Enrolment {
	t.Helper()
	e := enrolment(sub, id, first)
	e.Passkey.Created = suiteNow.Add(time.Duration(id[len(id)-1]) * time.Millisecond)
	if !first {
		e.Passkey.Created = e.Passkey.Created.Add(time.Second)
	}
	wantError(t, s.BeginRegistration(t.Context(), sub, e.Registration), nil)
	wantError(t, s.Enrol(t.Context(), e), nil)
	return e
}

func wantNothing(t *testing.T, s credentials.Store, e credentials.Enrolment) {
	t.Helper()
	_, err := s.Passkey(t.Context(), e.Sub, table.Hash(e.Passkey.ID))
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.Owner(t.Context(), table.Hash(e.Passkey.ID))
	wantError(t, err, credentials.ErrNotFound)
	_, err = s.User(t.Context(), e.Sub)
	wantError(t, err, credentials.ErrNotFound)
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error is %v, want %v", got, want)
	}
}

// wantOne checks that exactly one of many succeeded and the others lost for the reason.
func wantOne(t *testing.T, errs []error, lost error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantError(t, err, lost)
	}
	if won != 1 {
		t.Errorf("%d of %d succeeded, want 1", won, len(errs))
	}
}
