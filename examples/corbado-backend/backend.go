package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/classic"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
)

// newHandler returns the two endpoints: Corbado calls the webhook, and the site's
// page posts the token that Corbado sent its visitor back with.
func newHandler(c configuration, awsConfig aws.Config, logs io.Writer) (http.Handler, error) {
	parameters := parameterstore.New(awsConfig)
	text := func(name string) *secret.TextParameter { return secret.NewTextParameter(parameters, name, time.Now) }

	client, err := corbado.NewClient(cmp.Or(c.CorbadoURL, classic.BaseURL), text(c.CorbadoParameter).Text)
	if err != nil {
		return nil, err
	}
	pool := classic.Pool{
		Cognito:      cognitoidentityprovider.NewFromConfig(awsConfig),
		ID:           c.UserPoolID,
		ClientID:     c.ClientID,
		ClientSecret: text(c.ClientSecretParameter).Text,
	}
	log := slog.New(slog.NewJSONHandler(logs, nil))
	mux := http.NewServeMux()
	mux.Handle("/corbado/webhook", &classic.Webhook{Users: pool, Credentials: text(c.WebhookParameter).Text, Log: log})
	mux.Handle("POST /session", sessions{
		log: log,
		backend: classic.Backend{
			Corbado: client,
			Pool:    pool,
			Tickets: ticket.Signer{
				Kind:   ticket.Backend,
				PoolID: c.UserPoolID,
				Key:    secret.NewParameter(parameters, c.TicketParameter, time.Now).Current,
				Now:    time.Now,
			},
		},
	})
	return mux, nil
}

// sessions trades Corbado's tokens for Cognito's.
type sessions struct {
	backend classic.Backend
	log     *slog.Logger
}

const (
	contentType = "application/json"
	maxBody     = 1 << 10 // bytes
)

// session is what a page gets. The refresh token is not for pages: a site with
// longer sessions keeps it in its own session store.
type session struct {
	AccessToken string `json:"accessToken"`
	IDToken     string `json:"idToken"`
	ExpiresIn   int32  `json:"expiresIn"` // seconds
}

// ServeHTTP implements http.Handler. It takes JSON only, which no other site's
// page can make a visitor send.
func (s sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != contentType {
		refuse(w, http.StatusUnsupportedMediaType)
		return
	}
	var request struct {
		Token string `json:"token"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&request) != nil || request.Token == "" {
		refuse(w, http.StatusBadRequest)
		return
	}
	tokens, err := s.backend.SignIn(r.Context(), request.Token, visitor(r))
	if err != nil {
		s.log.WarnContext(r.Context(), "no session", "error", err.Error())
		refuse(w, statusOf(err))
		return
	}
	w.Header().Set("Content-Type", contentType)
	_ = json.NewEncoder(w).Encode(session{ // the visitor may have gone
		AccessToken: aws.ToString(tokens.AccessToken), IDToken: aws.ToString(tokens.IdToken), ExpiresIn: tokens.ExpiresIn,
	})
}

// visitor is the browser as Corbado has seen it. Behind a proxy the address is
// in a header of the proxy's.
func visitor(r *http.Request) classic.Browser {
	address, _, _ := net.SplitHostPort(r.RemoteAddr) // net/http sets it
	return classic.Browser{RemoteAddress: address, UserAgent: r.UserAgent()}
}

// statusOf tells a visitor whether to sign in again, to ask for help, or to wait.
func statusOf(err error) int {
	switch {
	case errors.Is(err, classic.ErrToken):
		return http.StatusUnauthorized
	case errors.Is(err, classic.ErrNotOwner), errors.Is(err, classic.ErrRefused):
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}

func refuse(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }
