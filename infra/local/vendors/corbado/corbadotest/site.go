// Package corbadotest is what stands around the backend of a site with Corbado's
// classic product, for the tests of such backends: Corbado, and a user pool whose
// triggers take the backend's tickets.
package corbadotest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// What the site has from Corbado and AWS.
const (
	PoolID   = journey.PoolID
	ClientID = journey.ClientID

	Project            = "pro-1"
	APISecret          = "corbado1_secret"
	WebhookUser        = "webhook"
	WebhookPassword    = "s3cret"
	WebhookCredentials = WebhookUser + ":" + WebhookPassword

	Password = "Correct-Horse-1" // of every user of AddUser
)

// CorbadoSecret is the secret of the project as the backend keeps it.
var CorbadoSecret = base64.StdEncoding.EncodeToString([]byte(Project + ":" + APISecret))

// Site is Corbado and a user pool, each on loopback.
type Site struct {
	Corbado      *corbado.Service
	CorbadoURL   string // of its classic API
	Pool         *userpool.Pool
	PoolURL      string
	API          *cognito.Client // of the pool
	ClientSecret string
	Tickets      *journey.Ring // signs the tickets that the pool takes
	Stack        *journey.Stack

	t     testing.TB
	mu    sync.Mutex
	calls map[string]int    // operation → how often the pool was called
	fails map[string]string // operation → exception that the pool answers
}

// New starts both.
func New(t testing.TB) *Site {
	t.Helper()
	s := &Site{
		Stack: journey.New(t), Tickets: journey.NewRing(t, secret.Signing),
		t: t, calls: map[string]int{}, fails: map[string]string{},
	}
	var err error
	if s.Corbado, err = corbado.New(corbado.Options{ProjectID: Project, APISecret: APISecret, Now: s.Stack.Now}); err != nil {
		t.Fatal(err)
	}
	s.CorbadoURL = s.serve(s.Corbado) + corbado.ClassicPath
	s.takeTickets()
	s.makePool()
	s.PoolURL = s.serve(s)
	s.API = userpooltest.ClientAt(s.PoolURL)
	return s
}

func (s *Site) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	s.t.Cleanup(server.Close)
	return server.URL
}

// takeTickets lets the pool's triggers take tickets and nothing else.
func (s *Site) takeTickets() {
	ring, err := s.Tickets.Ring(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := secret.ParsePublicKeys(ring.PublicKeys())
	if err != nil {
		s.t.Fatal(err)
	}
	s.Stack.Client.Methods = []string{customauth.MethodTicket}
	s.Stack.Checkers = []customauth.Checker{ticket.Checker{Kind: ticket.Backend, Keys: keys, Store: s.Stack.Store, Now: s.Stack.Now}}
}

func (s *Site) makePool() {
	var err error
	s.Pool, err = userpool.New(PoolID, []byte(`{
		"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false}, "AutoVerifiedAttributes": ["email"],
		"MfaConfiguration": "OPTIONAL", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
		"Schema": [{"Name": "createdByCorbado", "AttributeDataType": "String", "Mutable": true}],
		"LambdaConfig": {"DefineAuthChallenge": "define", "CreateAuthChallenge": "create", "VerifyAuthChallengeResponse": "verify"}
	}`), userpool.Options{Region: "us-east-1", AccountID: "000000000000", Invoke: s.invoke, Now: s.Stack.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.Pool.AddClient(ClientID, []byte(`{
		"UserPoolId": "`+PoolID+`", "GenerateSecret": true, "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
	}`)); err != nil {
		s.t.Fatal(err)
	}
	s.ClientSecret, _ = s.Pool.ClientSecret(ClientID)
}

// invoke calls a trigger.
func (s *Site) invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	define, create, verify := s.Stack.Triggers()
	switch function {
	case "define":
		return handle(ctx, event, define.Handle)
	case "create":
		return handle(ctx, event, create.Handle)
	case "verify":
		return handle(ctx, event, verify.Handle)
	default:
		return nil, fmt.Errorf("no function %q", function)
	}
}

func handle[E any](ctx context.Context, text []byte, serve func(context.Context, E) (E, error)) ([]byte, error) {
	var event E
	if err := json.Unmarshal(text, &event); err != nil {
		return nil, err
	}
	result, err := serve(ctx, event)
	if err != nil {
		return nil, &userpool.FunctionError{Type: "errorString", Message: err.Error()}
	}
	return json.Marshal(result)
}

// ServeHTTP implements http.Handler: the pool's API, counted, and failing where
// it was told to.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	s.calls[operation]++
	exception := s.fails[operation]
	s.mu.Unlock()
	if exception != "" {
		w.Header().Set("X-Amzn-Errortype", exception)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"`+exception+`","message":"told to fail"}`)
		return
	}
	s.Pool.ServeHTTP(w, r)
}

// Calls returns how often an operation of the pool was called.
func (s *Site) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Fail makes an operation of the pool answer with an exception, or work again
// with "".
func (s *Site) Fail(operation, exception string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails[operation] = exception
}

// Invite makes a user with a temporary password and a verified address, and
// returns the user name.
func (s *Site) Invite(address string) string {
	s.t.Helper()
	out, err := s.API.AdminCreateUser(s.t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(PoolID), Username: &address, MessageAction: types.MessageActionTypeSuppress, TemporaryPassword: aws.String(Password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email_verified"), Value: aws.String("true")}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.User.Username
}

// AddUser makes a user with a password and a verified address, and returns the
// user name.
func (s *Site) AddUser(address string) string {
	s.t.Helper()
	name := s.Invite(address)
	if _, err := s.API.AdminSetUserPassword(s.t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: aws.String(PoolID), Username: &name, Password: aws.String(Password), Permanent: true,
	}); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// User returns what the pool knows of a user.
func (s *Site) User(address string) *cognito.AdminGetUserOutput {
	s.t.Helper()
	out, err := s.API.AdminGetUser(s.t.Context(), &cognito.AdminGetUserInput{UserPoolId: aws.String(PoolID), Username: &address})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// Attribute returns an attribute of a user, or "".
func (s *Site) Attribute(address, name string) string {
	s.t.Helper()
	for _, a := range s.User(address).UserAttributes {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

// Owner returns the address of the user that an access token is for, by the
// pool's own word.
func (s *Site) Owner(accessToken string) string {
	s.t.Helper()
	out, err := s.API.GetUser(s.t.Context(), &cognito.GetUserInput{AccessToken: &accessToken})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range out.UserAttributes {
		if *a.Name == "email" {
			return *a.Value
		}
	}
	return ""
}
