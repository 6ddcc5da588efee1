package e2e_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

const password = "correct Horse battery 7 staple!"

// user is somebody with an account, a browser and an authenticator.
type user struct {
	name          string // typed to sign in
	email         string
	authenticator *passkeytest.Authenticator
	tokens        *types.AuthenticationResultType // of the last sign-in
}

// newUser signs up and registers a passkey.
func (p *program) newUser(t *testing.T, name, email string) *user {
	t.Helper()
	u := p.signUp(t, name, email)
	p.register(t, u)
	return u
}

// signUp signs up, confirms the address and signs in by password.
func (p *program) signUp(t *testing.T, name, email string) *user {
	t.Helper()
	u := &user{name: name, email: email, authenticator: passkeytest.NewSynced(p.Origin)}
	_, err := p.pool.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: &p.Config.UserPoolClientID, Username: &name, Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &email}},
	})
	if err != nil {
		t.Fatalf("signing up: %v", err)
	}
	_, err = p.pool.ConfirmSignUp(t.Context(), &cognito.ConfirmSignUpInput{
		ClientId: &p.Config.UserPoolClientID, Username: &name, ConfirmationCode: aws.String(p.mailedCode(t, email)),
	})
	if err != nil {
		t.Fatalf("confirming: %v", err)
	}
	u.tokens = p.signInWithPassword(t, name)
	return u
}

func (p *program) register(t *testing.T, u *user) {
	t.Helper()
	made, err := u.authenticator.Create(p.options(t, "/passkeys/options", *u.tokens.AccessToken))
	if err != nil {
		t.Fatal(err)
	}
	status, body := p.api(t, http.MethodPost, "/passkeys", *u.tokens.AccessToken, map[string]any{
		"name": "Test key", "credential": json.RawMessage(made.JSON()),
	})
	if status != http.StatusCreated {
		t.Fatalf("registering answers %d %s", status, body)
	}
}

// options asks the HTTP API for the options of a ceremony.
func (p *program) options(t *testing.T, path, token string) []byte {
	t.Helper()
	status, body := p.api(t, http.MethodPost, path, token, struct{}{})
	var reply struct {
		PublicKey json.RawMessage `json:"publicKey"`
	}
	if err := json.Unmarshal(body, &reply); err != nil || status != http.StatusOK {
		t.Fatalf("POST %s answers %d %s", path, status, body)
	}
	return reply.PublicKey
}

// begin is InitiateAuth CUSTOM_AUTH.
func (p *program) begin(t *testing.T, name string) *cognito.InitiateAuthOutput {
	t.Helper()
	begun, err := p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &p.Config.UserPoolClientID, AuthFlow: types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": name},
	})
	if err != nil {
		t.Fatalf("beginning the sign-in: %v", err)
	}
	return begun
}

// answer is RespondToAuthChallenge.
func (p *program) answer(t *testing.T, begun *cognito.InitiateAuthOutput, answer []byte) (*cognito.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return p.pool.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: &p.Config.UserPoolClientID, ChallengeName: types.ChallengeNameTypeCustomChallenge, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": begun.ChallengeParameters["USERNAME"], "ANSWER": string(answer)},
	})
}

func get(t *testing.T, a *passkeytest.Authenticator, options []byte) *passkeytest.Assertion {
	t.Helper()
	assertion, err := a.Get(options)
	if err != nil {
		t.Fatal(err)
	}
	return assertion
}

func fido2options(begun *cognito.InitiateAuthOutput) []byte {
	return []byte(begun.ChallengeParameters["fido2options"])
}

// signInByName signs in as a page does that asks for the name first.
func (p *program) signInByName(t *testing.T, u *user) {
	t.Helper()
	begun := p.begin(t, u.name)
	answered, err := p.answer(t, begun, get(t, u.authenticator, fido2options(begun)).JSON())
	if err != nil {
		t.Fatalf("signing in by name: %v", err)
	}
	u.tokens = answered.AuthenticationResult
}

