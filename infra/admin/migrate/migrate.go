// Package migrate brings passkeys that were registered elsewhere into the
// credential table. Each is judged as a registration is judged and ends up as a
// registration would leave it; what can't is skipped and reported. A passkey
// that is there already stays as it is, so that a run can be repeated.
package migrate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Candidate is a passkey on its way into the table.
type Candidate struct {
	Item       string            // where it stands in its source
	Holder     Holder            //
	Record     credential.Record // not judged yet
	Name       string            // empty or not fit to be shown: named after its provider
	Created    time.Time
	Used       time.Time // zero before the first sign-in
	Unreadable error     // why the source could not make a candidate of it; nil if it could
}

// Holder names a user as the source does: by the sub, by the user name, or by
// both, which must then be of one user.
type Holder struct{ Sub, UserName string }

// Account is a user of the pool.
type Account struct {
	Sub        string
	UserName   string
	Status     string            // Cognito's UserStatus, such as CONFIRMED
	Attributes map[string]string // name → value
}

// ErrNoAccount is returned by Accounts for a holder whom the pool doesn't know.
var ErrNoAccount = errors.New("the pool has no such user")

// Accounts is the user pool.
type Accounts interface {
	Find(context.Context, Holder) (Account, error)
}

// Store is the part of the credential table that an import needs.
type Store interface {
	User(ctx context.Context, sub string) (credentials.User, error)
	Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error)
	Owner(ctx context.Context, hash string) (credentials.Owner, error)
	Import(context.Context, credentials.Import) error
}

// Reasons of skips, beside those of package webauthn.
const (
	reasonUnreadable  = "unreadable"
	reasonNoUser      = "no_such_user"
	reasonUnconfirmed = "user_not_confirmed"
	reasonUnverified  = "address_not_verified"
	reasonTooMany     = "too_many_passkeys"
	reasonTaken       = "credential_id_taken"
)

// Skipped is a candidate that was not imported, and why.
type Skipped struct {
	Item   string `json:"item"`
	Reason string `json:"reason"` // one of a fixed set of words
	Detail string `json:"detail"` // for whoever reads the report, in English
}

// Error implements error.
func (s *Skipped) Error() string { return s.Item + " (" + s.Reason + "): " + s.Detail }

// Summary counts what became of the candidates.
type Summary struct {
	Read         int            `json:"read"`
	Imported     int            `json:"imported"` // or, in a rehearsal, would be
	AlreadyThere int            `json:"alreadyThere"`
	Skipped      map[string]int `json:"skipped"` // reason → how many
}

// Importer imports candidates.
type Importer struct {
	RelyingParty webauthn.RelyingParty // only its ID counts
	Accounts     Accounts
	Store        Store               // a [Rehearsal] writes nothing
	Max          int                 // passkeys per user
	Skip         func(Skipped) error // gets each candidate that is skipped
	Progress     func(Summary)       // is called after each candidate
	Now          func() time.Time

	last lookup // kept, because a source holds one user's passkeys together
}

type lookup struct {
	holder  Holder
	account Account
	err     error // nil or ErrNoAccount
}

// Run imports all candidates. An error is a fault that ends the run early; the
// summary tells how far it came.
func (i *Importer) Run(ctx context.Context, candidates iter.Seq2[Candidate, error]) (Summary, error) {
	summary := Summary{Skipped: map[string]int{}}
	for candidate, err := range candidates {
		if err != nil {
			return summary, err
		}
		summary.Read++
		already, err := i.add(ctx, candidate)
		var skipped *Skipped
		switch {
		case errors.As(err, &skipped):
			summary.Skipped[skipped.Reason]++
			if err := i.Skip(*skipped); err != nil {
				return summary, fmt.Errorf("reporting what was skipped: %w", err)
			}
		case err != nil:
			return summary, fmt.Errorf("importing %s: %w", candidate.Item, err)
		case already:
			summary.AlreadyThere++
		default:
			summary.Imported++
		}
		i.Progress(summary)
	}
	return summary, nil
}

