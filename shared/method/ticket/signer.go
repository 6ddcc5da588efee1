package ticket

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/signed"
)

// Errors that Sign wraps.
var (
	ErrNobody  = errors.New("a ticket is for one user on one app client: name the pool, the app client and the user's sub")
	ErrMethods = errors.New("say how the user was authenticated: 1 to 8 words of a-z, 0-9, _ and -, such as pwd or otp (RFC 8176)")
)

// Signer signs tickets, for who has authenticated a user. It is safe
// for concurrent use.
type Signer struct {
	Kind   Kind
	PoolID string
	// Key returns the current seed of the ticket's key ring, as
	// [secret.Parameter.Current] does.
	Key func(context.Context) (secret.Key, error)
	Now func() time.Time
}

// Grant is what a ticket allows.
type Grant struct {
	ClientID string
	Sub      string   // who may sign in
	Methods  []string // how the backend authenticated the user ("amr"); 1 to 8 words, logged with the sign-in
}

// Sign returns a ticket that is good for Lifetime. It is as good as a password
// until then: hand it to the user's client or use it, and log it nowhere.
func (s Signer) Sign(ctx context.Context, g Grant) (string, error) {
	if s.PoolID == "" || g.ClientID == "" || g.Sub == "" {
		return "", ErrNobody
	}
	if !areMethods(g.Methods) {
		return "", fmt.Errorf("%w, not %q", ErrMethods, g.Methods)
	}
	key, err := s.Key(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the key that signs tickets: %w", err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails since Go 1.24: it ends the program instead
	now := s.Now().Unix()
	text, err := signed.Sign(key, string(s.Kind), claims{
		KeyID:    signed.FormatKeyID(key.ID()),
		ID:       base64.RawURLEncoding.EncodeToString(id),
		PoolID:   s.PoolID,
		ClientID: g.ClientID,
		Sub:      g.Sub,
		Issued:   now,
		Expires:  now + int64(Lifetime/time.Second),
		Methods:  g.Methods,
	})
	if err != nil {
		return "", fmt.Errorf("writing the ticket: %w", err)
	}
	return text, nil
}
