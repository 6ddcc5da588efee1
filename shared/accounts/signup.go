package accounts

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/mail"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// SignUp creates accounts without a password for who proves an e-mail address.
type SignUp struct {
	Clients Clients
}

// Routes implements Journey.
func (s SignUp) Routes() map[routes.Route]httpapi.Serve {
	return map[routes.Route]httpapi.Serve{routes.SignUp: s.ask}
}

type signUpRequest struct {
	ClientID string `json:"clientId"`
	Email    string `json:"email"`
	Locale   string `json:"locale"` // of the mail and the account, such as "de-CH"; empty: the stack's own
}

type signUpReply struct {
	SignUpID string `json:"signUpId"`
}

// ask begins a sign-up. Nothing is looked up, so that the reply can't tell who
// has an account.
func (s SignUp) ask(_ context.Context, c httpapi.Call) (httpapi.Reply, error) {
	var request signUpRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if err := s.Clients.check(request.ClientID); err != nil {
		return httpapi.Reply{}, err
	}
	if address, err := mail.ParseAddress(request.Email); err != nil || address.Address != request.Email {
		return httpapi.Reply{}, errAddress
	}
	return httpapi.Reply{Status: http.StatusAccepted, Body: signUpReply{rand.Text()}}, nil
}
