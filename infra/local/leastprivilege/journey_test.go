package leastprivilege_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

const (
	webOrigin = "http://localhost:8080"
	address   = "ann@example.com"
	number    = "+4915112345678"
	password  = "correct Horse battery 7 staple!"
)

// visitor does all that a user can do with the stack. Each step returns what
// went wrong.
type visitor struct {
	stack         *stack.Stack
	pool          *cognito.Client
	authenticator *passkeytest.Authenticator
	received      *mailbox
	token         string // the access token of the last sign-in
}

func newVisitor(s *stack.Stack, received *mailbox) *visitor {
	return &visitor{
		stack:         s,
		received:      received,
		authenticator: passkeytest.NewSynced(webOrigin),
		pool:          userpooltest.ClientOf(s.UserPool()),
	}
}

// journey takes every step in the order in which they need each other.
func (v *visitor) journey(ctx context.Context) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"getting an account", v.join},
		{"registering a passkey", v.register},
		{"signing in with a name", v.signInByName},
		{"signing in without a name", v.signInWithoutName},
		{"signing in with an unknown name", v.signInUnknown},
		{"listing, renaming and removing the passkey", v.manage},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// proof returns what proves that the backend speaks for a user: SECRET_HASH of a name.
func (v *visitor) proof(ctx context.Context) (of func(name string) string, err error) {
	clientID := v.stack.Outputs()["BackendClientId"]
	described, err := v.pool.DescribeUserPoolClient(ctx, &cognito.DescribeUserPoolClientInput{
		UserPoolId: aws.String(v.stack.UserPoolID()), ClientId: &clientID,
	})
	if err != nil {
		return nil, err
	}
	return func(name string) string {
		mac := hmac.New(sha256.New, []byte(*described.UserPoolClient.ClientSecret))
		mac.Write([]byte(name + clientID))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}, nil
}

// join has a backend make the user and sign it in by password.
func (v *visitor) join(ctx context.Context) error {
	poolID, clientID := aws.String(v.stack.UserPoolID()), aws.String(v.stack.Outputs()["BackendClientId"])
	proof, err := v.proof(ctx)
	if err != nil {
		return err
	}
	_, err = v.pool.AdminCreateUser(ctx, &cognito.AdminCreateUserInput{
		UserPoolId: poolID, Username: aws.String(address), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String(address)}, {Name: aws.String("email_verified"), Value: aws.String("true")},
			{Name: aws.String("phone_number"), Value: aws.String(number)}, {Name: aws.String("phone_number_verified"), Value: aws.String("true")},
		},
	})
	if err != nil {
		return err
	}
	_, err = v.pool.AdminSetUserPassword(ctx, &cognito.AdminSetUserPasswordInput{
		UserPoolId: poolID, Username: aws.String(address), Password: aws.String(password), Permanent: true,
	})
	if err != nil {
		return err
	}
	begun, err := v.pool.AdminInitiateAuth(ctx, &cognito.AdminInitiateAuthInput{
		UserPoolId: poolID, ClientId: clientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{
			"USERNAME": address, "PASSWORD": password, "SECRET_HASH": proof(address),
		},
	})
	if err != nil {
		return err
	}
	v.token = *begun.AuthenticationResult.AccessToken
	return nil
}