// add imports one candidate, unless it is there already. The error is a
// *Skipped or a fault.
func (i *Importer) add(ctx context.Context, c Candidate) (already bool, err error) {
	skip := func(reason string, why error) error { return &Skipped{c.Item, reason, why.Error()} }
	if c.Unreadable != nil {
		return false, skip(reasonUnreadable, c.Unreadable)
	}
	if c.Holder == (Holder{}) {
		return false, skip(reasonNoUser, ErrNoAccount)
	}
	record, err := i.RelyingParty.Adopt(c.Record)
	var refusal *webauthn.Refusal
	if errors.As(err, &refusal) {
		return false, &Skipped{c.Item, string(refusal.Reason), refusal.Detail}
	}
	account, err := i.find(ctx, c.Holder)
	switch {
	case errors.Is(err, ErrNoAccount):
		return false, skip(reasonNoUser, err)
	case err != nil:
		return false, fmt.Errorf("looking up the user: %w", err)
	}
	if reason, why := unfit(account); reason != "" {
		return false, &Skipped{c.Item, reason, why}
	}
	already, err = i.store(ctx, account, i.passkey(c, record))
	switch {
	case errors.Is(err, credentials.ErrDuplicate):
		return false, skip(reasonTaken, err)
	case errors.Is(err, credentials.ErrTooMany):
		return false, skip(reasonTooMany, err)
	}
	return already, err
}

func (i *Importer) find(ctx context.Context, holder Holder) (Account, error) {
	if holder == i.last.holder {
		return i.last.account, i.last.err
	}
	account, err := i.Accounts.Find(ctx, holder)
	if err == nil && (holder.Sub != "" && account.Sub != holder.Sub || holder.UserName != "" && account.UserName != holder.UserName) {
		account, err = Account{}, ErrNoAccount
	}
	if err == nil || errors.Is(err, ErrNoAccount) {
		i.last = lookup{holder, account, err}
	}
	return account, err
}

// Names of Cognito's attributes, and of the status of a user who has proved an address.
const (
	attributeEmailVerified = "email_verified"
	attributePhoneVerified = "phone_number_verified"
	statusConfirmed        = "CONFIRMED"
)

// unfit returns why a user may have no passkeys: somebody who signed up with an
// address of someone else's must not keep one when the owner of the address
// comes. Users who sign in elsewhere (EXTERNAL_PROVIDER) are not confirmed either.
func unfit(a Account) (reason, why string) {
	const yes = "true"
	switch {
	case a.Status != statusConfirmed:
		return reasonUnconfirmed, "the user's status is " + a.Status + ", not " + statusConfirmed
	case a.Attributes[attributeEmailVerified] != yes && a.Attributes[attributePhoneVerified] != yes:
		return reasonUnverified, "the user has no verified address"
	}
	return "", ""
}

func (i *Importer) passkey(c Candidate, record credential.Record) credentials.Passkey {
	p := credentials.Passkey{
		Record:     record,
		Name:       c.Name,
		Generation: rand.Text(),
		Created:    c.Created,
		Used:       c.Used,
	}
	if !credentials.IsName(p.Name) {
		p.Name = credentials.DefaultName(record)
	}
	if p.Created.IsZero() {
		p.Created = i.Now()
	}
	return p
}

// tries is how often an import is tried that meets another change of the same user.
const tries = 3

// store writes a passkey unless the same user has it already.
func (i *Importer) store(ctx context.Context, a Account, p credentials.Passkey) (already bool, err error) {
	_, err = i.Store.Passkey(ctx, a.Sub, table.Hash(p.ID))
	if !errors.Is(err, credentials.ErrNotFound) {
		return err == nil, err
	}
	for range tries {
		_, err = i.Store.User(ctx, a.Sub)
		first := errors.Is(err, credentials.ErrNotFound)
		if err != nil && !first {
			return false, fmt.Errorf("reading the user: %w", err)
		}
		err = i.Store.Import(ctx, credentials.Import{Sub: a.Sub, UserName: a.UserName, Passkey: p, First: first, Max: i.Max})
		if !errors.Is(err, credentials.ErrConflict) {
			break
		}
	}
	return false, err
}
