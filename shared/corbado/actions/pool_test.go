package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/gateway"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/actions"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

const (
	poolID   = "us-east-1_Example01"
	clientID = "0123456789abcdefghijklmnop"
	address  = "alice@example.com"
	password = "Correct-Horse-1"

	actionsUser     = "corbado"
	actionsPassword = "s3cret"
)

// pool is a user pool with e-mail addresses as aliases, and what the local one
// lacks of it: passwords that must be reset, and preferred second factors.
type pool struct {
	*userpool.Pool

	mu     sync.Mutex
	hasMFA bool                // whether a second factor may be preferred
	down   bool                // whether it answers 500
	reset  map[string]bool     // user name → password must be reset
	mfa    map[string]string   // user name → preferred second factor
	calls  map[string][]string // operation → bodies of its requests
}

func newPool(t *testing.T) *pool {
	t.Helper()
	p, err := userpool.New(poolID, []byte(`{"AliasAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}`),
		userpool.Options{Region: "us-east-1", AccountID: "000000000000"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AddClient(clientID, []byte(`{"UserPoolId": "`+poolID+`"}`)); err != nil {
		t.Fatal(err)
	}
	return &pool{Pool: p, reset: map[string]bool{}, mfa: map[string]string{}, calls: map[string][]string{}}
}

func (p *pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[operation] = append(p.calls[operation], string(body))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	switch {
	case p.down:
		http.Error(w, "{}", http.StatusInternalServerError)
	case operation == "AdminSetUserMFAPreference":
		p.setMFAPreference(w, body)
	case operation == "AdminGetUser":
		p.getUser(w, r)
	default:
		p.Pool.ServeHTTP(w, r)
	}
}

func (p *pool) setMFAPreference(w http.ResponseWriter, body []byte) {
	var in struct {
		Username                                                   string
		SMSMfaSettings, EmailMfaSettings, SoftwareTokenMfaSettings *struct{ Enabled, PreferredMfa bool }
	}
	if err := json.Unmarshal(body, &in); err != nil || !p.hasMFA {
		w.Header().Set("X-Amzn-Errortype", "InvalidParameterException")
		http.Error(w, `{"__type":"InvalidParameterException","message":"User does not have delivery config set to turn on SMS_MFA"}`, http.StatusBadRequest)
		return
	}
	if s := in.SMSMfaSettings; s != nil && s.Enabled && s.PreferredMfa {
		p.mfa[in.Username] = "SMS_MFA"
	}
	if s := in.EmailMfaSettings; s != nil && s.Enabled && s.PreferredMfa {
		p.mfa[in.Username] = "EMAIL_OTP"
	}
	if s := in.SoftwareTokenMfaSettings; s != nil && s.Enabled && s.PreferredMfa {
		p.mfa[in.Username] = "SOFTWARE_TOKEN_MFA"
	}
	_, _ = io.WriteString(w, "{}")
}

// getUser adds what this pool keeps itself to what the local pool says.
func (p *pool) getUser(w http.ResponseWriter, r *http.Request) {
	recorded := httptest.NewRecorder()
	p.Pool.ServeHTTP(recorded, r)
	var user map[string]any
	if recorded.Code == http.StatusOK && json.Unmarshal(recorded.Body.Bytes(), &user) == nil {
		name, _ := user["Username"].(string)
		if p.reset[name] {
			user["UserStatus"] = "RESET_REQUIRED"
		}
		if factor := p.mfa[name]; factor != "" {
			user["UserMFASettingList"], user["PreferredMfaSetting"] = []string{factor}, factor
		}
		recorded.Body.Reset()
		_ = json.NewEncoder(recorded.Body).Encode(user)
	}
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
}

// asked returns the bodies of an operation's requests so far.
func (p *pool) asked(operation string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[operation]
}

func (p *pool) change(f func(*pool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// fixture is a pool with the actions behind an HTTP API, and Corbado that calls them.
type fixture struct {
	*testing.T
	pool    *pool
	api     *cognito.Client
	handler *actions.Handler
	corbado corbado.Caller
	log     *strings.Builder
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, pool: newPool(t), log: &strings.Builder{}}
	f.api = userpooltest.ClientOf(f.pool)
	f.handler = &actions.Handler{
		Actions: actions.Actions{Cognito: f.api, PoolID: poolID, MFA: actions.SMS},
		Credentials: func(context.Context) (secret.Text, error) {
			return secret.NewText(actionsUser + ":" + actionsPassword), nil
		},
		Telemetry: telemetry.NewRecorder(f.log, "corbado-actions", "Test", time.Now),
	}
	f.corbado = corbado.Caller{
		URL: f.serve() + "/corbado", Username: actionsUser, Password: actionsPassword, Client: http.DefaultClient,
	}
	return f
}

// serve puts the handler behind an HTTP API as API Gateway's.
func (f *fixture) serve() string {
	f.Helper()
	const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:corbado-actions"
	api, err := gateway.New(gateway.Properties{ProtocolType: "HTTP"}, gateway.Options{
		ID: "abcdefghij", Region: "us-east-1", AccountID: "000000000000", Log: log.New(io.Discard, "", 0), Now: time.Now,
		Invoke: func(ctx context.Context, call gateway.Call) ([]byte, error) { return f.invoke(ctx, string(call.Event)) },
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(
		api.AddIntegration("i", gateway.IntegrationProperties{IntegrationType: "AWS_PROXY", IntegrationURI: functionARN, PayloadFormatVersion: "2.0"}),
		api.AddRoute(gateway.RouteProperties{RouteKey: "ANY /corbado", Target: "integrations/i"}),
		api.AddStage(gateway.StageProperties{StageName: gateway.DefaultStage}),
	); err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(api)
	f.Cleanup(server.Close)
	return server.URL
}

// invoke calls the function as Lambda does.
func (f *fixture) invoke(ctx context.Context, event string) ([]byte, error) {
	response, err := f.handler.Handle(ctx, json.RawMessage(event))
	if err != nil {
		return nil, err
	}
	return json.Marshal(response)
}

// create makes a user with a permanent password and a verified address.
func (f *fixture) create(name, email string) {
	f.Helper()
	f.invite(name, email)
	f.setPassword(name)
}

// createUnverified makes a user with a permanent password and an address that nobody verified.
func (f *fixture) createUnverified(name, email string) {
	f.Helper()
	if _, err := f.api.AdminCreateUser(f.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: &name, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: attributes("email", email),
	}); err != nil {
		f.Fatal(err)
	}
	f.setPassword(name)
}

func (f *fixture) setPassword(name string) {
	f.Helper()
	if _, err := f.api.AdminSetUserPassword(f.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: aws.String(poolID), Username: &name, Password: aws.String(password), Permanent: true,
	}); err != nil {
		f.Fatal(err)
	}
}

// invite makes a user with a temporary password and a verified address.
func (f *fixture) invite(name, email string) {
	f.Helper()
	if _, err := f.api.AdminCreateUser(f.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: &name, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: attributes("email", email, "email_verified", "true"),
	}); err != nil {
		f.Fatal(err)
	}
}

// signUp makes a user who has not confirmed the address yet.
func (f *fixture) signUp(name, email string) {
	f.Helper()
	if _, err := f.api.SignUp(f.Context(), &cognito.SignUpInput{
		ClientId: aws.String(clientID), Username: &name, Password: aws.String(password), UserAttributes: attributes("email", email),
	}); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) disable(name string) {
	f.Helper()
	if _, err := f.api.AdminDisableUser(f.Context(), &cognito.AdminDisableUserInput{UserPoolId: aws.String(poolID), Username: &name}); err != nil {
		f.Fatal(err)
	}
}

func attributes(pairs ...string) []types.AttributeType {
	var list []types.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.AttributeType{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}
