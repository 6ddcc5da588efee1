package ticket_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	subA = "5f0c8d2e-0000-4000-8000-00000000000a"
	subB = "5f0c8d2e-0000-4000-8000-00000000000b"
)

// scene is a stack whose app client lists tickets, and a backend that signs them.
type scene struct {
	*journey.Stack
	ring *journey.Ring
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{journey.New(t), journey.NewRing(t, secret.Signing)}
	s.Client.Methods = append(s.Client.Methods, customauth.MethodTicket)
	s.use(t, s.Store)
	return s
}

// use makes Verify keep tickets in a store, and know the public keys that the
// backend's ring has at present.
func (s *scene) use(t testing.TB, store once.Store) {
	t.Helper()
	keys, err := secret.ParsePublicKeys(s.current(t).PublicKeys())
	if err != nil {
		t.Fatal(err)
	}
	s.Checkers = []customauth.Checker{ticket.Checker{Kind: ticket.Backend, Keys: keys, Store: store, Now: s.Now}}
}

func (s *scene) current(t testing.TB) secret.Ring {
	t.Helper()
	ring, err := s.ring.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// signer is the backend.
func (s *scene) signer() ticket.Signer {
	return ticket.Signer{Kind: ticket.Backend, PoolID: journey.PoolID, Now: s.Now, Key: func(ctx context.Context) (secret.Key, error) {
		ring, err := s.ring.Ring(ctx)
		if err != nil {
			return secret.Key{}, err
		}
		return ring.Current(), nil
	}}
}

// sign returns a ticket for a user of the stack.
func (s *scene) sign(t testing.TB, sub string) string {
	t.Helper()
	text, err := s.signer().Sign(t.Context(), ticket.Grant{ClientID: journey.ClientID, Sub: sub, Methods: []string{"otp"}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// payload returns the payload of a good ticket.
func (s *scene) payload(t testing.TB) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(s.sign(t, subA), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// forge returns a ticket whose payload was changed before the backend's own key signed it.
func (s *scene) forge(t testing.TB, change func(payload map[string]any)) string {
	t.Helper()
	var payload map[string]any
	if err := json.Unmarshal([]byte(s.payload(t)), &payload); err != nil {
		t.Fatal(err)
	}
	change(payload)
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return s.signText(t, string(text))
}

// signText signs any payload with the backend's key.
func (s *scene) signText(t testing.TB, payload string) string {
	t.Helper()
	signed := "tk1." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return signed + "." + base64.RawURLEncoding.EncodeToString(s.current(t).Current().Sign([]byte(signed)))
}

// verdict answers a session's challenge as Cognito's trigger does, without going
// on in the session: "right", or the reason of the refusal.
func (s *scene) verdict(t testing.TB, session *journey.Session, answer string) string {
	t.Helper()
	verified, err := s.Verify(t.Context(), session, answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if verified.Response.AnswerCorrect {
		return right
	}
	return s.Log.Last(t, "verified")["reason"].(string)
}

const (
	right = "right"
	spent = "answer_spent"
)
