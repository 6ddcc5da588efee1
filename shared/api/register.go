package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

const (
	registrationLifetime = 5 * time.Minute
	challengeLength      = 32 // bytes; WebAuthn Level 3 §13.4.3 wants at least 16
)

type registrationOptionsReply struct {
	PublicKey webauthn.CreationOptions `json:"publicKey"`
}

// registrationOptions begins a registration ceremony. It replaces the one that
// the user may have outstanding.
func (h *Handler) registrationOptions(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	account, err := h.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !h.isVerified(account) {
		return httpapi.Reply{}, errNotVerified
	}
	user, err := h.Store.User(ctx, c.Caller.Sub)
	first := errors.Is(err, credentials.ErrNotFound)
	if err != nil && !first {
		return httpapi.Reply{}, fmt.Errorf("reading the user: %w", err)
	}
	if len(user.Passkeys) >= h.MaxPasskeys {
		return httpapi.Reply{}, errTooMany
	}
	if first {
		user.Handle = newHandle(c.Caller)
	}
	challenge := make([]byte, challengeLength)
	_, _ = rand.Read(challenge) // never fails since Go 1.24: it ends the program instead
	err = h.Store.BeginRegistration(ctx, c.Caller.Sub, credentials.Registration{
		Challenge:      table.Hash(challenge),
		RelyingPartyID: h.RelyingParty.ID,
		ClientID:       c.Caller.ClientID,
		Handle:         user.Handle,
		First:          first,
		Expires:        h.Now().Add(registrationLifetime),
	})
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("beginning the registration: %w", err)
	}
	return httpapi.Reply{Status: http.StatusOK, Body: registrationOptionsReply{h.RelyingParty.CreationOptions(webauthn.CreationRequest{
		Challenge:        challenge,
		User:             userEntity(user.Handle, c.Caller, account),
		Exclude:          descriptors(user.Passkeys),
		UserVerification: h.UserVerification,
		Timeout:          registrationLifetime,
	})}}, nil
}

// newHandle is the user handle of a user's first passkey. Where the user name
// is the sub, the handle is too, so that a page can pass it on as the name to
// sign in; otherwise it is random, because names are personal, and the page
// asks this API for the name.
func newHandle(c httpapi.Caller) []byte {
	if c.UserName == c.Sub {
		return []byte(c.Sub)
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails since Go 1.24: it ends the program instead
	return []byte("r|" + base64.RawURLEncoding.EncodeToString(random))
}

// userEntity names the user as authenticators show it.
func userEntity(handle []byte, c httpapi.Caller, a httpapi.Account) webauthn.User {
	user := webauthn.User{Handle: handle, Name: c.UserName}
	for _, attribute := range []string{"email", "phone_number", "preferred_username"} {
		if value := a.Attributes[attribute]; value != "" {
			user.Name = value
			break
		}
	}
	user.DisplayName = user.Name
	if name := a.Attributes["name"]; name != "" {
		user.DisplayName = name
	}
	return user
}

func descriptors(listed []credentials.Listed) []webauthn.Descriptor {
	var d []webauthn.Descriptor
	for _, l := range listed {
		d = append(d, webauthn.Descriptor{ID: l.ID, Transports: l.Transports})
	}
	return d
}

type registerRequest struct {
	Name       string         `json:"name"`       // empty: named after its provider
	Credential jsontext.Value `json:"credential"` // RegistrationResponseJSON
}

// registerPasskey ends a registration ceremony. Sent again after a reply was
// lost, it answers as if it had been the first time.
func (h *Handler) registerPasskey(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	account, err := h.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !h.isVerified(account) {
		return httpapi.Reply{}, errNotVerified
	}
	var request registerRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if request.Name != "" && !credentials.IsName(request.Name) {
		return httpapi.Reply{}, errBadName
	}
	response, err := webauthn.ParseRegistration(request.Credential)
	if err != nil {
		return httpapi.Reply{}, err
	}
	passkey, err := h.enrol(ctx, c.Caller, request.Name, response)
	if errors.Is(err, credentials.ErrRegistration) {
		return h.registeredBefore(ctx, c, account, response)
	}
	if err != nil {
		return httpapi.Reply{}, err
	}
	tell(c, audit.Registered, table.Hash(passkey.ID))
	c.Record.Count(metrics.Registrations, 1)
	h.notify(ctx, c, account, added(passkey))
	return httpapi.Reply{Status: http.StatusCreated, Body: view(passkey)}, nil
}

func (h *Handler) enrol(ctx context.Context, c httpapi.Caller, name string, response *webauthn.Registration) (credentials.Passkey, error) {
	registration, err := h.Store.Registration(ctx, c.Sub)
	if errors.Is(err, credentials.ErrNotFound) {
		return credentials.Passkey{}, credentials.ErrRegistration
	}
	if err != nil {
		return credentials.Passkey{}, fmt.Errorf("reading the registration: %w", err)
	}
	now := h.Now()
	hash := table.Hash(response.Challenge)
	if registration.Challenge != hash || registration.ClientID != c.ClientID ||
		registration.RelyingPartyID != h.RelyingParty.ID || !now.Before(registration.Expires) {
		return credentials.Passkey{}, credentials.ErrRegistration
	}
	record, err := h.RelyingParty.VerifyRegistration(response, response.Challenge, h.UserVerification)
	if err != nil {
		return credentials.Passkey{}, err
	}
	record.UserHandle = registration.Handle
	if name == "" {
		name = credentials.DefaultName(record)
	}
	passkey := credentials.Passkey{
		Record:       record,
		Name:         name,
		Generation:   rand.Text(),
		Registration: hash,
		Created:      now,
	}
	err = retryConflict(ctx, func() error {
		return h.Store.Enrol(ctx, credentials.Enrolment{
			Sub: c.Sub, UserName: c.UserName, Registration: registration, Passkey: passkey, Max: h.MaxPasskeys, Now: now,
		})
	})
	return passkey, err
}

// registeredBefore answers a registration that is no longer outstanding: well,
// if it is the one that made this very passkey. The user is told then if the
// fault that lost the first reply also kept the notice from being sent.
func (h *Handler) registeredBefore(ctx context.Context, c httpapi.Call, account httpapi.Account, response *webauthn.Registration) (httpapi.Reply, error) {
	passkey, err := h.Store.Passkey(ctx, c.Caller.Sub, table.Hash(response.CredentialID))
	switch {
	case errors.Is(err, credentials.ErrNotFound):
		return httpapi.Reply{}, credentials.ErrRegistration
	case err != nil:
		return httpapi.Reply{}, fmt.Errorf("reading the passkey: %w", err)
	case passkey.Registration != table.Hash(response.Challenge):
		return httpapi.Reply{}, credentials.ErrRegistration
	}
	if h.Now().Sub(passkey.Created) < registrationLifetime {
		h.notify(ctx, c, account, added(passkey))
	}
	return httpapi.Reply{Status: http.StatusOK, Body: view(passkey)}, nil
}

// isVerified reports whether the user proved an address. Otherwise someone
// could add a passkey to an account made in another's name, and wait for the
// owner of the address to confirm it.
func (h *Handler) isVerified(a httpapi.Account) bool {
	return slices.ContainsFunc(h.VerifiedAttributes, func(name string) bool { return a.Attributes[name] == "true" })
}
