package ticket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
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
func (c Checker) Recognizes(answer string) bool { return strings.HasPrefix(answer, c.Kind.prefix()) }

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
	ticket, signed, signature, err := c.parse(answer.Text)
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
func (c Checker) parse(text string) (ticket claims, signed, signature []byte, err error) {
	head, tail, _ := strings.Cut(strings.TrimPrefix(text, c.Kind.prefix()), separator)
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
		isID(ticket.ID) && areMethods(ticket.Methods)
	if !wellFormed {
		return claims{}, nil, nil, errMalformed
	}
	return ticket, []byte(c.Kind.prefix() + head), signature, nil
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

func (c Checker) wrong(reason string) customauth.Verdict {
	return customauth.Verdict{Method: c.Method(), Reason: reason}
}
