// Package quota bounds how many letters to sign in with are sent, whatever they
// are asked for with: to each user, to each address, and altogether where each
// costs money. The counts are in the table, under keyed hashes that don't tell
// whose they are.
package quota

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Mails is the limit of mails to one user, and to one address.
var Mails = credentials.Limit{Pause: time.Minute, PerDay: 10}

// Sources is the limit of mails that one source asks for, to addresses that it may
// not have: many people can share one.
var Sources = credentials.Limit{Pause: 6 * time.Second, Burst: 10, PerDay: 100}

// Count is a count of letters and its limit.
type Count struct {
	key   string
	limit credentials.Limit
}

// NewCount returns the count of letters of a kind to value, such as an address.
// What is counted under one kind and value shares the limit.
func NewCount(key secret.Key, kind, value string, limit credentials.Limit) Count {
	return Count{base64.RawURLEncoding.EncodeToString(key.MAC("rate", kind, value)), limit}
}

// Mail returns the counts of a mail to an address. sub is empty if the address
// is not known to be a user's.
func Mail(key secret.Key, sub, address string) []Count {
	ofAddress := NewCount(key, "address", mailbox.Fold(address), Mails)
	if sub == "" {
		return []Count{ofAddress}
	}
	return []Count{NewCount(key, "user", sub, Mails), ofAddress}
}

// Source returns the count of mails that are asked for from an IP address. Of IPv6,
// a whole /64 is one source, because that is what one subscriber has.
func Source(key secret.Key, ip string) Count {
	source := ip
	if address, err := netip.ParseAddr(ip); err == nil {
		address = address.Unmap().WithZone("")
		bits := address.BitLen()
		if address.Is6() {
			bits = 64
		}
		source = netip.PrefixFrom(address, bits).Masked().String()
	}
	return NewCount(key, "source", source, Sources)
}

// Store is the part of the credential table that a Quota needs.
type Store interface {
	Rate(ctx context.Context, key string) (credentials.Rate, error)
	SetRate(ctx context.Context, key string, before, after credentials.Rate) error
}

// Quota counts letters. It is safe for concurrent use.
type Quota struct {
	Store Store
	Now   func() time.Time
}

// change is what one more letter makes of a rate.
type change struct {
	Count
	before, after credentials.Rate
}

// Take counts one more letter under each of counts, or reports that it would be
// too many. All are read before any is written, so that a flood costs no writes.
// Of letters that are asked for at once, those that have a pause between them are
// too many.
func (q Quota) Take(ctx context.Context, counts ...Count) (bool, error) {
	changes := make([]change, len(counts))
	for i, count := range counts {
		c, within, err := q.next(ctx, count)
		if err != nil || !within {
			return false, err
		}
		changes[i] = c
	}
	for _, c := range changes {
		if within, err := q.write(ctx, c); err != nil || !within {
			return false, err
		}
	}
	return true, nil
}

func (q Quota) next(ctx context.Context, count Count) (c change, within bool, err error) {
	c.Count = count
	if c.before, err = q.Store.Rate(ctx, count.key); err != nil {
		return c, false, fmt.Errorf("reading the number of letters: %w", err)
	}
	c.after, within = c.before.Next(q.Now(), count.limit)
	return c, within, nil
}

// write counts a letter. Where another request was first, it counts after that
// one, if there may be one more then.
func (q Quota) write(ctx context.Context, c change) (within bool, err error) {
	for {
		err := q.Store.SetRate(ctx, c.key, c.before, c.after)
		switch {
		case err == nil:
			return true, nil
		case !errors.Is(err, credentials.ErrCondition):
			return false, fmt.Errorf("counting the letter: %w", err)
		}
		if c, within, err = q.next(ctx, c.Count); err != nil || !within {
			return false, err
		}
	}
}