// signInWithoutName signs in as a page does that knows nobody's name.
func (p *program) signInWithoutName(t *testing.T, u *user) {
	t.Helper()
	assertion := get(t, u.authenticator, p.options(t, "/sign-in/options", ""))
	name := string(assertion.UserHandle)
	if strings.HasPrefix(name, "r|") {
		status, body := p.api(t, http.MethodPost, "/sign-in/user", "", map[string]any{"credential": json.RawMessage(assertion.JSON())})
		var reply struct{ Username string }
		if err := json.Unmarshal(body, &reply); err != nil || status != http.StatusOK {
			t.Fatalf("asking for the user name answers %d %s", status, body)
		}
		name = reply.Username
	}
	answered, err := p.answer(t, p.begin(t, name), assertion.JSON())
	if err != nil {
		t.Fatalf("signing in without a name: %v", err)
	}
	u.tokens = answered.AuthenticationResult
}

// wantTokens verifies the last sign-in's tokens against the published keys.
func (p *program) wantTokens(t *testing.T, u *user) jwt.MapClaims {
	t.Helper()
	var keys struct {
		Keys []struct{ Kid, Alg, N, E string }
	}
	if err := p.GetJSON("/"+p.Config.UserPoolID+"/.well-known/jwks.json", &keys); err != nil {
		t.Fatal(err)
	}
	parse := func(token string) jwt.MapClaims {
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(token, claims, func(token *jwt.Token) (any, error) {
			for _, k := range keys.Keys {
				if k.Kid != token.Header["kid"] {
					continue
				}
				n, err := base64.RawURLEncoding.DecodeString(k.N)
				if err != nil {
					return nil, err
				}
				e, err := base64.RawURLEncoding.DecodeString(k.E)
				return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, err
			}
			return nil, errors.New("no such key")
		}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuedAt(), jwt.WithExpirationRequired(),
			jwt.WithIssuer("https://cognito-idp."+p.Config.Region+".amazonaws.com/"+p.Config.UserPoolID))
		if err != nil {
			t.Fatalf("a token does not verify: %v", err)
		}
		return claims
	}
	access, id := parse(aws.ToString(u.tokens.AccessToken)), parse(aws.ToString(u.tokens.IdToken))
	if access["token_use"] != "access" || access["client_id"] != p.Config.UserPoolClientID {
		t.Errorf("access token claims are %v", access)
	}
	if id["token_use"] != "id" || id["aud"] != p.Config.UserPoolClientID || id["email"] != u.email || id["sub"] != access["sub"] {
		t.Errorf("ID token claims are %v", id)
	}
	return access
}

// wantNoTokens checks that an answer is refused as Cognito refuses one, and
// that the log of Verify says why.
func (p *program) wantNoTokens(t *testing.T, begun *cognito.InitiateAuthOutput, answer []byte, reason string) {
	t.Helper()
	before := len(p.Log.String())
	answered, err := p.answer(t, begun, answer)
	var refused *types.NotAuthorizedException
	if !errors.As(err, &refused) || (answered != nil && answered.AuthenticationResult != nil) {
		t.Fatalf("the answer got %+v, error %v; want NotAuthorizedException", answered, err)
	}
	p.wantLogged(t, before, `"outcome":"refused","method":"[a-z]*","clientId":"[^"]*","reason":"`+reason+`"`)
}

func (p *program) wantProblem(t *testing.T, method, path, token string, status int, code string) {
	t.Helper()
	gotStatus, body := p.api(t, method, path, token, struct{}{})
	var problem struct{ Code, Message string }
	if err := json.Unmarshal(body, &problem); err != nil || gotStatus != status || problem.Code != code || problem.Message == "" {
		t.Errorf("%s %s answers %d %s, want %d %s", method, path, gotStatus, body, status, code)
	}
}

