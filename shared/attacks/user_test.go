package attacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// The user handle is not signed: it can only refuse.
func TestRejectsAnotherUsersHandle(t *testing.T) {
	s, victim, attacker := cast(t)
	forged := func(options []byte) []byte {
		assertion := attacker.sign(t, options)
		assertion.UserHandle = []byte(victimSub)
		return assertion.JSON()
	}
	t.Run("rejects it in the attacker's session", func(t *testing.T) {
		session := s.Begin(t, attacker.User)
		wantOut(t, s, session, forged(session.Options()), "wrong_user_handle")
	})
	t.Run("rejects it in the victim's session", func(t *testing.T) {
		session := s.Begin(t, victim.User)
		wantOut(t, s, session, forged(session.Options()), "unknown_credential")
	})
	t.Run("rejects it without a user name", func(t *testing.T) {
		wantOut(t, s, s.Begin(t, victim.User), forged(s.SignInOptions(t)), "unknown_credential")
		wantOut(t, s, s.Begin(t, attacker.User), forged(s.SignInOptions(t)), "wrong_user_handle")
	})
	t.Run("rejects it where a page asks for the name", func(t *testing.T) {
		r := s.Call(t, routes.SignInUser, "", nil, `{"credential":`+string(forged(s.SignInOptions(t)))+`}`)
		wantProblem(t, s, r, "404 user_not_found", "")
	})
}

func TestRejectsAStrangersPasskey(t *testing.T) {
	s, victim, attacker := cast(t)
	without := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000c")
	for name, target := range map[string]journey.User{
		"rejects it for a user without passkeys": without,
		"rejects it for a user with a passkey":   victim.User,
		"rejects it for nobody":                  {Name: "ghost", NotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, target)
			wantOut(t, s, session, attacker.sign(t, session.Options()).JSON(), "unknown_credential")
			wantOut(t, s, s.Begin(t, target), attacker.sign(t, s.SignInOptions(t)).JSON(), "unknown_credential")
		})
	}
}

// Whose passkey counts is decided by the sub in the event, and by nothing that a user can choose.
func TestRejectsAUserWhoLooksLikeAnother(t *testing.T) {
	s, victim, _ := cast(t)
	for name, lookAlike := range map[string]journey.User{
		"rejects one with the victim's address": {Name: attackerSub, Sub: attackerSub, Attributes: map[string]string{
			"sub": attackerSub, "email": victim.Attributes["email"], "email_verified": "true",
		}},
		"rejects one whose user name is the victim's sub": {Name: victimSub, Sub: attackerSub, Attributes: map[string]string{"sub": attackerSub}},
		"rejects one whose sub only differs in case":      {Name: victimSub, Sub: strings.ToUpper(victimSub), Attributes: map[string]string{"sub": strings.ToUpper(victimSub)}},
		"rejects one with an attribute that says so":      {Name: attackerSub, Sub: attackerSub, Attributes: map[string]string{"sub": attackerSub, "custom:sub": victimSub}},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, lookAlike)
			if strings.Contains(string(session.Options()), base64url(victim.authenticator.Passkeys[0].ID)) {
				t.Error("the victim's passkey is listed")
			}
			wantOut(t, s, session, victim.sign(t, session.Options()).JSON(), "unknown_credential")
		})
	}
}

// The other way round: however the user is called today, the passkeys are the user's.
func TestPasskeysFollowTheSubAndNoName(t *testing.T) {
	s, victim, _ := cast(t)
	victim.Attributes["email"] = "NEW@example.com"
	for _, name := range []string{victimSub, "Ann", "ann", "ann@example.com", "+15555550100"} {
		victim.Name = name
		session := s.Begin(t, victim.User)
		wantIn(t, s, session, victim.sign(t, session.Options()).JSON())
	}
}

// A name that nobody has, but which spells the sub of somebody: a deleted
// account, or a pool in which the sub is not a way to sign in.
func TestRejectsAnAnswerForASubThatThePoolDoesNotKnow(t *testing.T) {
	s := journey.New(t)
	table := onTable(t, s)
	victim := join(t, s, victimSub)
	session := s.Begin(t, journey.User{Name: victimSub, NotFound: true})
	if strings.Contains(string(session.Options()), base64url(victim.authenticator.Passkeys[0].ID)) {
		t.Error("the passkey is listed for a name that nobody has")
	}
	table.Operations()
	wantOut(t, s, session, victim.sign(t, session.Options()).JSON(), "unknown_credential")
	if got := table.Operations(); !slices.Equal(got, []string{"GetItem"}) {
		t.Errorf("the refusal took %v, want one read", got)
	}
}

func TestRejectsPasskeysOfADeletedAccount(t *testing.T) {
	s, victim, _ := cast(t)
	again := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000d")
	again.Attributes["email"] = victim.Attributes["email"]
	session := s.Begin(t, again)
	wantOut(t, s, session, victim.sign(t, session.Options()).JSON(), "unknown_credential")
	wantOut(t, s, s.Begin(t, again), victim.sign(t, s.SignInOptions(t)).JSON(), "unknown_credential")
}

// Nothing tells a client whether an id is known: not the verdict, not an error,
// not the number of reads, and not what a client may ask for.
func TestUnknownCredentialIsAnsweredAlike(t *testing.T) {
	s := journey.New(t)
	table := onTable(t, s)
	victim := join(t, s, victimSub)
	answers := map[string][]byte{}
	for name, damage := range map[string]func(*passkeytest.Assertion){
		"a known id":    func(a *passkeytest.Assertion) { a.Signature[len(a.Signature)-1] ^= 1 },
		"an unknown id": func(a *passkeytest.Assertion) { a.CredentialID = make([]byte, 32) },
	} {
		session := s.Begin(t, victim.User)
		assertion := victim.sign(t, session.Options())
		damage(assertion)
		table.Operations()
		verified, err := s.Verify(t.Context(), session, string(assertion.JSON()), map[string]string{"reason": "unknown_credential"})
		if err != nil {
			t.Fatalf("%s is a fault: %v", name, err)
		}
		if got := table.Operations(); !slices.Equal(got, []string{"GetItem"}) {
			t.Errorf("%s takes %v", name, got)
		}
		answers[name] = marshal(t, verified.Response)
	}
	if string(answers["a known id"]) != string(answers["an unknown id"]) {
		t.Errorf("the answers differ: %s", answers)
	}
}
