// Package once lets an answer count once: the write that records it is what
// accepts it. Amazon Cognito repeats a trigger whose reply was lost, so the same
// answer in the same session keeps its verdict for a while.
//
// A Ledger does so for what is used once by its nature, such as a ticket. A
// Checker does so for a vendor's answers: a service that takes an answer once
// would refuse a repeated trigger's right answer, and one that takes it twice
// would sign two people in.
package once

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
)

// reasonSpent is the reason of a refusal: the answer was accepted before, in
// another session, too long ago or often enough.
const reasonSpent = "answer_spent"

// Store is the part of the credential table that a Ledger needs.
type Store interface {
	Ticket(ctx context.Context, sub, id string) (credentials.Use, error)
	SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error
	RepeatTicket(ctx context.Context, sub, id string, digest []byte) error
}

// Ledger records what was used. It is safe for concurrent use.
type Ledger struct {
	Store Store
	Now   func() time.Time
}

// Item is what may be used once.
type Item struct {
	Method  string
	ID      string // among the user's items, at most 1,000 bytes
	Issued  time.Time
	Expires time.Time // the use is kept for credentials.TicketKept after it
}

// Accept judges an answer that uses an item, unless it was used before, and
// records the use if the verdict is that it is correct. It reads once, and writes
// once for a right answer and never for a wrong one.
func (l Ledger) Accept(ctx context.Context, answer customauth.Answer, i Item, judge func(context.Context) (customauth.Verdict, error)) (customauth.Verdict, error) {
	use, err := l.Store.Ticket(ctx, answer.User.Key(), i.ID)
	switch {
	case err == nil:
		return l.repeat(ctx, answer, i, use)
	case !errors.Is(err, credentials.ErrNotFound):
		return customauth.Verdict{}, fmt.Errorf("reading the answer's use: %w", err)
	}
	verdict, err := judge(ctx)
	if err != nil || !verdict.Correct {
		return verdict, err
	}
	return l.spend(ctx, answer, i, verdict)
}

// spend records an answer that was judged to be right.
func (l Ledger) spend(ctx context.Context, answer customauth.Answer, i Item, verdict customauth.Verdict) (customauth.Verdict, error) {
	own := credentials.Use{
		Digest: answer.Digest(), Invocation: credentials.NewInvocation(), Time: credentials.RoundUp(l.Now()), Times: 1,
		Issued: i.Issued, Expires: i.Expires,
	}
	err := l.Store.SpendTicket(ctx, answer.User.Key(), i.ID, own)
	if err == nil {
		return verdict, nil
	}
	if !errors.Is(err, credentials.ErrCondition) {
		return customauth.Verdict{}, fmt.Errorf("recording the answer's use: %w", err)
	}
	use, err := l.Store.Ticket(ctx, answer.User.Key(), i.ID)
	if err != nil {
		return customauth.Verdict{}, fmt.Errorf("reading the answer's use again: %w", err)
	}
	if !bytes.Equal(use.Invocation, own.Invocation) {
		return i.wrong(), nil // another answer overlapped and was first
	}
	return verdict, nil // the SDK repeated a write whose reply was lost
}

// repeat judges an answer whose item was used before.
func (l Ledger) repeat(ctx context.Context, answer customauth.Answer, i Item, use credentials.Use) (customauth.Verdict, error) {
	digest := answer.Digest()
	if !use.RepeatedBy(digest, answer.Started, l.Now()) {
		return i.wrong(), nil
	}
	switch err := l.Store.RepeatTicket(ctx, answer.User.Key(), i.ID, digest); {
	case errors.Is(err, credentials.ErrCondition):
		return i.wrong(), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the answer's repeated use: %w", err)
	}
	return customauth.Verdict{Correct: true, Method: i.Method}, nil
}

func (i Item) wrong() customauth.Verdict {
	return customauth.Verdict{Method: i.Method, Reason: reasonSpent}
}

// Checker is the Checker of a vendor's method with a memory.
//
// When the service has accepted an answer and the table then fails, the user gets
// an error to retry, and has to begin again.
type Checker struct {
	customauth.Checker
	Store Store
	Now   func() time.Time
}

// Check implements customauth.Checker.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	item := Item{Method: c.Method(), ID: c.id(answer), Issued: answer.Sealed.Issued, Expires: answer.Sealed.Expires}
	return Ledger{c.Store, c.Now}.Accept(ctx, answer, item, func(ctx context.Context) (customauth.Verdict, error) {
		return c.Checker.Check(ctx, answer)
	})
}

// id names an answer of the method in the user's items, where it stands beside
// the ids of tickets, which have no colon.
func (c Checker) id(answer customauth.Answer) string {
	sum := sha256.Sum256(framing.Append(nil, []byte(c.Method()), []byte(answer.Text)))
	return c.Method() + ":" + base64.RawURLEncoding.EncodeToString(sum[:])
}
