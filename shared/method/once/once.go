// Package once records the answers that a vendor's service has accepted. Such
// a service takes an answer once; but Amazon Cognito repeats a trigger whose
// reply was lost, and the service would then refuse a right answer. And an answer
// that a service takes twice counts once all the same.
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

// Store is the part of the credential table that Checker needs.
type Store interface {
	Ticket(ctx context.Context, sub, id string) (credentials.Use, error)
	SpendTicket(ctx context.Context, sub, id string, use credentials.Use) error
	RepeatTicket(ctx context.Context, sub, id string, digest []byte) error
}

// Checker is the Checker of a vendor's method with a memory. An answer is found
// correct by the write that records it. It reads once, and writes once for a
// right answer and never for a wrong one.
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
	id := c.id(answer)
	use, err := c.Store.Ticket(ctx, answer.User.Key(), id)
	switch {
	case err == nil:
		return c.repeat(ctx, answer, id, use)
	case !errors.Is(err, credentials.ErrNotFound):
		return customauth.Verdict{}, fmt.Errorf("reading the answer's use: %w", err)
	}
	verdict, err := c.Checker.Check(ctx, answer)
	if err != nil || !verdict.Correct {
		return verdict, err
	}
	return c.spend(ctx, answer, id, verdict)
}

// id names an answer of the method in the user's items, where it stands beside
// the ids of tickets, which are random.
func (c Checker) id(answer customauth.Answer) string {
	sum := sha256.Sum256(framing.Append(nil, []byte(c.Method()), []byte(answer.Text)))
	return c.Method() + ":" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// spend records an answer that the service has accepted.
func (c Checker) spend(ctx context.Context, answer customauth.Answer, id string, verdict customauth.Verdict) (customauth.Verdict, error) {
	own := credentials.Use{
		Digest: answer.Digest(), Invocation: credentials.NewInvocation(), Time: credentials.RoundUp(c.Now()), Times: 1,
		Issued: answer.Sealed.Issued, Expires: answer.Sealed.Expires,
	}
	err := c.Store.SpendTicket(ctx, answer.User.Key(), id, own)
	if err == nil {
		return verdict, nil
	}
	if !errors.Is(err, credentials.ErrCondition) {
		return customauth.Verdict{}, fmt.Errorf("recording the answer's use: %w", err)
	}
	use, err := c.Store.Ticket(ctx, answer.User.Key(), id)
	if err != nil {
		return customauth.Verdict{}, fmt.Errorf("reading the answer's use again: %w", err)
	}
	if !bytes.Equal(use.Invocation, own.Invocation) {
		return c.wrong(), nil // another answer overlapped and was first
	}
	return verdict, nil // the SDK repeated a write whose reply was lost
}

// repeat judges an answer that was recorded before. The same one in the same
// session keeps its verdict for a while.
func (c Checker) repeat(ctx context.Context, answer customauth.Answer, id string, use credentials.Use) (customauth.Verdict, error) {
	digest := answer.Digest()
	if !use.RepeatedBy(digest, answer.Started, c.Now()) {
		return c.wrong(), nil
	}
	switch err := c.Store.RepeatTicket(ctx, answer.User.Key(), id, digest); {
	case errors.Is(err, credentials.ErrCondition):
		return c.wrong(), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the answer's repeated use: %w", err)
	}
	return customauth.Verdict{Correct: true, Method: c.Method()}, nil
}

func (c Checker) wrong() customauth.Verdict {
	return customauth.Verdict{Method: c.Method(), Reason: reasonSpent}
}