func TestSignInWithEmail(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	u := p.newUser(t, "ann@example.com", "ann@example.com")
	u.name = "Ann@Example.com" // the pool ignores case
	if p.Config.RelyingPartyID != "localhost" {
		t.Errorf("relying party id is %q", p.Config.RelyingPartyID)
	}

	p.signInByName(t, u)
	claims := p.wantTokens(t, u)
	if claims["username"] != claims["sub"] {
		t.Errorf("in a pool with e-mail sign-in the user name is %v and the sub %v", claims["username"], claims["sub"])
	}
	p.signInWithoutName(t, u)
	p.wantTokens(t, u)

	t.Run("answers that give no tokens", func(t *testing.T) { p.refusals(t, u) })
	t.Run("passkeys are managed by their owner", func(t *testing.T) { p.management(t, u) })
	t.Run("a token of the wrong kind, or revoked, is refused", func(t *testing.T) { p.wrongTokens(t, u) })
	t.Run("nothing in the log could sign anyone in", func(t *testing.T) {
		for what, secret := range map[string]string{
			"a password": password, "an access token": *u.tokens.AccessToken, "a refresh token": *u.tokens.RefreshToken, "an address": u.email,
		} {
			if strings.Contains(p.Log.String(), secret) {
				t.Errorf("%s was logged", what)
			}
		}
	})
}

func (p *program) refusals(t *testing.T, u *user) {
	begun := p.begin(t, u.name)
	good := get(t, u.authenticator, fido2options(begun)).JSON()

	tampered := get(t, u.authenticator, fido2options(begun))
	tampered.Signature[len(tampered.Signature)-1] ^= 1
	p.wantNoTokens(t, begun, tampered.JSON(), "bad_signature")

	p.wantNoTokens(t, p.begin(t, u.name), good, "wrong_challenge")

	replayed := get(t, u.authenticator, p.options(t, "/sign-in/options", "")).JSON()
	if _, err := p.answer(t, p.begin(t, u.name), replayed); err != nil {
		t.Fatalf("the first use was refused: %v", err)
	}
	p.wantNoTokens(t, p.begin(t, u.name), replayed, "challenge_spent")

	stranger := p.newUser(t, "bob@example.com", "bob@example.com")
	foreign := get(t, stranger.authenticator, p.options(t, "/sign-in/options", "")).JSON()
	p.wantNoTokens(t, p.begin(t, u.name), foreign, "unknown_credential")
	p.wantNoTokens(t, p.begin(t, "nobody@example.com"), foreign, "unknown_credential")

	for age, reason := range map[time.Duration]string{
		stamp.Lifetime + time.Minute: "challenge_expired",
		-time.Minute:                 "challenge_from_the_future",
	} {
		options := p.withChallenge(t, p.options(t, "/sign-in/options", ""), p.oldStamp(t, age))
		p.wantNoTokens(t, p.begin(t, u.name), get(t, u.authenticator, options).JSON(), reason)
	}
	for _, garbage := range []string{"{}", "[]", "null", "x.y", "__dummy__", strings.Repeat("{", 20000), "\x00"} {
		p.wantNoTokens(t, p.begin(t, u.name), []byte(garbage), "[a-z_]+")
	}
}

// oldStamp signs a challenge of another time with the key that the stack made,
// which the data folder holds.
func (p *program) oldStamp(t *testing.T, age time.Duration) []byte {
	t.Helper()
	return stamp.Issue(p.stampRing(t).Current(), stamp.Scope{
		Purpose: stamp.SignIn, PoolID: p.Config.UserPoolID, RelyingPartyID: p.Config.RelyingPartyID,
	}, time.Now().Add(-age))
}

// stampRing reads the data folder, which the program writes soon after a change.
func (p *program) stampRing(t *testing.T) secret.Ring {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		var saved struct {
			Parameters map[string]struct{ Value string }
		}
		text, err := os.ReadFile(filepath.Join(p.data, "services.json"))
		if err == nil {
			err = json.Unmarshal(text, &saved)
		}
		for _, parameter := range saved.Parameters {
			if ring, err := secret.Decode(parameter.Value); err == nil && ring.Kind() == secret.Signing {
				return ring
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the data folder holds no signing key: %v", err)
		}
	}
}

