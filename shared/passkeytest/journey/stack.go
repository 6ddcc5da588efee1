// Package journey runs the whole sign-in side in one process: the real handlers
// of the triggers and of the HTTP API over a store, spoken to with the events
// that Cognito and API Gateway send.
package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passkey/answer"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/orders"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// What a Stack is set up with.
const (
	PoolID         = "us-east-1_Example00"
	ClientID       = "0123456789abcdefghijklmnop"
	RelyingPartyID = "example.com"
	Origin         = "https://example.com"
	MaxPasskeys    = 3
	Instance       = "Stack/Passkeys"
)

// Stack is a deployed stack in one process. Change its fields before the first
// call to make it another.
type Stack struct {
	Store        credentials.Store
	RelyingParty webauthn.RelyingParty
	Client       customauth.Client
	Issuers      []customauth.Issuer  // of methods beside the passkey that open a session
	Fallbacks    []customauth.Issuer  // of methods that a client may ask for then
	Checkers     []customauth.Checker // of both
	Opaque       customauth.Checker   // of one of them, if its answers have no form
	StampRing    *Ring
	DecoyRing    *Ring
	MailRing     *Ring
	Log          *Log
	Accounts     *Accounts
	Corbado      api.ConnectTokens // nil: no passkeys with Corbado
	Passage      api.Devices       // nil: no passkeys with Passage

	WithoutPasswords bool // passwords are off

	Notices *notice.Teller     // nil: users are told of no change
	Known   *admission.Checker // nil: nobody comes through Cognito's SignUp

	t       testing.TB
	mu      sync.Mutex
	now     time.Time
	build   sync.Once
	define  trigger.Define
	create  trigger.Create
	verify  trigger.Verify
	gates   Gates
	handler *api.Handler
}

// New returns a stack over a store in memory.
func New(t testing.TB) *Stack {
	t.Helper()
	return &Stack{
		Store:        &passkeytest.Memory{},
		RelyingParty: webauthn.RelyingParty{ID: RelyingPartyID, Name: "Example", Origins: []string{Origin}},
		Client: customauth.Client{
			RelyingPartyID: RelyingPartyID, UserVerification: "required", Methods: []string{customauth.MethodPasskey},
		},
		StampRing: NewRing(t, secret.Signing),
		DecoyRing: NewRing(t, secret.Symmetric),
		MailRing:  NewRing(t, secret.Symmetric),
		Log:       &Log{},
		Accounts:  &Accounts{users: map[string]User{}},
		t:         t,
		now:       time.UnixMilli(1_790_000_000_000),
	}
}

// Now is the stack's clock.
func (s *Stack) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves the stack's clock.
func (s *Stack) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// clients lets a Stack serve its one app client over any store.
type clients struct {
	credentials.Store
	client customauth.Client
}

func (c clients) Client(_ context.Context, clientID string) (customauth.Client, error) {
	if clientID != ClientID {
		return customauth.Client{}, customauth.ErrNotServed
	}
	return c.client, nil
}

func (s *Stack) recorder(function string) *telemetry.Recorder {
	return telemetry.NewRecorder(s.Log, function, Instance, s.Now)
}

