package httpprovider_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	fake "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	apiKey    = "key-of-the-example"
	parameter = "exampleSession"
)

// world is a stack whose app client accepts passkeys and the example's method,
// with a user and somebody else, who are both enrolled at the service.
type world struct {
	*journey.Stack
	service  *fake.Service
	server   *httptest.Server
	ann, bob journey.User
	passkey  *passkeytest.Authenticator // of ann
}

func newWorld(t *testing.T, changes ...func(*service.Description)) world {
	t.Helper()
	w := world{Stack: journey.New(t)}
	w.service = fake.New(fake.Options{APIKey: apiKey, Now: w.Now})
	w.server = httptest.NewServer(w.service)
	t.Cleanup(w.server.Close)
	config := exampleID(w.server.URL)
	for _, change := range changes {
		change(&config)
	}
	w.uses(newMethod(t, config))
	w.ann, w.passkey = w.NewUser("5f0c8d2e-0000-4000-8000-00000000000a"), passkeytest.NewSynced(journey.Origin)
	w.bob = w.NewUser("5f0c8d2e-0000-4000-8000-00000000000b")
	for _, u := range []journey.User{w.ann, w.bob} {
		w.service.Enrol(u.Attributes["email"], true)
	}
	return w
}

func newMethod(t *testing.T, config service.Description) *httpprovider.Provider {
	t.Helper()
	method, err := httpprovider.New(config, func(context.Context) (secret.Text, error) { return secret.NewText(apiKey), nil })
	if err != nil {
		t.Fatal(err)
	}
	return method
}

// uses has the app client accept passkeys and the method.
func (w *world) uses(method *httpprovider.Provider) {
	w.Client.Methods = []string{customauth.MethodPasskey, method.Method()}
	w.Issuers, w.Opaque = []customauth.Issuer{method}, method
}

// approve has the user of a session approve it at the service.
func (w world) approve(t *testing.T, session *journey.Session) (token string) {
	t.Helper()
	token, err := w.service.Approve(session.Public[parameter])
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// wantQuietLog checks that the log holds nothing that could sign someone in or
// tells who somebody is.
func (w world) wantQuietLog(t *testing.T, secrets ...string) {
	t.Helper()
	w.WantNotLogged(t, append(secrets, apiKey, w.ann.Attributes["email"], w.server.URL)...)
}

// errMissing is what secret.TextParameter says of a parameter that does not exist.
var errMissing = errors.New("reading parameter /stack/http-secret: ParameterNotFound")

// canned is a service that answers everything alike.
type canned struct {
	status int
	body   string
}

func (c canned) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close") // each method has a client of its own
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.body)
}

func cannedMethod(t *testing.T, c canned) *httpprovider.Provider {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return newMethod(t, exampleID(server.URL))
}
