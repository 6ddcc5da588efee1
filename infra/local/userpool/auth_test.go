package userpool_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"

	"github.com/go-jose/go-jose/v4"
)

const (
	refreshFlow = types.AuthFlowTypeRefreshTokenAuth
	issuer      = "https://cognito-idp.us-east-1.amazonaws.com/" + poolID
)

// claims verifies a token against the pool's JWKS and returns its claims.
func (f *fixture) claims(token *string) jwt.MapClaims {
	f.Helper()
	w := httptest.NewRecorder()
	f.pool.JWKS().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &keys); err != nil {
		f.Fatal(err)
	}
	parsed, err := jwt.Parse(*token, func(t *jwt.Token) (any, error) {
		return keys.Key(t.Header["kid"].(string))[0].Key, nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithTimeFunc(f.options().Now))
	if err != nil {
		f.Fatal(err)
	}
	return parsed.Claims.(jwt.MapClaims)
}

// names returns the sorted names of claims.
func names(claims jwt.MapClaims) (all []string) {
	for name := range claims {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func TestTokens(t *testing.T) {
	f := newFixture(t, emailPool)
	sub := f.signUp(address)
	result := f.tokens(address)
	if result.ExpiresIn != 1800 || *result.TokenType != "Bearer" {
		t.Errorf("expires in %d s, type %s", result.ExpiresIn, *result.TokenType)
	}
	id, access := f.claims(result.IdToken), f.claims(result.AccessToken)
	if want := []string{"aud", "auth_time", "cognito:username", "email", "email_verified", "event_id", "exp", "iat", "iss", "jti",
		"origin_jti", "sub", "token_use"}; !slices.Equal(names(id), want) {
		t.Errorf("ID token has %q, want %q", names(id), want)
	}
	if want := []string{"auth_time", "client_id", "event_id", "exp", "iat", "iss", "jti", "origin_jti", "scope", "sub", "token_use",
		"username"}; !slices.Equal(names(access), want) {
		t.Errorf("access token has %q, want %q", names(access), want)
	}
	for name, want := range map[string]any{"aud": publicID, "token_use": "id", "cognito:username": sub, "sub": sub, "email": address,
		"email_verified": true, "exp": float64(f.now.Unix() + 3600), "auth_time": float64(f.now.Unix())} {
		if !reflect.DeepEqual(id[name], want) {
			t.Errorf("ID token %s = %v, want %v", name, id[name], want)
		}
	}
	for name, want := range map[string]any{"client_id": publicID, "token_use": "access", "username": sub, "sub": sub,
		"scope": "aws.cognito.signin.user.admin", "exp": float64(f.now.Unix() + 1800), "event_id": id["event_id"]} {
		if !reflect.DeepEqual(access[name], want) {
			t.Errorf("access token %s = %v, want %v", name, access[name], want)
		}
	}
}

func TestPasswordRefusals(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	f.signUp("disabled@example.com")
	must[*cognito.AdminDisableUserOutput](t)(f.api.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{
		UserPoolId: aws.String(poolID), Username: aws.String("disabled@example.com"),
	}))
	for _, tc := range []struct {
		name       string
		client     string
		flow       types.AuthFlowType
		parameters map[string]string
		exception  string
		words      string
	}{
		{"rejects a wrong password", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": address, "PASSWORD": "Wrong-Horse-1"}, "NotAuthorizedException", "Incorrect username or password."},
		{"rejects a stranger in the same words", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": stranger, "PASSWORD": password}, "NotAuthorizedException", "Incorrect username or password."},
		{"rejects a disabled user with a wrong password in the same words", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": "disabled@example.com", "PASSWORD": "x"}, "NotAuthorizedException", "Incorrect username or password."},
		{"rejects a disabled user", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": "disabled@example.com", "PASSWORD": password}, "NotAuthorizedException", "User is disabled."},
		{"tells of a stranger where the client does", legacyID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": stranger, "PASSWORD": password}, "UserNotFoundException", "User does not exist."},
		{"rejects a missing password", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": address}, "InvalidParameterException", "Missing required parameter PASSWORD"},
		{"rejects a missing name", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"PASSWORD": password}, "InvalidParameterException", "Missing required parameter USERNAME"},
		{"rejects a flow that the client lacks", backendID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": address, "PASSWORD": password}, "InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"},
		{"rejects an admin flow at the public door", publicID, types.AuthFlowTypeAdminUserPasswordAuth,
			map[string]string{"USERNAME": address, "PASSWORD": password}, "InvalidParameterException", "Initiate Auth method not supported."},
		{"rejects a flow that is not served, by name", publicID, types.AuthFlowTypeUserAuth,
			map[string]string{"USERNAME": address}, "InvalidParameterException", "USER_AUTH"},
		{"rejects a forged refresh token", publicID, refreshFlow,
			map[string]string{"REFRESH_TOKEN": "x.y"}, "NotAuthorizedException", "Invalid Refresh Token"},
		{"rejects a missing secret hash", backendID, types.AuthFlowTypeCustomAuth,
			map[string]string{"USERNAME": address}, "NotAuthorizedException", "SECRET_HASH was not received"},
		{"rejects a wrong secret hash", backendID, types.AuthFlowTypeCustomAuth,
			map[string]string{"USERNAME": address, "SECRET_HASH": "x"}, "NotAuthorizedException", "SecretHash does not match for the client"},
		{"rejects a secret hash for a client without secret", publicID, types.AuthFlowTypeUserPasswordAuth,
			map[string]string{"USERNAME": address, "PASSWORD": password, "SECRET_HASH": "x"}, "NotAuthorizedException", "has no secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.initiate(tc.client, tc.flow, tc.parameters)
			wantError(t, err, tc.exception, tc.words)
		})
	}
}

func TestPasswordLockout(t *testing.T) {
	for _, name := range []string{address, stranger} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, emailPool)
			f.signUp(address)
			for range 5 {
				_, err := f.byPassword(name, "Wrong-Horse-1")
				wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
			}
			_, err := f.byPassword(name, password)
			wantError(t, err, "NotAuthorizedException", "Password attempts exceeded")
			f.advance(time.Second)
			_, err = f.byPassword(name, "Wrong-Horse-1")
			wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
			f.advance(time.Second)
			_, err = f.byPassword(name, password)
			wantError(t, err, "NotAuthorizedException", "Password attempts exceeded") // two seconds by now
			f.advance(16 * time.Minute)
			if name == address {
				f.tokens(name)
			}
		})
	}
}

func TestRefresh(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	first := f.tokens(address)
	began := float64(f.now.Unix())
	refresh := map[string]string{"REFRESH_TOKEN": *first.RefreshToken}

	f.advance(time.Hour)
	out := must[*cognito.InitiateAuthOutput](t)(f.initiate(publicID, refreshFlow, refresh))
	if out.AuthenticationResult.RefreshToken != nil {
		t.Error("refreshing gave a new refresh token")
	}
	for _, token := range []*string{out.AuthenticationResult.IdToken, out.AuthenticationResult.AccessToken} {
		claims := f.claims(token)
		if claims["auth_time"] != began || claims["iat"] != began+3600 || claims["origin_jti"] != f.claims(out.AuthenticationResult.IdToken)["origin_jti"] {
			t.Errorf("refreshed %v of a sign-in at %.0f", claims, began)
		}
	}
	must[*cognito.GetTokensFromRefreshTokenOutput](t)(f.api.GetTokensFromRefreshToken(t.Context(), &cognito.GetTokensFromRefreshTokenInput{
		ClientId: aws.String(publicID), RefreshToken: first.RefreshToken,
	}))
	_, err := f.initiate(legacyID, refreshFlow, refresh)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token")
	_, err = f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: first.AccessToken})
	wantError(t, err, "NotAuthorizedException", "Access Token has expired")
	f.advance(30 * 24 * time.Hour)
	_, err = f.initiate(publicID, refreshFlow, refresh)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has expired")
}