// call calls a route of the HTTP API and reads its answer into reply.
func (v *visitor) call(ctx context.Context, route routes.Route, id string, body, reply any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	path := strings.Replace(route.Path, "{"+routes.ID+"}", id, 1)
	request := httptest.NewRequestWithContext(ctx, route.Method, path, bytes.NewReader(text))
	request.Header.Set("Content-Type", "application/json")
	switch route.Token {
	case routes.AccessToken:
		request.Header.Set("Authorization", "Bearer "+v.token)
	case routes.VendorCredentials:
		request.SetBasicAuth("corbado", apiSecret)
	}
	response := httptest.NewRecorder()
	v.stack.API().ServeHTTP(response, request)
	if response.Code >= http.StatusBadRequest {
		return fmt.Errorf("%s answers %d %s", route.Key(), response.Code, response.Body)
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(response.Body.Bytes(), reply)
}

type options struct {
	PublicKey json.RawMessage `json:"publicKey"`
}

func (v *visitor) register(ctx context.Context) error {
	var offered options
	if err := v.call(ctx, routes.RegistrationOptions, "", struct{}{}, &offered); err != nil {
		return err
	}
	made, err := v.authenticator.Create(offered.PublicKey)
	if err != nil {
		return err
	}
	return v.call(ctx, routes.RegisterPasskey, "", map[string]any{"credential": json.RawMessage(made.JSON())}, nil)
}

func (v *visitor) begin(ctx context.Context, name string) (*cognito.InitiateAuthOutput, error) {
	return v.pool.InitiateAuth(ctx, &cognito.InitiateAuthInput{
		ClientId: aws.String(v.stack.Outputs()["UserPoolClientId"]), AuthFlow: types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name},
	})
}

// answer answers a sign-in with the passkey that suits the options; nil stands
// for those of the sign-in.
func (v *visitor) answer(ctx context.Context, begun *cognito.InitiateAuthOutput, offered []byte, tampers ...passkeytest.Tamper) error {
	if offered == nil {
		offered = []byte(begun.ChallengeParameters["fido2options"])
	}
	assertion, err := v.authenticator.Get(offered, tampers...)
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, string(assertion.JSON()))
}

// respond answers a sign-in.
func (v *visitor) respond(ctx context.Context, begun *cognito.InitiateAuthOutput, answer string) error {
	answered, err := v.pool.RespondToAuthChallenge(ctx, &cognito.RespondToAuthChallengeInput{
		ClientId: aws.String(v.stack.Outputs()["UserPoolClientId"]), ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": begun.ChallengeParameters["USERNAME"], "ANSWER": answer},
	})
	if err != nil {
		return err
	}
	v.token = *answered.AuthenticationResult.AccessToken
	return nil
}

func (v *visitor) signInByName(ctx context.Context) error {
	begun, err := v.begin(ctx, address)
	if err != nil {
		return err
	}
	return v.answer(ctx, begun, nil)
}

func (v *visitor) signInWithoutName(ctx context.Context) error {
	var offered options
	if err := v.call(ctx, routes.SignInOptions, "", struct{}{}, &offered); err != nil {
		return err
	}
	assertion, err := v.authenticator.Get(offered.PublicKey)
	if err != nil {
		return err
	}
	var user struct{ Username string }
	if err := v.call(ctx, routes.SignInUser, "", map[string]any{"credential": json.RawMessage(assertion.JSON())}, &user); err != nil {
		return err
	}
	begun, err := v.begin(ctx, user.Username)
	if err != nil {
		return err
	}
	return v.answer(ctx, begun, offered.PublicKey)
}

// signInUnknown wants a list of passkeys for somebody who has none.
func (v *visitor) signInUnknown(ctx context.Context) error {
	begun, err := v.begin(ctx, "nobody@example.com")
	if err == nil && begun.ChallengeParameters["fido2options"] == "" {
		err = errors.New("no options")
	}
	return err
}

func (v *visitor) manage(ctx context.Context) error {
	var list struct{ Passkeys []struct{ ID string } }
	if err := v.call(ctx, routes.ListPasskeys, "", nil, &list); err != nil {
		return err
	}
	if len(list.Passkeys) != 1 {
		return fmt.Errorf("%d passkeys, want 1", len(list.Passkeys))
	}
	if err := v.call(ctx, routes.RenamePasskey, list.Passkeys[0].ID, map[string]string{"name": "Kitchen"}, nil); err != nil {
		return err
	}
	return v.call(ctx, routes.DeletePasskey, list.Passkeys[0].ID, nil, nil)
}