func (s *Stack) wire() {
	s.build.Do(func() {
		stamps, err := stamp.NewVerifier(s.StampRing.mustRing().PublicKeys())
		if err != nil {
			s.t.Fatal(err)
		}
		define := customauth.Define{}
		for _, issuer := range s.Issuers {
			define.Openers = append(define.Openers, issuer.Method())
		}
		for _, issuer := range s.Fallbacks {
			define.Fallbacks = append(define.Fallbacks, issuer.Method())
		}
		s.define = trigger.Define{Conversation: define, Telemetry: s.recorder("define-auth-challenge")}
		issuers := []customauth.Issuer{passkey.Issuer{Decoys: &passkey.Decoys{Key: s.DecoyRing.current, FoldUserNames: true}}}
		create, err := customauth.NewCreate(define, credentials.NewDirectory(clients{s.Store, s.Client}, s.Now), s.Now,
			slices.Concat(issuers, s.Issuers, s.Fallbacks)...)
		if err != nil {
			s.t.Fatal(err)
		}
		s.create = trigger.Create{Conversation: create, Telemetry: s.recorder("create-auth-challenge")}
		passkeys := answer.Checker{RelyingParty: s.RelyingParty, Stamps: stamps, Store: s.Store, Now: s.Now}
		s.verify = trigger.Verify{
			Conversation: customauth.Verify{Checkers: append(slices.Clone(s.Checkers), passkeys), Opaque: s.Opaque},
			Telemetry:    s.recorder("verify-auth-challenge"),
			Now:          s.Now,
		}
		s.wireGates()
		s.handler = &api.Handler{
			RelyingParty:       s.RelyingParty,
			UserVerification:   webauthn.UserVerification(s.Client.UserVerification),
			UserPoolID:         PoolID,
			ClientIDs:          []string{ClientID},
			VerifiedAttributes: []string{"email_verified"},
			MaxPasskeys:        MaxPasskeys,
			WithoutPasswords:   s.WithoutPasswords,
			Store:              s.Store,
			Guard:              httpapi.Guard{Accounts: s.Accounts, RecentAuthentication: 5 * time.Minute, Now: s.Now},
			Stamps:             s.StampRing,
			Corbado:            s.Corbado,
			Passage:            s.Passage,
			Notices:            s.Notices,
			Now:                s.Now,
			Telemetry:          s.recorder("api"),
		}
	})
}

// Ring is a key ring that can be rotated and taken away.
type Ring struct {
	mu   sync.Mutex
	ring secret.Ring
	err  error
}

// NewRing returns a fresh ring.
func NewRing(t testing.TB, kind secret.Kind) *Ring {
	t.Helper()
	ring, err := secret.NewRing(kind, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &Ring{ring: ring}
}

// Ring implements api.Keys.
func (r *Ring) Ring(context.Context) (secret.Ring, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ring, r.err
}

// Refreshed implements api.Keys.
func (r *Ring) Refreshed(ctx context.Context) (secret.Ring, error) { return r.Ring(ctx) }

// Rotate rotates the ring once.
func (r *Ring) Rotate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring = r.ring.Rotate(r.ring.Rotation() + 1)
}

// Fail makes the ring unreadable, or readable again with nil.
func (r *Ring) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *Ring) mustRing() secret.Ring { return r.ring }

func (r *Ring) current(ctx context.Context) (secret.Key, error) {
	ring, err := r.Ring(ctx)
	if err != nil {
		return secret.Key{}, err
	}
	return ring.Current(), nil
}

// Accounts is the pool's GetUser: a token is the sub of a user.
type Accounts struct {
	mu    sync.Mutex
	users map[string]User // token → user
	err   error
}

// Account implements httpapi.Accounts.
func (a *Accounts) Account(ctx context.Context, token string) (httpapi.Account, error) {
	orders.Step(ctx, "asks the pool")
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return httpapi.Account{}, a.err
	}
	user, ok := a.users[token]
	if !ok {
		return httpapi.Account{}, httpapi.ErrTokenRefused
	}
	return httpapi.Account{Attributes: user.Attributes}, nil
}

// Revoke makes the pool refuse a user's tokens.
func (a *Accounts) Revoke(u User) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.users, u.token())
}

// Put adds a user, or changes the user's attributes.
func (a *Accounts) Put(u User) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users[u.token()] = u
}

// Fail makes the pool fail to answer, or answer again with nil.
func (a *Accounts) Fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// Log keeps what the functions log. It is safe for concurrent use.
type Log struct{ passkeytest.Log }

// Last returns the attributes of the last line that has the message.
func (l *Log) Last(t testing.TB, message string) map[string]any {
	t.Helper()
	var last map[string]any
	for line := range bytes.Lines([]byte(l.String())) {
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("a log line is not JSON: %s", line)
		}
		if entry["msg"] == message {
			last = entry
		}
	}
	if last == nil {
		t.Fatalf("nothing logged %q", message)
	}
	return last
}
