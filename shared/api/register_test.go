package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// creationView is what a page gets to make a passkey.
type creationView struct {
	PublicKey struct {
		RP        struct{ ID, Name string }
		User      struct{ ID, Name, DisplayName string }
		Challenge string
		Timeout   int
		Exclude   []struct {
			Type, ID   string
			Transports []string
		} `json:"excludeCredentials"`
		Selection struct {
			ResidentKey, UserVerification string
		} `json:"authenticatorSelection"`
	}
}

func TestRegistrationOptions(t *testing.T) {
	s, u, a := withPasskey(t)
	u.Attributes["name"] = "Ann"
	s.Accounts.Put(u)
	got := decoded[creationView](t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""), http.StatusOK).PublicKey
	if challenge, err := base64.RawURLEncoding.DecodeString(got.Challenge); err != nil || len(challenge) != 32 {
		t.Errorf("the challenge is %q, want 32 bytes", got.Challenge)
	}
	var want creationView
	want.PublicKey.RP.ID, want.PublicKey.RP.Name = journey.RelyingPartyID, "Example"
	want.PublicKey.User.ID = base64.RawURLEncoding.EncodeToString([]byte(subA))
	want.PublicKey.User.Name, want.PublicKey.User.DisplayName = subA+"@example.com", "Ann"
	want.PublicKey.Challenge, want.PublicKey.Timeout = got.Challenge, 300_000
	want.PublicKey.Exclude = []struct {
		Type, ID   string
		Transports []string
	}{{"public-key", pathID(a.Passkeys[0]), a.Transports}}
	want.PublicKey.Selection.ResidentKey, want.PublicKey.Selection.UserVerification = "required", "required"
	if diff := cmp.Diff(want.PublicKey, got); diff != "" {
		t.Error(diff)
	}
}

// Where the user name is not the sub, the handle says nothing of the person
// and stays the same for every passkey of the user.
func TestUserHandleWhereNamesArePersonal(t *testing.T) {
	s := journey.New(t)
	u := s.NewUser(subA)
	u.Name = "ann"
	handle := func() string {
		t.Helper()
		options := decoded[creationView](t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""), http.StatusOK)
		decodedHandle, err := base64.RawURLEncoding.DecodeString(options.PublicKey.User.ID)
		if err != nil {
			t.Fatal(err)
		}
		return string(decodedHandle)
	}
	first := handle()
	if !strings.HasPrefix(first, "r|") || len(first) != 24 || strings.Contains(first, "ann") || strings.Contains(first, subA) {
		t.Errorf("the handle is %q, want r| and 22 random characters", first)
	}
	s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	if second, third := handle(), handle(); second != third {
		t.Errorf("the handle changes from %q to %q", second, third)
	}
}

func TestRegister(t *testing.T) {
	s := journey.New(t)
	u := s.NewUser(subA)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"name": "Ann's phone", "credential": json.RawMessage(made.JSON())}
	want := passkeyView{
		ID: base64.RawURLEncoding.EncodeToString(made.CredentialID), Name: "Ann's phone",
		AAGUID: "00000000-0000-0000-0000-000000000000", Synced: true, BackedUp: true,
		Transports: []string{"hybrid", "internal"}, CreatedAt: s.Now().UTC(),
	}
	got := decoded[passkeyView](t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), body), http.StatusCreated)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.Advance(time.Minute)
	again := decoded[passkeyView](t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), body), http.StatusOK)
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("sent again, as after a lost reply: %s", diff)
	}
	if list := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", s.Claims(u), ""), http.StatusOK); len(list.Passkeys) != 1 {
		t.Errorf("the user has %d passkeys, want 1", len(list.Passkeys))
	}
}

func TestRegisterRejectsNames(t *testing.T) {
	for name, bad := range badNames {
		if bad == "" {
			continue // stands for the provider's name
		}
		t.Run("rejects "+name, func(t *testing.T) {
			s := journey.New(t)
			u := s.NewUser(subA)
			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
			if err != nil {
				t.Fatal(err)
			}
			body := map[string]any{"name": bad, "credential": json.RawMessage(made.JSON())}
			wantProblem(t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), body), "400 bad_name")
			body["name"] = "better"
			decoded[passkeyView](t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), body), http.StatusCreated)
		})
	}
}

