package customauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

const (
	challengeLength = 32 // bytes; WebAuthn Level 3 §13.4.3 wants at least 16

	// ChallengeLifetime is how long a challenge may be answered. It is the
	// shortest session that Cognito allows (AuthSessionValidity).
	ChallengeLifetime = 180 * time.Second
)

// ErrNotServed is returned for an app client that the stack does not serve.
var ErrNotServed = errors.New("this app client is not set up for passkeys: list it in the stack's app clients")

// ErrNotExpected is returned when Create is called where Define would not have
// asked for a challenge.
var ErrNotExpected = errors.New("no challenge is due in this session")

// Directory is what Create reads.
type Directory interface {
	// Client returns what is allowed on an app client, or ErrNotServed.
	Client(ctx context.Context, clientID string) (Client, error)
	// Passkeys returns a user's passkeys for one relying party: none for a user
	// without any and for one that does not exist.
	Passkeys(ctx context.Context, userKey, relyingPartyID string) ([]Passkey, error)
}

// Create opens the rounds of a session.
type Create struct {
	Define    Define // the same as the Define trigger has
	Directory Directory
	Issuers   []Issuer
	Now       func() time.Time
}

// Opened is a round that Create opened.
type Opened struct {
	Public   map[string]string // for the client
	Private  map[string]string // for Verify
	Metadata string            // for Define
	Method   string            // that the challenge is of
}

// Open opens the next round of the session.
func (c Create) Open(ctx context.Context, user User, h History) (Opened, error) {
	decision := c.Define.Decide(h)
	if decision.Outcome != Challenge {
		return Opened{}, ErrNotExpected
	}
	client, err := c.Directory.Client(ctx, user.ClientID)
	if err != nil {
		return Opened{}, fmt.Errorf("reading the app client: %w", err)
	}
	passkeys, err := c.Directory.Passkeys(ctx, user.Key(), client.RelyingPartyID)
	if err != nil {
		return Opened{}, fmt.Errorf("reading the user's passkeys: %w", err)
	}
	sealed := seal(client, c.Now())
	public, err := c.issue(ctx, decision.Method, Issue{User: user, Passkeys: passkeys, Sealed: sealed})
	if err != nil {
		return Opened{}, err
	}
	session := decision.Session
	if session == "" {
		session = SessionID(sealed.Challenge)
	}
	return Opened{
		Public:   public,
		Private:  sealed.parameters(),
		Metadata: formatMetadata(decision.Method, session),
		Method:   decision.Method,
	}, nil
}

func (c Create) issue(ctx context.Context, method string, issue Issue) (map[string]string, error) {
	for _, issuer := range c.Issuers {
		if issuer.Method() != method {
			continue
		}
		public, err := issuer.Issue(ctx, issue)
		if err != nil {
			return nil, fmt.Errorf("issuing a %s challenge: %w", method, err)
		}
		return public, nil
	}
	return nil, fmt.Errorf("issuing a %s challenge: this function has no such method", method)
}

func seal(client Client, now time.Time) Sealed {
	challenge := make([]byte, challengeLength)
	_, _ = rand.Read(challenge) // never fails since Go 1.24: it ends the program instead
	return Sealed{
		Challenge:        challenge,
		Issued:           now,
		Expires:          now.Add(ChallengeLifetime),
		RelyingPartyID:   client.RelyingPartyID,
		UserVerification: client.UserVerification,
		Accepted:         client.Methods,
	}
}
