package api_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

const (
	subA = "5f0c8d2e-0000-4000-8000-00000000000a"
	subB = "5f0c8d2e-0000-4000-8000-00000000000b"
)

// withPasskey is a stack with one user who holds one synced passkey.
func withPasskey(t testing.TB) (*journey.Stack, journey.User, *passkeytest.Authenticator) {
	t.Helper()
	s := journey.New(t)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	return s, u, a
}

// withTable is withPasskey over a table that counts what reaches it.
func withTable(t testing.TB) (*journey.Stack, journey.User, *passkeytest.Authenticator, *passkeytest.Table) {
	t.Helper()
	s, table := journey.New(t), passkeytest.NewTable(t)
	s.Store = dynamo.New(table.Client, table.Name)
	u, a := s.NewUser(subA), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	table.Operations()
	return s, u, a, table
}

// with returns claims with one of them changed.
func with(claims journey.Claims, name, value string) journey.Claims {
	changed := maps.Clone(claims)
	changed[name] = value
	return changed
}

// signedInBefore returns claims of a sign-in that long ago.
func signedInBefore(s *journey.Stack, u journey.User, ago time.Duration) journey.Claims {
	s.Advance(-ago)
	defer s.Advance(ago)
	return s.Claims(u)
}

func pathID(p *passkeytest.Passkey) string { return base64.RawURLEncoding.EncodeToString(p.ID) }

// credential is the body of a request that sends a credential.
func credential(response []byte) map[string]any {
	return map[string]any{"credential": json.RawMessage(response)}
}

// wantProblem checks the status and the code of an error.
func wantProblem(t testing.TB, r httpapi.Response, want string) {
	t.Helper()
	if got := journey.Code(t, r); got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
}

// decoded checks the status of a good answer and returns its body.
func decoded[T any](t testing.TB, r httpapi.Response, status int) T {
	t.Helper()
	var body T
	if r.StatusCode != status {
		t.Fatalf("answers %d %s, want %d", r.StatusCode, r.Body, status)
	}
	if status == http.StatusNoContent {
		return body
	}
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		t.Fatalf("%q: %v", r.Body, err)
	}
	return body
}

// passkeyView is a passkey as the API describes it.
type passkeyView struct {
	ID, Name, Provider, AAGUID string
	Synced, BackedUp           bool
	Transports                 []string
	CreatedAt                  time.Time
	LastUsedAt                 *time.Time
}

type listView struct {
	Passkeys                   []passkeyView
	RelyingPartyID, UserHandle string
}
