// Package accounts is the HTTP API's part that creates, recovers and changes
// accounts. It is a function of its own, because it may do what the API of
// passkeys must not: call Amazon Cognito as an administrator, send mail, and sign
// in as anybody, by a ticket for whoever proved an address.
package accounts

import (
	"context"
	"maps"
	"slices"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
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
