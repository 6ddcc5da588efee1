// Package accounts is the HTTP API's part that creates, recovers and changes
// accounts. It is a function of its own, because it may do what the API of
// passkeys must not: call Amazon Cognito as an administrator, send mail, and sign
// in as anybody, by a ticket for whoever proved an address.
package accounts

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Journey answers some of the routes.
type Journey interface {
	// Routes returns what answers each route of the journey.
	Routes() map[routes.Route]httpapi.Serve
}

// Handler answers the routes of its journeys. Every field is required.
type Handler struct {
	Journeys  []Journey
	ClientIDs []string // app clients that are served
	Telemetry *telemetry.Recorder
}

// Handle answers one request, as httpapi.Server does.
func (h *Handler) Handle(ctx context.Context, event httpapi.Event) (httpapi.Response, error) {
	served := map[routes.Route]httpapi.Serve{}
	for _, journey := range h.Journeys {
		maps.Copy(served, journey.Routes())
	}
	return httpapi.Server{Routes: served, ClientIDs: h.ClientIDs, Public: public, Telemetry: h.Telemetry}.Handle(ctx, event)
}

// Clients are the app clients that are served.
type Clients []string

// check refuses a call that names another app client.
func (c Clients) check(clientID string) error {
	if !slices.Contains(c, clientID) {
		return errClient
	}
	return nil
}

// Tickets signs what lets whoever proved an address sign in.
type Tickets interface {
	Sign(context.Context, ticket.Grant) (string, error)
}

// methodMailedCode is how whoever gets a ticket was authenticated (RFC 8176).
const methodMailedCode = "otp"

// ticketReply is what a client signs in with.
type ticketReply struct {
	UserName string `json:"username"`
	Ticket   string `json:"ticket"` // answers the custom challenge of a sign-in as that user, once
}

// ticketFor returns what a user signs in with on an app client.
func ticketFor(ctx context.Context, tickets Tickets, clientID string, user User) (ticketReply, error) {
	text, err := tickets.Sign(ctx, ticket.Grant{ClientID: clientID, Sub: user.Sub, Methods: []string{methodMailedCode}})
	if err != nil {
		return ticketReply{}, fmt.Errorf("signing the ticket: %w", err)
	}
	return ticketReply{user.Name, text}, nil
}

// noteAsked logs what came of a request for a code, of which the reply tells nothing.
func noteAsked(record *telemetry.Call, asked proof.Asked) {
	if asked.Withheld != "" {
		record.Note(slog.String(telemetry.Withheld, asked.Withheld))
	}
	if asked.Fault != nil {
		record.Fault(asked.Fault.Error())
	}
}
