package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// passkeyView is a passkey as its owner sees it.
type passkeyView struct {
	ID         webauthn.Base64URL `json:"id"` // credential id
	Name       string             `json:"name"`
	Provider   string             `json:"provider,omitempty"` // by AAGUID, which nothing attests
	AAGUID     string             `json:"aaguid"`
	Synced     bool               `json:"synced"`   // the provider copies it between devices; otherwise it is bound to one
	BackedUp   bool               `json:"backedUp"` // a copy exists at present
	Transports []string           `json:"transports,omitempty"`
	CreatedAt  time.Time          `json:"createdAt"`
	LastUsedAt *time.Time         `json:"lastUsedAt,omitempty"`
}

func view(p credentials.Passkey) passkeyView {
	v := passkeyView{
		ID:         p.ID,
		Name:       p.Name,
		Provider:   credential.Provider(p.AAGUID),
		AAGUID:     p.AAGUID.String(),
		Synced:     p.BackupEligible,
		BackedUp:   p.BackupState,
		Transports: p.Transports,
		CreatedAt:  p.Created.UTC().Truncate(time.Millisecond),
	}
	if !p.Used.IsZero() {
		used := p.Used.UTC()
		v.LastUsedAt = &used
	}
	return v
}

// listReply also holds what a page needs to tell the browser which passkeys
// are still good (PublicKeyCredential.signalAllAcceptedCredentials).
type listReply struct {
	Passkeys       []passkeyView      `json:"passkeys"`
	RelyingPartyID string             `json:"relyingPartyId"`
	UserHandle     webauthn.Base64URL `json:"userHandle,omitempty"`
}

func (h *Handler) listPasskeys(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	passkeys, err := h.Store.Passkeys(ctx, c.Caller.Sub)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("listing the passkeys: %w", err)
	}
	list := listReply{Passkeys: []passkeyView{}, RelyingPartyID: h.RelyingParty.ID}
	for _, p := range passkeys {
		list.Passkeys = append(list.Passkeys, view(p))
		list.UserHandle = p.UserHandle
	}
	return httpapi.Reply{Status: http.StatusOK, Body: list}, nil
}

type renameRequest struct {
	Name string `json:"name"`
}

func (h *Handler) renamePasskey(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	hash, err := hashOf(c.ID)
	if err != nil {
		return httpapi.Reply{}, err
	}
	var request renameRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if !credentials.IsName(request.Name) {
		return httpapi.Reply{}, errBadName
	}
	passkey, err := h.Store.Rename(ctx, c.Caller.Sub, hash, request.Name)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("renaming the passkey: %w", err)
	}
	tell(c, audit.Renamed, hash)
	return httpapi.Reply{Status: http.StatusOK, Body: view(passkey)}, nil
}

func (h *Handler) deletePasskey(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	hash, err := hashOf(c.ID)
	if err != nil {
		return httpapi.Reply{}, err
	}
	account, err := h.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	passkey, err := h.Store.Passkey(ctx, c.Caller.Sub, hash)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("reading the passkey: %w", err)
	}
	now := h.Now()
	err = retryConflict(ctx, func() error {
		return h.Store.Remove(ctx, credentials.Removal{Sub: c.Caller.Sub, Hash: hash, Keep: h.keep(account), Now: now})
	})
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("removing the passkey: %w", err)
	}
	tell(c, audit.Removed, hash)
	c.Record.Count(metrics.Removals, 1)
	h.notify(ctx, c, account, change{mail.KindPasskeyRemoved, passkey, now})
	return httpapi.Reply{Status: http.StatusNoContent}, nil
}

// keep is how many passkeys must stay with a user: one if there is no other way in.
func (h *Handler) keep(account httpapi.Account) int {
	if h.WithoutPasswords && notice.OwnerOf(account.Attributes).VerifiedEmail == "" {
		return 1
	}
	return 0
}

// tell tells of a change of the caller's passkeys.
func tell(c httpapi.Call, event audit.Type, hash string) {
	c.Record.Audit(audit.Event{Type: event, Sub: c.Caller.Sub, ClientID: c.Caller.ClientID, Passkey: hash})
}

// change is a passkey that was added or removed.
type change struct {
	kind    mail.Kind
	passkey credentials.Passkey
	time    time.Time
}

func added(p credentials.Passkey) change { return change{mail.KindPasskeyAdded, p, p.Created} }

// notify tells the caller by mail of a change, of which there is one of each kind
// for each registration.
func (h *Handler) notify(ctx context.Context, c httpapi.Call, account httpapi.Account, made change) {
	h.Notices.Tell(ctx, c.Record, notice.OwnerOf(account.Attributes), made.passkey.Generation, mail.Letter{
		Kind: made.kind, Time: made.time, Passkey: made.passkey.Name,
	})
}

// hashOf reads a credential id from the path.
func hashOf(id string) (string, error) {
	var b webauthn.Base64URL
	if err := b.UnmarshalText([]byte(id)); err != nil || len(b) == 0 {
		return "", errNoPasskey
	}
	return table.Hash(b), nil
}

// retryConflict runs a transaction again that met another one, after pauses
// that are random, so that the two don't meet again.
func retryConflict(ctx context.Context, transact func() error) error {
	const tries = 4
	err := transact()
	for try := 1; try < tries && errors.Is(err, credentials.ErrConflict); try++ {
		select {
		case <-time.After(rand.N(25 * time.Millisecond << try)):
		case <-ctx.Done():
			return ctx.Err()
		}
		err = transact()
	}
	return err
}
