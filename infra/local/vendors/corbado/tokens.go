package corbado

import (
	"crypto/rand"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// ConnectToken is the right to one operation on one user's passkeys.
type ConnectToken struct {
	ID      string           `json:"id"`
	Type    string           `json:"tokenType"`
	Data    ConnectTokenData `json:"data"`
	Status  string           `json:"connectTokenStatus"`
	Secret  string           `json:"secret,omitempty"` // shown only when the token is made
	Expires int64            `json:"expires"`          // seconds since 1970
}

// ConnectTokenData says whose passkeys a token is for.
type ConnectTokenData struct {
	DisplayName string `json:"displayName,omitempty"` // of a token to append
	Identifier  string `json:"identifier"`
}

const (
	typeAppend = "passkey-append"

	statusInitial  = "initial"
	statusConsumed = "consumed"

	defaultTokenLifetime = time.Hour

	// another is whom the service means when it is broken by fault.SuccessForAnother.
	another = "somebody-else"
)

// tokenTypes: type of connect token → whether its data needs a display name.
var tokenTypes = map[string]bool{typeAppend: true, "passkey-delete": false, "passkey-list": false, "passkey-login": false}

func (s *Service) createToken(_ *http.Request, body []byte) (any, *problem) {
	var in struct {
		Type                 string           `json:"type"`
		Data                 ConnectTokenData `json:"data"`
		MaxLifetimeInSeconds *int64           `json:"maxLifetimeInSeconds"`
	}
	if json.Unmarshal(body, &in, json.RejectUnknownMembers(true)) != nil {
		return nil, invalid("body", "must be a JSON object")
	}
	named, known := tokenTypes[in.Type]
	lifetime := int64(defaultTokenLifetime.Seconds())
	if in.MaxLifetimeInSeconds != nil {
		lifetime = *in.MaxLifetimeInSeconds
	}
	switch {
	case !known:
		return nil, invalid("type", "must be a valid value")
	case in.Data.Identifier == "":
		return nil, invalid("data.identifier", "cannot be blank")
	case named != (in.Data.DisplayName != ""):
		return nil, invalid("data.displayName", "is for "+typeAppend+" only, where it cannot be blank")
	case lifetime <= 0:
		return nil, invalid("maxLifetimeInSeconds", "must be no less than 1")
	}
	if s.Is(fault.SuccessForAnother) {
		in.Data.Identifier = another
	}
	token := ConnectToken{
		ID: newID("ctk-"), Type: in.Type, Data: in.Data, Status: statusInitial, Secret: "ctk1_" + rand.Text(),
		Expires: s.options.Now().Add(time.Duration(lifetime) * time.Second).Unix(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token.ID] = token
	return token, nil
}

func (s *Service) listTokens(*http.Request, []byte) (any, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []ConnectToken{}
	for _, token := range s.tokens {
		token.Secret = ""
		list = append(list, token)
	}
	slices.SortFunc(list, func(a, b ConnectToken) int { return strings.Compare(a.ID, b.ID) })
	return map[string]any{"connectTokens": list}, nil
}

func (s *Service) updateToken(r *http.Request, body []byte) (any, *problem) {
	var in struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(body, &in, json.RejectUnknownMembers(true)) != nil || !slices.Contains([]string{statusInitial, statusConsumed}, in.Status) {
		return nil, invalid("status", "must be a valid value")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.tokens[r.PathValue("id")]
	if !ok {
		return nil, noSuchToken()
	}
	token.Status = in.Status
	s.tokens[token.ID] = token
	token.Secret = ""
	return token, nil
}

func (s *Service) deleteToken(r *http.Request, _ []byte) (any, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	if _, ok := s.tokens[id]; !ok {
		return nil, noSuchToken()
	}
	delete(s.tokens, id)
	return map[string]any{}, nil
}

func noSuchToken() *problem {
	return &problem{status: http.StatusNotFound, kind: "connect_token_not_found"}
}

// Redeem uses a connect token as Corbado's components do in a browser: once,
// and not after its lifetime.
func (s *Service) Redeem(secret string) (ConnectToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, token := range s.tokens {
		if token.Secret == secret && token.Status == statusInitial && s.options.Now().Unix() < token.Expires {
			token.Status = statusConsumed
			s.tokens[id] = token
			return token, true
		}
	}
	return ConnectToken{}, false
}

// newID returns an id as Corbado has them: a prefix and a number.
func newID(prefix string) string {
	n, err := rand.Int(rand.Reader, big.NewInt(1e18))
	if err != nil {
		panic(err) // the system's random source never fails
	}
	return prefix + n.String()
}
