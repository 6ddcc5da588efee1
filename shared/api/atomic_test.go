package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Operations of DynamoDB.
const (
	get      = "GetItem"
	put      = "PutItem"
	transact = "TransactWriteItems"
)

// always is more often than anything is tried.
const always = 100

// withWire is a stack over a table on the way to which things can go wrong.
func withWire(t *testing.T) (*journey.Stack, *passkeytest.Wire) {
	t.Helper()
	s, table := journey.New(t), passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	s.Store = dynamo.New(client, table.Name)
	return s, wire
}

// created is an authenticator's answer to a registration that the user began.
func created(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) *passkeytest.Registration {
	t.Helper()
	made, err := a.Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// wantWhole checks that all of a registration is stored, or nothing of it.
func wantWhole(t *testing.T, s *journey.Stack, u journey.User, id []byte, stored bool) {
	t.Helper()
	hash := table.Hash(id)
	_, noPasskey := s.Store.Passkey(t.Context(), u.Sub, hash)
	owner, noOwner := s.Store.Owner(t.Context(), hash)
	user, _ := s.Store.User(t.Context(), u.Sub)
	listed := slices.ContainsFunc(user.Passkeys, func(l credentials.Listed) bool { return string(l.ID) == string(id) })
	if (noPasskey == nil) != stored || (noOwner == nil && owner.Sub == u.Sub) != stored || listed != stored {
		t.Errorf("passkey: %v, owner: %v, listed: %t; want all stored: %t", noPasskey, noOwner, listed, stored)
	}
}

func signsIn(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) bool {
	t.Helper()
	session := s.Begin(t, u)
	return s.Answer(t, session, journey.Assert(t, a, session.Options()), nil) && session.Tokens
}

// The way to the table is cut at every step of a registration, before and after
// the step was done. The client sends the same again, and has one passkey.
func TestRegistrationIsCutAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		fault    passkeytest.Fault
		finishes int // how the repeated request is answered
	}{
		{"before it is done", passkeytest.LostRequest, http.StatusCreated},
		{"after it was done", passkeytest.LostReply, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, wire := withWire(t)
			u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
			for _, step := range []string{get, put} {
				wire.Break(step, c.fault, always)
				wantProblem(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), "{}"), "503 try_again")
				wire.Break("", nil, 0)
			}
			made := created(t, s, u, a)

			wire.Break(get, c.fault, always)
			wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "503 try_again")
			wire.Break("", nil, 0)
			wantWhole(t, s, u, made.CredentialID, false)

			wire.Break(transact, c.fault, always)
			r := s.FinishRegistration(t, u, made.JSON())
			wire.Break("", nil, 0)
			wantProblem(t, r, "503 try_again")
			wantWhole(t, s, u, made.CredentialID, c.finishes == http.StatusOK)
			r = s.FinishRegistration(t, u, made.JSON())
			if r.StatusCode != c.finishes {
				t.Errorf("sent again: answers %d %s, want %d", r.StatusCode, r.Body, c.finishes)
			}
			wantWhole(t, s, u, made.CredentialID, true)
			if !signsIn(t, s, u, a) {
				t.Error("the passkey signs nobody in")
			}
		})
	}
}

// One fault is nothing that a client sees, even where the transaction was done
// and DynamoDB, without memory of the first, finds its conditions failed.
func TestRegistrationSurvivesOneFault(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]passkeytest.Fault{
		"throttled": passkeytest.Throttled, "internal error": passkeytest.InternalError, "conflict": passkeytest.TransactionRace,
		"request lost": passkeytest.LostRequest, "reply lost": passkeytest.LostReply,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, wire := withWire(t)
			u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
			made := created(t, s, u, a)
			wire.Break(transact, fault, awsclient.Attempts-1)
			if r := s.FinishRegistration(t, u, made.JSON()); r.StatusCode != http.StatusCreated && r.StatusCode != http.StatusOK {
				t.Errorf("answers %d %s", r.StatusCode, r.Body)
			}
			wantWhole(t, s, u, made.CredentialID, true)
			if !signsIn(t, s, u, a) {
				t.Error("the passkey signs nobody in")
			}
		})
	}
}

// A conflict that doesn't end is an error to retry, after a few tries.
func TestRegistrationInConflict(t *testing.T) {
	s, wire := withWire(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	made := created(t, s, u, a)
	tries := 0
	wire.Break(transact, func(send func() (*http.Response, error)) (*http.Response, error) {
		tries++
		return passkeytest.TransactionRace(send)
	}, always)
	wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "503 try_again")
	if tries != 4 {
		t.Errorf("%d tries, want 4", tries)
	}
	wantWhole(t, s, u, made.CredentialID, false)
	wire.Break("", nil, 0)
	if r := s.FinishRegistration(t, u, made.JSON()); r.StatusCode != http.StatusCreated {
		t.Errorf("after the conflict: answers %d %s", r.StatusCode, r.Body)
	}
}

