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

// MinimumTime is how long every request for a mail takes at least, so that its
// duration does not tell whether one was sent: longer than a mail and the reads
// and writes for it usually take.
const MinimumTime = time.Second

// deliveryTime is how long the mail and what goes with it may take, within the
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

// Desk takes requests for mails. It is safe for concurrent use.
type Desk struct {
	Key   func(context.Context) (secret.Key, error) // the mail key
	Store Store
	Quota quota.Quota
	Post  Post
	Now   func() time.Time
	Wait  func(context.Context, time.Duration) // until the minimum time is over
}

// Why nothing was sent that signs anybody in.
const (
	withheldUser    = "no_such_user"
	withheldAddress = "address_not_verified"
	withheldPolicy  = "policy"
	withheldRate    = "rate_limited"
	withheldRepeat  = "sent_before" // Cognito repeats a trigger
)

// Request is what is asked for.
type Request struct {
	Method    string
	Challenge string // value of ParameterChallenge
	SortKey   string // of the mailing
	Lifetime  time.Duration

	// Write makes the letter and what is stored of it. It is called at most once,
	// for a user who gets it.
	Write func(key secret.Key, expires time.Time) (mail.Letter, credentials.Mailing)
	// Private is what the Checker is left, once the letter is under way.
	Private func(key secret.Key) map[string]string
}

// Ask answers a request for a mail. To whoever asks, all requests look alike: for
// one who gets the mail, for one who gets a mail that says no, and for one who
// gets none because the name or the verified address is missing or there were too
// many; also when something fails, which only the log tells. The first question
// costs two writes of rates, one of the mailing and a mail, a limited one nothing
// but reads.
func (d Desk) Ask(ctx context.Context, issue customauth.Issue, request Request) customauth.Issued {
	started := d.Now()
	issued := customauth.Issued{Public: map[string]string{ParameterChallenge: request.Challenge}}
	limited, cancel := context.WithTimeout(ctx, deliveryTime)
	issued.Private, issued.Withheld, issued.Fault = d.deliver(limited, issue, request)
	cancel()
	d.Wait(ctx, MinimumTime-d.Now().Sub(started))
	return issued
}

// deliver sends the mail unless there is a reason not to.
func (d Desk) deliver(ctx context.Context, issue customauth.Issue, request Request) (private map[string]string, withheld string, err error) {
	switch {
	case issue.User.NotFound:
		return nil, withheldUser, nil
	case issue.User.VerifiedEmail == "":
		return nil, withheldAddress, nil
	}
	key, err := d.Key(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("reading the mail key: %w", err)
	}
	allowed := issue.Sealed.Accepts(request.Method)
	if allowed {
		outstanding, err := d.Store.Mailing(ctx, issue.User.Sub, request.SortKey)
		if err != nil && !errors.Is(err, credentials.ErrNotFound) {
			return nil, "", fmt.Errorf("reading what was mailed: %w", err)
		}
		if err == nil && outstanding.Session == issue.Session {
			return request.Private(key), withheldRepeat, nil
		}
	}
	if within, err := d.Quota.Take(ctx, quota.Mail(key, issue.User.Sub, issue.User.VerifiedEmail)...); err != nil || !within {
		return nil, withheldRate, err
	}
	if !allowed {
		return nil, withheldPolicy, d.send(ctx, issue.User, mail.Letter{Kind: mail.KindRefused})
	}
	expires := d.Now().Add(request.Lifetime)
	letter, mailing := request.Write(key, expires)
	letter.Lifetime = request.Lifetime
	mailing.Session, mailing.ClientID, mailing.Expires = issue.Session, issue.User.ClientID, expires
	if err := d.Store.PutMailing(ctx, issue.User.Sub, request.SortKey, mailing); err != nil {
		return nil, "", fmt.Errorf("storing what is mailed: %w", err)
	}
	return request.Private(key), "", d.send(ctx, issue.User, letter)
}

func (d Desk) send(ctx context.Context, user customauth.User, letter mail.Letter) error {
	letter.To, letter.Locale = user.VerifiedEmail, user.Locale
	if err := d.Post.Send(ctx, letter); err != nil {
		return fmt.Errorf("sending the mail: %w", err)
	}
	return nil
}
