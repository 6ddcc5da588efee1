package httpapi

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Caller is who sent a request, by the claims that API Gateway's JWT authorizer
// has verified.
type Caller struct {
	Token    string
	Sub      string
	UserName string
	ClientID string
	AuthTime time.Time
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
func (s Server) authenticate(event Event) (Caller, error) {
	authorizer := event.RequestContext.Authorizer
	if authorizer == nil || authorizer.JWT == nil {
		return Caller{}, errWrongToken
	}
	claims := authorizer.JWT.Claims
	if claims[claimTokenUse] != useAccess || claims[claimSub] == "" {
		return Caller{}, errWrongToken
	}
	if !slices.Contains(s.ClientIDs, claims[claimClientID]) {
		return Caller{}, errWrongClient
	}
	seconds, err := strconv.ParseInt(claims[claimAuthTime], 10, 64)
	if err != nil {
		return Caller{}, errWrongToken
	}
	return Caller{
		Token:    bearer(event.Headers["authorization"]),
		Sub:      claims[claimSub],
		UserName: claims[claimUserName],
		ClientID: claims[claimClientID],
		AuthTime: time.Unix(seconds, 0),
	}, nil
}

func bearer(header string) string {
	const scheme = "bearer "
	if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
		return header[len(scheme):]
	}
	return header
}
