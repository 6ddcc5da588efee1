// Package answer checks what is answered to a passkey challenge. It is apart
// from package passkey, which issues the challenge, so that the function that
// issues links no cryptography of assertions.
package answer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// Tolerances of time.
const (
	clockSkew = 30 * time.Second
	forget    = 120 * time.Second // a spent challenge is kept this long after it expired
	maxSpent  = 8                 // spent challenges that a passkey remembers
	tries     = 3                 // how often a lost race for the item is run again, with the first
)

// ErrStartAgain is a fault in the user's favour: the answer may be right, but
// the passkey no longer remembers enough to know that it is new.
var ErrStartAgain = errors.New("this sign-in was overtaken by newer ones: start again")

// Reasons of refusals that the relying party does not know of.
const (
	reasonChallenge = string(webauthn.WrongChallenge)
	reasonFuture    = "challenge_from_the_future"
	reasonExpired   = "challenge_expired"
	reasonSpent     = "challenge_spent"
	reasonGone      = "credential_removed"
)

// Store is the part of the credential table that Checker needs.
type Store interface {
	Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error)
	Spend(context.Context, credentials.Spend) error
	Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error
}

// Checker implements customauth.Checker. An answer is found correct once: the
// write that records the challenge as spent is what accepts it.
type Checker struct {
	RelyingParty webauthn.RelyingParty
	Stamps       stamp.Verifier
	Store        Store
	Now          func() time.Time
}

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodPasskey }

// Recognizes implements customauth.Checker: an assertion is a JSON object.
func (Checker) Recognizes(answer string) bool {
	return strings.HasPrefix(strings.TrimLeft(answer, " \t\r\n"), "{")
}

// attempt is one answer on its way through Check.
type attempt struct {
	customauth.Answer
	assertion   *webauthn.Assertion
	hash        string    // of the credential id
	spentKey    string    // of the challenge that was signed
	issued      time.Time // of that challenge
	expires     time.Time
	expectation webauthn.Expectation
	digest      []byte
	invocation  []byte
}

// Check implements customauth.Checker.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	a, refused := c.read(answer)
	if refused != "" {
		return wrong(refused), nil
	}
	for range tries {
		verdict, err := c.attempt(ctx, a)
		if !errors.Is(err, credentials.ErrCondition) && !errors.Is(err, credentials.ErrConflict) {
			verdict.Passkey = a.hash
			return verdict, err
		}
	}
	return customauth.Verdict{}, ErrStartAgain
}

// read decodes the answer and tells which challenge it signs: the session's own
// or a stamp of this relying party.
func (c Checker) read(answer customauth.Answer) (*attempt, string) {
	assertion, err := webauthn.ParseAssertion([]byte(answer.Text))
	if err != nil {
		return nil, reason(err)
	}
	a := &attempt{
		Answer:    answer,
		assertion: assertion,
		hash:      table.Hash(assertion.CredentialID),
		spentKey:  credentials.SpentKey(assertion.Challenge),
		issued:    answer.Sealed.Issued,
		expires:   answer.Sealed.Expires,
		expectation: webauthn.Expectation{
			Challenge:        assertion.Challenge,
			UserVerification: webauthn.UserVerification(answer.Sealed.UserVerification),
			UserHandle:       webauthn.UserHandleOptional,
			RPID:             answer.Sealed.RelyingPartyID,
		},
		digest:     answer.Digest(),
		invocation: credentials.NewInvocation(),
	}
	if !bytes.Equal(assertion.Challenge, answer.Sealed.Challenge) {
		issued, ok := c.Stamps.Check(assertion.Challenge, stamp.Scope{
			Purpose:        stamp.SignIn,
			PoolID:         answer.User.PoolID,
			RelyingPartyID: answer.Sealed.RelyingPartyID,
		})
		if !ok {
			return nil, reasonChallenge
		}
		a.issued, a.expires = issued, issued.Add(stamp.Lifetime)
		a.expectation.UserHandle = webauthn.UserHandleRequired
	}
	if a.issued.After(c.Now().Add(clockSkew)) {
		return nil, reasonFuture
	}
	return a, ""
}

