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

func (h *Handler) listPasskeys(ctx context.Context, c call) (reply, error) {
	passkeys, err := h.Store.Passkeys(ctx, c.caller.sub)
	if err != nil {
		return reply{}, fmt.Errorf("listing the passkeys: %w", err)
	}
	list := listReply{Passkeys: []passkeyView{}, RelyingPartyID: h.RelyingParty.ID}
	for _, p := range passkeys {
		list.Passkeys = append(list.Passkeys, view(p))
		list.UserHandle = p.UserHandle
	}
	return reply{http.StatusOK, list}, nil
}

type renameRequest struct {
	Name string `json:"name"`
}

func (h *Handler) renamePasskey(ctx context.Context, c call) (reply, error) {
	hash, err := hashOf(c.id)
	if err != nil {
		return reply{}, err
	}
	var request renameRequest
	if err := decode(c.body, &request); err != nil {
		return reply{}, err
	}
	if !credentials.IsName(request.Name) {
		return reply{}, errBadName
	}
	passkey, err := h.Store.Rename(ctx, c.caller.sub, hash, request.Name)
	if err != nil {
		return reply{}, fmt.Errorf("renaming the passkey: %w", err)
	}
	c.audit(audit.Renamed, hash)
	return reply{http.StatusOK, view(passkey)}, nil
}

func (h *Handler) deletePasskey(ctx context.Context, c call) (reply, error) {
	hash, err := hashOf(c.id)
	if err != nil {
		return reply{}, err
	}
	if _, err := h.mayChange(ctx, c.caller); err != nil {
		return reply{}, err
	}
	err = retryConflict(ctx, func() error {
		return h.Store.Remove(ctx, credentials.Removal{Sub: c.caller.sub, Hash: hash, Now: h.Now()})
	})
	if err != nil {
		return reply{}, fmt.Errorf("removing the passkey: %w", err)
	}
	c.audit(audit.Removed, hash)
	c.record.Count(metrics.Removals, 1)
	return reply{status: http.StatusNoContent}, nil
}

// audit tells of a change of the caller's passkeys.
func (c call) audit(event audit.Type, hash string) {
	c.record.Audit(audit.Event{Type: event, Sub: c.caller.sub, ClientID: c.caller.clientID, Passkey: hash})
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
