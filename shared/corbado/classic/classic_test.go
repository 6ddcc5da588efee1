package classic_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado/corbadotest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/classic"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
)

var (
	browser     = classic.Browser{RemoteAddress: "192.0.2.1", UserAgent: "Firefox"}
	sameBrowser = service.ClientInfo(browser)
)

// always reads a secret that never changes.
func always(text string) func(context.Context) (secret.Text, error) {
	return func(context.Context) (secret.Text, error) { return secret.NewText(text), nil }
}

// fixture is a site with its backend.
type fixture struct {
	*testing.T
	*corbadotest.Site
	backend classic.Backend
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	site := corbadotest.New(t)
	return &fixture{t, site, classic.Backend{
		Corbado: clientOf(t, site.CorbadoURL, corbadotest.CorbadoSecret),
		Pool: classic.Pool{
			Cognito: site.API, ID: corbadotest.PoolID, ClientID: corbadotest.ClientID, ClientSecret: always(site.ClientSecret),
		},
		Tickets: signer(site, site.Tickets),
	}}
}

func clientOf(t *testing.T, baseURL, credentials string) *provider.Client {
	t.Helper()
	client, err := corbado.NewClient(baseURL, always(credentials))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func signer(site *corbadotest.Site, ring *journey.Ring) ticket.Signer {
	return ticket.Signer{Kind: ticket.Backend, PoolID: corbadotest.PoolID, Now: site.Stack.Now, Key: func(ctx context.Context) (secret.Key, error) {
		r, err := ring.Ring(ctx)
		return r.Current(), err
	}}
}

// signIn signs somebody in who has just been on Corbado's page.
func (f *fixture) signIn(address string) (*types.AuthenticationResultType, error) {
	return f.backend.SignIn(f.Context(), f.Corbado.AuthToken(address, sameBrowser), browser)
}

// wantRefused checks that a sign-in failed for a reason and gave no tokens.
func (f *fixture) wantRefused(tokens *types.AuthenticationResultType, err, want error) {
	f.Helper()
	if !errors.Is(err, want) || tokens != nil {
		f.Errorf("error %v, want %v; tokens %t", err, want, tokens != nil)
	}
}

func TestSignInOfAUserThePoolHas(t *testing.T) {
	f := newFixture(t)
	f.AddUser(alice)
	tokens, err := f.signIn("Alice@Example.com") // as typed at Corbado
	if err != nil {
		t.Fatal(err)
	}
	if owner := f.Owner(*tokens.AccessToken); owner != alice {
		t.Errorf("the tokens are of %s", owner)
	}
	if f.Calls("AdminSetUserPassword") != 1 || f.Attribute(alice, classic.MarkerAttribute) != "" { // the one of AddUser
		t.Error("the user's own password or mark was changed")
	}
}

func TestSignInMakesTheUser(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		tokens, err := f.signIn(alice)
		if err != nil {
			t.Fatal(err)
		}
		if owner := f.Owner(*tokens.AccessToken); owner != alice {
			t.Errorf("the tokens are of %s", owner)
		}
	}
	if f.Calls("AdminCreateUser") != 1 || f.Calls("AdminSetUserPassword") != 1 {
		t.Errorf("made %d times with %d passwords", f.Calls("AdminCreateUser"), f.Calls("AdminSetUserPassword"))
	}
	if f.User(alice).UserStatus != types.UserStatusTypeConfirmed || f.Attribute(alice, "email_verified") != "true" ||
		f.Attribute(alice, "custom:createdByCorbado") != "true" {
		t.Errorf("made %+v", f.User(alice))
	}
}

