package customauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	define    Define
	directory Directory
	issuers   []Issuer
	now       func() time.Time
}

// NewCreate returns a Create with the same Define as the Define trigger has. The
// issuers are asked in their order: those that ask a service stand last, so that
// its delay is not the others'. Two methods that open sessions and set the same
// public parameter are an error.
func NewCreate(define Define, directory Directory, now func() time.Time, issuers ...Issuer) (Create, error) {
	setBy := map[string]string{} // parameter → method
	for _, issuer := range issuers {
		if !define.opens(issuer.Method()) {
			continue
		}
		for _, parameter := range issuer.Parameters() {
			if other, taken := setBy[parameter]; taken {
				return Create{}, fmt.Errorf("public parameter %q is set by %s and by %s: give one of them another name", parameter, other, issuer.Method())
			}
			setBy[parameter] = issuer.Method()
		}
	}
	return Create{define, directory, issuers, now}, nil
}

// Opened is a round that Create opened.
type Opened struct {
	Public   map[string]string // for the client
	Private  map[string]string // for Verify
	Metadata string            // for Define
	Method   string            // that the metadata names
	Faults   []error           // why methods are missing that the app client accepts, or what failed unseen
	Sent     bool              // whether a letter went to the user
	Withheld string            // why the user got nothing of what was asked for
}

// Open opens the next round of the session. A method that has a fault is left
// out as long as another one is left.
func (c Create) Open(ctx context.Context, user User, h History) (Opened, error) {
	decision := c.define.Decide(h)
	if decision.Outcome != Challenge {
		return Opened{}, ErrNotExpected
	}
	client, err := c.directory.Client(ctx, user.ClientID)
	if err != nil {
		return Opened{}, fmt.Errorf("reading the app client: %w", err)
	}
	passkeys, err := c.directory.Passkeys(ctx, user.Key(), client.RelyingPartyID)
	if err != nil {
		return Opened{}, fmt.Errorf("reading the user's passkeys: %w", err)
	}
	methods := []string{decision.Method}
	if decision.Session == "" {
		methods = c.openers(client)
	}
	sealed := seal(client, c.now())
	sealed.Fallback, sealed.Accepted = decision.Method, client.accepted(passkeys)
	session := decision.Session
	if session == "" {
		session = SessionID(sealed.Challenge)
	}
	opening := round{sealed: sealed, public: map[string]string{}, private: map[string]string{}}
	for _, method := range methods {
		issued, err := c.issue(ctx, method, Issue{User: user, Passkeys: passkeys, Sealed: opening.sealed, Session: session, Ask: h.Ask})
		if err == nil {
			err = opening.add(method, issued)
		}
		if err != nil {
			opening.leaveOut(method, fmt.Errorf("issuing a %s challenge: %w", method, err))
		}
	}
	if len(opening.faults) == len(methods) {
		return Opened{}, errors.Join(opening.faults...)
	}
	return Opened{
		Public:   opening.public,
		Private:  opening.privateParameters(),
		Metadata: formatMetadata(methods[0], session),
		Method:   methods[0],
		Faults:   append(opening.faults, opening.unseen...),
		Sent:     opening.sent,
		Withheld: opening.withheld,
	}, nil
}

// openers returns the methods of the first round: those of the app client's that
// open a session, in the order of the issuers. Where there is none, such as where
// only links are accepted, a passkey challenge that nothing can be answered to
// lets the client ask for a fallback.
func (c Create) openers(client Client) []string {
	var methods []string
	for _, issuer := range c.issuers {
		if m := issuer.Method(); c.define.opens(m) && slices.Contains(client.Methods, m) {
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		return []string{MethodPasskey}
	}
	return methods
}

// issue asks the method's issuer.
func (c Create) issue(ctx context.Context, method string, issue Issue) (Issued, error) {
	for _, issuer := range c.issuers {
		if issuer.Method() != method {
			continue
		}
		issued, err := issuer.Issue(ctx, issue)
		if err != nil {
			return Issued{}, err
		}
		for parameter := range issued.Public {
			if !slices.Contains(issuer.Parameters(), parameter) {
				return Issued{}, fmt.Errorf("it sets public parameter %q, which it does not declare", parameter)
			}
		}
		return issued, nil
	}
	return Issued{}, errors.New("this function has no such method")
}

// round is a round that is being opened.
type round struct {
	sealed  Sealed
	public  map[string]string // parameter → value
	private map[string]string // of the methods: parameter → value
	size    int               // of private, in bytes
	faults  []error           // why methods are left out
	unseen  []error           // what failed although the round looks as always

	sent     bool
	withheld string
}

// add adds what a method issued, or nothing of it.
func (r *round) add(method string, issued Issued) error {
	size := r.size
	for key, value := range issued.Private {
		size += len(privateKey(method, key)) + len(value)
	}
	if size > MaxPrivate {
		return fmt.Errorf("the private values of the round have %d bytes, want %d at most", size, MaxPrivate)
	}
	r.size = size
	for key, value := range issued.Private {
		r.private[privateKey(method, key)] = value
	}
	maps.Copy(r.public, issued.Public)
	r.sent, r.withheld = issued.Sent, issued.Withheld
	if issued.Fault != nil {
		r.unseen = append(r.unseen, fmt.Errorf("issuing a %s challenge: %w", method, issued.Fault))
	}
	return nil
}

// leaveOut keeps the method out of the round.
func (r *round) leaveOut(method string, err error) {
	r.faults = append(r.faults, err)
	r.sealed.Accepted = slices.DeleteFunc(slices.Clone(r.sealed.Accepted), func(m string) bool { return m == method })
}

func (r *round) privateParameters() map[string]string {
	parameters := r.sealed.parameters()
	maps.Copy(parameters, r.private)
	return parameters
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
	}
}
