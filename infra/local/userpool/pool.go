// Package userpool serves the API of one Amazon Cognito user pool on loopback, with the pool's own triggers, for the
// local run of this project's stack.
//
// It knows what the stack uses and refuses the rest by name: an unknown property when the pool is made, an unknown
// operation when it is called. Nothing here is fit for production: admin operations ask for a signature but can't
// check it, and mail goes to a callback.
package userpool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// Options are what a pool needs from its surroundings.
type Options struct {
	Region    string // required, such as us-east-1
	AccountID string // required, twelve digits

	// Invoke calls a Lambda function with an event and returns its result. A function that answers with an error
	// yields a *FunctionError; any other error means that there was no answer. Required if the pool has triggers.
	// It must return when ctx ends.
	Invoke func(ctx context.Context, functionARN string, event []byte) ([]byte, error)

	Mail func(Message)    // takes what would have been sent, concurrently; nil drops it
	Now  func() time.Time // nil means time.Now
}

// FunctionError is an error that a Lambda function answered with.
type FunctionError struct {
	Type    string // errorType of the function's reply
	Message string // errorMessage of the function's reply
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Message is an e-mail or text message that Cognito would have sent.
type Message struct {
	To      string // an e-mail address, or a phone number in E.164
	Subject string
	Body    string
	Kind    Kind
	Code    string // the code or temporary password in Body
	At      time.Time
}

// Kind says what a message is for, in the words of Cognito's CustomMessage trigger sources.
type Kind string

// The kinds of message.
const (
	KindSignUp              Kind = "SignUp"
	KindResendCode          Kind = "ResendCode"
	KindForgotPassword      Kind = "ForgotPassword"
	KindUpdateUserAttribute Kind = "UpdateUserAttribute"
	KindVerifyUserAttribute Kind = "VerifyUserAttribute"
	KindAdminCreateUser     Kind = "AdminCreateUser"
	KindAuthentication      Kind = "Authentication"
)

// Pool is one user pool. Its methods may be called concurrently.
type Pool struct {
	id      string
	options Options
	keys    signingKeys
	created time.Time

	// mu guards what follows. An operation holds it from start to end, except while a trigger runs: see invoke.
	mu            sync.Mutex
	settings      settings                   // as they were given
	properties    poolProperties             // what is read from the settings
	schema        map[string]schemaAttribute // attribute name, with custom: where due → its definition
	modified      time.Time                  // when the settings or the schema changed last
	clients       map[string]*client         // client id → app client
	sessions      map[string]*session        // session id → sign-in under way
	failures      map[string]*failedTries    // user name → wrong passwords of late
	registrations map[string]registration    // challenge → registration of a passkey under way
	state
}

// state is what a snapshot keeps.
type state struct {
	Users    map[string]*user  // user name → user
	Grants   map[string]*grant // event id → what a sign-in granted
	Secrets  map[string]string // client id → client secret
	DecoyKey []byte            // makes the names of users that don't exist
}

// New makes an empty pool from its id, such as us-east-1_Example01, and the resolved Properties of its
// AWS::Cognito::UserPool. It makes new token signing keys. A property, or a value of one, that it can't honour is an
// error that names it.
func New(id string, properties json.RawMessage, o Options) (*Pool, error) {
	if o.Region == "" || o.AccountID == "" {
		return nil, fmt.Errorf("user pool %s: Region and AccountID are required", id)
	}
	if _, name, ok := strings.Cut(id, "_"); !ok || name == "" {
		return nil, fmt.Errorf("user pool id %q: want <region>_<name>", id)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Mail == nil {
		o.Mail = func(Message) {}
	}
	parsed, err := parsePoolProperties(properties)
	if err != nil {
		return nil, fmt.Errorf("user pool %s: %w", id, err)
	}
	if o.Invoke == nil && parsed.LambdaConfig != (lambdaConfig{}) {
		return nil, fmt.Errorf("user pool %s: LambdaConfig names triggers, so Invoke is required", id)
	}
	schema, err := parsed.schema()
	if err != nil {
		return nil, fmt.Errorf("user pool %s: %w", id, err)
	}
	keys, err := newSigningKeys()
	if err != nil {
		return nil, fmt.Errorf("user pool %s: making signing keys: %w", id, err)
	}
	var given settings
	if err := json.Unmarshal(properties, &given); err != nil {
		return nil, fmt.Errorf("user pool %s: %w", id, err)
	}
	return &Pool{
		id: id, options: o, keys: keys, created: o.Now(),
		settings: given, properties: parsed, schema: schema, modified: o.Now(),
		clients:       map[string]*client{},
		sessions:      map[string]*session{},
		failures:      map[string]*failedTries{},
		registrations: map[string]registration{},
		state: state{
			Users:    map[string]*user{},
			Grants:   map[string]*grant{},
			Secrets:  map[string]string{},
			DecoyKey: randomBytes(32),
		},
	}, nil
}

// AddClient adds an app client from its id and the resolved Properties of its AWS::Cognito::UserPoolClient. A property,
// or a value of one, that the pool can't honour is an error that names it.
func (p *Pool) AddClient(id string, properties json.RawMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.clients[id]; taken {
		return fmt.Errorf("app client %s: already added", id)
	}
	c, err := p.parseClient(id, properties)
	if err != nil {
		return fmt.Errorf("app client %s: %w", id, err)
	}
	p.clients[id] = c
	if c.hasSecret && p.Secrets[id] == "" {
		p.Secrets[id] = randomToken()
	}
	return nil
}

// ClientSecret returns the secret of an app client that was made with GenerateSecret, and false for any other.
func (p *Pool) ClientSecret(id string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[id]; c == nil || !c.hasSecret {
		return "", false
	}
	return p.Secrets[id], true
}

// ARN is the pool's Amazon Resource Name.
func (p *Pool) ARN() string { return p.arnOf(p.id) }

func (p *Pool) arnOf(id string) string {
	return "arn:aws:cognito-idp:" + p.options.Region + ":" + p.options.AccountID + ":userpool/" + id
}

// Issuer is the iss claim of the pool's tokens, exactly as AWS has it.
func (p *Pool) Issuer() string {
	return "https://cognito-idp." + p.options.Region + ".amazonaws.com/" + p.id
}

// Snapshot returns the users, what their sign-ins granted and the client secrets, as JSON for Restore. It holds the
// means to sign in as anybody (SRP verifiers, TOTP secrets, client secrets): keep it where only its owner reads.
// Signing keys and sign-ins under way are left out.
func (p *Pool) Snapshot() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return json.Marshal(p.state)
}

// Restore replaces the users, grants and client secrets by those of a snapshot of the same pool. Secrets of clients
// that the snapshot doesn't know stay.
func (p *Pool) Restore(snapshot []byte) error {
	var s state
	if err := decodeStrictly(snapshot, &s); err != nil {
		return fmt.Errorf("user pool %s: reading the snapshot: %w", p.id, err)
	}
	if s.Users == nil || s.Grants == nil || len(s.DecoyKey) == 0 {
		return fmt.Errorf("user pool %s: the snapshot is not one of a user pool", p.id)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	secrets := maps.Clone(p.Secrets)
	maps.Copy(secrets, s.Secrets)
	p.state = s
	p.Secrets = secrets
	clear(p.sessions)
	clear(p.failures)
	clear(p.registrations)
	return nil
}

func (p *Pool) now() time.Time { return p.options.Now() }

// name is the part of the pool's id after the region, which SRP hashes into every password.
func (p *Pool) name() string {
	_, name, _ := strings.Cut(p.id, "_")
	return name
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// randomToken returns 256 random bits as text.
func randomToken() string { return hex.EncodeToString(randomBytes(32)) }

func newUUID() string { return uuidFrom(randomBytes(16)) }

// uuidFrom shapes 16 bytes as a version 4 UUID (RFC 9562 section 5.4).
func uuidFrom(b []byte) string {
	u := [16]byte(b)
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
