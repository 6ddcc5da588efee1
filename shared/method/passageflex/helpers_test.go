package passageflex_test

import (
	"context"
	"net/http/httptest"
	"testing"

	fake "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	appID  = "app-1"
	apiKey = "key-of-the-app"
)

// world is a stack whose app client accepts passkeys and Passage, with two users
// who each have a passkey at the service.
type world struct {
	*journey.Stack
	service  *fake.Service
	server   *httptest.Server
	app      passageflex.App
	devices  *passageflex.Devices
	ann, bob journey.User
	passkey  *passkeytest.Authenticator // of ann, for this stack's own relying party
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{Stack: journey.New(t)}
	w.service = fake.New(fake.Options{AppID: appID, APIKey: apiKey, Now: w.Now})
	w.server = httptest.NewServer(w.service)
	t.Cleanup(w.server.Close)
	w.app = passageflex.App{
		BaseURL: w.server.URL, ID: appID, TransactionForm: "alphanumeric:24",
		APIKey: func(context.Context) (secret.Text, error) { return secret.NewText(apiKey), nil },
	}
	method, err := passageflex.NewMethod(w.app)
	if err != nil {
		t.Fatal(err)
	}
	w.Client.Methods = []string{customauth.MethodPasskey, passageflex.Method}
	w.Issuers, w.Opaque = []customauth.Issuer{method}, method
	w.devices = devicesOf(t, w.app)
	w.ann, w.passkey = w.NewUser("5f0c8d2e-0000-4000-8000-00000000000a"), passkeytest.NewSynced(journey.Origin)
	w.bob = w.NewUser("5f0c8d2e-0000-4000-8000-00000000000b")
	w.enrol(t, w.ann)
	w.enrol(t, w.bob)
	return w
}

func devicesOf(t *testing.T, app passageflex.App) *passageflex.Devices {
	t.Helper()
	devices, err := passageflex.NewDevices(app)
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

// enrol adds a passkey at the service, as a signed-in user does.
func (w world) enrol(t *testing.T, u journey.User) {
	t.Helper()
	transaction, err := w.devices.Register(t.Context(), u.Sub, u.Attributes["email"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.Complete(transaction); err != nil {
		t.Fatal(err)
	}
}

// nonce is what the service's script gives in the user's browser.
func (w world) nonce(t *testing.T, session *journey.Session) string {
	t.Helper()
	nonce, err := w.service.Complete(session.Public[passageflex.ParameterTransaction])
	if err != nil {
		t.Fatal(err)
	}
	return nonce
}

// wantRefused checks that an answer is refused, and why.
func (w world) wantRefused(t *testing.T, session *journey.Session, answer, reason string) {
	t.Helper()
	w.WantRefused(t, session, answer, reason)
	w.wantQuietLog(t, answer)
}

// wantQuietLog checks that the log holds nothing that could sign someone in.
func (w world) wantQuietLog(t *testing.T, secrets ...string) {
	t.Helper()
	w.WantNotLogged(t, append(secrets, apiKey, w.server.URL)...)
}
