package answer_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// withoutList takes the list of passkeys out of options, as an attacker would
// who wants to answer with a passkey that is not on it.
func withoutList(options []byte) []byte {
	var o map[string]any
	if err := json.Unmarshal(options, &o); err != nil {
		panic(err)
	}
	delete(o, "credentials")
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return text
}

func remove(t testing.TB, s *journey.Stack, u journey.User, id []byte) {
	t.Helper()
	if r := s.Call(t, routes.DeletePasskey, base64.RawURLEncoding.EncodeToString(id), s.Claims(u), ""); r.StatusCode != http.StatusNoContent {
		t.Fatalf("removing answers %d %s", r.StatusCode, r.Body)
	}
}

// barrierStore makes a crowd of readers of a passkey wait for each other. It
// lets nobody run out of time meanwhile, however busy the machine is.
type barrierStore struct {
	credentials.Store
	reads passkeytest.Barrier
}

func (b *barrierStore) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	p, err := b.Store.Passkey(context.WithoutCancel(ctx), sub, hash)
	b.reads.Wait()
	return p, err
}

func (b *barrierStore) Spend(ctx context.Context, s credentials.Spend) error {
	return b.Store.Spend(context.WithoutCancel(ctx), s)
}
