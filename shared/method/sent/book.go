package sent

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// Reasons of refusals that links and codes share.
const (
	reasonUnknown = "not_mailed" // nothing, or something else, was mailed to this user
	reasonSpent   = "answer_spent"
	reasonExpired = "mail_expired"
	reasonTries   = "too_many_tries"
	reasonWrong   = "wrong_code"
)

// UseStore is the part of the credential table that a Book needs.
type UseStore interface {
	Mailing(ctx context.Context, sub, sk string) (credentials.Mailing, error)
	SpendMailing(ctx context.Context, sub, sk string, token []byte, use credentials.Use) error
	RepeatMailing(ctx context.Context, sub, sk string, digest []byte) error
	MissMailing(ctx context.Context, sub, sk string) error
}

// Book checks what was mailed, and lets it count once. Amazon Cognito repeats a
// trigger whose reply was lost, so the same answer in the same session keeps its
// verdict for a while. It is safe for concurrent use.
type Book struct {
	Store UseStore
	Now   func() time.Time
}

// Claim is what an answer says of a mailing.
type Claim struct {
	Method  string
	SortKey string
	Token   []byte // that the mailing must have; empty for a code
	Right   bool   // whether a code is the right one; a link is by its token
	// Refuse returns why a mailing that is right may not be used in this
	// session, or "".
	Refuse func(credentials.Mailing) string
}

// Check returns the verdict on an answer. It reads once, and writes once for a
// right answer and for any code, so that nobody can tell by the time that a wrong
// code takes to whom one was sent.
func (b Book) Check(ctx context.Context, answer customauth.Answer, claim Claim) (customauth.Verdict, error) {
	mailing, err := b.Store.Mailing(ctx, answer.User.Sub, claim.SortKey)
	unknown := errors.Is(err, credentials.ErrNotFound)
	switch {
	case err != nil && !unknown:
		return customauth.Verdict{}, fmt.Errorf("reading what was mailed: %w", err)
	case unknown, subtle.ConstantTimeCompare(mailing.Token, claim.Token) != 1:
		return b.miss(ctx, answer, claim, reasonUnknown)
	case !mailing.Use.Time.IsZero():
		return b.repeat(ctx, answer, claim, mailing.Use)
	case !mailing.Expires.After(b.Now()):
		return b.miss(ctx, answer, claim, reasonExpired)
	case mailing.Wrong >= credentials.MaxWrongTries:
		return b.miss(ctx, answer, claim, reasonTries)
	case !claim.Right:
		return b.miss(ctx, answer, claim, reasonWrong)
	}
	if reason := claim.Refuse(mailing); reason != "" {
		return claim.wrong(reason), nil
	}
	return b.spend(ctx, answer, claim)
}

// miss refuses an answer, and counts it if it is a code. One that is not counted,
// because none was sent or there were enough already, is wrong all the same.
func (b Book) miss(ctx context.Context, answer customauth.Answer, claim Claim, reason string) (customauth.Verdict, error) {
	if claim.Token != nil {
		return claim.wrong(reason), nil
	}
	err := b.Store.MissMailing(ctx, answer.User.Sub, claim.SortKey)
	if err != nil && !errors.Is(err, credentials.ErrCondition) {
		return customauth.Verdict{}, fmt.Errorf("counting a wrong code: %w", err)
	}
	return claim.wrong(reason), nil
}

// spend records an answer that is right. What it finds on a failed condition is
// its own record, when the SDK repeated a write whose reply was lost, or that of
// another answer that overlapped and was first.
func (b Book) spend(ctx context.Context, answer customauth.Answer, claim Claim) (customauth.Verdict, error) {
	own := credentials.Use{
		Digest: answer.Digest(), Invocation: credentials.NewInvocation(), Time: credentials.RoundUp(b.Now()), Times: 1,
	}
	err := b.Store.SpendMailing(ctx, answer.User.Sub, claim.SortKey, claim.Token, own)
	if err == nil {
		return claim.right(), nil
	}
	if !errors.Is(err, credentials.ErrCondition) {
		return customauth.Verdict{}, fmt.Errorf("recording the use of what was mailed: %w", err)
	}
	mailing, err := b.Store.Mailing(ctx, answer.User.Sub, claim.SortKey)
	if err != nil {
		return customauth.Verdict{}, fmt.Errorf("reading what was mailed again: %w", err)
	}
	if bytes.Equal(mailing.Use.Invocation, own.Invocation) {
		return claim.right(), nil
	}
	return claim.wrong(reasonSpent), nil
}

// repeat judges an answer whose mailing was used before.
func (b Book) repeat(ctx context.Context, answer customauth.Answer, claim Claim, use credentials.Use) (customauth.Verdict, error) {
	digest := answer.Digest()
	if !use.RepeatedBy(digest, answer.Started, b.Now()) {
		return claim.wrong(reasonSpent), nil
	}
	switch err := b.Store.RepeatMailing(ctx, answer.User.Sub, claim.SortKey, digest); {
	case errors.Is(err, credentials.ErrCondition):
		return claim.wrong(reasonSpent), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the repeated use of what was mailed: %w", err)
	}
	return claim.right(), nil
}

func (c Claim) right() customauth.Verdict { return customauth.Verdict{Correct: true, Method: c.Method} }

func (c Claim) wrong(reason string) customauth.Verdict {
	return customauth.Verdict{Method: c.Method, Reason: reason}
}
