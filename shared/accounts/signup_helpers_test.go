package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Pools of which users sign up: by e-mail address, and with names of their own.
const (
	byEmail = `{
		"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false}, "AutoVerifiedAttributes": ["email"],
		"Schema": [{"Name": "created_by", "AttributeDataType": "String", "Mutable": true}]
	}`
	byName = `{
		"AliasAttributes": ["email", "preferred_username"], "UsernameConfiguration": {"CaseSensitive": false}, "AutoVerifiedAttributes": ["email"],
		"Schema": [{"Name": "created_by", "AttributeDataType": "String", "Mutable": true}]
	}`
	marker   = "custom:created_by"
	password = "correct Horse battery 7 staple!"
)

// signUps are a stack whose users sign up, with its user pool and its mail.
type signUps struct {
	*journey.Stack
	t       *testing.T
	api     *cognito.Client
	pool    *breakable
	post    *journey.Postbox
	codes   *sync.Map // address → the code that Cognito itself mailed last
	ring    *journey.Ring
	handler *accounts.Handler
}

func newSignUps(t *testing.T, properties string) *signUps {
	t.Helper()
	return newSignUpsOver(t, properties, nil)
}

// newSignUpsOver is newSignUps over a store, unless that is nil.
func newSignUpsOver(t *testing.T, properties string, store credentials.Store) *signUps {
	t.Helper()
	s := &signUps{Stack: journey.New(t), t: t, post: &journey.Postbox{}, codes: &sync.Map{}, ring: journey.NewRing(t, secret.Signing)}
	if store != nil {
		s.Store = store
	}
	local, err := userpool.New(journey.PoolID, json.RawMessage(properties), userpool.Options{
		Region: "us-east-1", AccountID: "000000000000", Now: s.Now, Mail: func(m userpool.Message) { s.codes.Store(m.To, m.Code) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := local.AddClient(journey.ClientID, json.RawMessage(`{"UserPoolId": "`+journey.PoolID+`", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "PreventUserExistenceErrors": "ENABLED"}`)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(local)
	t.Cleanup(server.Close)
	s.api = userpooltest.ClientAt(server.URL)
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.pool = &breakable{Pool: accounts.NewCognitoPool(cfg, journey.PoolID)}
	s.wire(properties == byName)
	return s
}

func (s *signUps) wire(named bool) {
	ring, err := s.ring.Ring(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := secret.ParsePublicKeys(ring.PublicKeys())
	if err != nil {
		s.t.Fatal(err)
	}
	s.Client.Methods = append(s.Client.Methods, customauth.MethodAccount)
	s.Checkers = append(s.Checkers, ticket.Checker{Kind: ticket.Account, Keys: keys, Store: s.Store, Now: s.Now})
	s.handler = &accounts.Handler{
		Journeys: []accounts.Journey{accounts.SignUp{
			Clients: accounts.Clients{journey.ClientID}, Pool: s.pool, Proofs: s.Proofs(s.post), Marker: marker, NamedUsers: named, Now: s.Now,
			Tickets: ticket.Signer{Kind: ticket.Account, PoolID: journey.PoolID, Now: s.Now, Key: func(ctx context.Context) (secret.Key, error) {
				ring, err := s.ring.Ring(ctx)
				if err != nil {
					return secret.Key{}, err
				}
				return ring.Current(), nil
			}},
		}},
		ClientIDs: []string{journey.ClientID},
		Telemetry: telemetry.NewRecorder(s.Log, "accounts", journey.Instance, s.Now),
	}
}

// breakable is a pool that fails at an operation: before it is done, or after.
type breakable struct {
	accounts.Pool

	mu    sync.Mutex
	calls []string // operations, in order
	at    string   // operation that fails next
	lost  bool     // it is done all the same
	meet  func(operation string)
}

var errBroken = errors.New("the pool doesn't answer")

// step counts a call, and returns what does it.
func (b *breakable) step(operation string, do func() error) error {
	b.mu.Lock()
	b.calls = append(b.calls, operation)
	breaks, lost, meet := b.at == operation, b.lost, b.meet
	if breaks {
		b.at = ""
	}
	b.mu.Unlock()
	if meet != nil {
		meet(operation)
	}
	if breaks && !lost {
		return errBroken
	}
	err := do()
	if breaks && err == nil {
		return errBroken
	}
	return err
}

func (b *breakable) Create(ctx context.Context, n accounts.NewUser) (u accounts.User, err error) {
	return u, b.step("Create", func() error { u, err = b.Pool.Create(ctx, n); return err })
}

func (b *breakable) Find(ctx context.Context, name string) (u accounts.User, err error) {
	return u, b.step("Find", func() error { u, err = b.Pool.Find(ctx, name); return err })
}

func (b *breakable) ScramblePassword(ctx context.Context, name string) error {
	return b.step("ScramblePassword", func() error { return b.Pool.ScramblePassword(ctx, name) })
}

func (b *breakable) Delete(ctx context.Context, name string) error {
	return b.step("Delete", func() error { return b.Pool.Delete(ctx, name) })
}

// operations returns the calls since the last look.
func (b *breakable) operations() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// fails makes the next call of an operation fail.
func (b *breakable) fails(operation string, lost bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.lost = operation, lost
}

// send calls a route as API Gateway does, from an address.
func (s *signUps) send(route routes.Route, source string, body map[string]string) httpapi.Response {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.handler.Handle(s.t.Context(), httpapi.Event{RouteKey: route.Key(), Body: string(text), RequestContext: events.APIGatewayV2HTTPRequestContext{
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{SourceIP: source},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return response
}

// source is where calls come from, unless a test says otherwise.
const source = "192.0.2.1"

// ask asks for an account on the address, and returns what completes it.
func (s *signUps) ask() map[string]string {
	s.t.Helper()
	var asked struct{ SignUpID string }
	response := s.send(routes.SignUp, source, map[string]string{"clientId": journey.ClientID, "email": address, "locale": "de-CH"})
	if err := json.Unmarshal([]byte(response.Body), &asked); err != nil || response.StatusCode != http.StatusAccepted {
		s.t.Fatalf("asking for an account answers %d %s", response.StatusCode, response.Body)
	}
	completes := map[string]string{"clientId": journey.ClientID, "signUpId": asked.SignUpID, "email": address, "code": "00000000"}
	for _, letter := range s.post.Letters() {
		completes["code"] = letter.Code
	}
	return completes
}

// complete returns the status and code of an error, or the status of a good reply.
func (s *signUps) complete(completes map[string]string) (outcome string, signedUp ticketReply) {
	s.t.Helper()
	response := s.send(routes.CompleteSignUp, source, completes)
	if response.StatusCode >= http.StatusBadRequest {
		return journey.Code(s.t, response), signedUp
	}
	if err := json.Unmarshal([]byte(response.Body), &signedUp); err != nil {
		s.t.Fatal(err)
	}
	return http.StatusText(response.StatusCode), signedUp
}

// created is the outcome of a sign-up that made an account.
const created = "Created"

type ticketReply struct{ UserName, Ticket string }

// signUp signs the address up.
func (s *signUps) signUp() ticketReply {
	s.t.Helper()
	outcome, signedUp := s.complete(s.ask())
	if outcome != created {
		s.t.Fatalf("signing up answers %s", outcome)
	}
	return signedUp
}

// wantIn checks that a ticket signs the user of a name in, once.
func (s *signUps) wantIn(signedUp ticketReply) journey.User {
	s.t.Helper()
	attributes := s.attributes(signedUp.UserName)
	u := journey.User{Name: signedUp.UserName, Sub: attributes["sub"], Attributes: attributes}
	s.Accounts.Put(u)
	s.WantTokens(s.t, s.Begin(s.t, u), signedUp.Ticket)
	s.WantRefused(s.t, s.Begin(s.t, u), signedUp.Ticket, "answer_spent")
	return u
}

// get returns the user that an administrator finds by a name.
func (s *signUps) get(name string) *cognito.AdminGetUserOutput {
	s.t.Helper()
	out, err := s.api.AdminGetUser(s.t.Context(), &cognito.AdminGetUserInput{UserPoolId: aws.String(journey.PoolID), Username: &name})
	if err != nil {
		s.t.Fatalf("looking for %s: %v", name, err)
	}
	return out
}

// attributes are those of a user, with the status.
func (s *signUps) attributes(name string) map[string]string {
	s.t.Helper()
	out := s.get(name)
	all := map[string]string{"status": string(out.UserStatus)}
	for _, a := range out.UserAttributes {
		all[*a.Name] = aws.ToString(a.Value)
	}
	return all
}

// users counts the users of the pool.
func (s *signUps) users() int {
	s.t.Helper()
	out, err := s.api.ListUsers(s.t.Context(), &cognito.ListUsersInput{UserPoolId: aws.String(journey.PoolID)})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(out.Users)
}

// invite makes a user as an operator does, with pairs of name and value.
func (s *signUps) invite(name string, attributes ...string) {
	s.t.Helper()
	var list []types.AttributeType
	for i := 0; i < len(attributes); i += 2 {
		list = append(list, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	_, err := s.api.AdminCreateUser(s.t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(journey.PoolID), Username: &name, MessageAction: types.MessageActionTypeSuppress, UserAttributes: list,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// squat signs somebody up past our sign-up, in another's name.
func (s *signUps) squat(name, address string) error {
	_, err := s.api.SignUp(s.t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(journey.ClientID), Username: &name, Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &address}},
	})
	return err
}

// confirm confirms an account with the code that Cognito mailed, and reports the
// name of Cognito's exception.
func (s *signUps) confirm(name, address string) string {
	s.t.Helper()
	code, _ := s.codes.Load(address)
	_, err := s.api.ConfirmSignUp(s.t.Context(), &cognito.ConfirmSignUpInput{
		ClientId: aws.String(journey.ClientID), Username: &name, ConfirmationCode: aws.String(code.(string)),
	})
	return exception(err)
}

// byPassword signs in by the squatter's password, and reports Cognito's exception.
func (s *signUps) byPassword(name string) string {
	s.t.Helper()
	_, err := s.api.InitiateAuth(s.t.Context(), &cognito.InitiateAuthInput{
		ClientId: aws.String(journey.ClientID), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	return exception(err)
}

func exception(err error) string {
	if err == nil {
		return ""
	}
	for _, name := range []string{"AliasExistsException", "NotAuthorizedException", "UserNotConfirmedException", "ExpiredCodeException", "CodeMismatchException"} {
		if strings.Contains(err.Error(), name) {
			return name
		}
	}
	return err.Error()
}

// nextMinute is when the next mail to an address may go.
func (s *signUps) nextMinute() { s.Advance(time.Minute + time.Millisecond) }
