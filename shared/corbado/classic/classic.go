// Package classic is for the backend of a site whose people sign in on a page of
// Corbado's classic product and whose users are in an Amazon Cognito user pool.
//
// Corbado asks the backend's [Webhook] about users who have passwords from
// before, and sends people back to the site with a token. [Backend.SignIn] trades
// that token for Cognito's own: it has Corbado validate it, makes the user if
// the pool has none, and signs in by CUSTOM_AUTH with a one-time ticket. Nothing
// that could sign anybody in leaves the backend but Cognito's tokens.
//
// The pool's people sign in by e-mail address (UsernameAttributes: email), the
// pool has the attribute [MarkerAttribute], which no app client may write, and
// the backend has an app client of its own, with a secret and ExplicitAuthFlows
// ALLOW_CUSTOM_AUTH and ALLOW_ADMIN_USER_PASSWORD_AUTH, whose users may sign in
// by ticket.
package classic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// BaseURL is where the backend API of Corbado's classic product is.
const BaseURL = "https://backendapi.corbado.io/v1"

// ErrToken is returned for a token that Corbado does not honour: the person has
// to sign in on Corbado's page again.
var ErrToken = errors.New("the token is not honoured: it is unknown, used up, too old or of another browser")

// Signer signs tickets. *ticket.Signer and ticket.Signer implement it.
type Signer interface {
	Sign(context.Context, ticket.Grant) (string, error)
}

// Backend signs people in. It is safe for concurrent use.
type Backend struct {
	Corbado *provider.Client // at BaseURL
	Pool    Pool
	Tickets Signer // of the pool
}

// Browser is the one that presents a token. Corbado compares it with the one
// that signed in.
type Browser struct {
	RemoteAddress string
	UserAgent     string
}

// methods is how a user with a ticket was authenticated.
var methods = []string{"corbado"}

// SignIn trades a token of Corbado's for those of the pool, once. It returns
// ErrToken, ErrNotOwner or ErrRefused where the answer is no; any other error is
// a fault, after which the person signs in at Corbado again.
func (b Backend) SignIn(ctx context.Context, token string, from Browser) (*types.AuthenticationResultType, error) {
	address, err := b.validate(ctx, token, from)
	if err != nil {
		return nil, fmt.Errorf("validating the token: %w", err)
	}
	user, err := b.Pool.findOrCreate(ctx, address)
	if err != nil {
		return nil, err
	}
	return b.Pool.signIn(ctx, user, func() (string, error) {
		return b.Tickets.Sign(ctx, ticket.Grant{ClientID: b.Pool.ClientID, Sub: user.sub, Methods: methods})
	})
}

type validateRequest struct {
	Token      string     `json:"token"`
	ClientInfo clientInfo `json:"clientInfo"`
}

type clientInfo struct {
	RemoteAddress string `json:"remoteAddress"`
	UserAgent     string `json:"userAgent"`
}

// validate returns the e-mail address that somebody has signed in by.
func (b Backend) validate(ctx context.Context, token string, from Browser) (string, error) {
	reply, err := b.Corbado.Do(ctx, provider.Request{
		Operation: "validating an auth token",
		Method:    http.MethodPost,
		Path:      []string{"authTokens", "validate"},
		Body:      validateRequest{token, clientInfo(from)},
	})
	switch {
	case err != nil:
		return "", err
	case reply.Status == http.StatusBadRequest, reply.Status == http.StatusNotFound:
		return "", ErrToken
	case !reply.OK():
		return "", reply.Unexpected()
	}
	var said struct {
		Status int `json:"httpStatusCode"`
		Data   struct {
			UserData string `json:"userData"` // JSON in a string
		} `json:"data"`
	}
	if err := reply.Decode(&said); err != nil {
		return "", err
	}
	var user struct {
		Name string `json:"username"`
	}
	if said.Status != http.StatusOK || json.Unmarshal([]byte(said.Data.UserData), &user) != nil || user.Name == "" {
		return "", fmt.Errorf("%w: it names no user", reply.Unexpected())
	}
	return user.Name, nil
}