func TestRevocation(t *testing.T) {
	for _, tc := range []struct {
		name      string
		revoke    func(f *fixture, tokens *types.AuthenticationResultType) error
		exception string
		words     string
		othersToo bool
	}{
		{"RevokeToken ends one sign-in", func(f *fixture, tokens *types.AuthenticationResultType) error {
			_, err := f.api.RevokeToken(t.Context(), &cognito.RevokeTokenInput{ClientId: aws.String(publicID), Token: tokens.RefreshToken})
			return err
		}, "NotAuthorizedException", "Access Token has been revoked", false},
		{"GlobalSignOut ends all", func(f *fixture, tokens *types.AuthenticationResultType) error {
			_, err := f.api.GlobalSignOut(t.Context(), &cognito.GlobalSignOutInput{AccessToken: tokens.AccessToken})
			return err
		}, "NotAuthorizedException", "Access Token has been revoked", true},
		{"AdminUserGlobalSignOut ends all", func(f *fixture, _ *types.AuthenticationResultType) error {
			_, err := f.api.AdminUserGlobalSignOut(t.Context(), &cognito.AdminUserGlobalSignOutInput{
				UserPoolId: aws.String(poolID), Username: aws.String(address),
			})
			return err
		}, "NotAuthorizedException", "Access Token has been revoked", true},
		{"AdminDisableUser ends all", func(f *fixture, _ *types.AuthenticationResultType) error {
			_, err := f.api.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{
				UserPoolId: aws.String(poolID), Username: aws.String(address),
			})
			return err
		}, "NotAuthorizedException", "User is disabled.", true},
		{"DeleteUser ends all", func(f *fixture, tokens *types.AuthenticationResultType) error {
			_, err := f.api.DeleteUser(t.Context(), &cognito.DeleteUserInput{AccessToken: tokens.AccessToken})
			return err
		}, "UserNotFoundException", "User does not exist.", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, emailPool)
			f.signUp(address)
			mine, other := f.tokens(address), f.tokens(address)
			if err := tc.revoke(f, mine); err != nil {
				t.Fatal(err)
			}
			_, err := f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: mine.AccessToken})
			wantError(t, err, tc.exception, tc.words)
			_, err = f.initiate(publicID, refreshFlow, map[string]string{"REFRESH_TOKEN": *mine.RefreshToken})
			wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token")
			_, err = f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: other.AccessToken})
			if ended := err != nil; ended != tc.othersToo {
				t.Errorf("another sign-in ended: %t", ended)
			}
		})
	}
}