func (p *program) withChallenge(t *testing.T, options, challenge []byte) []byte {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	o["challenge"] = base64.RawURLEncoding.EncodeToString(challenge)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type listed struct {
	ID, Name   string
	Synced     bool
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

func (p *program) list(t *testing.T, u *user) []listed {
	t.Helper()
	status, body := p.api(t, http.MethodGet, "/passkeys", *u.tokens.AccessToken, struct{}{})
	var reply struct{ Passkeys []listed }
	if err := json.Unmarshal(body, &reply); err != nil || status != http.StatusOK {
		t.Fatalf("listing answers %d %s", status, body)
	}
	return reply.Passkeys
}

func (p *program) management(t *testing.T, u *user) {
	p.signInByName(t, u)
	list := p.list(t, u)
	if len(list) != 1 || list[0].Name != "Test key" || !list[0].Synced || list[0].LastUsedAt == nil || list[0].LastUsedAt.Before(list[0].CreatedAt) {
		t.Fatalf("passkeys are %+v", list)
	}
	id, token := list[0].ID, *u.tokens.AccessToken
	if status, body := p.api(t, http.MethodPatch, "/passkeys/"+id, token, map[string]string{"name": "Kitchen"}); status != http.StatusOK {
		t.Fatalf("renaming answers %d %s", status, body)
	}
	if list := p.list(t, u); list[0].Name != "Kitchen" {
		t.Errorf("renamed, the passkey is called %q", list[0].Name)
	}

	other := p.newUser(t, "carol@example.com", "carol@example.com")
	p.wantProblem(t, http.MethodDelete, "/passkeys/"+id, *other.tokens.AccessToken, http.StatusNotFound, "passkey_not_found")

	begun := p.begin(t, u.name)
	late := get(t, u.authenticator, fido2options(begun)).JSON()
	if status, body := p.api(t, http.MethodDelete, "/passkeys/"+id, token, struct{}{}); status != http.StatusNoContent {
		t.Fatalf("deleting answers %d %s", status, body)
	}
	if list := p.list(t, u); len(list) != 0 {
		t.Errorf("after the deletion there is %+v", list)
	}
	p.wantNoTokens(t, begun, late, "unknown_credential")

	u.authenticator = passkeytest.NewSynced(p.Origin)
	p.register(t, u)
	p.signInByName(t, u)
}

func (p *program) wrongTokens(t *testing.T, u *user) {
	p.wantProblem(t, http.MethodGet, "/passkeys", *u.tokens.IdToken, http.StatusUnauthorized, "access_token_required")
	if status, _ := p.api(t, http.MethodGet, "/passkeys", "not.a.token", struct{}{}); status != http.StatusUnauthorized {
		t.Errorf("a made-up token answers %d", status)
	}
	if status, _ := p.api(t, http.MethodGet, "/passkeys", "", struct{}{}); status != http.StatusUnauthorized {
		t.Errorf("no token answers %d", status)
	}
	if _, err := p.pool.GlobalSignOut(t.Context(), &cognito.GlobalSignOutInput{AccessToken: u.tokens.AccessToken}); err != nil {
		t.Fatal(err)
	}
	p.wantProblem(t, http.MethodPost, "/passkeys/options", *u.tokens.AccessToken, http.StatusUnauthorized, "token_refused")
	p.signInByName(t, u)
}

// In a pool with user names, the user handle is random and the name is asked for.
func TestSignInWithUserName(t *testing.T) {
	t.Parallel()
	p := start(t, "-c signIn=username")
	u := p.newUser(t, "Ann", "ann@example.com")
	if handle := string(u.authenticator.Passkeys[0].UserHandle); !strings.HasPrefix(handle, "r|") || strings.Contains(strings.ToLower(handle), "ann") {
		t.Errorf("the user handle is %q, want a random one", handle)
	}
	p.signInByName(t, u)
	if claims := p.wantTokens(t, u); !strings.EqualFold(claims["username"].(string), "ann") {
		t.Errorf("the user name is %v", claims["username"])
	}
	p.signInWithoutName(t, u)
	p.wantTokens(t, u)

	u.name = u.email // an alias
	p.signInByName(t, u)
	p.wantTokens(t, u)

	tampered := get(t, u.authenticator, p.options(t, "/sign-in/options", ""))
	tampered.Signature[8] ^= 1
	status, body := p.api(t, http.MethodPost, "/sign-in/user", "", map[string]any{"credential": json.RawMessage(tampered.JSON())})
	if status != http.StatusNotFound || !strings.Contains(string(body), "user_not_found") {
		t.Errorf("a tampered assertion names a user: %d %s", status, body)
	}
}
