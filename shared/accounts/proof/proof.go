// Package proof has somebody prove an e-mail address outside of a sign-in: by a
// code that is mailed to it, for one purpose, and good once. Nothing of the code is
// stored.
package proof

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Lifetime of a code, for a Desk.
const Lifetime = 15 * time.Minute

// deliveryTime is how long the letter and what goes with it may take, within the
// time of a request.
const deliveryTime = 4 * time.Second

// Claim is what a code proves. The code of one is none of another.
type Claim struct {
	Purpose  mail.Kind // that of the letter
	Address  string    // as it is typed; in another case it is the same
	ClientID string    // app client that the proof is good on
	Subject  string    // what else it is about, such as a user's sub; may be empty
}

// code returns the code that proves the claim.
func (c Claim) code(key secret.Key, id string) string {
	return sent.Code(key, "proof", string(c.Purpose), id, mailbox.Fold(c.Address), c.ClientID, c.Subject)
}

// Store is the part of the credential table that a Desk needs.
type Store interface {
	Proof(ctx context.Context, id string) (credentials.Proof, error)
	BeginProof(ctx context.Context, id string, expires time.Time) error
	SpendProof(ctx context.Context, id string, use credentials.Use) error
	RepeatProof(ctx context.Context, id string, digest []byte) error
	MissProof(ctx context.Context, id string) error
	NoteProof(ctx context.Context, id, sub string) error
}

// Desk mails codes and takes them back. It is safe for concurrent use.
type Desk struct {
	Key      func(context.Context) (secret.Key, error) // the mail key; codes that are under way end when it is replaced
	Store    Store
	Quota    quota.Quota
	Post     sent.Post
	Lifetime time.Duration // of a code
	Now      func() time.Time
	Wait     func(context.Context, time.Duration) // until the minimum time is over
}

// Request is what is asked for.
type Request struct {
	Claim
	Sub      string    // of the user whose address it is known to be; empty if none is
	SourceIP string    // of whoever asks
	Locale   string    // of the letter, such as "de-CH"; may be empty
	Withheld string    // why no code may be sent, one of a fixed set of words; empty if one may
	Started  time.Time // when the request came in

	// Further returns what else the letter counts under. Nil is nothing.
	Further func(key secret.Key) []quota.Count
	// Judge returns why no code may be sent, as Withheld, when the letter has been
	// counted already, so that nobody finds out by trying often. Nil allows it.
	Judge func(context.Context) (withheld string, err error)
}

// withheldRate is why no code was sent: there were too many.
const withheldRate = "rate_limited"

// Asked is what came of a request.
type Asked struct {
	ID       string // of the proof; of the same form if no code was sent
	Withheld string // why no code was sent, for the log; empty if it was
	Fault    error  // what failed, for the log
}

// Ask mails a code, unless the request says why not, or there were too many mails
// to the address or from the source. To whoever asks, and in how long it takes,
// all requests look alike, also when something fails. A code that is mailed costs
// a read and a write for each count and a write of the proof; one that is not,
// reads at most.
func (d Desk) Ask(ctx context.Context, request Request) Asked {
	asked := Asked{ID: rand.Text(), Withheld: request.Withheld}
	if asked.Withheld == "" {
		limited, cancel := context.WithTimeout(ctx, deliveryTime)
		asked.Withheld, asked.Fault = d.deliver(limited, asked.ID, request)
		cancel()
	}
	d.Wait(ctx, sent.MinimumTime-d.Now().Sub(request.Started))
	return asked
}

func (d Desk) deliver(ctx context.Context, id string, request Request) (withheld string, err error) {
	key, err := d.Key(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the mail key: %w", err)
	}
	counts := append(quota.Mail(key, request.Sub, request.Address), quota.Source(key, request.SourceIP))
	if request.Further != nil {
		counts = append(counts, request.Further(key)...)
	}
	if within, err := d.Quota.Take(ctx, counts...); err != nil || !within {
		return withheldRate, err
	}
	if request.Judge != nil {
		if withheld, err := request.Judge(ctx); err != nil || withheld != "" {
			return withheld, err
		}
	}
	if err := d.Store.BeginProof(ctx, id, d.Now().Add(d.Lifetime)); err != nil {
		return "", fmt.Errorf("storing the proof: %w", err)
	}
	letter := mail.Letter{
		Kind: request.Purpose, To: request.Address, Locale: request.Locale, Lifetime: d.Lifetime, Code: request.code(key, id),
	}
	if err := d.Post.Send(ctx, letter); err != nil {
		return "", fmt.Errorf("sending the letter: %w", err)
	}
	return "", nil
}

// Reasons of refusals.
const (
	reasonUnknown = "unknown_proof" // no code was sent, or it is long gone
	reasonSpent   = "answer_spent"
	reasonExpired = "mail_expired"
	reasonTries   = "too_many_tries"
	reasonWrong   = "wrong_code"
)

