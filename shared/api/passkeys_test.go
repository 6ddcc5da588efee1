package api_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

func TestListOfAUserWithoutPasskeys(t *testing.T) {
	s := journey.New(t)
	r := s.Call(t, routes.ListPasskeys, "", s.Claims(s.NewUser(subA)), "")
	if want := `{"passkeys":[],"relyingPartyId":"example.com"}`; r.StatusCode != http.StatusOK || r.Body != want {
		t.Errorf("answers %d %s, want %s", r.StatusCode, r.Body, want)
	}
	if r.Headers["Cache-Control"] != "no-store" {
		t.Errorf("headers %v let the answer be cached", r.Headers)
	}
}

func TestListTellsAllOfAPasskey(t *testing.T) {
	s := journey.New(t)
	u := s.NewUser(subA)
	synced, key := passkeytest.NewSynced(journey.Origin), passkeytest.NewDeviceBound(journey.Origin)
	synced.AAGUID = [16]byte{0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd}
	created := s.Now().UTC()
	s.Register(t, u, synced)
	s.Advance(time.Minute)
	s.Register(t, u, key)
	session := s.Begin(t, u)
	if !s.Answer(t, session, journey.Assert(t, synced, session.Options()), nil) {
		t.Fatal("refused")
	}
	used := s.Now().UTC()
	want := listView{
		Passkeys: []passkeyView{
			{ID: pathID(synced.Passkeys[0]), Name: "Apple Passwords", Provider: "Apple Passwords",
				AAGUID: "fbfc3007-154e-4ecc-8c0b-6e020557d7bd", Synced: true, BackedUp: true,
				Transports: []string{"hybrid", "internal"}, CreatedAt: created, LastUsedAt: &used},
			{ID: pathID(key.Passkeys[0]), Name: "Passkey", AAGUID: "00000000-0000-0000-0000-000000000000",
				Transports: []string{"usb"}, CreatedAt: created.Add(time.Minute)},
		},
		RelyingPartyID: journey.RelyingPartyID,
		UserHandle:     base64.RawURLEncoding.EncodeToString([]byte(subA)),
	}
	got := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", s.Claims(u), ""), http.StatusOK)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRename(t *testing.T) {
	s, u, a := withPasskey(t)
	for name, newName := range map[string]string{
		"keeps HTML as text":           `<script>alert("1")</script> & co`,
		"keeps every script":           "Büro-Schlüssel 鍵 🔑",
		"keeps one character":          "x",
		"keeps 100 characters":         strings.Repeat("ü", 100),
		"keeps right-to-left letters":  "מפתח",
		"keeps what looks like markup": `{"name":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := s.Call(t, routes.RenamePasskey, pathID(a.Passkeys[0]), s.Claims(u), map[string]string{"name": newName})
			if got := decoded[passkeyView](t, r, http.StatusOK); got.Name != newName || got.ID != pathID(a.Passkeys[0]) {
				t.Errorf("answers %+v", got)
			}
			if strings.ContainsAny(r.Body, "<>&") {
				t.Errorf("%s would be read as markup where it is pasted into a page", r.Body)
			}
			list := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", s.Claims(u), ""), http.StatusOK)
			if list.Passkeys[0].Name != newName {
				t.Errorf("the list shows %q", list.Passkeys[0].Name)
			}
		})
	}
}

// badNames: what is wrong with it → name
var badNames = map[string]string{
	"an empty name":                 "",
	"a name of spaces":              "   ",
	"a name with a space in front":  " x",
	"a name with a space behind":    "x ",
	"a name with a line break":      "a\nb",
	"a name with NUL":               "a\x00b",
	"a name with an escape":         "a\x1b[31mb",
	"a name with DEL":               "a\x7fb",
	"a name that turns direction":   "a\u202eb",
	"a name with a direction mark":  "a\u200fb",
	"a name that isolates":          "a\u2066b",
	"a name with a zero-width mark": "a\u200bb",
	"a name of 101 characters":      strings.Repeat("x", 101),
	"a name of 10 kB":               strings.Repeat("x", 10<<10),
}

func TestRenameRejectsNames(t *testing.T) {
	s, u, a := withPasskey(t)
	for name, bad := range badNames {
		t.Run("rejects "+name, func(t *testing.T) {
			r := s.Call(t, routes.RenamePasskey, pathID(a.Passkeys[0]), s.Claims(u), map[string]string{"name": bad})
			wantProblem(t, r, "400 bad_name")
		})
	}
}

// badBodies: what is wrong with it → body that should have been {"name": …}
var badBodies = map[string]string{
	"no body":                      ``,
	"a body that ends early":       `{"name":"x"`,
	"a body that goes on":          `{"name":"x"}{}`,
	"null":                         `null`,
	"an array":                     `["x"]`,
	"a string":                     `"x"`,
	"a name that is a number":      `{"name":1}`,
	"a name that is an object":     `{"name":{}}`,
	"a duplicate name":             `{"name":"x","name":"y"}`,
	"a duplicate by escapes":       `{"name":"x","\u006eame":"y"}`,
	"a name in another case":       `{"Name":"x"}`,
	"an unknown member":            `{"name":"x","admin":true}`,
	"invalid UTF-8":                "{\"name\":\"\xff\"}",
	"an unpaired surrogate":        `{"name":"\ud800"}`,
	"an unescaped control":         "{\"name\":\"a\nb\"}",
	"deep nesting":                 `{"name":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + `}`,
	"a member after the right one": `{"name":"x","":0}`,
}

func TestRenameRejectsBodies(t *testing.T) {
	s, u, a := withPasskey(t)
	for name, body := range badBodies {
		t.Run("rejects "+name, func(t *testing.T) {
			wantProblem(t, s.Call(t, routes.RenamePasskey, pathID(a.Passkeys[0]), s.Claims(u), body), "400 malformed_request")
		})
	}
}

func TestPathIDsThatNameNoPasskey(t *testing.T) {
	s, u, a := withPasskey(t)
	other, b := s.NewUser(subB), passkeytest.NewSynced(journey.Origin)
	s.Register(t, other, b)
	for name, id := range map[string]string{
		"no id":                      "",
		"an unknown id":              "AAAA",
		"another user's passkey":     pathID(b.Passkeys[0]),
		"a padded id":                pathID(a.Passkeys[0]) + "=",
		"an id with a line break":    pathID(a.Passkeys[0]) + "\n",
		"an id in standard base64":   "+/+/",
		"an id that is no base64":    "../../CONFIG",
		"an id with stray bits":      "AB",
		"an id cut short":            pathID(a.Passkeys[0])[:42],
		"the id of all and nothing":  "*",
		"an id that is longer still": strings.Repeat("A", 8<<10),
	} {
		t.Run("rejects "+name, func(t *testing.T) {
			r := s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": "mine"})
			wantProblem(t, r, "404 passkey_not_found")
			wantProblem(t, s.Call(t, routes.DeletePasskey, id, s.Claims(u), ""), "404 passkey_not_found")
		})
	}
	for user, authenticator := range map[*journey.User]*passkeytest.Authenticator{&u: a, &other: b} {
		list := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", s.Claims(*user), ""), http.StatusOK)
		if len(list.Passkeys) != 1 || list.Passkeys[0].Name != "Passkey" || list.Passkeys[0].ID != pathID(authenticator.Passkeys[0]) {
			t.Errorf("the passkeys of %s have become %+v", user.Sub, list.Passkeys)
		}
	}
}

func TestDelete(t *testing.T) {
	s, u, a := withPasskey(t)
	id := pathID(a.Passkeys[0])
	r := s.Call(t, routes.DeletePasskey, id, s.Claims(u), "")
	if r.StatusCode != http.StatusNoContent || r.Body != "" || r.Headers["Content-Type"] != "" {
		t.Errorf("answers %d %q of type %q, want 204 and nothing", r.StatusCode, r.Body, r.Headers["Content-Type"])
	}
	if list := decoded[listView](t, s.Call(t, routes.ListPasskeys, "", s.Claims(u), ""), http.StatusOK); len(list.Passkeys) != 0 {
		t.Errorf("the list still has %+v", list.Passkeys)
	}
	wantProblem(t, s.Call(t, routes.DeletePasskey, id, s.Claims(u), ""), "404 passkey_not_found")
}

// A store of which the user must keep one passkey, as where there is no other way in.
func TestDeleteRejectsTheLastPasskey(t *testing.T) {
	s := journey.New(t)
	s.Store = keepOne{s.Store}
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	wantProblem(t, s.Call(t, routes.DeletePasskey, pathID(a.Passkeys[0]), s.Claims(u), ""), "409 last_passkey")
}

// Without passwords, who can't be mailed has no other way in.
func TestLastPasskeyStaysWithWhoHasNoOtherWayIn(t *testing.T) {
	for verified, want := range map[string]int{"false": http.StatusConflict, "true": http.StatusNoContent} {
		t.Run("address verified: "+verified, func(t *testing.T) {
			s := journey.New(t)
			s.WithoutPasswords = true
			u, first, last := s.NewUser(subA), passkeytest.NewSynced(journey.Origin), passkeytest.NewSynced(journey.Origin)
			s.Register(t, u, first)
			s.Register(t, u, last)
			u.Attributes["email_verified"] = verified
			s.Accounts.Put(u)
			if r := s.Call(t, routes.DeletePasskey, pathID(first.Passkeys[0]), s.Claims(u), ""); r.StatusCode != http.StatusNoContent {
				t.Errorf("one of two: %d %s", r.StatusCode, r.Body)
			}
			if r := s.Call(t, routes.DeletePasskey, pathID(last.Passkeys[0]), s.Claims(u), ""); r.StatusCode != want {
				t.Errorf("the last one: %d %s, want %d", r.StatusCode, r.Body, want)
			}
		})
	}
}

func TestFaultsOfTheStoreMayBeTriedAgain(t *testing.T) {
	s := journey.New(t)
	store := &failing{Store: s.Store}
	s.Store = store
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	answer := journey.Assert(t, a, s.SignInOptions(t))
	store.err = errors.New("no route to table-with-secret-name")
	id := pathID(a.Passkeys[0])
	for route, r := range map[routes.Route]httpapi.Response{
		routes.ListPasskeys:        s.Call(t, routes.ListPasskeys, "", s.Claims(u), ""),
		routes.RegistrationOptions: s.Call(t, routes.RegistrationOptions, "", s.Claims(u), ""),
		routes.RegisterPasskey:     s.Call(t, routes.RegisterPasskey, "", s.Claims(u), credential(made.JSON())),
		routes.RenamePasskey:       s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": "x"}),
		routes.DeletePasskey:       s.Call(t, routes.DeletePasskey, id, s.Claims(u), ""),
		routes.SignInUser:          s.Call(t, routes.SignInUser, "", nil, credential([]byte(answer))),
	} {
		t.Run(route.Key(), func(t *testing.T) {
			wantProblem(t, r, "503 try_again")
			if strings.Contains(r.Body, "secret-name") {
				t.Errorf("%s tells what happened inside", r.Body)
			}
		})
	}
	if !strings.Contains(s.Log.String(), "no route to table-with-secret-name") {
		t.Error("the log doesn't tell what happened")
	}
}