func TestAccessTokensThatAreNone(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	tokens := f.tokens(address)
	elsewhere := newFixture(t, emailPool)
	elsewhere.signUp(address)
	forged := jwt.NewWithClaims(jwt.SigningMethodNone, f.claims(tokens.AccessToken))
	unsigned := must[string](t)(forged.SignedString(jwt.UnsafeAllowNoneSignatureType))
	for _, tc := range []struct{ name, token, words string }{
		{"rejects an ID token", *tokens.IdToken, "Could not verify signature for Access Token"},
		{"rejects another pool's token", *elsewhere.tokens(address).AccessToken, "Could not verify signature for Access Token"},
		{"rejects an unsigned token", unsigned, "Invalid Access Token"},
		{"rejects a refresh token", *tokens.RefreshToken, "Invalid Access Token"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: &tc.token})
			wantError(t, err, "NotAuthorizedException", tc.words)
		})
	}
	_, err := f.api.RevokeToken(t.Context(), &cognito.RevokeTokenInput{ClientId: aws.String(publicID), Token: tokens.AccessToken})
	wantError(t, err, "UnsupportedTokenTypeException", "Only refresh tokens")
}

// secretHash is SECRET_HASH as the SDK's users compute it.
func (f *fixture) secretHash(name string) string {
	f.Helper()
	secret, ok := f.pool.ClientSecret(backendID)
	if !ok {
		f.Fatal("the backend's client has no secret")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, name+backendID)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestBackendWithASecret(t *testing.T) {
	f := newFixture(t, emailPool)
	sub := f.signUp(address)
	if _, ok := f.pool.ClientSecret(publicID); ok {
		t.Error("the public client has a secret")
	}
	adminInitiate := func(flow types.AuthFlowType, more map[string]string) *cognito.AdminInitiateAuthOutput {
		parameters := map[string]string{"USERNAME": address, "SECRET_HASH": f.secretHash(address)}
		for name, value := range more {
			parameters[name] = value
		}
		return must[*cognito.AdminInitiateAuthOutput](t)(f.api.AdminInitiateAuth(t.Context(), &cognito.AdminInitiateAuthInput{
			UserPoolId: aws.String(poolID), ClientId: aws.String(backendID), AuthFlow: flow, AuthParameters: parameters,
		}))
	}
	byPassword := adminInitiate(types.AuthFlowTypeAdminUserPasswordAuth, map[string]string{"PASSWORD": password})
	if byPassword.AuthenticationResult == nil {
		t.Fatalf("led to %s", byPassword.ChallengeName)
	}
	start := adminInitiate(types.AuthFlowTypeCustomAuth, nil)
	end := must[*cognito.AdminRespondToAuthChallengeOutput](t)(f.api.AdminRespondToAuthChallenge(t.Context(), &cognito.AdminRespondToAuthChallengeInput{
		UserPoolId: aws.String(poolID), ClientId: aws.String(backendID), ChallengeName: customChallenge, Session: start.Session,
		ChallengeResponses: map[string]string{"USERNAME": sub, "ANSWER": "swordfish", "SECRET_HASH": f.secretHash(sub)},
	}))
	must[*cognito.InitiateAuthOutput](t)(f.initiate(backendID, refreshFlow, map[string]string{
		"REFRESH_TOKEN": *end.AuthenticationResult.RefreshToken, "SECRET_HASH": f.secretHash(sub),
	}))
	secret, _ := f.pool.ClientSecret(backendID)
	revoke := cognito.RevokeTokenInput{ClientId: aws.String(backendID), Token: end.AuthenticationResult.RefreshToken}
	_, err := f.api.RevokeToken(t.Context(), &revoke)
	wantError(t, err, "NotAuthorizedException", "Client secret does not match")
	revoke.ClientSecret = &secret
	must[*cognito.RevokeTokenOutput](t)(f.api.RevokeToken(t.Context(), &revoke))
}

func TestPasswordTriggers(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"LambdaConfig": properties{
		"PreAuthentication": lambda + "pre", "PostAuthentication": lambda + "post", "PreTokenGeneration": lambda + "claims",
	}}))
	empty := func(context.Context, event) (properties, error) { return properties{}, nil }
	f.triggers["pre"], f.triggers["post"] = empty, empty
	f.triggers["claims"] = func(context.Context, event) (properties, error) {
		return properties{"claimsOverrideDetails": properties{
			"claimsToAddOrOverride": properties{"plan": "gold", "sub": "someone else"}, "claimsToSuppress": []string{"email"},
		}}, nil
	}
	sub := f.signUp(address)
	f.takeEvents()
	tokens := f.tokens(address)
	must[*cognito.InitiateAuthOutput](t)(f.initiate(publicID, refreshFlow, map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}))
	claims := f.claims(tokens.IdToken)
	if claims["plan"] != "gold" || claims["sub"] != sub || claims["email"] != nil {
		t.Errorf("claims %v", claims)
	}
	_, err := f.byPassword(stranger, password)
	wantError(t, err, "NotAuthorizedException", "Incorrect")
	var sources []string
	events := f.takeEvents()
	for _, e := range events {
		sources = append(sources, e["triggerSource"].(string))
	}
	if want := []string{
		"PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication",
		"TokenGeneration_RefreshTokens", "PreAuthentication_Authentication",
	}; !slices.Equal(sources, want) {
		t.Fatalf("triggers %q, want %q", sources, want)
	}
	if events[4].request()["userNotFound"] != true {
		t.Errorf("PreAuthentication of a stranger got %v", events[4].request())
	}
}
