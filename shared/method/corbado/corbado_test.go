package corbado_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	project   = "pro-1"
	apiSecret = "corbado1_secret"
	alice     = "5f0c2b7e-0000-4000-8000-000000000001" // her Cognito user name
	mallory   = "5f0c2b7e-0000-4000-8000-000000000002"
)

var now = time.Unix(1_790_000_000, 0)

// fixture is Corbado's service and a client of it.
type fixture struct {
	*testing.T
	service *service.Service
	server  *httptest.Server
	client  *provider.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	s, err := service.New(service.Options{ProjectID: project, APISecret: apiSecret, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, s)
	return fixture{t, s, server, clientOf(t, server, project+":"+apiSecret)}
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

func clientOf(t testing.TB, server *httptest.Server, credentials string) *provider.Client {
	t.Helper()
	client, err := corbado.NewClient(server.URL+service.ConnectPath, func(context.Context) (secret.Text, error) {
		return secret.NewText(base64.StdEncoding.EncodeToString([]byte(credentials))), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answerOf is an answer in a session of alice.
func answerOf(text string) customauth.Answer {
	return customauth.Answer{User: customauth.User{Name: alice, Sub: alice}, Text: text, Started: now}
}

// serviceFaults: fault of the service → what the error must tell of it.
var serviceFaults = map[fault.Fault]string{
	fault.Slow:             "no answer in time",
	fault.Unavailable:      "status 503",
	fault.HangUp:           "connection broken",
	fault.LyingContentType: "not JSON",
	fault.Garbage:          "not JSON",
	fault.HugeBody:         "more than",
}
