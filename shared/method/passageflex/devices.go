package passageflex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// ErrNoDevice is returned for a device that the user does not have.
var ErrNoDevice = errors.New("the user has no such device")

// Device is a passkey that a user has at the service.
type Device struct {
	ID         string    `json:"id"`
	Name       string    `json:"friendly_name"`
	Type       string    `json:"type"`
	UsageCount int       `json:"usage_count"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_login_at"`
}

// Devices manages users' passkeys at the service. Each of its functions is for
// the signed-in user alone: sub is that of a verified access token, never one
// that a request names.
type Devices struct {
	app    string
	client *provider.Client
}

// NewDevices returns the Devices of an app.
func NewDevices(a App) (*Devices, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	return &Devices{a.ID, client}, nil
}

// Register returns the id of a transaction in which the service's script adds a
// passkey. displayName is what the browser shows for it.
func (d *Devices) Register(ctx context.Context, sub, displayName string) (transactionID string, err error) {
	var made struct {
		ID string `json:"transaction_id"`
	}
	reply, err := d.client.Do(ctx, provider.Request{
		Operation:  "creating a register transaction",
		Method:     http.MethodPost,
		Path:       d.path("transactions", "register"),
		Body:       map[string]string{"external_id": sub, "passkey_display_name": displayName},
		Repeatable: true, // a transaction that nobody uses does nothing
	})
	if err != nil {
		return "", err
	}
	if err := decode(reply, &made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", reply.Unexpected()
	}
	return made.ID, nil
}

// List returns the user's passkeys: none for a user whom the service does not know.
func (d *Devices) List(ctx context.Context, sub string) ([]Device, error) {
	u, err := d.user(ctx, sub)
	return u.Devices, err
}

// Revoke removes a passkey of the user's, or fails with ErrNoDevice.
func (d *Devices) Revoke(ctx context.Context, sub, deviceID string) error {
	u, err := d.user(ctx, sub)
	if err != nil {
		return err
	}
	if !u.has(deviceID) {
		return ErrNoDevice
	}
	reply, err := d.client.Do(ctx, provider.Request{
		Operation:  "revoking a device",
		Method:     http.MethodDelete,
		Path:       d.path("users", u.ID, "devices", deviceID),
		Repeatable: true,
	})
	switch {
	case err != nil:
		return err
	case code(reply) == codeDevice: // somebody else was first, or the first of two tries
		return ErrNoDevice
	case !reply.OK():
		return unexpected(reply)
	}
	return nil
}

// user is a user as the service knows one.
type user struct {
	ID         string   `json:"id"`
	ExternalID string   `json:"external_id"`
	Devices    []Device `json:"webauthn_devices"`
}

func (u user) has(deviceID string) bool {
	return slices.ContainsFunc(u.Devices, func(d Device) bool { return d.ID == deviceID })
}

// user returns the service's user with the sub, or one without devices.
func (d *Devices) user(ctx context.Context, sub string) (user, error) {
	var found struct{ Users []struct{ ID string } }
	reply, err := d.get(ctx, "finding a user", url.Values{"limit": {"1"}, "identifier": {sub}}, "users")
	if err != nil {
		return user{}, err
	}
	if err := decode(reply, &found); err != nil {
		return user{}, err
	}
	if len(found.Users) == 0 {
		return user{}, nil
	}
	var shown struct{ User user }
	if reply, err = d.get(ctx, "reading a user", nil, "users", found.Users[0].ID); err != nil {
		return user{}, err
	}
	if code(reply) == codeUser {
		return user{}, nil // gone meanwhile
	}
	if err := decode(reply, &shown); err != nil {
		return user{}, err
	}
	if shown.User.ExternalID != sub {
		return user{}, fmt.Errorf("%w: the user is somebody else", reply.Unexpected())
	}
	return shown.User, nil
}

func (d *Devices) get(ctx context.Context, operation string, query url.Values, path ...string) (provider.Reply, error) {
	return d.client.Do(ctx, provider.Request{
		Operation: operation, Method: http.MethodGet, Path: d.path(path...), Query: query, Repeatable: true,
	})
}

func (d *Devices) path(segments ...string) []string {
	return append([]string{"apps", d.app}, segments...)
}

// decode reads a reply that must be a yes.
func decode(reply provider.Reply, into any) error {
	if !reply.OK() {
		return unexpected(reply)
	}
	return reply.Decode(into)
}

// code returns the service's code for a refusal.
func code(reply provider.Reply) string {
	var refusal struct{ Code string }
	if reply.OK() || reply.Empty() || reply.Decode(&refusal) != nil {
		return ""
	}
	return refusal.Code
}

// unexpected is the error for a reply that is neither a yes nor a no.
func unexpected(reply provider.Reply) error {
	if reply.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w: the secret must be an API key of the app", reply.Unexpected())
	}
	return reply.Unexpected()
}
