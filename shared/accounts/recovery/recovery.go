// Package recovery lets a user back in who has lost every passkey. A wish that was
// proved ripens first, so that whoever still holds a passkey voids it by using
// one; then everything that signed the user in ends.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Open is how long a recovery may be completed once it is ripe.
const Open = 7 * 24 * time.Hour

// signInTime is how long after the record of a right answer Amazon Cognito may
// still give tokens for it: what Verify and then Define may take.
const signInTime = 5 * time.Second

const (
	tries  = 4 // how often what others change at the same moment is read again
	rounds = 4 // of ending: one for each MaxRevoked passkeys, one that finds none, one for a passkey that came in between
)

// ErrBusy is a fault: somebody signs in as the user, or adds passkeys, faster than
// they can be ended.
var ErrBusy = errors.New("the user's passkeys change all the time")

// errVoid means that a passkey was used or added since the wish was proved.
var errVoid = errors.New("the recovery is void")

// Store is the part of the credential table that a Desk needs.
type Store interface {
	Passkeys(ctx context.Context, sub string) ([]credentials.Passkey, error)
	Recovery(ctx context.Context, sub string) (credentials.Recovery, error)
	SetRecovery(ctx context.Context, sub string, before, after credentials.Recovery) error
	EndRecovery(ctx context.Context, sub string) error
	DropMailings(ctx context.Context, sub string) (time.Time, error)
	EndRegistration(ctx context.Context, sub string) error
	Revoke(context.Context, credentials.Revocation) error
}

// Pool is the part of the user pool that a Desk needs.
type Pool interface {
	// ScramblePassword gives a user a password that nobody knows.
	ScramblePassword(ctx context.Context, userName string) error
	// SignOut ends all sessions that a user has.
	SignOut(ctx context.Context, userName string) error
}

// User is whose recovery it is.
type User struct {
	Sub  string
	Name string // Cognito's user name
}

// Desk takes wishes and fulfils them. It is safe for concurrent use.
type Desk struct {
	Store        Store
	Pool         Pool
	Delay        time.Duration // before a user who has a passkey may complete a recovery
	KeepPasskeys bool          // they stay, and only their outstanding challenges end
	Now          func() time.Time
	Wait         func(context.Context, time.Duration)
}

// Outcome is what came of a wish.
type Outcome struct {
	Recovered bool
	From      time.Time // when it may be completed, unless Recovered
	Noted     bool      // the wish is a new one: its user should be told
	Removed   []string  // hashes of the ids of the passkeys that are gone
}

// Prove takes note of a wish whose user just proved to have the address, or
// completes the one that is ripe. A wish is void once a passkey was used or added,
// by what the table has and no clock; the next one then begins anew. One that is
// waiting neither begins anew nor is it cancelled: not everybody who asks is its
// owner. Who has no passkey has nothing to wait for, because a mail signs such a
// user in anyway.
//
// After an error the same call again goes on; what Outcome says was removed is so
// in any case.
func (d Desk) Prove(ctx context.Context, user User) (Outcome, error) {
	if d.Delay == 0 {
		return d.Recover(ctx, user)
	}
	for range tries {
		outcome, err := d.prove(ctx, user)
		if !errors.Is(err, errVoid) && !errors.Is(err, credentials.ErrCondition) {
			return outcome, err
		}
	}
	return Outcome{}, ErrBusy
}

func (d Desk) prove(ctx context.Context, user User) (Outcome, error) {
	passkeys, err := d.Store.Passkeys(ctx, user.Sub)
	if err != nil {
		return Outcome{}, fmt.Errorf("listing the passkeys: %w", err)
	}
	if len(passkeys) == 0 {
		return d.recover(ctx, user, &credentials.Recovery{})
	}
	wish, err := d.Store.Recovery(ctx, user.Sub)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading the recovery: %w", err)
	}
	now := d.Now()
	next := credentials.Recovery{From: now.Add(d.Delay), Expires: now.Add(d.Delay + Open), Seen: credentials.Sighting(passkeys)}
	good := !wish.IsVoid(passkeys) && now.Before(wish.Expires)
	switch {
	case good && !now.Before(wish.From):
		return d.recover(ctx, user, &wish)
	case good && !wish.From.After(next.From):
		return Outcome{From: wish.From}, nil
	}
	if err := d.Store.SetRecovery(ctx, user.Sub, wish, next); err != nil {
		return Outcome{}, fmt.Errorf("noting the recovery: %w", err)
	}
	return Outcome{From: next.From, Noted: true}, nil
}

