package trigger_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	confirmSource = "PostConfirmation_ConfirmSignUp"
	kim           = "kim@example.com"
	kimsNumber    = "K-1"
)

// known is a stack in which known people use Cognito's SignUp.
type known struct {
	*journey.Stack
	table  *passkeytest.Table
	wire   *passkeytest.Wire
	pepper *journey.Ring
	keys   *journey.Ring
}

func newKnown(t *testing.T) *known {
	t.Helper()
	k := &known{
		Stack: journey.New(t), table: passkeytest.NewTable(t),
		pepper: journey.NewRing(t, secret.Pepper), keys: journey.NewRing(t, secret.Signing),
	}
	client, wire := k.table.Wire(t)
	k.wire = wire
	store := dynamo.New(client, k.table.Name)
	ring, err := k.keys.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.ParsePublicKeys(ring.PublicKeys())
	if err != nil {
		t.Fatal(err)
	}
	k.Store, k.Known = store, &admission.Checker{Keys: keys, NamedUsers: true, Store: store, Now: k.Now}
	if _, err := k.roster().Import(t.Context(), identify(t, kim)); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *known) roster() roster.Roster {
	return roster.Roster{Peppers: k.pepper.Ring, Store: k.Store, Now: k.Now}
}

// identify returns the identity of who has Kim's number and an address.
func identify(t *testing.T, email string) roster.Identity {
	t.Helper()
	id, err := roster.Identify(kimsNumber, email)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// wantStanding checks how Kim stands in the roster, and returns the place.
func (k *known) wantStanding(t *testing.T, want roster.Standing) credentials.Place {
	t.Helper()
	place, got, err := k.roster().Find(t.Context(), identify(t, kim))
	if err != nil || got != want {
		t.Fatalf("Kim is %q in the roster, want %q; error %v", got, want, err)
	}
	return place
}

func (k *known) signer(ring *journey.Ring) admission.Signer {
	return admission.Signer{PoolID: journey.PoolID, Now: k.Now, Key: func(ctx context.Context) (secret.Key, error) {
		r, err := ring.Ring(ctx)
		if err != nil {
			return secret.Key{}, err
		}
		return r.Current(), nil
	}}
}

// ticket returns a ticket for Kim as "kim", with a change.
func (k *known) ticket(t *testing.T, changes ...func(*admission.Signer, *admission.Grant)) string {
	t.Helper()
	place, _, err := k.roster().Find(t.Context(), identify(t, kim))
	if err != nil {
		t.Fatal(err)
	}
	signer, grant := k.signer(k.keys), admission.Grant{ClientID: journey.ClientID, UserName: "Kim", Email: kim, Place: place}
	for _, change := range changes {
		change(&signer, &grant)
	}
	text, err := signer.Sign(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// newcomer is a user as Pre Sign-up gets to see one.
func newcomer(name, email string) journey.User {
	return journey.User{Name: name, Attributes: map[string]string{"email": email}}
}

// confirmed is a user as Post Confirmation does.
func confirmed(name, email, sub string) journey.User {
	return journey.User{Name: name, Attributes: map[string]string{
		"email": email, "sub": sub, "email_verified": "true", "cognito:user_status": "CONFIRMED",
	}}
}

// wantSignUp calls Pre Sign-up and checks the reason of a refusal, or that there is
// none, and that nothing is confirmed by it.
func (k *known) wantSignUp(t *testing.T, user journey.User, ticket, reason string) {
	t.Helper()
	event, err := k.Gates().PreSignUp.Handle(t.Context(),
		journey.PreSignUpEvent(signUpSource, user, map[string]string{admission.MetadataTicket: ticket}))
	k.want(t, err, "asked for an account", reason)
	if event.Response != (events.CognitoEventUserPoolsPreSignupResponse{}) {
		t.Errorf("it answers %+v, want nothing confirmed and nothing verified", event.Response)
	}
}

func (k *known) wantConfirmation(t *testing.T, user journey.User, reason string) {
	t.Helper()
	_, err := k.Gates().PostConfirmation.Handle(t.Context(), journey.PostConfirmationEvent(confirmSource, user))
	k.want(t, err, "confirmed an account", reason)
}

func (k *known) want(t *testing.T, err error, logged, reason string) {
	t.Helper()
	line := k.Log.Last(t, logged)
	if reason == "" {
		if err != nil || line["outcome"] != "passed" {
			t.Fatalf("error %v, logged as %v", err, line)
		}
		return
	}
	if err == nil || err.Error() != signUpClosed {
		t.Errorf("error %v, want %q, which is the same for all", err, signUpClosed)
	}
	wantRefused(t, line, journey.ClientID, reason)
}

func TestKnownPersonSignsUpAtCognito(t *testing.T) {
	k := newKnown(t)
	ticket := k.ticket(t)
	for range 3 { // Cognito's attempts
		k.wantSignUp(t, newcomer("kim", "Kim@Example.com"), ticket, "")
	}
	for range 3 {
		k.wantConfirmation(t, confirmed("kim", kim, sub), "")
	}
	k.wantStanding(t, roster.Claimed)
	k.wantSignUp(t, newcomer("kim", kim), ticket, "claimed")
	k.WantNotLogged(t, kim, ticket, kimsNumber)
}

func TestOneTicketMakesOneAccount(t *testing.T) {
	k := newKnown(t)
	k.Known.NamedUsers = false // Cognito makes another user name each time
	ticket := k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.UserName = kim })
	k.wantSignUp(t, newcomer(sub, kim), ticket, "")
	k.wantSignUp(t, newcomer("5f0c8d2e-0000-4000-8000-00000000000b", kim), ticket, "reserved")
	k.wantSignUp(t, newcomer(sub, kim), ticket, "")
	k.Advance(admission.Lifetime)
	k.wantSignUp(t, newcomer("5f0c8d2e-0000-4000-8000-00000000000b", kim), ticket, "reserved")
	k.Advance(time.Minute)
	k.wantSignUp(t, newcomer("5f0c8d2e-0000-4000-8000-00000000000b", kim), ticket, "ticket_expired")
	another := k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.UserName = kim })
	k.wantSignUp(t, newcomer("5f0c8d2e-0000-4000-8000-00000000000b", kim), another, "")
	k.wantConfirmation(t, confirmed(sub, kim, sub), "") // the first one was let through, and is first
	k.wantConfirmation(t, confirmed("5f0c8d2e-0000-4000-8000-00000000000b", kim, "5f0c8d2e-0000-4000-8000-00000000000b"), "claimed")
}

