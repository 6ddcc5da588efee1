// Package gate decides at the doors that Amazon Cognito opens to everybody: who
// may create an account there (the PreSignUp trigger), and who may still use a
// password (PreAuthentication).
package gate

import (
	"context"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// Verdict is what a gate decided. The zero value refuses.
type Verdict struct {
	Open   bool
	Reason string // why it is not open: one of a small, fixed set of words
}

// Reasons of refusals.
const (
	ReasonSignUpClosed = "sign_up_closed"
	ReasonHasPasskey   = "has_passkey"
)

// Creation is how an account comes to be.
type Creation int

// Values of Creation. The zero value is none that Cognito knows, and is refused.
const (
	BySignUp   Creation = iota + 1 // by Cognito's SignUp, which anybody may call
	ByAdmin                        // by AdminCreateUser, which takes AWS credentials
	ByProvider                     // at the first sign-in through another identity provider
)

// Newcomer is somebody who creates an account by Cognito's SignUp.
type Newcomer struct {
	PoolID   string
	ClientID string
	UserName string // as the trigger has it
	Email    string
	Metadata map[string]string // the client's, which proves nothing
}

// Admitter lets known people through Cognito's SignUp.
type Admitter interface {
	// Admit returns why a newcomer may not come through, or "". An error is a fault.
	Admit(context.Context, Newcomer) (reason string, err error)
}

// SignUp decides who may create an account at Cognito itself, where accounts are
// made elsewhere, such as through the HTTP API.
type SignUp struct {
	Known Admitter // nil: nobody comes through Cognito's SignUp
}

// Decide returns the verdict on a new account. An error is a fault that may be
// retried.
func (s SignUp) Decide(ctx context.Context, by Creation, newcomer Newcomer) (Verdict, error) {
	switch {
	case by == ByAdmin || by == ByProvider:
		return Verdict{Open: true}, nil
	case by != BySignUp || s.Known == nil:
		return Verdict{Reason: ReasonSignUpClosed}, nil
	}
	reason, err := s.Known.Admit(ctx, newcomer)
	return Verdict{Open: err == nil && reason == "", Reason: reason}, err
}

// Directory is what Passwords reads.
type Directory interface {
	// PasswordClient returns the relying party whose passkeys end passwords on an
	// app client, or "" for an app client where none do.
	PasswordClient(ctx context.Context, clientID string) (relyingPartyID string, err error)
	// Passkeys returns a user's passkeys for one relying party: none for a user
	// without any and for one that does not exist.
	Passkeys(ctx context.Context, userKey, relyingPartyID string) ([]customauth.Passkey, error)
}

// Passwords decides who may still use a password: on the app clients that are
// there for passwords, whoever has no passkey. No other app client is its
// concern, because nothing tells it there whether a sign-in is one by password.
//
// Cognito asks before it looks at the password. So a refusal confirms no guess,
// and a password that has leaked is of no more use; but it tells whoever asks
// that the user exists and has a passkey. For a name that nobody has, a sign-in
// takes the same reads and goes on to Cognito's own answer, as it does for a
// user without passkeys.
type Passwords struct{ Directory Directory }

// Decide returns the verdict on a sign-in by password. An error is a fault that
// the user may retry.
func (p Passwords) Decide(ctx context.Context, user customauth.User) (Verdict, error) {
	relyingPartyID, err := p.Directory.PasswordClient(ctx, user.ClientID)
	if err != nil {
		return Verdict{}, fmt.Errorf("reading the app client: %w", err)
	}
	if relyingPartyID == "" {
		return Verdict{Open: true}, nil
	}
	passkeys, err := p.Directory.Passkeys(ctx, user.Key(), relyingPartyID)
	if err != nil {
		return Verdict{}, fmt.Errorf("reading the user's passkeys: %w", err)
	}
	if len(passkeys) > 0 {
		return Verdict{Reason: ReasonHasPasskey}, nil
	}
	return Verdict{Open: true}, nil
}
