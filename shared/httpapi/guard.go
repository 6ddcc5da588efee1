package httpapi

import (
	"context"
	"errors"
	"time"
)

// ErrTokenRefused is returned by Accounts for a token that the pool does not honour.
var ErrTokenRefused = errors.New("the user pool refused the access token")

// Accounts asks the pool about the bearer of an access token.
type Accounts interface {
	// Account returns the account, or ErrTokenRefused if the pool no longer
	// honours the token.
	Account(ctx context.Context, accessToken string) (Account, error)
}

// Account is what the pool says of a user.
type Account struct {
	Attributes map[string]string // name → value
}

// attributeIdentities is there for users of an external identity provider.
const attributeIdentities = "identities"

// Guard says who may change how they sign in. Every field is required.
type Guard struct {
	Accounts             Accounts
	RecentAuthentication time.Duration // how long after a sign-in changes are allowed
	Now                  func() time.Time
}

// MayChange returns the caller's account if the caller may change now how they
// sign in: soon after a sign-in, and not as a user of another provider. The pool
// is asked, because a signature cannot show that a token was revoked since.
func (g Guard) MayChange(ctx context.Context, c Caller) (Account, error) {
	if g.Now().Sub(c.AuthTime) > g.RecentAuthentication {
		return Account{}, errNotRecent
	}
	account, err := g.Accounts.Account(ctx, c.Token)
	if err != nil {
		return Account{}, err
	}
	if account.Attributes[claimSub] != c.Sub {
		return Account{}, ErrTokenRefused
	}
	if account.Attributes[attributeIdentities] != "" {
		return Account{}, errFederated
	}
	return account, nil
}