// attempt goes once from reading the passkey to recording the answer. It
// returns credentials.ErrCondition when the item changed meanwhile in a way
// that leaves the verdict open.
func (c Checker) attempt(ctx context.Context, a *attempt) (customauth.Verdict, error) {
	passkey, err := c.Store.Passkey(ctx, a.User.Key(), a.hash)
	if errors.Is(err, credentials.ErrNotFound) {
		return wrong(reason(c.RelyingParty.RefuseUnknown(a.assertion, a.expectation))), nil
	}
	if err != nil {
		return customauth.Verdict{}, fmt.Errorf("reading the passkey: %w", err)
	}
	now := c.Now()
	if use, spent := passkey.Spent[a.spentKey]; spent {
		return c.repeat(ctx, a, use, now)
	}
	if now.After(a.expires.Add(clockSkew)) {
		return wrong(reasonExpired), nil
	}
	if !a.issued.After(passkey.Floor) {
		return customauth.Verdict{}, ErrStartAgain
	}
	verdict, err := c.RelyingParty.VerifyAssertion(a.assertion, &passkey.Record, a.expectation)
	if err != nil {
		return wrong(reason(err)), nil
	}
	spend, err := a.spend(passkey, verdict, now)
	if err != nil {
		return customauth.Verdict{}, err
	}
	switch err := c.Store.Spend(ctx, spend); {
	case errors.Is(err, credentials.ErrCondition):
		return c.settle(ctx, a, passkey.Generation, verdict)
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording the answer: %w", err)
	}
	return right(verdict), nil
}

// repeat judges an answer to a challenge that was spent before this attempt
// read the item. The same answer in the same session keeps its verdict for a
// while, because Cognito repeats a trigger whose reply was lost.
func (c Checker) repeat(ctx context.Context, a *attempt, use credentials.Use, now time.Time) (customauth.Verdict, error) {
	if bytes.Equal(use.Invocation, a.invocation) {
		return customauth.Verdict{Correct: true, Method: customauth.MethodPasskey}, nil // an earlier attempt's write, whose reply was lost
	}
	if !use.RepeatedBy(a.digest, a.Started, now) {
		return wrong(reasonSpent), nil
	}
	switch err := c.Store.Repeat(ctx, a.User.Key(), a.hash, a.spentKey, a.digest); {
	case errors.Is(err, credentials.ErrCondition):
		return wrong(reasonSpent), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("recording a repeated answer: %w", err)
	}
	return customauth.Verdict{Correct: true, Method: customauth.MethodPasskey}, nil
}

// settle finds out why the answer could not be recorded.
func (c Checker) settle(ctx context.Context, a *attempt, generation string, verdict webauthn.Verdict) (customauth.Verdict, error) {
	passkey, err := c.Store.Passkey(ctx, a.User.Key(), a.hash)
	switch {
	case errors.Is(err, credentials.ErrNotFound), err == nil && passkey.Generation != generation:
		return wrong(reasonGone), nil
	case err != nil:
		return customauth.Verdict{}, fmt.Errorf("reading the passkey again: %w", err)
	}
	use, spent := passkey.Spent[a.spentKey]
	switch {
	case !spent:
		return customauth.Verdict{}, credentials.ErrCondition // the floor or the counter moved
	case bytes.Equal(use.Invocation, a.invocation):
		return right(verdict), nil // the SDK repeated a write whose reply was lost
	default:
		return wrong(reasonSpent), nil // another answer overlapped and was first
	}
}

// spend makes the write that accepts the answer. It forgets challenges that can
// no longer be answered, and if too many are left the oldest ones too: then the
// floor rises above these, so that none of them can be answered anew.
func (a *attempt) spend(passkey credentials.Passkey, verdict webauthn.Verdict, now time.Time) (credentials.Spend, error) {
	s := credentials.Spend{
		Sub:       a.User.Key(),
		Hash:      a.hash,
		Challenge: a.spentKey,
		Use: credentials.Use{
			Digest: a.digest, Invocation: a.invocation, Time: credentials.RoundUp(now), Times: 1, Issued: a.issued, Expires: a.expires,
		},
		Generation:          passkey.Generation,
		SignCount:           verdict.SignCount,
		BackupState:         verdict.BackupState,
		CounterMustIncrease: verdict.CounterMustIncrease,
	}
	s.Drop, s.Floor = evict(passkey.Spent, now)
	if !s.Floor.Before(a.issued) {
		return credentials.Spend{}, ErrStartAgain
	}
	return s, nil
}

func right(v webauthn.Verdict) customauth.Verdict {
	return customauth.Verdict{Correct: true, Method: customauth.MethodPasskey, CloneSuspected: v.CounterRegressed}
}

func wrong(reason string) customauth.Verdict {
	return customauth.Verdict{
		Method: customauth.MethodPasskey, Reason: reason, CloneSuspected: reason == string(webauthn.Counter),
	}
}

func reason(err error) string {
	var refusal *webauthn.Refusal
	if errors.As(err, &refusal) {
		return string(refusal.Reason)
	}
	return string(webauthn.Malformed)
}