// Recover ends everything that signed the user in so far, without a delay: the
// passkeys, what was mailed, the password and all sessions.
func (d Desk) Recover(ctx context.Context, user User) (Outcome, error) {
	return d.recover(ctx, user, nil)
}

// recover is Recover, unless there is a wish and it is void.
//
// The order keeps out who signs in or registers a passkey at the same moment. An
// answer that was recorded before its passkey ended gets its tokens before the
// sign-out, which waits for it. A registration needs a token that the pool still
// honours, so none begins after the sign-out; the one that is outstanding then ends
// before the next look, which finds what was added until then and is followed by a
// sign-out and a look of its own.
func (d Desk) recover(ctx context.Context, user User, wish *credentials.Recovery) (o Outcome, _ error) {
	for round := range rounds {
		ended, last, err := d.end(ctx, user.Sub, wish)
		if !d.KeepPasskeys {
			o.Removed = append(o.Removed, ended...)
		}
		if err != nil {
			return o, err
		}
		if round > 0 && (len(ended) == 0 || d.KeepPasskeys) {
			if err := d.Store.EndRecovery(ctx, user.Sub); err != nil {
				return o, fmt.Errorf("ending the recovery: %w", err)
			}
			o.Recovered = true
			return o, nil
		}
		wish = nil // it is granted, and what is added from now on goes too
		if round == 0 {
			if err := d.Pool.ScramblePassword(ctx, user.Name); err != nil {
				return o, fmt.Errorf("replacing the password: %w", err)
			}
		}
		d.Wait(ctx, min(signInTime, last.Add(signInTime).Sub(d.Now())))
		if err := d.Pool.SignOut(ctx, user.Name); err != nil {
			return o, fmt.Errorf("signing out: %w", err)
		}
	}
	return o, ErrBusy
}

// end ends the passkeys that the user has, the registration that is outstanding
// and what was mailed. It returns the hashes of the passkeys' ids, and when one of
// all these last signed the user in.
func (d Desk) end(ctx context.Context, sub string, wish *credentials.Recovery) (ended []string, last time.Time, err error) {
	passkeys, err := d.revoke(ctx, sub, wish)
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, p := range passkeys {
		ended = append(ended, table.Hash(p.ID))
		last = later(last, p.Used)
	}
	mailed, err := d.Store.DropMailings(ctx, sub)
	if err != nil {
		return ended, last, fmt.Errorf("dropping what was mailed: %w", err)
	}
	return ended, later(last, mailed), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// revoke ends as many passkeys as it can at once, those first that were used last.
func (d Desk) revoke(ctx context.Context, sub string, wish *credentials.Recovery) ([]credentials.Passkey, error) {
	if err := d.Store.EndRegistration(ctx, sub); err != nil {
		return nil, fmt.Errorf("ending the registration: %w", err)
	}
	for try := range tries {
		passkeys, err := d.Store.Passkeys(ctx, sub)
		if err != nil {
			return nil, fmt.Errorf("listing the passkeys: %w", err)
		}
		if wish != nil && wish.IsVoid(passkeys) {
			return nil, errVoid
		}
		if len(passkeys) == 0 {
			return nil, nil
		}
		slices.SortFunc(passkeys, func(a, b credentials.Passkey) int { return b.Used.Compare(a.Used) })
		if !d.KeepPasskeys {
			passkeys = passkeys[:min(len(passkeys), credentials.MaxRevoked)]
		}
		err = d.Store.Revoke(ctx, credentials.Revocation{Sub: sub, Passkeys: passkeys, Kept: d.KeepPasskeys, Now: d.Now()})
		switch {
		case err == nil:
			return passkeys, nil
		case !errors.Is(err, credentials.ErrCondition) && !errors.Is(err, credentials.ErrConflict):
			return nil, fmt.Errorf("revoking the passkeys: %w", err)
		}
		d.Wait(ctx, rand.N(25*time.Millisecond<<try)) // so that two don't meet again
	}
	return nil, ErrBusy
}
