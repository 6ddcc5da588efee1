// Package sent is what signing in by an e-mail link and by a code have in common:
// who is sent a letter and how often, without telling anybody from whom it was
// withheld, and how what was sent counts once.
package sent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// ParameterChallenge is the public parameter that names the kind of challenge,
// as it does for the clients of the AWS passwordless sample.
const ParameterChallenge = "challenge"

// MinimumTime is how long every request for a letter takes at least, so that its
// duration does not tell whether one was sent: longer than a letter and the reads
// and writes for it usually take.
const MinimumTime = time.Second

// deliveryTime is how long the letter and what goes with it may take, within the
// time of a trigger.
const deliveryTime = 2 * time.Second

// Post delivers letters.
type Post interface {
	Send(context.Context, mail.Letter) error
}

// Store is the part of the credential table that a Desk needs.
type Store interface {
	Mailing(ctx context.Context, sub, sk string) (credentials.Mailing, error)
	PutMailing(ctx context.Context, sub, sk string, m credentials.Mailing) error
}

// Channel is a way that letters go.
type Channel struct {
	// Address returns where a user's letters go, or why they go nowhere.
	Address func(customauth.User) (address, withheld string)
	// Counts returns the counts of a letter, under the channel's key.
	Counts func(key secret.Key, sub, address string) []quota.Count
}

// Mail is the way to the user's verified e-mail address.
var Mail = Channel{
	Address: func(user customauth.User) (address, withheld string) {
		if user.VerifiedEmail == "" {
			return "", WithheldAddress
		}
		return user.VerifiedEmail, ""
	},
	Counts: quota.Mail,
}

// Desk takes requests for letters of one channel. It is safe for concurrent use.
type Desk struct {
	Channel Channel
	Key     func(context.Context) (secret.Key, error) // the channel's
	Store   Store
	Quota   quota.Quota
	Post    Post
	Now     func() time.Time
	Wait    func(context.Context, time.Duration) // until the minimum time is over
}

// WithheldAddress is why nothing was sent: Cognito has not verified the address
// of the channel.
const WithheldAddress = "address_not_verified"

// Why else nothing was sent that signs anybody in.
const (
	withheldUser   = "no_such_user"
	withheldPolicy = "policy"
	withheldRate   = "rate_limited"
	withheldRepeat = "sent_before" // Cognito repeats a trigger
)

// Request is what is asked for.
type Request struct {
	Method   string
	Public   map[string]string // what the client is told, whoever asks: parameter → value
	SortKey  string            // of the mailing
	Lifetime time.Duration

	// Write makes the letter and what is stored of it. It is called at most once,
	// for a user who gets it.
	Write func(key secret.Key, expires time.Time) (mail.Letter, credentials.Mailing)
	// Private is what the Checker is left, once the letter is under way.
	Private func(key secret.Key) map[string]string
}

// Ask answers a request for a letter. To whoever asks, all requests look alike:
// for one who gets the letter, for one who gets one that says no, and for one who
// gets none because the name or the verified address is missing or there were too
// many; also when something fails, which only the log tells. The first question
// costs a write for each count, one of the mailing and a letter, a limited one
// nothing but reads.
func (d Desk) Ask(ctx context.Context, issue customauth.Issue, request Request) customauth.Issued {
	started := d.Now()
	limited, cancel := context.WithTimeout(ctx, deliveryTime)
	issued, err := d.deliver(limited, issue, request)
	cancel()
	issued.Public, issued.Fault = request.Public, err
	d.Wait(ctx, MinimumTime-d.Now().Sub(started))
	return issued
}

// deliver sends the letter unless there is a reason not to.
func (d Desk) deliver(ctx context.Context, issue customauth.Issue, request Request) (issued customauth.Issued, err error) {
	if issue.User.NotFound {
		return customauth.Issued{Withheld: withheldUser}, nil
	}
	address, withheld := d.Channel.Address(issue.User)
	if withheld != "" {
		return customauth.Issued{Withheld: withheld}, nil
	}
	key, err := d.Key(ctx)
	if err != nil {
		return issued, fmt.Errorf("reading the key of letters: %w", err)
	}
	allowed := issue.Sealed.Accepts(request.Method)
	if allowed {
		outstanding, err := d.Store.Mailing(ctx, issue.User.Sub, request.SortKey)
		if err != nil && !errors.Is(err, credentials.ErrNotFound) {
			return issued, fmt.Errorf("reading what was sent: %w", err)
		}
		if err == nil && outstanding.Session == issue.Session {
			return customauth.Issued{Private: request.Private(key), Withheld: withheldRepeat}, nil
		}
	}
	if within, err := d.Quota.Take(ctx, d.Channel.Counts(key, issue.User.Sub, address)...); err != nil || !within {
		return customauth.Issued{Withheld: withheldRate}, err
	}
	letter := mail.Letter{Kind: mail.KindRefused}
	if allowed {
		if letter, err = d.write(ctx, key, issue, request); err != nil {
			return issued, err
		}
		issued.Private = request.Private(key)
	} else {
		issued.Withheld = withheldPolicy
	}
	letter.To, letter.Locale = address, issue.User.Locale
	if err := d.Post.Send(ctx, letter); err != nil {
		return issued, fmt.Errorf("sending the letter: %w", err)
	}
	issued.Sent = true
	return issued, nil
}

// write makes the letter that was asked for, and stores what is sent with it.
func (d Desk) write(ctx context.Context, key secret.Key, issue customauth.Issue, request Request) (mail.Letter, error) {
	expires := d.Now().Add(request.Lifetime)
	letter, mailing := request.Write(key, expires)
	letter.Lifetime = request.Lifetime
	mailing.Session, mailing.ClientID, mailing.Expires = issue.Session, issue.User.ClientID, expires
	if err := d.Store.PutMailing(ctx, issue.User.Sub, request.SortKey, mailing); err != nil {
		return mail.Letter{}, fmt.Errorf("storing what is sent: %w", err)
	}
	return letter, nil
}
