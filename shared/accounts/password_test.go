package accounts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

const oldPassword = "Correct-Horse-1"

// passwords are a pool whose users take their passwords away.
type passwords struct {
	*journey.Stack
	t       *testing.T
	api     *cognito.Client
	post    *journey.Postbox
	journey accounts.Password
	pool    *brokenPool
}

// brokenPool is a pool that fails to end sessions while its error is set.
type brokenPool struct {
	accounts.Pool
	signOut error
}

func (p *brokenPool) SignOut(ctx context.Context, name string) error {
	if p.signOut != nil {
		return p.signOut
	}
	return p.Pool.SignOut(ctx, name)
}

func newPasswords(t *testing.T) *passwords {
	t.Helper()
	p := &passwords{Stack: journey.New(t), t: t, post: &journey.Postbox{}}
	pool, err := userpool.New(journey.PoolID, json.RawMessage(`{
		"UsernameAttributes": ["email"],
		"Policies": {"PasswordPolicy": {"MinimumLength": 14, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true, "RequireSymbols": true}}
	}`), userpool.Options{Region: "us-east-1", AccountID: "000000000000", Now: p.Now})
	if err != nil {
		t.Fatal(err)
	}
	client := `{"UserPoolId": "` + journey.PoolID + `", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "PreventUserExistenceErrors": "ENABLED"}`
	if err := pool.AddClient(journey.PasswordClientID, json.RawMessage(client)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pool)
	t.Cleanup(server.Close)
	p.api = userpooltest.ClientAt(server.URL)
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.pool = &brokenPool{Pool: accounts.NewCognitoPool(cfg, journey.PoolID)}
	p.journey = accounts.Password{
		Guard:   httpapi.Guard{Accounts: httpapi.NewUserPool(cfg), RecentAuthentication: 5 * time.Minute, Now: p.Now},
		Pool:    p.pool,
		WayBack: true,
		Notices: &notice.Teller{Post: p.post, Store: p.Store},
		Now:     p.Now,
	}
	return p
}