func TestOneOfACrowdIsLetThrough(t *testing.T) {
	k := newKnown(t)
	k.Known.NamedUsers = false
	ticket := k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.UserName = kim })
	gate := k.Gates().PreSignUp
	passed := 0
	for _, err := range passkeytest.AtOnce(func(i int) error {
		user := newcomer(strings.Repeat("a", i+1), kim)
		_, err := gate.Handle(t.Context(), journey.PreSignUpEvent(signUpSource, user, map[string]string{admission.MetadataTicket: ticket}))
		return err
	}) {
		if err == nil {
			passed++
		} else if err.Error() != signUpClosed {
			t.Error(err)
		}
	}
	if passed != 1 {
		t.Errorf("%d got through with one ticket, want 1", passed)
	}
}

func TestTicketsThatLetNobodyThrough(t *testing.T) {
	k := newKnown(t)
	good := k.ticket(t)
	other := journey.NewRing(t, secret.Signing)
	head, signature := good[:strings.LastIndex(good, ".")], good[strings.LastIndex(good, "."):]
	for _, c := range []struct {
		name   string
		user   journey.User
		ticket string
		reason string
	}{
		{"rejects no ticket", newcomer("kim", kim), "", "no_ticket"},
		{"rejects another text", newcomer("kim", kim), "hunter2", "malformed"},
		{"rejects a ticket that signs in", newcomer("kim", kim), "ac1" + strings.TrimPrefix(good, "su1"), "malformed"},
		{"rejects a changed ticket", newcomer("kim", kim), head + "A" + signature, "malformed"},
		{"rejects another's signature", newcomer("kim", kim), head + k.ticket(t)[strings.LastIndex(good, "."):], "bad_signature"},
		{"rejects a foreign key", newcomer("kim", kim), k.ticket(t, func(s *admission.Signer, _ *admission.Grant) { *s = k.signer(other) }), "unknown_key"},
		{"rejects another pool's", newcomer("kim", kim), k.ticket(t, func(s *admission.Signer, _ *admission.Grant) { s.PoolID = "us-east-1_Other0001" }), "wrong_pool"},
		{"rejects another app client's", newcomer("kim", kim), k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.ClientID = "another" }), "wrong_app_client"},
		{"rejects another user name", newcomer("lee", kim), good, "wrong_person"},
		{"rejects another address", newcomer("kim", "lee@example.com"), good, "wrong_person"},
		{"rejects no address", newcomer("kim", ""), good, "wrong_person"},
		{"rejects name and address that only look alike together", newcomer("kimk", "im@example.com"), good, "wrong_person"},
		{"rejects one of the future", newcomer("kim", kim), k.ticket(t, func(s *admission.Signer, _ *admission.Grant) {
			s.Now = func() time.Time { return k.Now().Add(time.Minute) }
		}), "ticket_from_the_future"},
		{"rejects one of the past", newcomer("kim", kim), k.ticket(t, func(s *admission.Signer, _ *admission.Grant) {
			s.Now = func() time.Time { return k.Now().Add(-admission.Lifetime - time.Minute) }
		}), "ticket_expired"},
		{"rejects an entry that there is not", newcomer("kim", kim), k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.Place.Key = "none" }), "not_in_roster"},
		{"rejects an address that the entry had", newcomer("kim", kim), k.ticket(t, func(_ *admission.Signer, g *admission.Grant) { g.Place.Address = []byte("old") }), "other_address"},
	} {
		t.Run(c.name, func(t *testing.T) { k.wantSignUp(t, c.user, c.ticket, c.reason) })
	}
	k.wantStanding(t, roster.Free)
}

