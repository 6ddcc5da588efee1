// Package api is the HTTP API behind Amazon API Gateway: a signed-in user's
// passkeys, here and at the vendors that the stack serves, and the two public
// calls of a sign-in without a user name. Bodies are JSON. An error is
// {"code", "message"}: the code is for programs and never changes, the message
// is for developers.
package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// Event is a request as API Gateway sends it (payload format 2.0).
type Event = events.APIGatewayV2HTTPRequest

// Response is an answer as API Gateway takes it (payload format 2.0).
type Response = events.APIGatewayV2HTTPResponse

// Store is the part of the credential table that the API needs.
type Store interface {
	User(ctx context.Context, sub string) (credentials.User, error)
	Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error)
	Passkeys(ctx context.Context, sub string) ([]credentials.Passkey, error)
	Owner(ctx context.Context, hash string) (credentials.Owner, error)
	BeginRegistration(ctx context.Context, sub string, r credentials.Registration) error
	Registration(ctx context.Context, sub string) (credentials.Registration, error)
	Enrol(context.Context, credentials.Enrolment) error
	Rename(ctx context.Context, sub, hash, name string) (credentials.Passkey, error)
	Remove(context.Context, credentials.Removal) error
}

// Accounts asks the pool about the bearer of an access token.
type Accounts interface {
	// Account returns the account, or ErrTokenRefused if the pool no longer
	// honours the token.
	Account(ctx context.Context, accessToken string) (Account, error)
}

// Keys reads the ring that signs challenges.
type Keys interface {
	Ring(context.Context) (secret.Ring, error)
	Refreshed(context.Context) (secret.Ring, error)
}

// Handler answers the HTTP API. Every field is required.
type Handler struct {
	RelyingParty         webauthn.RelyingParty
	UserVerification     webauthn.UserVerification
	UserPoolID           string
	ClientIDs            []string      // app clients whose tokens are accepted
	VerifiedAttributes   []string      // a user needs one of them to be "true" to add a passkey
	MaxPasskeys          int           // per user
	RecentAuthentication time.Duration // how long after a sign-in passkeys may be added or removed
	Store                Store
	Accounts             Accounts
	Stamps               Keys
	Corbado              ConnectTokens // nil: no passkeys with Corbado
	Passage              Devices       // nil: no passkeys with Passage
	Now                  func() time.Time
	Telemetry            *telemetry.Recorder
}

// Budget is what a request may take. The client then has an error to retry,
// while the function still has time to log it.
const Budget = 8 * time.Second

// maxBody bounds what is read of a request, in bytes.
const maxBody = 64 << 10

// call is one request on its way through the API.
type call struct {
	caller caller
	body   []byte
	id     string // the path parameter, where the route has one
	record *telemetry.Call
}

// reply is what a route answers.
type reply struct {
	status int
	body   any // nil for none
}

// Handle answers one request. It never returns an error: a fault is a 503 that
// the client may retry, and no text of one leaves the log.
func (h *Handler) Handle(ctx context.Context, event Event) (response Response, _ error) {
	record := h.Telemetry.Begin()
	record.Note(slog.String(telemetry.Route, event.RouteKey), slog.String(telemetry.RequestID, event.RequestContext.RequestID))
	defer func() {
		if p := recover(); p != nil {
			// The value itself is not logged: it could hold what was being decoded.
			record.Note(slog.String(telemetry.Stack, string(debug.Stack())))
			response = respond(record, reply{}, fmt.Errorf("panic of type %T", p))
		}
		record.End(ctx, "answered")
	}()
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	r, err := h.route(limited, event, record)
	return respond(record, r, err), nil
}

func (h *Handler) route(ctx context.Context, event Event, record *telemetry.Call) (reply, error) {
	route, serve := h.find(event.RouteKey)
	if serve == nil {
		return reply{}, errNoRoute
	}
	c := call{id: event.PathParameters[routes.ID], record: record}
	var err error
	if c.body, err = bodyOf(event); err != nil {
		return reply{}, err
	}
	if route.Token != routes.NoToken {
		if c.caller, err = h.authenticate(event); err != nil {
			return reply{}, err
		}
	}
	return serve(ctx, c)
}

// find returns the route of a key and what serves it, or nil.
func (h *Handler) find(key string) (routes.Route, func(context.Context, call) (reply, error)) {
	served := map[routes.Route]func(context.Context, call) (reply, error){
		routes.ListPasskeys:        h.listPasskeys,
		routes.RegistrationOptions: h.registrationOptions,
		routes.RegisterPasskey:     h.registerPasskey,
		routes.RenamePasskey:       h.renamePasskey,
		routes.DeletePasskey:       h.deletePasskey,
		routes.SignInOptions:       h.signInOptions,
		routes.SignInUser:          h.signInUser,
	}
	if h.Corbado != nil {
		served[routes.CorbadoConnectToken] = h.connectToken
	}
	if h.Passage != nil {
		served[routes.PassageTransaction] = h.passageTransaction
		served[routes.ListPassageDevices] = h.passageDevices
		served[routes.RevokePassageDevice] = h.revokePassageDevice
	}
	for route, serve := range served {
		if route.Key() == key {
			return route, serve
		}
	}
	return routes.Route{}, nil
}

func bodyOf(event Event) ([]byte, error) {
	if len(event.Body) > maxBody {
		return nil, errBodyTooLarge
	}
	if !event.IsBase64Encoded {
		return []byte(event.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, errMalformed
	}
	return body, nil
}

func respond(record *telemetry.Call, r reply, err error) Response {
	if err != nil {
		p := public(err)
		r = reply{p.status, p}
		record.Note(slog.String(telemetry.Code, p.Code))
		if p.status >= http.StatusInternalServerError {
			record.Fault(err.Error())
		} else {
			record.Note(slog.String(telemetry.Error, err.Error()))
		}
	}
	record.Note(slog.Int(telemetry.Status, r.status))

	response := Response{StatusCode: r.status, Headers: map[string]string{"Cache-Control": "no-store"}}
	if r.body == nil {
		return response
	}
	text, err := json.Marshal(r.body)
	if err != nil {
		panic(err) // replies are our own types
	}
	response.Headers["Content-Type"] = "application/json"
	response.Body = string(text)
	return response
}