func TestRegisterRejectsBodies(t *testing.T) {
	s := journey.New(t)
	u := s.NewUser(subA)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	response := string(made.JSON())
	for name, c := range map[string]struct{ body, want string }{
		"rejects no body":                            {``, "400 malformed_request"},
		"rejects an unknown member":                  {`{"credential":` + response + `,"sub":"x"}`, "400 malformed_request"},
		"rejects two credentials":                    {`{"credential":` + response + `,"credential":` + response + `}`, "400 malformed_request"},
		"rejects a duplicate member in a credential": {`{"credential":{"id":"AA",` + response[1:] + `}`, "400 malformed_request"},
		"rejects another case":                       {`{"Credential":` + response + `}`, "400 malformed_request"},
		"rejects no credential":                      {`{}`, "400 passkey_refused"},
		"rejects a credential that is null":          {`{"credential":null}`, "400 passkey_refused"},
		"rejects a credential in a string":           {`{"credential":"` + strings.ReplaceAll(response, `"`, `\"`) + `"}`, "400 passkey_refused"},
		"rejects an assertion":                       {`{"credential":{"id":"AA","rawId":"AA","type":"public-key"}}`, "400 passkey_refused"},
		"rejects a credential of more than 16 KiB":   {`{"credential":{"x":"` + strings.Repeat("x", 17<<10) + `"}}`, "400 passkey_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, s.Call(t, routes.RegisterPasskey, "", s.Claims(u), c.body), c.want)
		})
	}
	if r := s.FinishRegistration(t, u, made.JSON()); r.StatusCode != http.StatusCreated {
		t.Errorf("after all the refusals the right one answers %d %s", r.StatusCode, r.Body)
	}
}

func TestRegisterRejectsCeremonies(t *testing.T) {
	for _, c := range []struct {
		name   string
		finish func(t *testing.T, s *journey.Stack, u journey.User, made *passkeytest.Registration) (journey.User, []byte)
		want   string
	}{
		{"rejects one that was never begun", func(t *testing.T, s *journey.Stack, _ journey.User, made *passkeytest.Registration) (journey.User, []byte) {
			return s.NewUser(subB), made.JSON()
		}, "409 registration_not_found"},
		{"rejects one that expired", func(_ *testing.T, s *journey.Stack, u journey.User, made *passkeytest.Registration) (journey.User, []byte) {
			s.Advance(5 * time.Minute)
			return u, made.JSON()
		}, "409 registration_not_found"},
		{"rejects one that was begun anew", func(t *testing.T, s *journey.Stack, u journey.User, made *passkeytest.Registration) (journey.User, []byte) {
			s.BeginRegistration(t, u)
			return u, made.JSON()
		}, "409 registration_not_found"},
		{"rejects another page", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Registration) (journey.User, []byte) {
			made, err := passkeytest.NewSynced("https://evil.example").Create(s.BeginRegistration(t, u))
			if err != nil {
				t.Fatal(err)
			}
			return u, made.JSON()
		}, "400 passkey_refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := journey.New(t)
			u := s.NewUser(subA)
			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
			if err != nil {
				t.Fatal(err)
			}
			user, response := c.finish(t, s, u, made)
			wantProblem(t, s.FinishRegistration(t, user, response), c.want)
		})
	}
}

// A registration that another app client of the pool began is not this client's to end.
func TestRegisterRejectsAnotherClientsCeremony(t *testing.T) {
	s := journey.New(t)
	store := &otherClient{Store: s.Store}
	s.Store = store
	u := s.NewUser(subA)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.FinishRegistration(t, u, made.JSON()), "409 registration_not_found")
}

// otherClient is a store in which every registration was begun on another app client.
type otherClient struct{ credentials.Store }

func (o *otherClient) BeginRegistration(ctx context.Context, sub string, r credentials.Registration) error {
	r.ClientID = "other"
	return o.Store.BeginRegistration(ctx, sub, r)
}

func TestRegisterRejectsATakenCredentialID(t *testing.T) {
	s, owner, a := withPasskey(t)
	other := s.NewUser(subB)
	register := func() *passkeytest.Registration {
		t.Helper()
		made, err := sameID(a, s.BeginRegistration(t, other))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	wantProblem(t, s.FinishRegistration(t, other, register().JSON()), "409 passkey_exists")
	if r := s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(owner), ""); r.StatusCode != http.StatusNoContent {
		t.Fatalf("answers %d %s", r.StatusCode, r.Body)
	}
	// A deleted one stays taken for a day, because its spent challenges are forgotten.
	wantProblem(t, s.FinishRegistration(t, other, register().JSON()), "409 passkey_exists")
}

// Only the registration that made a passkey is answered well a second time.
func TestRegisterRejectsAnotherCeremonyForOnesPasskey(t *testing.T) {
	s, u, a := withPasskey(t)
	other, err := sameID(a, s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	s.BeginRegistration(t, u)
	wantProblem(t, s.FinishRegistration(t, u, other.JSON()), "409 registration_not_found")
}

// sameID makes a passkey that has the credential id of a's first.
func sameID(a *passkeytest.Authenticator, options []byte) (*passkeytest.Registration, error) {
	thief := passkeytest.NewSynced(journey.Origin)
	id := a.Passkeys[0].ID
	made, err := thief.Create(options, func(c *passkeytest.Ceremony) {
		public, err := passkeytest.PublicKey(c.Key)
		if err != nil {
			panic(err)
		}
		c.Attested = passkeytest.AttestedCredential(thief.AAGUID, id, public)
	})
	if err != nil {
		return nil, err
	}
	made.CredentialID = id
	return made, nil
}

func TestNumberOfPasskeysIsLimited(t *testing.T) {
	s := journey.New(t)
	u := s.NewUser(subA)
	for range journey.MaxPasskeys {
		s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	}
	wantProblem(t, s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""), "409 too_many_passkeys")
}
