package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
)

// ConnectTokens is the subset of corbado.Tokens that the API needs.
type ConnectTokens interface {
	Create(ctx context.Context, tokenType string, holder corbado.Holder) (corbado.ConnectToken, error)
}

// Devices is the subset of *passageflex.Devices that the API needs.
type Devices interface {
	Register(ctx context.Context, sub, displayName string) (transactionID string, err error)
	List(ctx context.Context, sub string) ([]passageflex.Device, error)
	Revoke(ctx context.Context, sub, deviceID string) error
}

type connectTokenRequest struct {
	Type string `json:"type"` // one of the Token constants of package corbado, or passkey-add
}

type connectTokenReply struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// connectToken hands out the right to one operation on the caller's own passkeys
// at Corbado, under the conditions of adding or removing a passkey here.
func (h *Handler) connectToken(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	var request connectTokenRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	account, err := h.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	adds := request.Type != corbado.TokenList && request.Type != corbado.TokenDelete
	if adds && !h.isVerified(account) {
		return httpapi.Reply{}, errNotVerified
	}
	token, err := h.Corbado.Create(ctx, request.Type, corbado.Holder{
		UserName:    c.Caller.UserName,
		DisplayName: displayName(c.Caller, account),
	})
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("creating a connect token: %w", err)
	}
	return httpapi.Reply{Status: http.StatusCreated, Body: connectTokenReply{token.Secret, token.Expires.UTC()}}, nil
}

type passageTransactionReply struct {
	TransactionID string `json:"transactionId"`
}

// passageTransaction begins the registration of a passkey at Passage, under the
// conditions of one here.
func (h *Handler) passageTransaction(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	account, err := h.Guard.MayChange(ctx, c.Caller)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !h.isVerified(account) {
		return httpapi.Reply{}, errNotVerified
	}
	id, err := h.Passage.Register(ctx, c.Caller.Sub, displayName(c.Caller, account))
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("registering a transaction: %w", err)
	}
	return httpapi.Reply{Status: http.StatusCreated, Body: passageTransactionReply{id}}, nil
}

type passageDevicesReply struct {
	Devices []passageflex.Device `json:"devices"`
}

func (h *Handler) passageDevices(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	devices, err := h.Passage.List(ctx, c.Caller.Sub)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("listing the devices: %w", err)
	}
	return httpapi.Reply{Status: http.StatusOK, Body: passageDevicesReply{append([]passageflex.Device{}, devices...)}}, nil
}

func (h *Handler) revokePassageDevice(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	if _, err := h.Guard.MayChange(ctx, c.Caller); err != nil {
		return httpapi.Reply{}, err
	}
	if err := h.Passage.Revoke(ctx, c.Caller.Sub, c.ID); err != nil {
		return httpapi.Reply{}, fmt.Errorf("revoking a device: %w", err)
	}
	return httpapi.Reply{Status: http.StatusNoContent}, nil
}

// displayName is what a browser shows for a passkey of the caller's.
func displayName(c httpapi.Caller, a httpapi.Account) string {
	return userEntity(nil, c, a).DisplayName
}
