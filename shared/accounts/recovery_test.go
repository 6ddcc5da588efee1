package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
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
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

const (
	address = "ann@example.com"
	delay   = 24 * time.Hour
)

// recoveries are a stack whose users recover, with its user pool and its mail.
type recoveries struct {
	*journey.Stack
	t       *testing.T
	api     *cognito.Client
	post    *journey.Postbox
	handler *accounts.Handler

	user          journey.User
	authenticator *passkeytest.Authenticator
}

func newRecoveries(t *testing.T) *recoveries {
	t.Helper()
	return newRecoveriesOver(t, &passkeytest.Memory{})
}

func newRecoveriesOver(t *testing.T, store credentials.Store) *recoveries {
	t.Helper()
	r := &recoveries{Stack: journey.New(t), t: t, post: &journey.Postbox{}, authenticator: passkeytest.NewSynced(journey.Origin)}
	r.Store = store
	pool, err := userpool.New(journey.PoolID, json.RawMessage(`{
		"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false},
		"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}
	}`), userpool.Options{Region: "us-east-1", AccountID: "000000000000", Now: r.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pool)
	t.Cleanup(server.Close)
	r.api = userpooltest.ClientAt(server.URL)
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	r.wire(accounts.NewCognitoPool(cfg, journey.PoolID))
	r.user = r.newUser(address, "true")
	r.Register(t, r.user, r.authenticator)
	return r
}

func (r *recoveries) wire(pool accounts.Pool) {
	ring := journey.NewRing(r.t, secret.Signing)
	keys, err := ring.Ring(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	public, err := secret.ParsePublicKeys(keys.PublicKeys())
	if err != nil {
		r.t.Fatal(err)
	}
	r.Client.Methods = append(r.Client.Methods, customauth.MethodAccount)
	r.Checkers = append(r.Checkers, ticket.Checker{Kind: ticket.Account, Keys: public, Store: r.Store, Now: r.Now})
	r.handler = &accounts.Handler{
		Journeys: []accounts.Journey{accounts.Recovery{
			Clients: accounts.Clients{journey.ClientID},
			Pool:    pool,
			Proofs:  r.Proofs(r.post),
			Links:   sent.Book{Store: r.Store, Now: r.Now},
			Desk: recovery.Desk{
				Store: r.Store, Pool: pool, Delay: delay, Now: r.Now,
				Wait: func(_ context.Context, d time.Duration) { r.Advance(max(d, 0)) },
			},
			Tickets: ticket.Signer{
				Kind: ticket.Account, PoolID: journey.PoolID, Now: r.Now,
				Key: func(context.Context) (secret.Key, error) { return keys.Current(), nil },
			},
			Notices: &notice.Teller{Post: r.post, Store: r.Store},
			Now:     r.Now,
		}},
		ClientIDs: []string{journey.ClientID},
		Telemetry: telemetry.NewRecorder(r.Log, "accounts", journey.Instance, r.Now),
	}
}

// newUser makes a user of the pool, with an address that is verified or not.
func (r *recoveries) newUser(address, verified string) journey.User {
	r.t.Helper()
	created, err := r.api.AdminCreateUser(r.t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(journey.PoolID), Username: &address, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: &address}, {Name: aws.String("email_verified"), Value: &verified},
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	u := r.NewUser(*created.User.Username)
	u.Attributes["email"], u.Attributes["email_verified"] = address, verified
	r.Accounts.Put(u)
	return u
}

// call calls a route as API Gateway does.
func (r *recoveries) call(route routes.Route, body map[string]string) httpapi.Response {
	r.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := r.handler.Handle(r.t.Context(), httpapi.Event{RouteKey: route.Key(), Body: string(text), RequestContext: events.APIGatewayV2HTTPRequestContext{
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{SourceIP: "192.0.2.1"},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	return response
}

// reply is what any of the routes gives.
type reply struct {
	RecoveryID string    `json:"recoveryId"`
	Status     string    `json:"status"`
	From       time.Time `json:"from"`
	UserName   string    `json:"username"`
	Ticket     string    `json:"ticket"`
}

func (r *recoveries) read(response httpapi.Response, status int) (read reply) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(response.Body), &read); err != nil || response.StatusCode != status {
		r.t.Fatalf("answers %d %s, want %d", response.StatusCode, response.Body, status)
	}
	return read
}

// ask asks for a code for the user's address, and returns what gives it back.
func (r *recoveries) ask() map[string]string {
	r.t.Helper()
	asked := r.read(r.call(routes.Recovery, map[string]string{"clientId": journey.ClientID, "email": address}), http.StatusAccepted)
	completes := map[string]string{"clientId": journey.ClientID, "recoveryId": asked.RecoveryID, "email": address, "code": "00000000"}
	for _, letter := range r.post.Letters() {
		if letter.Kind == mail.KindRecovery && letter.To == address {
			completes["code"] = letter.Code
		}
	}
	return completes
}

// prove asks for a code, gives it back, and lets the time pass after which the
// next one can be asked for.
func (r *recoveries) prove() reply {
	r.t.Helper()
	proved := r.read(r.call(routes.CompleteRecovery, r.ask()), http.StatusOK)
	r.Advance(time.Minute + time.Millisecond)
	return proved
}

// wantTold checks which letters went to the user.
func (r *recoveries) wantTold(kinds ...mail.Kind) []mail.Letter {
	r.t.Helper()
	var got []mail.Kind
	letters := r.post.Letters()
	for _, letter := range letters {
		got = append(got, letter.Kind)
		if letter.To != address {
			r.t.Errorf("a letter went to %s", letter.To)
		}
	}
	if !slices.Equal(got, kinds) {
		r.t.Errorf("letters are %q, want %q", got, kinds)
	}
	return letters
}

// wantIn checks that a reply signs the user in, once.
func (r *recoveries) wantIn(recovered reply) {
	r.t.Helper()
	if recovered.Status != "recovered" || recovered.UserName != r.user.Name {
		r.t.Fatalf("the reply is %+v", recovered)
	}
	r.WantTokens(r.t, r.Begin(r.t, r.user), recovered.Ticket)
	r.WantRefused(r.t, r.Begin(r.t, r.user), recovered.Ticket, "answer_spent")
	session := r.Begin(r.t, r.user)
	r.WantRefused(r.t, session, journey.Assert(r.t, r.authenticator, withoutList(r.t, session)), "unknown_credential")
}

// withoutList are the options of a session without its list, as of an
// authenticator that answers all the same.
func withoutList(t *testing.T, session *journey.Session) []byte {
	t.Helper()
	var options map[string]any
	if err := json.Unmarshal(session.Options(), &options); err != nil {
		t.Fatal(err)
	}
	delete(options, "credentials")
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRecoveryByMail(t *testing.T) {
	r := newRecoveries(t)
	waits := r.prove()
	from := r.Now().Add(delay - time.Minute - time.Millisecond).UTC()
	if waits.Status != "waiting" || !waits.From.Equal(from) || waits.Ticket != "" {
		t.Fatalf("the reply is %+v, want that it waits until %s", waits, from)
	}
	if letters := r.wantTold(mail.KindRecoveryAsked); !letters[0].When.Equal(from) {
		t.Errorf("the letter says %s, want %s", letters[0].When, from)
	}
	if again := r.prove(); again.Status != "waiting" || !again.From.Equal(from) {
		t.Errorf("the second code gives %+v", again)
	}
	r.wantTold()
	r.Advance(delay)
	recovered := r.prove()
	r.wantTold(mail.KindRecovered)
	r.wantIn(recovered)
	r.Register(t, r.user, passkeytest.NewSynced(journey.Origin))

	var told []string
	for _, line := range logline.ParseAll(t, r.Log.String()) {
		for _, text := range line.Events {
			var event audit.Event
			if err := json.Unmarshal(text, &event); err != nil {
				t.Fatal(err)
			}
			told = append(told, string(event.Type)+" "+event.Method)
		}
	}
	for _, want := range []string{"recovery.begun code", "passkey.removed ", "recovery.completed code", "signed_in account"} {
		if !slices.Contains(told, want) {
			t.Errorf("nothing is told of %q among %q", want, told)
		}
	}
}

// Nobody can tell from outside who has an account, and a code for one address is
// none for another.
func TestRecoveryTellsNobodyWhoHasAnAccount(t *testing.T) {
	r := newRecoveries(t)
	r.newUser("unverified@example.com", "false")
	disabled := r.newUser("disabled@example.com", "true")
	if _, err := r.api.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{
		UserPoolId: aws.String(journey.PoolID), Username: &disabled.Name,
	}); err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^\{"recoveryId":"[A-Z2-7]{26}"\}$`)
	for name, c := range map[string]struct{ address, withheld string }{
		"a user":                       {address, ""},
		"a user who asked just now":    {address, "rate_limited"},
		"an address in another case":   {"Ann@Example.COM", "rate_limited"},
		"an address that nobody has":   {"ghost@example.com", "no_such_user"},
		"an address that isn't proved": {"unverified@example.com", "no_such_user"},
		"a user who is disabled":       {"disabled@example.com", "no_such_user"},
		"what is no address":           {`" or email = "ann@example.com`, "no_such_user"},
		"nothing":                      {"", "no_such_user"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Advance(2 * time.Minute)
			if c.withheld == "rate_limited" {
				r.ask()
			}
			r.post.Letters()
			started := r.Now()
			response := r.call(routes.Recovery, map[string]string{"clientId": journey.ClientID, "email": c.address})
			if !form.MatchString(response.Body) || response.StatusCode != http.StatusAccepted || r.Now().Sub(started) != sent.MinimumTime {
				t.Errorf("answers %d %s after %s", response.StatusCode, response.Body, r.Now().Sub(started))
			}
			if withheld, _ := r.Log.Last(t, "answered")["withheld"].(string); withheld != c.withheld {
				t.Errorf("withheld for %q, want %q", withheld, c.withheld)
			}
			if letters := r.post.Letters(); (len(letters) == 1) != (c.withheld == "") {
				t.Errorf("letters are %v", letters)
			}
		})
	}
}

// A flood costs writes only for the mails that go, and in the table nothing at all
// for addresses that nobody has.
func TestFloodOfRecoveriesCostsLittle(t *testing.T) {
	tbl := passkeytest.NewTable(t)
	r := newRecoveriesOver(t, dynamo.New(tbl.Client, tbl.Name))
	for name, c := range map[string]struct {
		address string
		letters int
	}{"a user": {address, 1}, "nobody": {"ghost@example.com", 0}} {
		t.Run(name, func(t *testing.T) {
			r.Advance(48 * time.Hour)
			tbl.Operations()
			for range 30 {
				r.call(routes.Recovery, map[string]string{"clientId": journey.ClientID, "email": c.address})
			}
			operations := tbl.Operations()
			writes := slices.DeleteFunc(slices.Clone(operations), func(operation string) bool { return operation == "GetItem" })
			if len(r.post.Letters()) != c.letters || len(writes) != 4*c.letters || len(operations) > 100*c.letters {
				t.Errorf("%d operations, of which %q write; want %d letters", len(operations), writes, c.letters)
			}
		})
	}
}

// What fails behind the reply is for the log alone.
func TestRecoveryLooksTheSameDuringAFault(t *testing.T) {
	r := newRecoveries(t)
	r.post.Fail(errors.New("no post today"))
	started := r.Now()
	r.read(r.call(routes.Recovery, map[string]string{"clientId": journey.ClientID, "email": address}), http.StatusAccepted)
	if line := r.Log.Last(t, "answered"); line["Faults"] != 1.0 || r.Now().Sub(started) != sent.MinimumTime {
		t.Errorf("after %s the line is %v", r.Now().Sub(started), line)
	}
}

func TestRecoveryRefusals(t *testing.T) {
	r := newRecoveries(t)
	r.newUser("bob@example.com", "true")
	for name, c := range map[string]struct {
		change       map[string]string
		code, reason string
	}{
		"rejects another code":          {map[string]string{"code": "12345"}, "400 wrong_code", "unknown_proof"},
		"rejects another user's":        {map[string]string{"email": "bob@example.com"}, "400 wrong_code", "wrong_code"},
		"rejects nobody's":              {map[string]string{"email": "ghost@example.com"}, "400 wrong_code", "wrong_code"},
		"rejects another proof":         {map[string]string{"recoveryId": strings.Repeat("A", 26)}, "400 wrong_code", "unknown_proof"},
		"rejects another app client":    {map[string]string{"clientId": "other"}, "403 client_not_served", ""},
		"rejects a member there is not": {map[string]string{"admin": "true"}, "400 malformed_request", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r.Advance(2 * time.Minute)
			attempt := r.ask()
			maps.Copy(attempt, c.change)
			r.wantProblem(r.call(routes.CompleteRecovery, attempt), c.code, c.reason)
		})
	}
	for _, route := range []routes.Route{routes.Recovery, routes.RecoveryLink} {
		r.wantProblem(r.call(route, map[string]string{"clientId": "other"}), "403 client_not_served", "")
		r.wantProblem(r.call(route, map[string]string{"name": "x"}), "400 malformed_request", "")
	}
	if wish, err := r.Store.Recovery(t.Context(), r.user.Sub); err != nil || !wish.IsZero() {
		t.Errorf("there is a recovery %+v, error %v", wish, err)
	}
}

// wantProblem checks an error, and what the log says of it.
func (r *recoveries) wantProblem(response httpapi.Response, code, reason string) {
	r.t.Helper()
	if got := journey.Code(r.t, response); got != code {
		r.t.Errorf("answers %s, want %s", got, code)
	}
	if logged, _ := r.Log.Last(r.t, "answered")["error"].(string); !strings.Contains(logged, reason) {
		r.t.Errorf("the log says %q, want %q", logged, reason)
	}
}

// A code counts once, and keeps what it gave for as long as a client may ask again.
func TestRecoveryCodeCountsOnce(t *testing.T) {
	r := newRecoveries(t)
	attempt := r.ask()
	first := r.read(r.call(routes.CompleteRecovery, attempt), http.StatusOK)
	r.Advance(time.Millisecond)
	if again := r.read(r.call(routes.CompleteRecovery, attempt), http.StatusOK); again != first {
		t.Errorf("again it gives %+v, before %+v", again, first)
	}
	r.wantTold(mail.KindRecoveryAsked)
	r.Advance(delay)
	r.wantProblem(r.call(routes.CompleteRecovery, attempt), "400 wrong_code", "answer_spent")
}

// Who signs in with a passkey meanwhile voids the recovery, and is told of the next.
func TestRecoveryIsVoidOnceAPasskeyWasUsed(t *testing.T) {
	r := newRecoveries(t)
	r.prove()
	r.Advance(delay)
	session := r.Begin(t, r.user)
	r.WantTokens(t, session, journey.Assert(t, r.authenticator, session.Options()))
	r.post.Letters()
	if again := r.prove(); again.Status != "waiting" || !again.From.After(r.Now().Add(delay/2)) {
		t.Errorf("the reply is %+v", again)
	}
	r.wantTold(mail.KindRecoveryAsked)
}

// link makes an operator's link for the user.
func (r *recoveries) link() (body map[string]string) {
	r.t.Helper()
	token, stored := recovery.NewLink(r.user.Sub, r.Now())
	if err := r.Store.PutMailing(r.t.Context(), r.user.Sub, table.RecoveryLinkSK, stored); err != nil {
		r.t.Fatal(err)
	}
	return map[string]string{"clientId": journey.ClientID, "token": token}
}

// An operator's link needs no delay, ends the recovery of others that waits, and
// is not ended by one.
func TestRecoveryByLink(t *testing.T) {
	r := newRecoveries(t)
	link := r.link()
	r.prove()
	r.post.Letters()
	link["attempt"] = "of the first caller"
	recovered := r.read(r.call(routes.RecoveryLink, link), http.StatusOK)
	r.wantTold(mail.KindRecovered)
	r.Advance(time.Millisecond)
	for _, attempt := range []string{"", "of another"} { // who has the same link
		stranger := map[string]string{"clientId": link["clientId"], "token": link["token"], "attempt": attempt}
		r.wantProblem(r.call(routes.RecoveryLink, stranger), "400 wrong_link", "answer_spent")
	}
	if again := r.read(r.call(routes.RecoveryLink, link), http.StatusOK); again.Status != "recovered" {
		t.Errorf("again it gives %+v", again)
	}
	r.wantTold()
	r.wantIn(recovered)
	if wish, err := r.Store.Recovery(t.Context(), r.user.Sub); err != nil || !wish.IsZero() {
		t.Errorf("the recovery that waited is %+v, error %v", wish, err)
	}
	r.Advance(time.Minute)
	r.wantProblem(r.call(routes.RecoveryLink, link), "400 wrong_link", "answer_spent")
}

func TestRecoveryLinkRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *recoveries, link map[string]string)
		reason string
	}{
		"rejects another token": {func(_ *recoveries, link map[string]string) { link["token"] += "A" }, "not_mailed"},
		"rejects another user's": {func(r *recoveries, link map[string]string) {
			link["token"] = strings.Replace(link["token"], r.user.Sub, r.newUser("bob@example.com", "true").Sub, 1)
		}, "not_mailed"},
		"rejects one that was replaced":          {func(r *recoveries, _ map[string]string) { r.link() }, "not_mailed"},
		"rejects one that has expired":           {func(r *recoveries, _ map[string]string) { r.Advance(recovery.LinkLifetime) }, "mail_expired"},
		"rejects the token of a link to sign in": {func(_ *recoveries, link map[string]string) { link["token"] = "eyJ1c2VyTmFtZSI6ImFubiJ9.c2ln" }, "not_mailed"},
		"rejects what is none":                   {func(_ *recoveries, link map[string]string) { link["token"] = "x" }, "wrong_link"},
		"rejects a huge one":                     {func(_ *recoveries, link map[string]string) { link["token"] += strings.Repeat("A", 1<<10) }, "wrong_link"},
		"rejects nothing":                        {func(_ *recoveries, link map[string]string) { delete(link, "token") }, "wrong_link"},
		"rejects that of a user who is gone": {func(r *recoveries, _ map[string]string) {
			_, err := r.api.AdminDeleteUser(r.t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: aws.String(journey.PoolID), Username: &r.user.Name})
			if err != nil {
				r.t.Fatal(err)
			}
		}, "wrong_link"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecoveries(t)
			link := r.link()
			c.change(r, link)
			r.wantProblem(r.call(routes.RecoveryLink, link), "400 wrong_link", c.reason)
			if all, err := r.Store.Passkeys(t.Context(), r.user.Sub); err != nil || len(all) != 1 {
				t.Errorf("the user has %d passkeys, error %v", len(all), err)
			}
		})
	}
}
