package ticket

import (
	"context"
	"errors"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/signed"
)

// clockSkew is how far the backend's clock may be from Verify's.
const clockSkew = 30 * time.Second

// Reasons of refusals.
const (
	reasonMalformed = "malformed"
	reasonKey       = "unknown_key" // rotated away, or of another stack
	reasonSignature = "bad_signature"
	reasonPool      = "wrong_pool"
	reasonClient    = "wrong_app_client"
	reasonUser      = "wrong_user"
	reasonLifetime  = "lifetime_too_long"
	reasonFuture    = "ticket_from_the_future"
	reasonExpired   = "ticket_expired"
)

// flagMethod precedes each way in which the backend authenticated the user.
const flagMethod = "amr:"

// Checker implements customauth.Checker. A ticket is found correct once. There
// is no Issuer, because a ticket answers any challenge.
type Checker struct {
	Kind  Kind
	Keys  secret.PublicKeys // those of the ticket's key ring: current, next and previous
	Store once.Store
	Now   func() time.Time
}

// Method implements customauth.Checker.
func (c Checker) Method() string { return c.Kind.method() }

// Recognizes implements customauth.Checker: a ticket says that it is one.
func (c Checker) Recognizes(answer string) bool { return signed.Has(answer, string(c.Kind)) }

// Check implements customauth.Checker. It reads once and writes once; a refusal
// reads once at most and writes nothing.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	ticket, refused := c.read(answer)
	if refused != "" {
		return c.wrong(refused), nil
	}
	item := once.Item{Method: c.Method(), ID: ticket.ID, Issued: ticket.issued(), Expires: ticket.expires()}
	verdict, err := once.Ledger{Store: c.Store, Now: c.Now}.Accept(ctx, answer, item, func(context.Context) (customauth.Verdict, error) {
		if c.Now().After(ticket.expires().Add(clockSkew)) {
			return c.wrong(reasonExpired), nil
		}
		return customauth.Verdict{Correct: true, Method: c.Method()}, nil
	})
	if verdict.Correct {
		for _, method := range ticket.Methods {
			verdict.Flags = append(verdict.Flags, flagMethod+method)
		}
	}
	return verdict, err
}

// read judges all of a ticket but whether it was used and has expired.
func (c Checker) read(answer customauth.Answer) (claims, string) {
	var ticket claims
	text, err := signed.Parse(answer.Text, string(c.Kind), &ticket)
	if err != nil || !isID(ticket.ID) || !areMethods(ticket.Methods) {
		return claims{}, reasonMalformed
	}
	by := text.By(c.Keys, ticket.KeyID)
	switch {
	case errors.Is(by, signed.ErrKey):
		return claims{}, reasonKey
	case by != nil:
		return claims{}, reasonSignature
	case ticket.PoolID != answer.User.PoolID:
		return claims{}, reasonPool
	case ticket.ClientID != answer.User.ClientID:
		return claims{}, reasonClient
	case ticket.Sub == "" || ticket.Sub != answer.User.Sub:
		return claims{}, reasonUser
	case !ticket.expires().After(ticket.issued()) || ticket.expires().After(ticket.issued().Add(Lifetime)):
		return claims{}, reasonLifetime
	case ticket.issued().After(c.Now().Add(clockSkew)):
		return claims{}, reasonFuture
	}
	return ticket, ""
}

func (c Checker) wrong(reason string) customauth.Verdict {
	return customauth.Verdict{Method: c.Method(), Reason: reason}
}
