package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
)

const (
	poolID    = "us-east-1_Example01"
	publicID  = "publicclient"
	backendID = "backendclient"
	legacyID  = "legacyclient"

	address  = "alice@example.com"
	password = "Correct-Horse-1"
	stranger = "nobody@example.com"
)

// properties are CloudFormation properties: name → value.
type properties map[string]any

// with returns a copy that has the other's values too.
func (p properties) with(others properties) properties {
	all := maps.Clone(p)
	maps.Copy(all, others)
	return all
}

func (p properties) json(t testing.TB) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const lambda = "arn:aws:lambda:us-east-1:000000000000:function:"

// emailPool is a pool with sign-in by e-mail, as the stack makes it.
var emailPool = properties{
	"UsernameAttributes":          []string{"email"},
	"AutoVerifiedAttributes":      []string{"email"},
	"UsernameConfiguration":       properties{"CaseSensitive": false},
	"AccountRecoverySetting":      properties{"RecoveryMechanisms": []properties{{"Name": "verified_email", "Priority": 1}}},
	"AdminCreateUserConfig":       properties{"AllowAdminCreateUserOnly": false},
	"MfaConfiguration":            "OPTIONAL",
	"EnabledMfas":                 []string{"SOFTWARE_TOKEN_MFA"},
	"UserAttributeUpdateSettings": properties{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
	"Schema": []properties{
		{"Name": "email", "Required": true, "Mutable": true},
		{"Name": "createdBy", "AttributeDataType": "String", "Mutable": true, "StringAttributeConstraints": properties{"MaxLength": "10"}},
		{"Name": "tier", "AttributeDataType": "Number", "Mutable": false, "NumberAttributeConstraints": properties{"MinValue": "1", "MaxValue": "3"}},
	},
	"LambdaConfig": properties{
		"DefineAuthChallenge": lambda + "define", "CreateAuthChallenge": lambda + "create", "VerifyAuthChallengeResponse": lambda + "verify",
	},
	"UserPoolTier":       "LITE",
	"DeletionProtection": "ACTIVE",
}

var publicClient = properties{
	"UserPoolId":                 poolID,
	"ExplicitAuthFlows":          []string{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	"PreventUserExistenceErrors": "ENABLED",
	"ReadAttributes":             []string{"email", "email_verified", "custom:createdBy"},
	"WriteAttributes":            []string{"email", "name", "custom:tier"},
	"AccessTokenValidity":        30,
	"TokenValidityUnits":         properties{"AccessToken": "minutes"},
}

var backendClient = properties{
	"UserPoolId":        poolID,
	"GenerateSecret":    true,
	"ExplicitAuthFlows": []string{"ALLOW_CUSTOM_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
}

// fixture is a pool, an SDK client of it, its mail, its clock and its triggers.
type fixture struct {
	*testing.T
	pool     *userpool.Pool
	api      *cognito.Client
	endpoint string

	mu       sync.Mutex
	now      time.Time
	mails    []userpool.Message
	events   []event                                                     // as the triggers got them
	triggers map[string]func(context.Context, event) (properties, error) // function name → response of its event
}

// event is a trigger's event.
type event map[string]any

func (e event) request() map[string]any { return e["request"].(map[string]any) }

// newFixture makes a pool with a public, a backend and a client that tells who exists, and serves it.
func newFixture(t *testing.T, pool properties) *fixture {
	t.Helper()
	f := newUnserved(t, pool)
	server := httptest.NewServer(f.pool)
	t.Cleanup(server.Close)
	f.endpoint = server.URL
	f.api = userpooltest.ClientAt(server.URL)
	return f
}

// newUnserved makes the same with an API client that needs no network.
func newUnserved(t *testing.T, pool properties) *fixture {
	t.Helper()
	f := &fixture{T: t, now: time.Now().Truncate(time.Second), triggers: passThrough()}
	var err error
	f.pool, err = userpool.New(poolID, pool.json(t), f.options())
	if err != nil {
		t.Fatal(err)
	}
	f.addClients(f.pool)
	f.api = userpooltest.ClientOf(f.pool)
	return f
}

func (f *fixture) options() userpool.Options {
	return userpool.Options{
		Region: "us-east-1", AccountID: "000000000000", Invoke: f.invoke,
		Mail: func(m userpool.Message) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.mails = append(f.mails, m)
		},
		Now: func() time.Time {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.now
		},
	}
}

func (f *fixture) addClients(p *userpool.Pool) {
	f.Helper()
	for id, c := range map[string]properties{
		publicID: publicClient, backendID: backendClient,
		legacyID: publicClient.with(properties{"PreventUserExistenceErrors": "LEGACY"}),
	} {
		if err := p.AddClient(id, c.json(f)); err != nil {
			f.Fatal(err)
		}
	}
}

func (f *fixture) invoke(ctx context.Context, arn string, data []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.events = append(f.events, e)
	serve := f.triggers[strings.TrimPrefix(arn, lambda)]
	f.mu.Unlock()
	response, err := serve(ctx, e)
	if err != nil {
		return nil, err
	}
	e["response"] = response
	return json.Marshal(e)
}

// passThrough are triggers that ask for "swordfish" once.
func passThrough() map[string]func(context.Context, event) (properties, error) {
	return map[string]func(context.Context, event) (properties, error){
		"define": func(_ context.Context, e event) (properties, error) {
			rounds := e.request()["session"].([]any)
			if len(rounds) == 0 {
				return properties{"challengeName": "CUSTOM_CHALLENGE"}, nil
			}
			switch last := rounds[len(rounds)-1].(map[string]any); {
			case last["challengeName"] == "SRP_A":
				return properties{"challengeName": "PASSWORD_VERIFIER"}, nil
			case last["challengeName"] == "PASSWORD_VERIFIER", len(rounds) < 2 && last["challengeResult"] == false:
				return properties{"challengeName": "CUSTOM_CHALLENGE"}, nil
			case last["challengeResult"] == true:
				return properties{"issueTokens": true}, nil
			}
			return properties{"failAuthentication": true}, nil
		},
		"create": func(context.Context, event) (properties, error) {
			return properties{
				"publicChallengeParameters":  properties{"question": "password?"},
				"privateChallengeParameters": properties{"expected": "swordfish"},
				"challengeMetadata":          "round",
			}, nil
		},
		"verify": func(_ context.Context, e event) (properties, error) {
			private := e.request()["privateChallengeParameters"].(map[string]any)
			return properties{"answerCorrect": e.request()["challengeAnswer"] == private["expected"]}, nil
		},
	}
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// lastMail returns the newest message.
func (f *fixture) lastMail() userpool.Message {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.mails) == 0 {
		f.Fatal("no mail was sent")
	}
	return f.mails[len(f.mails)-1]
}

func (f *fixture) mailCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mails)
}

