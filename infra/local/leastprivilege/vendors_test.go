package leastprivilege_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
)

const (
	project   = "pro-1"
	app       = "app-1"
	apiSecret = "s3cret" // of both services, and of Corbado's calls
)

// services are vendors' services, which all stacks share.
type services struct {
	corbado                *corbado.Service
	passage                *passageflex.Service
	corbadoURL, passageURL string
}

func startServices(t *testing.T) *services {
	t.Helper()
	c, err := corbado.New(corbado.Options{ProjectID: project, APISecret: apiSecret, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p := passageflex.New(passageflex.Options{AppID: app, APIKey: apiSecret, Now: time.Now})
	atCorbado, atPassage := httptest.NewServer(c), httptest.NewServer(p)
	t.Cleanup(atCorbado.Close)
	t.Cleanup(atPassage.Close)
	return &services{c, p, atCorbado.URL + corbado.ConnectPath, atPassage.URL}
}

// settings are those of a stack beside them.
func (s *services) settings() string {
	return " -c tickets=true -c corbado=true -c corbadoActions=true -c corbadoSecondFactor=SOFTWARE_TOKEN_MFA -c mfa=optional -c corbadoUrl=" + s.corbadoURL +
		" -c passageApp=" + app + " -c passageUrl=" + s.passageURL
}

const parameterPath = "/passkeys/CognitoPasskeys/Passkeys/"

// journey takes every step in the order in which they need each other.
func (s *services) journey(ctx context.Context, v *visitor) error {
	for name, text := range map[string]string{
		"corbado": base64.StdEncoding.EncodeToString([]byte(project + ":" + apiSecret)), "corbado-actions": "corbado:" + apiSecret, "passage": apiSecret,
	} {
		if err := v.stack.PutSecret(parameterPath+name, text); err != nil {
			return err
		}
	}
	steps := []struct {
		name string
		take func(context.Context, *visitor) error
	}{
		{"getting an account", func(ctx context.Context, v *visitor) error { return v.join(ctx) }},
		{"Corbado's connect token", s.connectToken},
		{"adding a passkey at Passage", s.addAtPassage},
		{"signing in by Corbado", s.signInByCorbado},
		{"signing in by Passage", s.signInByPassage},
		{"signing in by a ticket", s.signInByTicket},
		{"Corbado's actions", s.actions},
	}
	for _, step := range steps {
		if err := step.take(ctx, v); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (s *services) connectToken(ctx context.Context, v *visitor) error {
	return v.call(ctx, routes.CorbadoConnectToken, "", map[string]string{"type": "passkey-append"}, nil)
}

func (s *services) addAtPassage(ctx context.Context, v *visitor) error {
	var begun struct{ TransactionID string }
	if err := v.call(ctx, routes.PassageTransaction, "", struct{}{}, &begun); err != nil {
		return err
	}
	_, err := s.passage.Complete(begun.TransactionID)
	return err
}

func (s *services) signInByCorbado(ctx context.Context, v *visitor) error {
	begun, err := v.begin(ctx, address)
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, s.corbado.Sign(s.corbado.Claims(begun.ChallengeParameters["USERNAME"])))
}

func (s *services) signInByPassage(ctx context.Context, v *visitor) error {
	begun, err := v.begin(ctx, address)
	if err != nil {
		return err
	}
	nonce, err := s.passage.Complete(begun.ChallengeParameters["passageTransactionId"])
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, nonce)
}

// handlerClient is an HTTP client of one handler.
type handlerClient struct{ handler http.Handler }

func (c handlerClient) Do(request *http.Request) (*http.Response, error) {
	response := httptest.NewRecorder()
	c.handler.ServeHTTP(response, request)
	return response.Result(), nil
}

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
})

// signInByTicket has the backend do it, which reads the key by a role of its own.
func (s *services) signInByTicket(ctx context.Context, v *visitor) error {
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: handlerClient{v.stack.Operator()}, Credentials: credentials,
	}
	poolID, clientID := aws.String(v.stack.UserPoolID()), aws.String(v.stack.Outputs()["BackendClientId"])
	proof, err := v.proof(ctx)
	if err != nil {
		return err
	}
	begun, err := v.pool.AdminInitiateAuth(ctx, &cognito.AdminInitiateAuthInput{
		UserPoolId: poolID, ClientId: clientID, AuthFlow: types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": address, "SECRET_HASH": proof(address)},
	})
	if err != nil {
		return err
	}
	name := begun.ChallengeParameters["USERNAME"]
	signer := ticket.Signer{
		Kind:   ticket.Backend,
		PoolID: *poolID, Now: time.Now,
		Key: secret.NewParameter(parameterstore.New(config), v.stack.Outputs()["TicketParameter"], time.Now).Current,
	}
	signed, err := signer.Sign(ctx, ticket.Grant{ClientID: *clientID, Sub: name, Methods: []string{"webauthn"}})
	if err != nil {
		return err
	}
	_, err = v.pool.AdminRespondToAuthChallenge(ctx, &cognito.AdminRespondToAuthChallengeInput{
		UserPoolId: poolID, ClientId: clientID, ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SECRET_HASH": proof(name), "ANSWER": signed},
	})
	return err
}

// actions is what Corbado asks of the stack: about a user, about nobody, and for
// a second factor, which this user can't have without an authenticator app.
func (s *services) actions(ctx context.Context, v *visitor) error {
	var found struct{ Identifier string }
	if err := v.call(ctx, routes.CorbadoAction, "", map[string]string{"identifier": address}, &found); err != nil {
		return err
	}
	if err := v.call(ctx, routes.CorbadoAction, "", map[string]string{"identifier": "nobody@example.com"}, nil); err != nil {
		return err
	}
	var appended struct{ Error struct{ Code string } }
	if err := v.call(ctx, routes.CorbadoAction, "", map[string]string{"username": found.Identifier}, &appended); err != nil {
		return err
	}
	if !strings.Contains(appended.Error.Code, "mfa") {
		return errors.New("post-append says " + appended.Error.Code)
	}
	return nil
}
