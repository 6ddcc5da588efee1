package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// Password takes a user's password away who wants to go without. Every field is required.
type Password struct {
	Guard   httpapi.Guard
	Pool    Pool
	WayBack bool // whether a verified e-mail address lets a user in who has lost every passkey
	Notices *notice.Teller
	Now     func() time.Time
}

// Routes implements Journey.
func (p Password) Routes() map[routes.Route]httpapi.Serve {
	return map[routes.Route]httpapi.Serve{routes.RemovePassword: p.remove}
}

// remove gives the caller a password that nobody knows and ends all of the
// caller's sessions, this one too: whoever knew the password may hold one. Two
// passkeys alone are no way back, because both can be removed.
//
// A call that failed half way may be made again with the same token. One that
// succeeded can't: its token is refused then.
func (p Password) remove(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	account, err := p.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	owner := notice.OwnerOf(account.Attributes)
	if !p.WayBack || owner.VerifiedEmail == "" {
		return httpapi.Reply{}, errNoWayBack
	}
	if err := p.scramble(ctx, c.Caller.UserName); err != nil {
		return httpapi.Reply{}, err
	}
	c.Record.Audit(audit.Event{Type: audit.PasswordGone, Sub: c.Caller.Sub, ClientID: c.Caller.ClientID})
	// In one sign-in it is one change, however often the call is made.
	id := strconv.FormatInt(c.Caller.AuthTime.Unix(), 10)
	p.Notices.Tell(ctx, c.Record, owner, id, mail.Letter{Kind: mail.KindPasswordRemoved, Time: p.Now()})
	return httpapi.Reply{Status: http.StatusNoContent}, nil
}

func (p Password) scramble(ctx context.Context, name string) error {
	err := p.Pool.ScramblePassword(ctx, name)
	if err == nil {
		err = p.Pool.SignOut(ctx, name)
	}
	if errors.Is(err, ErrNobody) { // deleted since the pool was asked
		return httpapi.ErrTokenRefused
	}
	if err != nil {
		return fmt.Errorf("taking the password away: %w", err)
	}
	return nil
}
