package userpool

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	keyBits = 2048

	useAccess = "access"
	useID     = "id"

	scopeAdmin = "aws.cognito.signin.user.admin"
	bearer     = "Bearer"

	// keptAfterExpiry keeps a grant until the last access token made from it has expired too, a day at most.
	keptAfterExpiry = 24 * time.Hour
)

// signingKeys sign the tokens: like Cognito, one key for each kind.
type signingKeys struct{ id, access *jose.JSONWebKey }

func newSigningKeys() (signingKeys, error) {
	var keys signingKeys
	for _, into := range []**jose.JSONWebKey{&keys.id, &keys.access} {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return keys, err
		}
		*into = &jose.JSONWebKey{Key: key, KeyID: randomToken()[:32], Algorithm: string(jose.RS256), Use: "sig"}
	}
	return keys, nil
}

// JWKS serves the public keys, as AWS does at <issuer>/.well-known/jwks.json.
func (p *Pool) JWKS() http.Handler {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.keys.id.Public(), p.keys.access.Public()}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowLocalPages(w.Header(), r.Header.Get("Origin"))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(set) // the client may have gone
	})
}

// grant is what one sign-in granted: a refresh token and the access tokens made from it. Revoking removes it.
type grant struct {
	Username  string
	ClientID  string
	OriginJTI string    // origin_jti of the tokens, empty if the client has revocation switched off
	TokenHash []byte    // SHA-256 of the refresh token
	AuthTime  time.Time // of the sign-in
	Expiry    time.Time // of the refresh token
}

// authenticationResult is the API's AuthenticationResult.
type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int // seconds
	IdToken      string
	RefreshToken string `json:",omitempty"`
	TokenType    string
}

// issue ends a sign-in with tokens.
func (p *Pool) issue(cl *client, u *user, override claimsOverride) (*authenticationResult, error) {
	p.forgetOldGrants()
	now := p.now()
	eventID := newUUID()
	refresh := eventID + "." + randomToken()
	g := &grant{
		Username: u.Username, ClientID: cl.id, TokenHash: hash([]byte(refresh)),
		AuthTime: now, Expiry: now.Add(cl.refreshTokens),
	}
	if cl.revocation {
		g.OriginJTI = newUUID()
	}
	p.Grants[eventID] = g
	result, err := p.mint(cl, u, eventID, g, override)
	if err != nil {
		return nil, err
	}
	result.RefreshToken = refresh
	return result, nil
}

// mint makes an ID and an access token from a grant.
func (p *Pool) mint(cl *client, u *user, eventID string, g *grant, override claimsOverride) (*authenticationResult, error) {
	id := p.commonClaims(u, eventID, g, useID, cl.idTokens)
	for _, a := range attributeList(u.Attributes, cl.mayRead) {
		id[a.Name] = claimValue(a)
	}
	id["aud"] = cl.id
	id["cognito:username"] = u.Username
	override.apply(id)

	access := p.commonClaims(u, eventID, g, useAccess, cl.accessTokens)
	access["client_id"] = cl.id
	access["scope"] = scopeAdmin
	access["username"] = u.Username

	idToken, err := sign(p.keys.id, id)
	if err != nil {
		return nil, fmt.Errorf("signing an ID token: %w", err)
	}
	accessToken, err := sign(p.keys.access, access)
	if err != nil {
		return nil, fmt.Errorf("signing an access token: %w", err)
	}
	return &authenticationResult{
		AccessToken: accessToken, IdToken: idToken, TokenType: bearer, ExpiresIn: int(cl.accessTokens.Seconds()),
	}, nil
}

func (p *Pool) commonClaims(u *user, eventID string, g *grant, use string, life time.Duration) map[string]any {
	now := p.now()
	claims := map[string]any{
		"sub": u.Attributes[attrSub], "iss": p.Issuer(), "token_use": use, "event_id": eventID,
		"auth_time": g.AuthTime.Unix(), "iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": newUUID(),
	}
	if g.OriginJTI != "" {
		claims["origin_jti"] = g.OriginJTI
	}
	return claims
}

// claimValue shapes an attribute as ID tokens have it: the standard marks are booleans, all others text.
func claimValue(a attribute) any {
	switch a.Name {
	case attrEmailVerified, attrPhoneVerified:
		return a.Value == "true"
	case attrUpdatedAt:
		seconds, err := strconv.ParseInt(a.Value, 10, 64)
		if err != nil {
			return a.Value
		}
		return seconds
	case "address":
		return map[string]string{"formatted": a.Value}
	}
	return a.Value
}

func sign(key *jose.JSONWebKey, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// accessClaims are the claims of an access token that the API reads.
type accessClaims struct {
	jwt.Claims
	Use      string `json:"token_use"`
	ClientID string `json:"client_id"`
	EventID  string `json:"event_id"`
	Username string `json:"username"`
}

// bearerOf returns who an access token speaks for and through which client.
func (p *Pool) bearerOf(token string) (*user, *client, error) {
	if token == "" {
		return nil, nil, errMissing("AccessToken")
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, nil, fail(notAuthorized, "Invalid Access Token")
	}
	var claims accessClaims
	if err := parsed.Claims(p.keys.access.Public(), &claims); err != nil || claims.Use != useAccess || claims.Issuer != p.Issuer() {
		return nil, nil, fail(notAuthorized, "Could not verify signature for Access Token")
	}
	if !p.now().Before(claims.Expiry.Time()) {
		return nil, nil, fail(notAuthorized, "Access Token has expired")
	}
	u, cl := p.Users[claims.Username], p.clients[claims.ClientID]
	switch {
	case u == nil || u.Attributes[attrSub] != claims.Subject || cl == nil:
		return nil, nil, errNoSuchUser()
	case !u.Enabled:
		return nil, nil, errDisabled()
	case p.Grants[claims.EventID] == nil:
		return nil, nil, fail(notAuthorized, "Access Token has been revoked")
	}
	return u, cl, nil
}

// granted returns the grant of a refresh token of the client, which may have expired.
func (p *Pool) granted(cl *client, token string) (eventID string, g *grant, err error) {
	eventID, _, _ = strings.Cut(token, ".")
	g = p.Grants[eventID]
	if g == nil || g.ClientID != cl.id || subtle.ConstantTimeCompare(g.TokenHash, hash([]byte(token))) != 1 {
		return "", nil, fail(notAuthorized, "Invalid Refresh Token")
	}
	return eventID, g, nil
}

// revokeAll ends all of a user's sign-ins.
func (p *Pool) revokeAll(u *user) {
	maps.DeleteFunc(p.Grants, func(_ string, g *grant) bool { return g.Username == u.Username })
}

func (p *Pool) forgetOldGrants() {
	limit := p.now().Add(-keptAfterExpiry)
	maps.DeleteFunc(p.Grants, func(_ string, g *grant) bool { return g.Expiry.Before(limit) })
}
