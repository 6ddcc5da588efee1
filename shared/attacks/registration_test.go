package attacks_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// claim makes a registration of a user with the credential id of somebody's passkey.
func claim(t testing.TB, s *journey.Stack, u journey.User, id []byte) *passkeytest.Registration {
	t.Helper()
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u), func(c *passkeytest.Ceremony) {
		key, err := passkeytest.PublicKey(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		c.Attested = passkeytest.AttestedCredential([16]byte{}, id, key)
	})
	if err != nil {
		t.Fatal(err)
	}
	made.CredentialID = bytes.Clone(id)
	return made
}

// The passkey that was there first stays as it is and keeps signing in, whoever
// claims its id: a stranger or the owner.
func TestRejectsACredentialIDThatIsTaken(t *testing.T) {
	for name, sub := range map[string]string{"rejects it of another user": attackerSub, "rejects it of the same user": victimSub} {
		t.Run(name, func(t *testing.T) {
			s := journey.New(t)
			onTable(t, s)
			people := map[string]person{victimSub: join(t, s, victimSub), attackerSub: join(t, s, attackerSub)}
			victim := people[victimSub]
			id := victim.authenticator.Passkeys[0].ID
			before, err := s.Store.Passkey(t.Context(), victimSub, table.Hash(id))
			if err != nil {
				t.Fatal(err)
			}
			made := claim(t, s, people[sub].User, id)
			wantProblem(t, s, s.FinishRegistration(t, people[sub].User, made.JSON()), "409 passkey_exists", "")

			after, err := s.Store.Passkey(t.Context(), victimSub, table.Hash(id))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the passkey has changed: %s", diff)
			}
			for _, p := range people {
				var list struct{ Passkeys []any }
				if err := json.Unmarshal([]byte(s.Call(t, routes.ListPasskeys, "", s.Claims(p.User), "").Body), &list); err != nil || len(list.Passkeys) != 1 {
					t.Errorf("%s has %d passkeys, error %v", p.Sub, len(list.Passkeys), err)
				}
			}
			session := s.Begin(t, victim.User)
			wantIn(t, s, session, victim.sign(t, session.Options()).JSON())
		})
	}
}

// A registration is the caller's: nothing in a request names another user.
func TestRejectsARegistrationForSomebodyElse(t *testing.T) {
	s, victim, attacker := cast(t)
	wish := map[string]string{"username": victimSub, "sub": victimSub, "email": victim.Attributes["email"]}
	t.Run("rejects one without a token", func(t *testing.T) {
		for _, route := range []routes.Route{routes.RegistrationOptions, routes.RegisterPasskey} {
			wantProblem(t, s, s.Call(t, route, "", nil, wish), "401 access_token_required", "")
		}
	})
	t.Run("rejects a wish in the body", func(t *testing.T) {
		wantProblem(t, s, s.Call(t, routes.RegisterPasskey, "", s.Claims(attacker.User), wish), "400 malformed_request", "")
	})
	t.Run("makes options for the caller alone", func(t *testing.T) {
		var got struct {
			PublicKey struct{ User struct{ ID, Name string } }
		}
		r := s.Call(t, routes.RegistrationOptions, "", s.Claims(attacker.User), wish)
		if err := json.Unmarshal([]byte(r.Body), &got); err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("answers %d %s", r.StatusCode, r.Body)
		}
		if got.PublicKey.User.ID != base64url([]byte(attackerSub)) || got.PublicKey.User.Name != attacker.Attributes["email"] {
			t.Errorf("the options are for %+v", got.PublicKey.User)
		}
	})
	t.Run("rejects a token whose bearer the pool calls another", func(t *testing.T) {
		claims := s.Claims(attacker.User)
		claims["sub"] = victimSub // the pool answers for the token that is sent
		event := s.Event(routes.RegistrationOptions, "", claims, "")
		event.Headers["authorization"] = "Bearer token of " + attackerSub
		wantProblem(t, s, s.Send(t, event), "401 token_refused", "")
	})
}

// What a name is made of is shown as it is, by a page that knows nothing of escaping too.
func TestNamesAreTextWhereverTheyAreShown(t *testing.T) {
	s, victim, _ := cast(t)
	victim.Attributes["name"] = "</script><img src=x onerror=alert(1)>"
	s.Accounts.Put(victim.User)
	r := s.Call(t, routes.RegistrationOptions, "", s.Claims(victim.User), "")
	if r.StatusCode != http.StatusOK || bytes.ContainsAny([]byte(r.Body), "<>") {
		t.Errorf("answers %d %s", r.StatusCode, r.Body)
	}
	if r.Headers["Content-Type"] != "application/json" {
		t.Errorf("answers with type %s", r.Headers["Content-Type"])
	}
}