// Who is confirmed without having been let through has no entry, whoever it is.
func TestConfirmationOfStrangers(t *testing.T) {
	k := newKnown(t)
	k.wantConfirmation(t, confirmed("lee", kim, sub), "not_let_through")
	k.wantSignUp(t, newcomer("kim", kim), k.ticket(t), "")
	k.wantConfirmation(t, confirmed("lee", kim, sub), "not_let_through")
	k.wantConfirmation(t, confirmed("kim", "lee@example.com", sub), "not_let_through")
	k.Advance(roster.ReservedFor)
	if _, err := k.roster().Import(t.Context(), identify(t, "kim.new@example.com")); err != nil {
		t.Fatal(err)
	}
	k.wantConfirmation(t, confirmed("kim", kim, sub), "other_address")
}

func TestConfirmationsThatNeedNoEntry(t *testing.T) {
	k := newKnown(t)
	federated := confirmed("google_1", "lee@example.com", sub)
	federated.Attributes["cognito:user_status"] = "EXTERNAL_PROVIDER"
	for _, c := range []struct {
		name, source, want string
		user               journey.User
	}{
		{"a user of another identity provider", confirmSource, "", federated},
		{"a new password", "PostConfirmation_ConfirmForgotPassword", "", confirmed("lee", "lee@example.com", sub)},
		{"rejects another trigger", signUpSource, misplaced, confirmed("kim", kim, sub)},
		{"rejects no source", "", misplaced, confirmed("kim", kim, sub)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := k.Gates().PostConfirmation.Handle(t.Context(), journey.PostConfirmationEvent(c.source, c.user))
			if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// A fault lets nobody through and claims nothing; Cognito's next attempt does.
func TestFaultsAroundASignUpOfKnownPeople(t *testing.T) {
	k := newKnown(t)
	ticket := k.ticket(t)
	gates := k.Gates()
	signUp := journey.PreSignUpEvent(signUpSource, newcomer("kim", kim), map[string]string{admission.MetadataTicket: ticket})
	for _, operation := range []string{"GetItem", "PutItem"} {
		k.wire.Break(operation, passkeytest.InternalError, 100)
		_, err := gates.PreSignUp.Handle(t.Context(), signUp)
		journey.WantTryAgain(t, err)
	}
	k.wire.Break("PutItem", passkeytest.LostReply, 1)
	if _, err := gates.PreSignUp.Handle(t.Context(), signUp); err != nil {
		t.Fatal(err)
	}
	confirmation := journey.PostConfirmationEvent(confirmSource, confirmed("kim", kim, sub))
	for _, operation := range []string{"GetItem", "PutItem"} {
		k.wire.Break(operation, passkeytest.InternalError, 100)
		_, err := gates.PostConfirmation.Handle(t.Context(), confirmation)
		journey.WantTryAgain(t, err)
	}
	k.wire.Break("", nil, 0)
	k.wantStanding(t, roster.Free)
	k.wire.Break("PutItem", passkeytest.LostReply, 1)
	if _, err := gates.PostConfirmation.Handle(t.Context(), confirmation); err != nil {
		t.Fatal(err)
	}
	k.wantStanding(t, roster.Claimed)
	unnamed := confirmation
	unnamed.Request.UserAttributes = map[string]string{"email": kim}
	_, err := gates.PostConfirmation.Handle(t.Context(), unnamed)
	journey.WantTryAgain(t, err)
}

func TestSignerOfTicketsRefuses(t *testing.T) {
	k := newKnown(t)
	place := k.wantStanding(t, roster.Free)
	grant := admission.Grant{ClientID: journey.ClientID, UserName: "kim", Email: kim, Place: place}
	for name, change := range map[string]func(*admission.Signer, *admission.Grant){
		"rejects no pool":       func(s *admission.Signer, _ *admission.Grant) { s.PoolID = "" },
		"rejects no app client": func(_ *admission.Signer, g *admission.Grant) { g.ClientID = "" },
		"rejects no user name":  func(_ *admission.Signer, g *admission.Grant) { g.UserName = "" },
		"rejects no address":    func(_ *admission.Signer, g *admission.Grant) { g.Email = "" },
		"rejects no entry":      func(_ *admission.Signer, g *admission.Grant) { g.Place = credentials.Place{} },
		"rejects an outage": func(s *admission.Signer, _ *admission.Grant) {
			s.Key = func(context.Context) (secret.Key, error) { return secret.Key{}, errors.New(innards) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			signer, g := k.signer(k.keys), grant
			change(&signer, &g)
			if text, err := signer.Sign(t.Context(), g); err == nil {
				t.Errorf("it signed %s", text)
			}
		})
	}
}
