package audit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const sub = "5f0c8d2e-0000-4000-8000-00000000000a"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile("event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t *testing.T, event []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	return schema(t).Validate(value)
}

// live takes a user from the first passkey to none and returns the events.
func live(t *testing.T) (events []json.RawMessage, hash string) {
	t.Helper()
	s := journey.New(t)
	u, a := s.NewUser(sub), passkeytest.NewDeviceBound(journey.Origin)
	s.Register(t, u, a)
	id := a.Passkeys[0].ID
	s.Call(t, routes.RenamePasskey, base64.RawURLEncoding.EncodeToString(id), s.Claims(u), map[string]string{"name": "Ann's phone"})
	for _, count := range []uint32{7, 3} {
		session := s.Begin(t, u)
		s.Answer(t, session, journey.Assert(t, a, session.Options(), func(c *passkeytest.Ceremony) { c.SignCount = count }), nil)
	}
	s.Answer(t, s.Begin(t, journey.User{Name: "nobody", NotFound: true}), "?", nil)
	s.Call(t, routes.DeletePasskey, base64.RawURLEncoding.EncodeToString(id), s.Claims(u), "")
	for _, line := range logline.ParseAll(t, s.Log.String()) {
		events = append(events, line.Events...)
	}
	return events, table.Hash(id)
}

func TestEventsOfALife(t *testing.T) {
	events, hash := live(t)
	var got []string
	ids := map[string]bool{}
	for _, text := range events {
		if err := validate(t, text); err != nil {
			t.Errorf("%s does not keep the schema: %v", text, err)
		}
		var e audit.Event
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		if e.Instance != journey.Instance || e.ClientID != journey.ClientID || ids[e.ID] {
			t.Errorf("%+v is of another instance or app client, or has an id that was used", e)
		}
		ids[e.ID] = true
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Type, e.Sub, e.Method, e.Reason, e.Passkey))
	}
	want := []string{
		"passkey.registered " + sub + "   " + hash,
		"passkey.renamed " + sub + "   " + hash,
		"signed_in " + sub + " passkey  " + hash,
		"refused " + sub + " passkey counter " + hash,
		"clone_suspected " + sub + " passkey  " + hash,
		"refused   no_method ",
		"passkey.removed " + sub + "   " + hash,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestSchemaRejects(t *testing.T) {
	events, _ := live(t)
	for _, c := range []struct {
		name   string
		change map[string]any // nil removes a member
	}{
		{"another version", map[string]any{"version": 2}},
		{"an unknown type", map[string]any{"type": "passkey.lost"}},
		{"an unknown member", map[string]any{"name": "Ann's phone"}},
		{"a challenge", map[string]any{"challenge": "AAAA"}},
		{"no sub", map[string]any{"sub": nil}},
		{"no passkey", map[string]any{"passkey": nil}},
		{"no app client", map[string]any{"clientId": nil}},
		{"a credential id in place of its hash", map[string]any{"passkey": "AAAA"}},
		{"a reason for what was not refused", map[string]any{"reason": "counter"}},
		{"a local time", map[string]any{"time": "2026-11-21T05:00:00+01:00"}},
	} {
		t.Run("rejects "+c.name, func(t *testing.T) {
			var event map[string]any
			if err := json.Unmarshal(events[0], &event); err != nil {
				t.Fatal(err)
			}
			maps.Copy(event, c.change)
			maps.DeleteFunc(event, func(_ string, value any) bool { return value == nil })
			text, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			if validate(t, text) == nil {
				t.Errorf("%s keeps the schema", text)
			}
		})
	}
}
