// Package admission lets known people through Amazon Cognito's own SignUp, by a
// ticket that the accounts function signs for who has shown to be on the roster.
//
// The client sends it with SignUp, in ClientMetadata as MetadataTicket. Pre
// Sign-up checks it and reserves the person's entry; Post Confirmation claims the
// entry for the user. Both know public keys only and no pepper: a ticket says in
// hashes which entry it is for, and who may use it. Cognito tries a trigger up to
// three times, and each of the two ends the same then.
package admission

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/gate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/signed"
)

// MetadataTicket is the member of SignUp's ClientMetadata that holds the ticket.
const MetadataTicket = "signUpTicket"

// Lifetime is how long a ticket is good for, counted in whole seconds.
const Lifetime = 5 * time.Minute

// prefix tells these tickets from those that sign in, whose key they share.
const prefix = "su1"

// claims is what a ticket says.
type claims struct {
	KeyID    string `json:"kid"`
	ID       string `json:"jti"`
	PoolID   string `json:"pool"`
	ClientID string `json:"client"`
	Person   []byte `json:"person"`  // hash of the user name and the e-mail address
	Entry    string `json:"entry"`   // key in the roster
	Address  []byte `json:"address"` // that the entry has, as a keyed hash
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// Signer signs tickets. It is safe for concurrent use.
type Signer struct {
	PoolID string
	// Key returns the current seed of the accounts function's key ring.
	Key func(context.Context) (secret.Key, error)
	Now func() time.Time
}

// Grant is what a ticket allows.
type Grant struct {
	ClientID string
	UserName string // that SignUp is called with
	Email    string // that was proved
	Place    credentials.Place
}

// errGrant is returned for a ticket that would be anybody's.
var errGrant = errors.New("a ticket is for one entry, one user name and one address on one app client")

// Sign returns a ticket that is good for Lifetime.
func (s Signer) Sign(ctx context.Context, g Grant) (string, error) {
	if s.PoolID == "" || g.ClientID == "" || g.UserName == "" || g.Email == "" || g.Place.Key == "" || len(g.Place.Address) == 0 {
		return "", errGrant
	}
	key, err := s.Key(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the key that signs tickets: %w", err)
	}
	now := s.Now().Unix()
	return signed.Sign(key, prefix, claims{
		KeyID:    signed.FormatKeyID(key.ID()),
		ID:       rand.Text(),
		PoolID:   s.PoolID,
		ClientID: g.ClientID,
		Person:   hash(foldName(g.UserName), mailbox.Fold(g.Email)),
		Entry:    g.Place.Key,
		Address:  g.Place.Address,
		Issued:   now,
		Expires:  now + int64(Lifetime/time.Second),
	})
}

// foldName makes user names alike that may be one user's, whether or not the pool
// takes them for one: the address decides who it is.
func foldName(name string) string { return strings.ToLower(name) }

// hash is the SHA-256 of texts, each with its length in front.
func hash(parts ...string) []byte {
	var message []byte
	for _, part := range parts {
		message = framing.Append(message, []byte(part))
	}
	sum := sha256.Sum256(message)
	return sum[:]
}

func keyOf(parts ...string) string { return base64.RawURLEncoding.EncodeToString(hash(parts...)) }

// clockSkew is how far the accounts function's clock may be from Pre Sign-up's.
const clockSkew = 30 * time.Second

// Reasons of refusals. Those of the roster are its standings.
const (
	reasonNone      = "no_ticket"
	reasonMalformed = "malformed"
	reasonKey       = "unknown_key"
	reasonSignature = "bad_signature"
	reasonPool      = "wrong_pool"
	reasonClient    = "wrong_app_client"
	reasonPerson    = "wrong_person" // another user name or another address
	reasonLifetime  = "lifetime_too_long"
	reasonFuture    = "ticket_from_the_future"
	reasonExpired   = "ticket_expired"
	reasonStranger  = "not_let_through" // whoever is confirmed came in by no ticket
)

// Checker is what both triggers ask. It is safe for concurrent use.
type Checker struct {
	Keys       secret.PublicKeys // those of the accounts function's key ring; Post Confirmation needs none
	NamedUsers bool              // users have names of their own; otherwise the address is the name that a ticket is for
	Store      Store
	Now        func() time.Time
}

// Store is the part of the credential table that a Checker needs.
type Store interface {
	roster.Store
	Arrival(ctx context.Context, key string) (credentials.Place, error)
	PutArrival(ctx context.Context, key string, place credentials.Place) error
}

// Admit returns why somebody may not create an account, or "". It reserves the
// entry of who may: for the ticket and the user name together, so that a ticket
// makes one account. A ticket that is refused for itself costs no read.
func (c Checker) Admit(ctx context.Context, n gate.Newcomer) (string, error) {
	ticket, refused := c.read(n)
	if refused != "" {
		return refused, nil
	}
	place := credentials.Place{Key: ticket.Entry, Address: ticket.Address}
	standing, err := c.ledger().Reserve(ctx, place, keyOf(ticket.ID, n.UserName))
	if err != nil || standing != roster.Free {
		return string(standing), err
	}
	if err := c.Store.PutArrival(ctx, entryKey(n), place); err != nil {
		return "", fmt.Errorf("recording who is let through: %w", err)
	}
	return "", nil
}

// Claim claims the entry of a user who was let through and has now confirmed the
// address, or returns why it can't. The user and the address alone find it,
// because a client that confirms need not say more.
func (c Checker) Claim(ctx context.Context, n gate.Newcomer, sub string) (string, error) {
	place, err := c.Store.Arrival(ctx, entryKey(n))
	if errors.Is(err, credentials.ErrNotFound) {
		return reasonStranger, nil
	}
	if err != nil {
		return "", fmt.Errorf("reading who was let through: %w", err)
	}
	standing, err := c.ledger().Claim(ctx, place, sub)
	if err != nil || standing != roster.Free {
		return string(standing), err
	}
	return "", nil
}

// entryKey names an arrival without telling whose it is to who doesn't know.
func entryKey(n gate.Newcomer) string { return keyOf(n.UserName, mailbox.Fold(n.Email)) }

func (c Checker) ledger() roster.Ledger { return roster.Ledger{Store: c.Store, Now: c.Now} }

// read judges a ticket by itself.
func (c Checker) read(n gate.Newcomer) (claims, string) {
	given := n.Metadata[MetadataTicket]
	if given == "" {
		return claims{}, reasonNone
	}
	var ticket claims
	text, err := signed.Parse(given, prefix, &ticket)
	if err != nil {
		return claims{}, reasonMalformed
	}
	switch err := text.By(c.Keys, ticket.KeyID); {
	case errors.Is(err, signed.ErrKey):
		return claims{}, reasonKey
	case err != nil:
		return claims{}, reasonSignature
	}
	return ticket, c.judge(ticket, n)
}

// judge judges what a ticket says, or returns "".
func (c Checker) judge(ticket claims, n gate.Newcomer) string {
	name := n.Email
	if c.NamedUsers {
		name = n.UserName
	}
	issued, expires := time.Unix(ticket.Issued, 0), time.Unix(ticket.Expires, 0)
	switch now := c.Now(); {
	case ticket.PoolID != n.PoolID:
		return reasonPool
	case ticket.ClientID != n.ClientID:
		return reasonClient
	case n.Email == "" || string(ticket.Person) != string(hash(foldName(name), mailbox.Fold(n.Email))):
		return reasonPerson
	case expires.After(issued.Add(Lifetime)):
		return reasonLifetime
	case issued.After(now.Add(clockSkew)):
		return reasonFuture
	case !expires.Add(clockSkew).After(now):
		return reasonExpired
	}
	return ""
}