// atOnce makes a crowd of requests that start together, and returns how many
// were answered how: status and code → number.
func atOnce(t *testing.T, request func(i int) httpapi.Response) map[string]int {
	t.Helper()
	answered := map[string]int{}
	for _, r := range passkeytest.AtOnce(request) {
		if r.StatusCode < http.StatusBadRequest {
			answered[http.StatusText(r.StatusCode)]++
		} else {
			answered[journey.Code(t, r)]++
		}
	}
	return answered
}

func TestFiftyUsersRaceForOneCredentialID(t *testing.T) {
	s, _ := withWire(t)
	a := passkeytest.NewSynced(journey.Origin)
	a.Passkeys = []*passkeytest.Passkey{{ID: []byte("a passkey of all")}}
	users, answers := make([]journey.User, passkeytest.Crowd), make([]*passkeytest.Registration, passkeytest.Crowd)
	for i := range passkeytest.Crowd {
		users[i] = s.NewUser(subA[:len(subA)-2] + string(rune('A'+i/10)) + string(rune('0'+i%10)))
		made, err := sameID(a, s.BeginRegistration(t, users[i]))
		if err != nil {
			t.Fatal(err)
		}
		answers[i] = made
	}
	var winner atomic.Int32
	answered := atOnce(t, func(i int) httpapi.Response {
		r := s.FinishRegistration(t, users[i], answers[i].JSON())
		if r.StatusCode == http.StatusCreated {
			winner.Store(int32(i))
		}
		return r
	})
	if answered["Created"] != 1 || answered["409 passkey_exists"] != passkeytest.Crowd-1 {
		t.Fatalf("answers are %v, want one Created and else 409 passkey_exists", answered)
	}
	for i, u := range users {
		wantWhole(t, s, u, answers[i].CredentialID, int32(i) == winner.Load())
	}
}

// A browser or a proxy that sends a request many times gets many good answers,
// and the user one passkey.
func TestRegistrationIsSentFiftyTimesAtOnce(t *testing.T) {
	s, _ := withWire(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	made := created(t, s, u, a)
	answered := atOnce(t, func(int) httpapi.Response { return s.FinishRegistration(t, u, made.JSON()) })
	if answered["Created"] != 1 || answered["OK"] != passkeytest.Crowd-1 {
		t.Errorf("answers are %v, want one Created and else OK", answered)
	}
	wantWhole(t, s, u, made.CredentialID, true)
}

// However many ceremonies overlap, a user ends with no more passkeys than
// allowed, and with exactly those that were promised.
func TestNumberOfPasskeysIsLimitedInACrowd(t *testing.T) {
	s, _ := withWire(t)
	u := s.NewUser(subA)
	s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	answered := atOnce(t, func(int) httpapi.Response {
		begun := s.Call(t, routes.RegistrationOptions, "", s.Claims(u), "{}")
		if begun.StatusCode != http.StatusOK {
			return begun
		}
		made, err := passkeytest.NewSynced(journey.Origin).Create(decoded[map[string]json.RawMessage](t, begun, http.StatusOK)["publicKey"])
		if err != nil {
			t.Error(err)
		}
		return s.FinishRegistration(t, u, made.JSON())
	})
	user, err := s.Store.User(t.Context(), u.Sub)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(user.Passkeys); n > journey.MaxPasskeys || n != 1+answered["Created"] {
		t.Errorf("%d passkeys after %v, want at most %d", n, answered, journey.MaxPasskeys)
	}
	if others := passkeytest.Crowd - answered["Created"] - answered["409 registration_not_found"] - answered["409 too_many_passkeys"]; others != 0 {
		t.Errorf("answers are %v", answered)
	}
}

// A deletion whose reply is lost was a deletion: the client that asks again
// finds nothing, nobody signs in, and nobody registers the credential id anew.
func TestDeletionIsCut(t *testing.T) {
	s, wire := withWire(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	remove := func() httpapi.Response {
		return s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), "")
	}

	wire.Break(transact, passkeytest.LostRequest, always)
	wantProblem(t, remove(), "503 try_again")
	wire.Break("", nil, 0)
	wantWhole(t, s, u, a.Passkeys[0].ID, true)

	session := s.Begin(t, u)
	answer := journey.Assert(t, a, session.Options())
	wire.Break(transact, passkeytest.LostReply, always)
	wantProblem(t, remove(), "503 try_again")
	wire.Break("", nil, 0)
	wantWhole(t, s, u, a.Passkeys[0].ID, false)
	wantProblem(t, remove(), "404 passkey_not_found")
	if s.Answer(t, session, answer, nil) {
		t.Error("a deleted passkey signed in")
	}
	made, err := sameID(a, s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "409 passkey_exists")
}

// silent is a store that never answers.
type silent struct{ credentials.Store }

func (silent) User(ctx context.Context, _ string) (credentials.User, error) {
	<-ctx.Done()
	return credentials.User{}, ctx.Err()
}

func TestRequestsEndWithinTheirBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := journey.New(t)
		s.Store = silent{s.Store}
		u := s.NewUser(subA)
		started := time.Now()
		wantProblem(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), "{}"), "503 try_again")
		if took := time.Since(started); took != httpapi.Budget {
			t.Errorf("gave up after %s, want %s", took, httpapi.Budget)
		}
	})
}
