package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// audited returns the audit events of a log: type, sub, app client and passkey.
func audited(t *testing.T, s *journey.Stack) []string {
	t.Helper()
	var found []string
	for _, line := range logline.ParseAll(t, s.Log.String()) {
		for _, text := range line.Events {
			var e audit.Event
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatal(err)
			}
			found = append(found, fmt.Sprint(e.Type, " ", e.Sub, " ", e.ClientID, " ", e.Passkey))
		}
	}
	return found
}

// Every change of a user's passkeys is recorded once, and nothing that was refused.
func TestChangesAreAudited(t *testing.T) {
	s := journey.New(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	made, err := a.Create(s.BeginRegistration(t, u))
	if err != nil {
		t.Fatal(err)
	}
	s.FinishRegistration(t, u, made.JSON())
	s.FinishRegistration(t, u, made.JSON()) // after a lost reply
	id := pathID(a.Passkeys[0])
	s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": "Ann's phone"})
	s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": ""})
	s.Call(t, routes.DeletePasskey, id, signedInBefore(s, u, time.Hour), "")
	if r := s.Call(t, routes.DeletePasskey, id, s.Claims(u), ""); r.StatusCode != http.StatusNoContent {
		t.Fatalf("answers %d %s", r.StatusCode, r.Body)
	}
	s.Call(t, routes.DeletePasskey, id, s.Claims(u), "")
	what := " " + subA + " " + journey.ClientID + " " + table.Hash(made.CredentialID)
	if diff := cmp.Diff([]string{"passkey.registered" + what, "passkey.renamed" + what, "passkey.removed" + what}, audited(t, s)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(s.Log.String(), "Ann") || strings.Contains(s.Log.String(), id) {
		t.Error("the log holds the name or the id of a passkey")
	}
}
