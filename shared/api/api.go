// Package api is the HTTP API's part that is about passkeys: a signed-in user's,
// here and at the vendors that the stack serves, and the two public calls of a
// sign-in without a user name.
package api

import (
	"context"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

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

// Keys reads the ring that signs challenges.
type Keys interface {
	Ring(context.Context) (secret.Ring, error)
	Refreshed(context.Context) (secret.Ring, error)
}

// Handler answers the HTTP API. Every field is required.
type Handler struct {
	RelyingParty       webauthn.RelyingParty
	UserVerification   webauthn.UserVerification
	UserPoolID         string
	ClientIDs          []string // app clients whose tokens are accepted
	VerifiedAttributes []string // a user needs one of them to be "true" to add a passkey
	MaxPasskeys        int      // per user
	WithoutPasswords   bool     // passwords are off: who has no verified e-mail address keeps a passkey
	Store              Store
	Guard              httpapi.Guard
	Stamps             Keys
	Corbado            ConnectTokens  // nil: no passkeys with Corbado
	Passage            Devices        // nil: no passkeys with Passage
	Notices            *notice.Teller // nil: users are told of no change
	Now                func() time.Time
	Telemetry          *telemetry.Recorder
}

// Handle answers one request, as httpapi.Server does.
func (h *Handler) Handle(ctx context.Context, event httpapi.Event) (httpapi.Response, error) {
	return httpapi.Server{Routes: h.routes(), ClientIDs: h.ClientIDs, Public: public, Telemetry: h.Telemetry}.Handle(ctx, event)
}

func (h *Handler) routes() map[routes.Route]httpapi.Serve {
	served := map[routes.Route]httpapi.Serve{
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
	return served
}