func TestSignInMakesTheUserOnceForMany(t *testing.T) {
	f := newFixture(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := f.signIn(alice); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if users, err := f.API.ListUsers(t.Context(), &cognito.ListUsersInput{UserPoolId: aws.String(corbadotest.PoolID)}); err != nil || len(users.Users) != 1 {
		t.Errorf("%d users, error %v", len(users.Users), err)
	}
}

// A backend that ended between two calls of the pool's left a user behind who
// has no password.
func TestSignInEndsWhatWasBegun(t *testing.T) {
	f := newFixture(t)
	f.Fail("AdminSetUserPassword", "InternalErrorException")
	if _, err := f.signIn(alice); err == nil || !strings.Contains(err.Error(), "setting a random password") {
		t.Errorf("error %v", err)
	}
	f.Fail("AdminSetUserPassword", "")
	if _, err := f.signIn(alice); err != nil {
		t.Error(err)
	}
}

// An operator's invitation is the user's to answer.
func TestSignInLeavesAnInvitationAlone(t *testing.T) {
	f := newFixture(t)
	f.Invite(alice)
	tokens, err := f.signIn(alice)
	f.wantRefused(tokens, err, classic.ErrRefused)
	if f.User(alice).UserStatus != types.UserStatusTypeForceChangePassword {
		t.Errorf("the user is %s", f.User(alice).UserStatus)
	}
}

func TestTokenIsGoodOnceForItsBrowser(t *testing.T) {
	f := newFixture(t)
	used := f.Corbado.AuthToken(alice, sameBrowser)
	if _, err := f.backend.SignIn(t.Context(), used, browser); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		token string
		from  classic.Browser
	}{
		"rejects a replay":                   {used, browser},
		"rejects a guess":                    {strings.Repeat("a", 64), browser},
		"rejects what is no token":           {"", browser},
		"rejects a token of another browser": {f.Corbado.AuthToken(alice, sameBrowser), classic.Browser{RemoteAddress: "192.0.2.2", UserAgent: "Firefox"}},
	} {
		t.Run(name, func(t *testing.T) {
			tokens, err := f.backend.SignIn(t.Context(), test.token, test.from)
			f.wantRefused(tokens, err, classic.ErrToken)
		})
	}
}

