package corbado

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// Types of connect tokens that a user may have.
const (
	TokenAppend = "passkey-append"
	TokenList   = "passkey-list"
	TokenDelete = "passkey-delete"
)

// tokenTypes: type as clients ask for it → as Corbado knows it. passkey-login is
// not among them: who signs in has no right yet.
var tokenTypes = map[string]string{
	TokenAppend:   TokenAppend,
	"passkey-add": TokenAppend,
	TokenList:     TokenList,
	TokenDelete:   TokenDelete,
}

// ErrTokenType is returned for a type of connect token that is not handed out.
var ErrTokenType = errors.New("connect token type: want " + TokenAppend + ", " + TokenList + " or " + TokenDelete)

// Holder is the signed-in user, whom a connect token is for.
type Holder struct {
	UserName    string // of the access token that was verified, never of the request
	DisplayName string // what a browser shows for a new passkey; the user name if empty
}

// ConnectToken is the right to one operation on its holder's passkeys. It is
// the client's to spend, once.
type ConnectToken struct {
	Secret  string
	Expires time.Time
}

// Tokens hands out connect tokens.
//
// https://docs.corbado.com/corbado-connect/concepts/connect-token
type Tokens struct {
	Service  *provider.Client
	Lifetime time.Duration // of a token, at most; whole seconds
}

type tokenRequest struct {
	Type                 string    `json:"type"`
	Data                 tokenData `json:"data"`
	MaxLifetimeInSeconds int64     `json:"maxLifetimeInSeconds"`
}

type tokenData struct {
	Identifier  string `json:"identifier"`
	DisplayName string `json:"displayName,omitempty"` // of TokenAppend only
}

// Create returns a new token of a type, one of the Token constants or
// passkey-add, for its holder. It fails with ErrTokenType for any other.
func (t Tokens) Create(ctx context.Context, tokenType string, h Holder) (ConnectToken, error) {
	known, ok := tokenTypes[tokenType]
	if !ok {
		return ConnectToken{}, ErrTokenType
	}
	data := tokenData{Identifier: h.UserName}
	if known == TokenAppend {
		data.DisplayName = cmp.Or(h.DisplayName, h.UserName)
	}
	reply, err := t.Service.Do(ctx, provider.Request{
		Operation:  "creating a connect token",
		Method:     http.MethodPost,
		Path:       []string{"connectTokens"},
		Body:       tokenRequest{known, data, int64(t.Lifetime.Seconds())},
		Repeatable: true, // a token that nobody has does nothing
	})
	if err != nil {
		return ConnectToken{}, err
	}
	return readToken(reply, known, h)
}

// readToken reads a reply, and refuses a token that is not what was asked for.
func readToken(reply provider.Reply, tokenType string, h Holder) (ConnectToken, error) {
	if !reply.OK() {
		return ConnectToken{}, unexpected(reply)
	}
	var made struct {
		Type    string    `json:"tokenType"`
		Data    tokenData `json:"data"`
		Secret  string    `json:"secret"`
		Expires int64     `json:"expires"` // seconds since 1970
	}
	if err := reply.Decode(&made); err != nil {
		return ConnectToken{}, err
	}
	if made.Type != tokenType || made.Data.Identifier != h.UserName || made.Secret == "" {
		return ConnectToken{}, fmt.Errorf("%w: the token is for somebody or something else", reply.Unexpected())
	}
	return ConnectToken{made.Secret, time.Unix(made.Expires, 0)}, nil
}
