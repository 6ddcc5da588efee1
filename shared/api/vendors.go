package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

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
func (h *Handler) connectToken(ctx context.Context, c call) (reply, error) {
	var request connectTokenRequest
	if err := decode(c.body, &request); err != nil {
		return reply{}, err
	}
	account, err := h.mayChange(ctx, c.caller)
	if err != nil {
		return reply{}, err
	}
	adds := request.Type != corbado.TokenList && request.Type != corbado.TokenDelete
	if adds && !h.isVerified(account) {
		return reply{}, errNotVerified
	}
	token, err := h.Corbado.Create(ctx, request.Type, corbado.Holder{
		UserName:    c.caller.userName,
		DisplayName: displayName(c.caller, account),
	})
	if err != nil {
		return reply{}, fmt.Errorf("creating a connect token: %w", err)
	}
	return reply{http.StatusCreated, connectTokenReply{token.Secret, token.Expires.UTC()}}, nil
}

type passageTransactionReply struct {
	TransactionID string `json:"transactionId"`
}

// passageTransaction begins the registration of a passkey at Passage, under the
// conditions of one here.
func (h *Handler) passageTransaction(ctx context.Context, c call) (reply, error) {
	account, err := h.mayChange(ctx, c.caller)
	if err != nil {
		return reply{}, err
	}
	if !h.isVerified(account) {
		return reply{}, errNotVerified
	}
	id, err := h.Passage.Register(ctx, c.caller.sub, displayName(c.caller, account))
	if err != nil {
		return reply{}, fmt.Errorf("registering a transaction: %w", err)
	}
	return reply{http.StatusCreated, passageTransactionReply{id}}, nil
}

type passageDevicesReply struct {
	Devices []passageflex.Device `json:"devices"`
}

func (h *Handler) passageDevices(ctx context.Context, c call) (reply, error) {
	devices, err := h.Passage.List(ctx, c.caller.sub)
	if err != nil {
		return reply{}, fmt.Errorf("listing the devices: %w", err)
	}
	return reply{http.StatusOK, passageDevicesReply{append([]passageflex.Device{}, devices...)}}, nil
}

func (h *Handler) revokePassageDevice(ctx context.Context, c call) (reply, error) {
	if _, err := h.mayChange(ctx, c.caller); err != nil {
		return reply{}, err
	}
	if err := h.Passage.Revoke(ctx, c.caller.sub, c.id); err != nil {
		return reply{}, fmt.Errorf("revoking a device: %w", err)
	}
	return reply{status: http.StatusNoContent}, nil
}

// displayName is what a browser shows for a passkey of the caller's.
func displayName(c caller, a Account) string { return userEntity(nil, c, a).DisplayName }