// newUser makes a user with a password, whose address is verified or not.
func (p *passwords) newUser(verified string) {
	p.t.Helper()
	created, err := p.api.AdminCreateUser(p.t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(journey.PoolID), Username: aws.String(address), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(address)}, {Name: aws.String("email_verified"), Value: &verified}},
	})
	if err == nil {
		_, err = p.api.AdminSetUserPassword(p.t.Context(), &cognito.AdminSetUserPasswordInput{
			UserPoolId: aws.String(journey.PoolID), Username: created.User.Username, Password: aws.String(oldPassword), Permanent: true,
		})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// signIn signs in by the password.
func (p *passwords) signIn() (*types.AuthenticationResultType, error) {
	out, err := p.api.InitiateAuth(p.t.Context(), &cognito.InitiateAuthInput{
		ClientId: aws.String(journey.PasswordClientID), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": address, "PASSWORD": oldPassword},
	})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

func (p *passwords) mustSignIn() *types.AuthenticationResultType {
	p.t.Helper()
	tokens, err := p.signIn()
	if err != nil {
		p.t.Fatal(err)
	}
	return tokens
}

// remove calls DELETE /password with a token, as API Gateway does once it has
// verified it.
func (p *passwords) remove(token *string) httpapi.Response {
	p.t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(*token, ".")[1])
	if err != nil {
		p.t.Fatal(err)
	}
	var verified map[string]any
	if err := json.Unmarshal(payload, &verified); err != nil {
		p.t.Fatal(err)
	}
	claims := map[string]string{}
	for name, value := range verified {
		claims[name] = fmt.Sprint(value)
		if number, ok := value.(float64); ok {
			claims[name] = fmt.Sprintf("%.0f", number)
		}
	}
	handler := &accounts.Handler{
		Journeys: []accounts.Journey{p.journey}, ClientIDs: []string{journey.PasswordClientID},
		Telemetry: telemetry.NewRecorder(p.Log, "accounts", journey.Instance, p.Now),
	}
	response, err := handler.Handle(p.t.Context(), httpapi.Event{
		RouteKey: routes.RemovePassword.Key(), Headers: map[string]string{"authorization": "Bearer " + *token},
		RequestContext: events.APIGatewayV2HTTPRequestContext{Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
		}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

func (p *passwords) wantRefused(response httpapi.Response, status int, code string) {
	p.t.Helper()
	var problem struct{ Code string }
	if err := json.Unmarshal([]byte(response.Body), &problem); err != nil || response.StatusCode != status || problem.Code != code {
		p.t.Errorf("answers %d %s, want %d %s", response.StatusCode, response.Body, status, code)
	}
}

func TestPasswordIsTakenAway(t *testing.T) {
	p := newPasswords(t)
	p.newUser("true")
	elsewhere, tokens := p.mustSignIn(), p.mustSignIn()
	if r := p.remove(tokens.AccessToken); r.StatusCode != http.StatusNoContent || r.Body != "" {
		t.Fatalf("answers %d %s", r.StatusCode, r.Body)
	}
	var refused *types.NotAuthorizedException
	if _, err := p.signIn(); !errors.As(err, &refused) {
		t.Errorf("the old password: %v", err)
	}
	for _, session := range []*types.AuthenticationResultType{elsewhere, tokens} {
		_, err := p.api.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
			ClientId: aws.String(journey.PasswordClientID), AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
			AuthParameters: map[string]string{"REFRESH_TOKEN": *session.RefreshToken},
		})
		if !errors.As(err, &refused) {
			t.Errorf("a session goes on: %v", err)
		}
	}
	line := p.Log.Last(t, "answered")
	if told := fmt.Sprint(line["audit"]); !strings.Contains(told, "password.removed") {
		t.Errorf("the audit event is %s", told)
	}
	letters := p.post.Letters()
	if len(letters) != 1 || letters[0].Kind != mail.KindPasswordRemoved || letters[0].To != address {
		t.Errorf("letters %+v", letters)
	}
	p.WantNotLogged(t, oldPassword, *tokens.AccessToken, address)
	p.wantRefused(p.remove(tokens.AccessToken), http.StatusUnauthorized, "token_refused") // a second time
}

// What failed half way can be tried again with the same token, and is told once.
func TestRemovalOfAPasswordThatFailedHalfWay(t *testing.T) {
	p := newPasswords(t)
	p.newUser("true")
	tokens := p.mustSignIn()
	p.pool.signOut = errors.New("outage")
	p.wantRefused(p.remove(tokens.AccessToken), http.StatusServiceUnavailable, "try_again")
	if letters := p.post.Letters(); len(letters) != 0 {
		t.Errorf("letters %+v", letters)
	}
	p.pool.signOut = nil
	if r := p.remove(tokens.AccessToken); r.StatusCode != http.StatusNoContent {
		t.Fatalf("answers %d %s", r.StatusCode, r.Body)
	}
	if letters := p.post.Letters(); len(letters) != 1 {
		t.Errorf("letters %+v", letters)
	}
}

// A notice that can't be sent changes nothing of what was done.
func TestRemovalOfAPasswordThatCannotBeTold(t *testing.T) {
	p := newPasswords(t)
	p.newUser("true")
	p.post.Fail(errors.New("outage"))
	if r := p.remove(p.mustSignIn().AccessToken); r.StatusCode != http.StatusNoContent {
		t.Errorf("answers %d %s", r.StatusCode, r.Body)
	}
	if line := p.Log.Last(t, "answered"); line["NoticeFailures"] != 1.0 {
		t.Errorf("logged as %v", line)
	}
}

func TestPasswordStays(t *testing.T) {
	for name, c := range map[string]struct {
		verified string
		change   func(*passwords, *types.AuthenticationResultType) *string // returns the token of the call
		status   int
		code     string
	}{
		"rejects a sign-in of some time ago": {"true", func(p *passwords, tokens *types.AuthenticationResultType) *string {
			p.Advance(5*time.Minute + time.Second)
			return tokens.AccessToken
		}, http.StatusForbidden, "recent_sign_in_required"},
		"rejects an ID token": {"true", func(_ *passwords, tokens *types.AuthenticationResultType) *string {
			return tokens.IdToken
		}, http.StatusUnauthorized, "access_token_required"},
		"rejects a revoked token": {"true", func(p *passwords, tokens *types.AuthenticationResultType) *string {
			if _, err := p.api.GlobalSignOut(p.t.Context(), &cognito.GlobalSignOutInput{AccessToken: tokens.AccessToken}); err != nil {
				p.t.Fatal(err)
			}
			return tokens.AccessToken
		}, http.StatusUnauthorized, "token_refused"},
		"rejects an address that is not verified": {"false", func(_ *passwords, tokens *types.AuthenticationResultType) *string {
			return tokens.AccessToken
		}, http.StatusConflict, "no_way_back"},
		"rejects it where mail lets nobody in": {"true", func(p *passwords, tokens *types.AuthenticationResultType) *string {
			p.journey.WayBack = false
			return tokens.AccessToken
		}, http.StatusConflict, "no_way_back"},
		"rejects a user of another provider": {"true", func(p *passwords, tokens *types.AuthenticationResultType) *string {
			p.journey.Guard.Accounts = federated{p.journey.Guard.Accounts}
			return tokens.AccessToken
		}, http.StatusForbidden, "federated_user"},
		"rejects a user who was deleted": {"true", func(p *passwords, tokens *types.AuthenticationResultType) *string {
			p.journey.Guard.Accounts = deleting{p.journey.Guard.Accounts, p.pool}
			return tokens.AccessToken
		}, http.StatusUnauthorized, "token_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPasswords(t)
			p.newUser(c.verified)
			p.wantRefused(p.remove(c.change(p, p.mustSignIn())), c.status, c.code)
			if letters := p.post.Letters(); len(letters) != 0 {
				t.Errorf("letters %+v", letters)
			}
			if _, err := p.signIn(); err != nil && name != "rejects a user who was deleted" {
				t.Errorf("the password is gone: %v", err)
			}
		})
	}
}

// federated makes the bearer one who signs in elsewhere, whom a local pool has not.
type federated struct{ httpapi.Accounts }

func (f federated) Account(ctx context.Context, token string) (httpapi.Account, error) {
	account, err := f.Accounts.Account(ctx, token)
	account.Attributes["identities"] = `[{"providerName": "Example"}]`
	return account, err
}

// deleting deletes the user once the pool was asked.
type deleting struct {
	httpapi.Accounts
	pool accounts.Pool
}

func (d deleting) Account(ctx context.Context, token string) (httpapi.Account, error) {
	account, err := d.Accounts.Account(ctx, token)
	if err != nil {
		return account, err
	}
	return account, d.pool.Delete(ctx, account.Attributes["sub"])
}
