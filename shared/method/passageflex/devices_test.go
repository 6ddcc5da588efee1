package passageflex_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

func (w world) list(t *testing.T, u journey.User) []passageflex.Device {
	t.Helper()
	devices, err := w.devices.List(t.Context(), u.Sub)
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

func TestDevices(t *testing.T) {
	w := newWorld(t)
	session := w.Begin(t, w.ann)
	w.Answer(t, session, w.nonce(t, session), nil)
	w.enrol(t, w.ann)
	devices := w.list(t, w.ann)
	if len(devices) != 2 {
		t.Fatalf("devices are %+v, want 2", devices)
	}
	if d := devices[0]; d.Name != w.ann.Attributes["email"] || d.Type != "passkey" || d.UsageCount != 2 || !d.CreatedAt.Equal(w.Now()) || !d.LastUsedAt.Equal(w.Now()) {
		t.Errorf("the first device is %+v", d)
	}
	if err := w.devices.Revoke(t.Context(), w.ann.Sub, devices[0].ID); err != nil {
		t.Fatal(err)
	}
	if left := w.list(t, w.ann); len(left) != 1 || left[0] != devices[1] {
		t.Errorf("devices are %+v after the first was revoked", left)
	}
	if stranger := w.NewUser("5f0c8d2e-0000-4000-8000-00000000000c"); len(w.list(t, stranger)) != 0 {
		t.Error("a user whom the service does not know has devices")
	}
}

func TestRevokeRefuses(t *testing.T) {
	w := newWorld(t)
	of := func(u journey.User) string { return w.list(t, u)[0].ID }
	gone := of(w.ann)
	w.enrol(t, w.ann)
	if err := w.devices.Revoke(t.Context(), w.ann.Sub, gone); err != nil {
		t.Fatal(err)
	}
	for name, device := range map[string]string{
		"rejects another user's device": of(w.bob),
		"rejects a revoked device":      gone,
		"rejects no device":             "",
		"rejects a path":                "../" + of(w.ann),
	} {
		t.Run(name, func(t *testing.T) {
			if err := w.devices.Revoke(t.Context(), w.ann.Sub, device); !errors.Is(err, passageflex.ErrNoDevice) {
				t.Errorf("error is %v, want %v", err, passageflex.ErrNoDevice)
			}
		})
	}
	if len(w.list(t, w.ann)) != 1 || len(w.list(t, w.bob)) != 1 {
		t.Error("something was revoked")
	}
}

// A service that finds somebody else is not believed.
func TestDevicesOfSomebodyElse(t *testing.T) {
	w := newWorld(t)
	bobs := w.list(t, w.bob)[0].ID
	w.service.Break(fault.SuccessForAnother)
	if devices, err := w.devices.List(t.Context(), w.ann.Sub); err == nil || len(devices) != 0 || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("devices %+v, error %v", devices, err)
	}
	if err := w.devices.Revoke(t.Context(), w.ann.Sub, bobs); err == nil || errors.Is(err, passageflex.ErrNoDevice) {
		t.Errorf("error is %v, want a fault", err)
	}
	w.service.Break(fault.None)
	if len(w.list(t, w.bob)) != 1 {
		t.Error("somebody else's device was revoked")
	}
}

func TestFaultsOfDevices(t *testing.T) {
	for _, broken := range []fault.Fault{fault.Slow, fault.Unavailable, fault.HangUp, fault.Redirect, fault.LyingContentType, fault.Garbage, fault.HugeBody} {
		t.Run(string(broken), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.service.Break(broken)
			for operation, err := range map[string]error{
				"creating a register transaction": second(w.devices.Register(t.Context(), w.ann.Sub, "Ann's phone")),
				"finding a user":                  second(w.devices.List(t.Context(), w.ann.Sub)),
			} {
				wantUnavailable(t, err, operation)
				if strings.Contains(err.Error(), w.ann.Sub) || strings.Contains(err.Error(), "phone") {
					t.Errorf("the error tells who: %v", err)
				}
			}
		})
	}
}

func TestDevicesWithAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.app.APIKey = func(context.Context) (secret.Text, error) { return secret.NewText("another"), nil }
	devices := devicesOf(t, w.app)
	_, err := devices.Register(t.Context(), w.ann.Sub, "Ann's phone")
	wantUnavailable(t, err, "must be an API key of the app")
	w.app.ID = "another"
	w.app.APIKey = func(context.Context) (secret.Text, error) { return secret.NewText(apiKey), nil }
	_, err = devicesOf(t, w.app).List(t.Context(), w.ann.Sub)
	wantUnavailable(t, err, "status 404")
}

func TestAppNeedsASafeBaseURL(t *testing.T) {
	app := passageflex.App{BaseURL: "http://api.passage.id/v1", ID: appID, TransactionForm: "uuid"}
	if _, err := passageflex.NewDevices(app); err == nil {
		t.Error("NewDevices takes a base URL in the clear")
	}
	if _, err := passageflex.NewMethod(app); err == nil {
		t.Error("NewMethod takes a base URL in the clear")
	}
	app.BaseURL = passageflex.BaseURL
	if _, err := passageflex.NewMethod(app); err != nil {
		t.Error(err)
	}
}

func wantUnavailable(t *testing.T, err error, words string) {
	t.Helper()
	if !errors.Is(err, provider.ErrUnavailable) || !strings.Contains(err.Error(), words) {
		t.Errorf("error is %v, want the service's with %q", err, words)
	}
}

func second[T any](_ T, err error) error { return err }