// Attempt is a code that somebody gives back.
type Attempt struct {
	Claim
	ID      string
	Code    string
	Started time.Time // when the request came in
}

// digest tells this attempt from every other one.
func (a Attempt) digest() []byte {
	sum := sha256.Sum256(framing.Append(nil, []byte(a.ID), []byte(a.Purpose), []byte(mailbox.Fold(a.Address)), []byte(a.ClientID), []byte(a.Subject), []byte(a.Code)))
	return sum[:16]
}

// Verdict is what came of an attempt.
type Verdict struct {
	Correct bool
	Reason  string // why it is not, for the log: one of a fixed set of words
}

func wrong(reason string) Verdict { return Verdict{Reason: reason} }

// Redeem judges an attempt. A code is found correct once. Because a reply can get
// lost, the same attempt keeps its verdict for a while, as a sign-in's does. Wrong
// codes are counted, and end the proof when there were too many. It reads once and
// writes once, also where no code was sent, so that the time doesn't tell.
func (d Desk) Redeem(ctx context.Context, a Attempt) (Verdict, error) {
	if !sent.IsCode(a.Code) || len(a.ID) != len(rand.Text()) {
		return wrong(reasonUnknown), nil
	}
	key, err := d.Key(ctx)
	if err != nil {
		return Verdict{}, fmt.Errorf("reading the mail key: %w", err)
	}
	proof, err := d.Store.Proof(ctx, a.ID)
	unknown := errors.Is(err, credentials.ErrNotFound)
	switch {
	case err != nil && !unknown:
		return Verdict{}, fmt.Errorf("reading the proof: %w", err)
	case unknown:
		return d.miss(ctx, a, reasonUnknown)
	case !proof.Use.Time.IsZero():
		return d.repeat(ctx, a, proof.Use)
	case !proof.Expires.After(d.Now()):
		return d.miss(ctx, a, reasonExpired)
	case proof.Wrong >= credentials.MaxWrongTries:
		return d.miss(ctx, a, reasonTries)
	case subtle.ConstantTimeCompare([]byte(a.Code), []byte(a.code(key, a.ID))) != 1:
		return d.miss(ctx, a, reasonWrong)
	}
	return d.spend(ctx, a)
}

// miss counts a wrong code. One that is not counted, because none was sent or there
// were enough already, is wrong all the same.
func (d Desk) miss(ctx context.Context, a Attempt, reason string) (Verdict, error) {
	if err := d.Store.MissProof(ctx, a.ID); err != nil && !errors.Is(err, credentials.ErrCondition) {
		return Verdict{}, fmt.Errorf("counting a wrong code: %w", err)
	}
	return wrong(reason), nil
}

// spend records an attempt that is right. What it finds on a failed condition is
// its own record, when the SDK repeated a write whose reply was lost, or that of
// another attempt that overlapped and was first.
func (d Desk) spend(ctx context.Context, a Attempt) (Verdict, error) {
	own := credentials.Use{
		Digest: a.digest(), Invocation: credentials.NewInvocation(), Time: credentials.RoundUp(d.Now()), Times: 1,
	}
	err := d.Store.SpendProof(ctx, a.ID, own)
	if err == nil {
		return Verdict{Correct: true}, nil
	}
	if !errors.Is(err, credentials.ErrCondition) {
		return Verdict{}, fmt.Errorf("recording the proof: %w", err)
	}
	proof, err := d.Store.Proof(ctx, a.ID)
	if err != nil {
		return Verdict{}, fmt.Errorf("reading the proof again: %w", err)
	}
	if bytes.Equal(proof.Use.Invocation, own.Invocation) {
		return Verdict{Correct: true}, nil
	}
	return wrong(reasonSpent), nil
}

// repeat judges an attempt at a proof that was spent before.
func (d Desk) repeat(ctx context.Context, a Attempt, use credentials.Use) (Verdict, error) {
	digest := a.digest()
	if !use.RepeatedBy(digest, a.Started, d.Now()) {
		return wrong(reasonSpent), nil
	}
	switch err := d.Store.RepeatProof(ctx, a.ID, digest); {
	case errors.Is(err, credentials.ErrCondition):
		return wrong(reasonSpent), nil
	case err != nil:
		return Verdict{}, fmt.Errorf("recording the repeated proof: %w", err)
	}
	return Verdict{Correct: true}, nil
}

// Note remembers the user that was made for a proof, for a repeated attempt. It
// is an error if the proof was not redeemed, or another user was made for it.
func (d Desk) Note(ctx context.Context, id, sub string) error {
	if err := d.Store.NoteProof(ctx, id, sub); err != nil {
		return fmt.Errorf("noting the user of the proof: %w", err)
	}
	return nil
}

// User is the sub that was noted for a proof, or "" if none was.
func (d Desk) User(ctx context.Context, id string) (sub string, err error) {
	proof, err := d.Store.Proof(ctx, id)
	if err != nil {
		return "", fmt.Errorf("reading the user of the proof: %w", err)
	}
	return proof.Sub, nil
}
