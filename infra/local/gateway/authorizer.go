package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// authorizationSource is where a token is read from.
const authorizationSource = "$request.header.Authorization"

// AuthorizerProperties are those of AWS::ApiGatewayV2::Authorizer.
type AuthorizerProperties struct {
	APIID            string `json:"ApiId"`
	Name             string
	AuthorizerType   string
	IdentitySource   []string
	JwtConfiguration struct {
		Issuer   string
		Audience []string
	}
}

// authorizer is a JWT authorizer.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
type authorizer struct {
	issuer   string
	audience []string
	keys     *keySet
}

// identity is what a valid token says.
type identity struct {
	claims map[string]string
	scopes []string // nil if the route asks for none
}

// authorizationFailure is a refusal of a request's token.
type authorizationFailure struct {
	status  int
	message string
	reason  string // for the WWW-Authenticate header
}

func (f *authorizationFailure) write(w http.ResponseWriter) {
	w.Header().Set("Www-Authenticate", f.reason)
	writeMessage(w, f.status, f.message)
}

// AddAuthorizer adds a JWT authorizer.
func (a *API) AddAuthorizer(id string, p AuthorizerProperties) error {
	switch {
	case p.AuthorizerType != "JWT":
		return fmt.Errorf("AuthorizerType %q is %w; JWT is", p.AuthorizerType, ErrUnsupported)
	case !slices.Equal(p.IdentitySource, []string{authorizationSource}):
		return fmt.Errorf("IdentitySource %q is %w; %s is", p.IdentitySource, ErrUnsupported, authorizationSource)
	case len(p.JwtConfiguration.Audience) == 0:
		return errors.New("JwtConfiguration.Audience names no app client")
	}
	url, err := a.options.KeySetURL(p.JwtConfiguration.Issuer)
	if err != nil {
		return err
	}
	a.authorizers[id] = &authorizer{
		issuer:   p.JwtConfiguration.Issuer,
		audience: p.JwtConfiguration.Audience,
		keys:     &keySet{url: url},
	}
	return nil
}

// authorize checks the request's token and returns its claims.
func (a *authorizer) authorize(r *http.Request, scopes []string, now time.Time) (*identity, *authorizationFailure) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, &authorizationFailure{http.StatusUnauthorized, "Unauthorized", "Bearer"}
	}
	claims, err := a.verify(r.Context(), tokenOf(header), now)
	if err != nil {
		return nil, invalidToken(err)
	}
	granted, _ := claims["scope"].(string)
	who := &identity{claims: map[string]string{}}
	if len(scopes) > 0 {
		who.scopes = strings.Fields(granted)
		if !slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(who.scopes, scope) }) {
			return nil, &authorizationFailure{http.StatusForbidden, "Forbidden",
				fmt.Sprintf(`Bearer scope="%s" error="insufficient_scope" error_description="The token does not have one of the required scopes"`, strings.Join(scopes, " "))}
		}
	}
	for name, value := range claims {
		who.claims[name] = claimText(value)
	}
	return who, nil
}

// tokenOf drops the scheme, which may be missing.
func tokenOf(header string) string {
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return token
	}
	return header
}

func invalidToken(reason error) *authorizationFailure {
	return &authorizationFailure{http.StatusUnauthorized, "Unauthorized", fmt.Sprintf(`Bearer error="invalid_token" error_description="%s"`, reason)}
}

// The reasons for which a token is refused. Each is shown to the client.
var (
	errTokenForm     = errors.New("the token is not a JWT signed with RS256")
	errTokenKey      = errors.New("unable to find a signing key that matches the token")
	errTokenSign     = errors.New("the signature is invalid")
	errTokenIssuer   = errors.New("the token has an invalid issuer")
	errTokenAudience = errors.New("the token does not have a valid audience")
	errTokenExpired  = errors.New("the token has expired")
	errTokenTooNew   = errors.New("the token is not valid yet")
)

func (a *authorizer) verify(ctx context.Context, token string, now time.Time) (map[string]any, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(parsed.Headers) != 1 {
		return nil, errTokenForm
	}
	key, err := a.keys.find(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return nil, err
	}
	var registered jwt.Claims
	claims := map[string]any{}
	if err := parsed.Claims(key, &registered, &claims); err != nil {
		return nil, errTokenSign
	}
	clientID, _ := claims["client_id"].(string)
	switch {
	case registered.Issuer != a.issuer:
		return nil, errTokenIssuer
	case !a.forUs(registered.Audience, clientID):
		return nil, errTokenAudience
	case registered.Expiry == nil || !now.Before(registered.Expiry.Time()):
		return nil, errTokenExpired
	case registered.NotBefore != nil && now.Before(registered.NotBefore.Time()):
		return nil, errTokenTooNew
	case registered.IssuedAt != nil && now.Before(registered.IssuedAt.Time().Truncate(time.Second)):
		return nil, errTokenTooNew
	}
	return claims, nil
}

// forUs reports whether aud or client_id is one of the audiences: client_id is
// looked at only without aud.
func (a *authorizer) forUs(audience jwt.Audience, clientID string) bool {
	if len(audience) == 0 {
		return slices.Contains(a.audience, clientID)
	}
	return slices.ContainsFunc(a.audience, audience.Contains)
}

// claimText is a claim's value as API Gateway hands it to a function.
func claimText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		if v == math.Trunc(v) {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i] = claimText(item)
		}
		return "[" + strings.Join(texts, " ") + "]"
	default:
		encoded, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(encoded)
	}
}

// keySet is a token issuer's public keys, fetched when a key is first needed.
type keySet struct {
	url string

	mu   sync.Mutex
	keys jose.JSONWebKeySet
}

// find returns the key with an id. The set is fetched again for a key that it
// lacks.
func (k *keySet) find(ctx context.Context, id string) (any, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.known(id); key != nil {
		return key, nil
	}
	if err := k.fetch(ctx); err != nil {
		return nil, errTokenKey
	}
	if key := k.known(id); key != nil {
		return key, nil
	}
	return nil, errTokenKey
}

func (k *keySet) known(id string) any {
	if found := k.keys.Key(id); id != "" && len(found) == 1 && found[0].IsPublic() {
		return found[0].Key
	}
	return nil
}

func (k *keySet) fetch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // all that matters is read
	return json.NewDecoder(response.Body).Decode(&k.keys)
}
