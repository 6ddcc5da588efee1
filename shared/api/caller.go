package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// caller is who sent a request, by the claims that API Gateway's JWT authorizer
// has verified.
type caller struct {
	token    string
	sub      string
	userName string
	clientID string
	authTime time.Time
}

// Claims of a Cognito access token.
const (
	claimTokenUse = "token_use"
	claimClientID = "client_id"
	claimSub      = "sub"
	claimUserName = "username"
	claimAuthTime = "auth_time" // seconds; stays that of the sign-in when a token is refreshed
	useAccess     = "access"
)

// authenticate reads the claims. The authorizer checked signature, issuer,
// expiry and that aud or client_id is a known app client, which lets ID tokens
// pass too: so the use of the token is checked here.
func (h *Handler) authenticate(event Event) (caller, error) {
	authorizer := event.RequestContext.Authorizer
	if authorizer == nil || authorizer.JWT == nil {
		return caller{}, errWrongToken
	}
	claims := authorizer.JWT.Claims
	if claims[claimTokenUse] != useAccess || claims[claimSub] == "" {
		return caller{}, errWrongToken
	}
	if !slices.Contains(h.ClientIDs, claims[claimClientID]) {
		return caller{}, errWrongClient
	}
	seconds, err := strconv.ParseInt(claims[claimAuthTime], 10, 64)
	if err != nil {
		return caller{}, errWrongToken
	}
	return caller{
		token:    bearer(event.Headers["authorization"]),
		sub:      claims[claimSub],
		userName: claims[claimUserName],
		clientID: claims[claimClientID],
		authTime: time.Unix(seconds, 0),
	}, nil
}

func bearer(header string) string {
	const scheme = "bearer "
	if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
		return header[len(scheme):]
	}
	return header
}

// Account is what the pool says of a user.
type Account struct {
	Attributes map[string]string // name → value
}

// attributeIdentities is there for users of an external identity provider.
const attributeIdentities = "identities"

// mayChange returns the caller's account if the caller may add or remove
// passkeys now. The pool is asked, because a signature cannot show that a token
// was revoked since.
func (h *Handler) mayChange(ctx context.Context, c caller) (Account, error) {
	if h.Now().Sub(c.authTime) > h.RecentAuthentication {
		return Account{}, errNotRecent
	}
	account, err := h.Accounts.Account(ctx, c.token)
	if err != nil {
		return Account{}, err
	}
	if account.Attributes[claimSub] != c.sub {
		return Account{}, ErrTokenRefused
	}
	if account.Attributes[attributeIdentities] != "" {
		return Account{}, errFederated
	}
	return account, nil
}

// isVerified reports whether the user proved an address. Otherwise someone
// could add a passkey to an account made in another's name, and wait for the
// owner of the address to confirm it.
func (h *Handler) isVerified(a Account) bool {
	return slices.ContainsFunc(h.VerifiedAttributes, func(name string) bool { return a.Attributes[name] == "true" })
}