// takeEvents returns what the triggers got since the last time.
func (f *fixture) takeEvents() []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	events := f.events
	f.events = nil
	return events
}

// signUp makes a confirmed user and returns the sub.
func (f *fixture) signUp(name string) string {
	f.Helper()
	out, err := f.api.SignUp(f.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: &name, Password: aws.String(password),
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := f.confirm(name, f.lastMail().Code); err != nil {
		f.Fatal(err)
	}
	return *out.UserSub
}

func (f *fixture) confirm(name, code string) error {
	_, err := f.api.ConfirmSignUp(f.Context(), &cognito.ConfirmSignUpInput{
		ClientId: aws.String(publicID), Username: &name, ConfirmationCode: &code,
	})
	return err
}

func (f *fixture) initiate(client string, flow types.AuthFlowType, parameters map[string]string) (*cognito.InitiateAuthOutput, error) {
	return f.api.InitiateAuth(f.Context(), &cognito.InitiateAuthInput{
		ClientId: &client, AuthFlow: flow, AuthParameters: parameters,
	})
}

func (f *fixture) byPassword(name, password string) (*cognito.InitiateAuthOutput, error) {
	return f.initiate(publicID, types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": name, "PASSWORD": password})
}

// tokens signs in by password.
func (f *fixture) tokens(name string) *types.AuthenticationResultType {
	f.Helper()
	out, err := f.byPassword(name, password)
	if err != nil {
		f.Fatal(err)
	}
	if out.AuthenticationResult == nil {
		f.Fatalf("signing in by password led to %s", out.ChallengeName)
	}
	return out.AuthenticationResult
}

func (f *fixture) respond(challenge types.ChallengeNameType, session string, responses map[string]string) (*cognito.RespondToAuthChallengeOutput, error) {
	return f.api.RespondToAuthChallenge(f.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: aws.String(publicID), ChallengeName: challenge, Session: &session, ChallengeResponses: responses,
		ClientMetadata: map[string]string{"from": "respond"},
	})
}

// wantError checks the exception and the words of a refusal.
func wantError(t testing.TB, err error, exception, words string) {
	t.Helper()
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		t.Fatalf("got %v, want %s", err, exception)
	}
	if answer.ErrorCode() != exception || !strings.Contains(answer.ErrorMessage(), words) {
		t.Fatalf("got %s %q, want %s %q", answer.ErrorCode(), answer.ErrorMessage(), exception, words)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func value(list []types.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

func attributes(pairs ...string) []types.AttributeType {
	var list []types.AttributeType
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.AttributeType{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}