// Whoever puts another's address into an account must not wait there for the
// owner to come by.
func TestSignInOfAnAddressThatIsNotVerified(t *testing.T) {
	f := newFixture(t)
	f.AddUser(alice)
	if err := f.Pool.AddClient("signup", []byte(`{"UserPoolId": "`+corbadotest.PoolID+`"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.API.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String("signup"), Username: aws.String(bob), Password: aws.String(corbadotest.Password),
	}); err != nil {
		t.Fatal(err)
	}
	tokens, err := f.signIn(bob)
	f.wantRefused(tokens, err, classic.ErrNotOwner)
	name := *f.User(alice).Username
	tokens, err = f.signIn(name) // a user name is no address
	f.wantRefused(tokens, err, classic.ErrNotOwner)
	if f.Calls("AdminInitiateAuth") != 0 {
		t.Error("a sign-in was started")
	}
}

// Who has an address that Cognito folds into another's has not shown to be that one.
func TestSignInOfAnAddressThatOnlyFoldsIntoAnothers(t *testing.T) {
	f := newFixture(t)
	f.AddUser("kim@example.com")
	tokens, err := f.signIn("\u212Aim@example.com") // the Kelvin sign is a k in lower case
	f.wantRefused(tokens, err, classic.ErrNotOwner)
}

func TestSignInThatThePoolRefuses(t *testing.T) {
	f := newFixture(t)
	name := f.AddUser(alice)
	stranger := f.backend
	stranger.Tickets = signer(f.Site, journey.NewRing(t, secret.Signing))
	tokens, err := stranger.SignIn(t.Context(), f.Corbado.AuthToken(alice, sameBrowser), browser)
	f.wantRefused(tokens, err, classic.ErrRefused)
	if reason := f.Stack.Log.Last(t, "verified")["reason"]; reason != "unknown_key" {
		t.Errorf("a ticket of another key is refused for %v", reason)
	}
	if _, err := f.API.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{UserPoolId: aws.String(corbadotest.PoolID), Username: &name}); err != nil {
		t.Fatal(err)
	}
	tokens, err = f.signIn(alice)
	f.wantRefused(tokens, err, classic.ErrRefused)
}

// Triggers of others may ask for more than a ticket.
func TestSignInThatThePoolGoesOnWith(t *testing.T) {
	f := newFixture(t)
	asksMore := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".AdminRespondToAuthChallenge") {
			_, _ = io.WriteString(w, `{"ChallengeName":"CUSTOM_CHALLENGE","Session":"more","ChallengeParameters":{}}`)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer asksMore.Close()
	f.backend.Pool.Cognito = cognito.New(f.API.Options(), func(o *cognito.Options) { o.BaseEndpoint = &asksMore.URL })
	tokens, err := f.signIn(alice)
	f.wantRefused(tokens, err, classic.ErrRefused)
}

// A ticket of one user is no answer in another's session, whoever got hold of it.
func TestTicketOfAnotherUser(t *testing.T) {
	f := newFixture(t)
	f.AddUser(alice)
	bobs, err := f.backend.Tickets.Sign(t.Context(), ticket.Grant{
		ClientID: corbadotest.ClientID, Sub: f.Attribute(f.AddUser(bob), "sub"), Methods: []string{"corbado"},
	})
	if err != nil {
		t.Fatal(err)
	}
	thief := f.backend
	thief.Tickets = stolen(bobs)
	tokens, err := thief.SignIn(t.Context(), f.Corbado.AuthToken(alice, sameBrowser), browser)
	f.wantRefused(tokens, err, classic.ErrRefused)
	if reason := f.Stack.Log.Last(t, "verified")["reason"]; reason != "wrong_user" {
		t.Errorf("refused for %v", reason)
	}
}

// stolen is a ticket instead of a signer.
type stolen string

func (s stolen) Sign(context.Context, ticket.Grant) (string, error) { return string(s), nil }

func TestFaultOfCorbadoIsNoAnswer(t *testing.T) {
	for how, words := range map[fault.Fault]string{
		fault.Slow:             "no answer in time",
		fault.Unavailable:      "status 503",
		fault.HangUp:           "connection broken",
		fault.LyingContentType: "not JSON",
		fault.Garbage:          "not JSON",
		fault.HugeBody:         "more than",
	} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Corbado.Break(how)
			tokens, err := f.signIn(alice)
			f.wantRefused(tokens, err, provider.ErrUnavailable)
			if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), alice) {
				t.Errorf("error %v, want %q", err, words)
			}
			if f.Calls("AdminGetUser") != 0 {
				t.Error("the pool was asked")
			}
		})
	}
}

// Corbado's word is the only one on who presents a token. What it names must be
// an address all the same, or nobody is made or signed in.
func TestCorbadoNamesWhoIsNoAddress(t *testing.T) {
	f := newFixture(t)
	f.AddUser(alice)
	f.Corbado.Break(fault.SuccessForAnother)
	tokens, err := f.signIn(alice)
	if err == nil || !strings.Contains(err.Error(), "creating the user") || tokens != nil || f.Calls("AdminInitiateAuth") != 0 {
		t.Errorf("error %v, tokens %t", err, tokens != nil)
	}
}

func TestReplyOfCorbadoIsReadStrictly(t *testing.T) {
	f := newFixture(t)
	f.AddUser(alice)
	for name, test := range map[string]struct {
		status     int
		body, says string
	}{
		"another status":              {202, `{"httpStatusCode":202,"data":{"userData":"{\"username\":\"alice@example.com\"}"}}`, "names no user"},
		"a status in the body alone":  {401, `{"httpStatusCode":200,"data":{"userData":"{\"username\":\"alice@example.com\"}"}}`, "status 401"},
		"a user that is not a string": {200, `{"httpStatusCode":200,"data":{"userData":{"username":"alice@example.com"}}}`, "another form"},
		"a user without a name":       {200, `{"httpStatusCode":200,"data":{"userData":"{}"}}`, "names no user"},
		"a user that is not JSON":     {200, `{"httpStatusCode":200,"data":{"userData":"alice@example.com"}}`, "names no user"},
		"no user":                     {200, `{"httpStatusCode":200}`, "names no user"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			f.backend.Corbado = clientOf(t, server.URL, corbadotest.CorbadoSecret)
			tokens, err := f.signIn(alice)
			f.wantRefused(tokens, err, provider.ErrUnavailable)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %q", err, test.says)
			}
		})
	}
}

func TestFaultOfThePoolIsNoRefusal(t *testing.T) {
	for operation, says := range map[string]string{
		"AdminGetUser":                "reading the user",
		"AdminCreateUser":             "creating the user",
		"AdminInitiateAuth":           "starting the sign-in",
		"AdminRespondToAuthChallenge": "answering with the ticket",
	} {
		t.Run(operation, func(t *testing.T) {
			f := newFixture(t)
			f.Fail(operation, "TooManyRequestsException")
			tokens, err := f.signIn(alice)
			if err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, classic.ErrRefused) || errors.Is(err, classic.ErrNotOwner) || tokens != nil {
				t.Errorf("error %v, want %q; tokens %t", err, says, tokens != nil)
			}
		})
	}
}

func TestSecretThatIsWrongIsNoRefusal(t *testing.T) {
	f := newFixture(t)
	f.backend.Pool.ClientSecret = always("guess")
	tokens, err := f.signIn(alice)
	if err == nil || errors.Is(err, classic.ErrRefused) || tokens != nil {
		t.Errorf("error %v, tokens %t", err, tokens != nil)
	}
}

func TestSecretsThatAreNotThere(t *testing.T) {
	f := newFixture(t)
	missing := errors.New("no such parameter")
	f.backend.Pool.ClientSecret = func(context.Context) (secret.Text, error) { return secret.Text{}, missing }
	tokens, err := f.signIn(alice)
	f.wantRefused(tokens, err, missing)
	f.backend.Pool.ClientSecret = always(f.ClientSecret)
	f.Tickets.Fail(missing)
	tokens, err = f.signIn(alice)
	f.wantRefused(tokens, err, missing)
}
