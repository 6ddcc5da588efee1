// Package notice tells the owner of an account by mail what was changed in it, so
// that nobody who has broken in changes anything unseen.
//
// It is told of every change that a user or a recovery makes. What an operator or
// the service of a vendor changes is told to nobody: they act by rights of their
// own, and tell their users themselves.
package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Timeout is how long a notice may take, on top of the call that it belongs to.
const Timeout = 1500 * time.Millisecond

// countTimeout is the part of it in which the notice is counted.
const countTimeout = 500 * time.Millisecond

// Post delivers letters.
type Post interface {
	Send(context.Context, mail.Letter) error
}

// Store is the part of the credential table that a Teller needs.
type Store interface {
	CountNotice(ctx context.Context, sub string, n credentials.Notice) (int, error)
}

// Owner is who is told.
type Owner struct {
	Sub           string
	VerifiedEmail string // empty: there is no address that is known to be the owner's
	Locale        string // such as "de-CH"; often empty
}

// OwnerOf is the user of whom the pool has these attributes: name → value.
func OwnerOf(attributes map[string]string) Owner {
	owner := Owner{Sub: attributes["sub"], Locale: attributes["locale"]}
	if attributes["email_verified"] == "true" {
		owner.VerifiedEmail = attributes["email"]
	}
	return owner
}

// What became of a notice, for the log.
const (
	outcomeSent     = "sent"
	outcomeAddress  = "address_not_verified"
	outcomeWithheld = "repeated_or_limited" // the owner was told of this change, or of NoticesPerDay of them
	outcomeFailed   = "failed"
)

// Teller tells owners of changes. It is safe for concurrent use.
type Teller struct {
	Post  Post
	Store Store
}

// Tell mails the owner the letter, of which it fills in To, Locale and Last. id
// tells the change from every other of the letter's kind: of the same one the
// owner is told once, however often the call is repeated. A nil Teller tells
// nobody.
//
// Nobody can have a change hidden by making too many: the limit is of each user
// and kind, every change that counts against it is one that the owner is told of,
// and the last letter of a day says that it is. So a limit that is used up is
// itself news of a break-in. A change that can't be counted is told all the same.
//
// Tell never fails the call, whose change has been made: what became of the notice
// stands in the call's line, and one that can't be sent is a NoticeFailure.
func (t *Teller) Tell(ctx context.Context, call *telemetry.Call, owner Owner, id string, letter mail.Letter) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Timeout)
	defer cancel()
	outcome, err := t.tell(ctx, owner, id, letter)
	call.Note(slog.String(telemetry.Notice, outcome))
	if err != nil {
		call.Note(slog.String(telemetry.NoticeError, err.Error()))
	}
	if outcome == outcomeFailed {
		call.Count(metrics.NoticeFailures, 1)
	}
}

func (t *Teller) tell(ctx context.Context, owner Owner, id string, letter mail.Letter) (outcome string, err error) {
	if owner.VerifiedEmail == "" {
		return outcomeAddress, nil
	}
	number, err := t.count(ctx, owner.Sub, credentials.Notice{Kind: string(letter.Kind), ID: id, Time: letter.Time})
	if errors.Is(err, credentials.ErrCondition) {
		return outcomeWithheld, nil
	}
	letter.To, letter.Locale, letter.Last = owner.VerifiedEmail, owner.Locale, number == credentials.NoticesPerDay
	if unsent := t.Post.Send(ctx, letter); unsent != nil {
		return outcomeFailed, errors.Join(fmt.Errorf("sending the mail: %w", unsent), err)
	}
	return outcomeSent, err
}

func (t *Teller) count(ctx context.Context, sub string, n credentials.Notice) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	number, err := t.Store.CountNotice(ctx, sub, n)
	if err != nil {
		return 0, fmt.Errorf("counting the mail: %w", err)
	}
	return number, nil
}
