package ticket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
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
	reasonSpent     = "ticket_spent"
)

// flagMethod precedes each way in which the backend authenticated the user.
const flagMethod = "amr:"

// Store is the part of the credential table that Checker needs.
type Store interface {
	Ticket(ctx context.Context, sub, id string) (credentials.Use, error)
	SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error
	RepeatTicket(ctx context.Context, sub, id string, digest []byte) error
}

// Checker implements customauth.Checker. A ticket is found correct once: the
// write that records it as spent is what accepts it. There is no Issuer, because
// a ticket answers any challenge.
type Checker struct {
	Keys  secret.PublicKeys // those of the ticket's key ring: current, next and previous
	Store Store
	Now   func() time.Time
}

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodTicket }

// Recognizes implements customauth.Checker: a ticket says that it is one.
func (Checker) Recognizes(answer string) bool { return strings.HasPrefix(answer, prefix) }

// Check implements customauth.Checker. It reads once and writes once; a refusal
// reads once at most and writes nothing.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	ticket, refused := c.read(answer)
	if refused != "" {
		return wrong(refused), nil
	}
	use, err := c.Store.Ticket(ctx, ticket.Sub, ticket.ID)
	switch {
	case errors.Is(err, credentials.ErrNotFound):
		return c.spend(ctx, ticket, answer.Digest())
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("reading the ticket's use: %w", err)
	}
	return c.repeat(ctx, ticket, use, answer)
}

// read judges all of a ticket but whether it was used and has expired.
func (c Checker) read(answer customauth.Answer) (claims, string) {
	ticket, signed, signature, err := parse(answer.Text)
	if err != nil {
		return claims{}, reasonMalformed
	}
	id, known := c.keyID(ticket)
	switch {
	case !known:
		return claims{}, reasonKey
	case !c.Keys.Verify(id, signed, signature):
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

var errMalformed = errors.New("not a ticket")

// parse takes a ticket apart and judges nothing of it but its form.
func parse(text string) (ticket claims, signed, signature []byte, err error) {
	head, tail, _ := strings.Cut(strings.TrimPrefix(text, prefix), separator)
	payload, err := strict.DecodeString(head)
	if err != nil {
		return claims{}, nil, nil, errMalformed
	}
	if signature, err = strict.DecodeString(tail); err != nil {
		return claims{}, nil, nil, errMalformed
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	wellFormed := decoder.Decode(&ticket) == nil && decoder.InputOffset() == int64(len(payload)) &&
		len(ticket.ID) >= minIDLength && len(ticket.ID) <= maxIDLength && areMethods(ticket.Methods)
	if !wellFormed {
		return claims{}, nil, nil, errMalformed
	}
	return ticket, []byte(prefix + head), signature, nil
}

// keyID returns the id of the key that the ticket names, if it is known.
func (c Checker) keyID(ticket claims) (secret.KeyID, bool) {
	for id := range c.Keys {
		if formatKeyID(id) == ticket.KeyID {
			return id, true
		}
	}
	return secret.KeyID{}, false
}

// spend accepts a ticket that was not used when it was looked for.
func (c Checker) spend(ctx context.Context, ticket claims, digest []byte) (customauth.Verdict, error) {
	now := c.Now()
	if now.After(ticket.expires().Add(clockSkew)) {
		return wrong(reasonExpired), nil
	}
	use := credentials.Use{
		Digest: digest, Invocation: credentials.NewInvocation(), Time: credentials.RoundUp(now), Times: 1,
		Issued: ticket.issued(), Expires: ticket.expires(),
	}
	switch err := c.Store.SpendTicket(ctx, ticket.Sub, ticket.ID, use); {
	case errors.Is(err, credentials.ErrCondition):
		return c.settle(ctx, ticket, use)
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the ticket's use: %w", err)
	}
	return right(ticket), nil
}

// settle finds out who used the ticket meanwhile: this very invocation, if the
// SDK repeated a write whose reply was lost, or an answer that overlapped.
func (c Checker) settle(ctx context.Context, ticket claims, own credentials.Use) (customauth.Verdict, error) {
	use, err := c.Store.Ticket(ctx, ticket.Sub, ticket.ID)
	if err != nil {
		return customauth.Verdict{}, fmt.Errorf("reading the ticket's use again: %w", err)
	}
	if bytes.Equal(use.Invocation, own.Invocation) {
		return right(ticket), nil
	}
	return wrong(reasonSpent), nil
}

// repeat judges a ticket that was used before. The same answer in the same
// session keeps its verdict for a while, because Cognito repeats a trigger whose
// reply was lost.
func (c Checker) repeat(ctx context.Context, ticket claims, use credentials.Use, answer customauth.Answer) (customauth.Verdict, error) {
	digest := answer.Digest()
	if !use.RepeatedBy(digest, answer.Started, c.Now()) {
		return wrong(reasonSpent), nil
	}
	switch err := c.Store.RepeatTicket(ctx, ticket.Sub, ticket.ID, digest); {
	case errors.Is(err, credentials.ErrCondition):
		return wrong(reasonSpent), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the ticket's repeated use: %w", err)
	}
	return right(ticket), nil
}

func right(ticket claims) customauth.Verdict {
	verdict := customauth.Verdict{Correct: true, Method: customauth.MethodTicket}
	for _, method := range ticket.Methods {
		verdict.Flags = append(verdict.Flags, flagMethod+method)
	}
	return verdict
}

func wrong(reason string) customauth.Verdict {
	return customauth.Verdict{Method: customauth.MethodTicket, Reason: reason}
}
