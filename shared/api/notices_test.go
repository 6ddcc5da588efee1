package api_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// notifying is a stack that tells users of changes, with a user of whom the pool
// knows a language.
func notifying(t *testing.T) (*journey.Stack, journey.User, *journey.Postbox) {
	t.Helper()
	s := journey.New(t)
	post := s.Notifies()
	u := s.NewUser(subA)
	u.Attributes["locale"] = "de-CH"
	s.Accounts.Put(u)
	return s, u, post
}

// letter is the one that tells the user of a change just now.
func letter(s *journey.Stack, u journey.User, kind mail.Kind, passkey string) mail.Letter {
	return mail.Letter{Kind: kind, To: u.Attributes["email"], Locale: "de-CH", Time: s.Now(), Passkey: passkey}
}

func wantLetters(t *testing.T, post *journey.Postbox, want ...mail.Letter) {
	t.Helper()
	if diff := cmp.Diff(want, post.Letters()); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

func TestOwnerIsToldOfChanges(t *testing.T) {
	s, u, post := notifying(t)
	a := passkeytest.NewSynced(journey.Origin)
	options := s.BeginRegistration(t, u)
	wantLetters(t, post)
	made, err := a.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	body := credential(made.JSON())
	body["name"] = "Phone"
	decoded[passkeyView](t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), body), http.StatusCreated)
	wantLetters(t, post, letter(s, u, mail.KindPasskeyAdded, "Phone"))

	s.Advance(time.Hour)
	id := pathID(a.Passkeys[0])
	s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": "Old phone"})
	s.Call(t, routes.ListPasskeys, "", s.Claims(u), "")
	wantLetters(t, post)
	decoded[struct{}](t, s.Call(t, routes.DeletePasskey, id, s.Claims(u), ""), http.StatusNoContent)
	wantLetters(t, post, letter(s, u, mail.KindPasskeyRemoved, "Old phone"))
}

// A request that is sent again because its reply was lost is told of once, and
// much later not at all.
func TestOwnerIsToldOnceOfARepeatedRequest(t *testing.T) {
	s, u, post := notifying(t)
	a := passkeytest.NewSynced(journey.Origin)
	made, err := a.Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.FinishRegistration(t, u, made.JSON())
	}
	if letters := post.Letters(); len(letters) != 1 {
		t.Errorf("mailed is %v", letters)
	}
	s.Advance(72 * time.Hour)
	s.Notices.Store = &passkeytest.Memory{} // DynamoDB has forgotten it
	s.FinishRegistration(t, u, made.JSON())
	for range 3 {
		s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), "")
	}
	wantLetters(t, post, letter(s, u, mail.KindPasskeyRemoved, "Passkey"))
}

// The passkey is there although the first request has failed: its owner learns
// of it from the second.
func TestOwnerIsToldOfAChangeWhoseReplyWasLost(t *testing.T) {
	s, u, _ := notifying(t)
	table := passkeytest.NewTable(t)
	client, wire := table.Wire(t)
	s.Store = dynamo.New(client, table.Name)
	post := s.Notifies()
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	wire.Break("TransactWriteItems", passkeytest.LostReply, 3)
	wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "503 try_again")
	wantLetters(t, post)
	decoded[passkeyView](t, s.FinishRegistration(t, u, made.JSON()), http.StatusOK)
	if letters := post.Letters(); len(letters) != 1 || letters[0].Kind != mail.KindPasskeyAdded {
		t.Errorf("mailed is %v", letters)
	}
}

func TestNobodyIsToldOfARefusedChange(t *testing.T) {
	s, u, post := notifying(t)
	a := passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	post.Letters()
	id, other := pathID(a.Passkeys[0]), s.NewUser(subB)
	for name, c := range map[string]struct {
		route routes.Route
		id    string
		user  journey.Claims
		body  any
		want  string
	}{
		"somebody else's passkey": {routes.DeletePasskey, id, s.Claims(other), "", "404 passkey_not_found"},
		"an old sign-in":          {routes.DeletePasskey, id, signedInBefore(s, u, time.Hour), "", "403 recent_sign_in_required"},
		"a passkey there is not":  {routes.DeletePasskey, "AAAA", s.Claims(u), "", "404 passkey_not_found"},
		"a passkey that is none": {
			routes.RegisterPasskey, "", s.Claims(other), credential([]byte(`{}`)), "400 passkey_refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, s.Call(t, c.route, c.id, c.user, c.body), c.want)
			wantLetters(t, post)
		})
	}
}

// The change is made, whatever becomes of the mail.
func TestChangeStandsWithoutItsNotice(t *testing.T) {
	s, u, post := notifying(t)
	post.Fail(errors.New("no post today"))
	a := passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	line := s.Log.Last(t, "answered")
	if line["notice"] != "failed" || line["NoticeFailures"] != 1.0 || line["Registrations"] != 1.0 || line["Faults"] != nil {
		t.Errorf("the line is %v", line)
	}
	decoded[struct{}](t, s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), ""), http.StatusNoContent)
}

// In a pool where users sign in by phone, some have an address that nobody has
// verified. It may be somebody else's.
func TestUnverifiedAddressIsToldNothing(t *testing.T) {
	s, u, post := notifying(t)
	a := passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	post.Letters()
	u.Attributes["email_verified"] = "false"
	s.Accounts.Put(u)
	decoded[struct{}](t, s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), ""), http.StatusNoContent)
	wantLetters(t, post)
	if line := s.Log.Last(t, "answered"); line["notice"] != "address_not_verified" {
		t.Errorf("the line is %v", line)
	}
}

// Who has broken in can't have a change hidden by making many before it, nor use
// up all that the stack may mail.
func TestManyChangesAreTold(t *testing.T) {
	s, u, post := notifying(t)
	for range credentials.NoticesPerDay + 2 {
		a := passkeytest.NewSynced(journey.Origin)
		s.Register(t, u, a)
		decoded[struct{}](t, s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), ""), http.StatusNoContent)
	}
	letters := post.Letters()
	if len(letters) != 2*credentials.NoticesPerDay {
		t.Fatalf("%d letters, want %d", len(letters), 2*credentials.NoticesPerDay)
	}
	for i, letter := range letters {
		if want := i >= len(letters)-2; letter.Last != want {
			t.Errorf("letter %d, of kind %s, says that it is the last: %t", i, letter.Kind, letter.Last)
		}
	}
}
