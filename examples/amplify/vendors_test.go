package amplify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// parameterPath is where the stack's secrets are.
const parameterPath = "/passkeys/CognitoPasskeys/Passkeys/"

// vendor is a vendor beside own passkeys, as its user and its operator see it.
type vendor struct {
	name    string // of the stand-in and in its address
	title   string // on the page
	method  string
	secret  string // last part of the name of its parameter
	context string // further settings of the stack
	reasons reasons
	faults  []fault.Fault // which it shows; the tests of each method show them all
}

// reasons say in the log why an answer was refused.
type reasons struct {
	another string // the answer was given by somebody else
	replay  string // in another session
	made    string // up
	ticket  string // of a backend, on the public app client
	vouched string // the service said yes, and named somebody else
}

var all = []vendor{
	{"corbado", "Corbado", "corbado", "corbado", "-c backendClient=true -c tickets=true",
		reasons{"user_mismatch", "answer_spent", "no_method", "method_refused", "user_mismatch"}, []fault.Fault{fault.Slow, fault.LyingContentType}},
	{"passageflex", "Passage Flex", "passageflex", "passage", "",
		reasons{"user_mismatch", "answer_spent", "answer_refused", "method_refused", "user_mismatch"}, []fault.Fault{fault.Unavailable, fault.HugeBody}},
	{"example", "Example ID", "http", "provider", "",
		reasons{"answer_refused", "answer_spent", "answer_refused", "method_refused", "user_mismatch"}, []fault.Fault{fault.HangUp, fault.Redirect}},
}

func TestVendorsBesideOwnPasskeys(t *testing.T) {
	for _, v := range all {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := world{vendor: v, site: start(t, "VENDOR="+v.name, "CONTEXT="+v.context)}
			ann, mallory := w.newUser(t, "ann@example.com"), w.newUser(t, "mallory@example.com")
			w.withoutSecret(t, ann)
			w.withBoth(t, ann)
			w.withBoth(t, mallory)
			w.attacks(t, ann, mallory)
			w.fail(t, ann)
			if v.name == "corbado" {
				w.tickets(t, ann, mallory)
			}
		})
	}
}

// world is a running stack with a vendor's stand-in beside it.
type world struct {
	vendor
	site
}

// user is somebody with an account and a passkey of the stack's, in front of a page.
type user struct {
	page
	email string
}

func (w world) newUser(t *testing.T, email string) user {
	t.Helper()
	u := user{w.open(t), email}
	u.want(fmt.Sprintf(`(await auth.signUp({ username: %q, password: %q })).nextStep.signUpStep`, email, password), "CONFIRM_SIGN_UP")
	code, err := w.MailedCode(email)
	if err != nil {
		t.Fatal(err)
	}
	u.want(fmt.Sprintf(`(await auth.confirmSignUp({ username: %q, confirmationCode: %q })).isSignUpComplete`, email, code), "true")
	u.enter("username", email)
	u.enter("password", password)
	u.click("by-password", "signed in as "+email)
	u.click("add-passkey", done)
	return u
}

// What comes of a step.
const (
	done    = "done"
	refused = "error NotAuthorizedException"
	fails   = "error UserLambdaValidationException" // and asks to try again

	// unknownTransaction is what the stand-in says to a page of a challenge that was issued without it.
	unknownTransaction = "error PasskeyError"

	isIn    = "in"
	forward = `, 'in')` // ends a promise of isIn
)

// signIn signs in, by a promise of an answer that may use the challenge parameters.
func (u user) signIn(as, answer string) string {
	u.Helper()
	u.text(`(await auth.signOut(), 'out')`)
	return u.text(fmt.Sprintf(`{ const parameters = await auth.begin(%q); await auth.answer(%s); return 'in' }`, as, answer))
}

// Answers, as promises.
const (
	ofVendor  = `await vendor.answer(parameters)`
	ofPasskey = `await auth.answerByPasskey(parameters)`
	prepared  = `globalThis.prepared`
)

// prepare has the vendor's answer to a new challenge of the user's ready, and the session open.
func (u user) prepare() {
	u.Helper()
	u.text(`(await auth.signOut(), 'out')`)
	u.want(fmt.Sprintf(`(globalThis.prepared = await vendor.answer(await auth.begin(%q)), 'ready')`, u.email), "ready")
}

// confirm answers the open challenge.
func (u user) confirm(answer string) string {
	u.Helper()
	return u.text(`(await auth.answer(` + answer + `)` + forward)
}

// owns checks the tokens of the page by their use: whose they are, by the pool's
// word and the HTTP API's.
func (w world) owns(u user) {
	u.Helper()
	token := u.must(`(await auth.session()).accessToken`)
	got, err := w.pool().GetUser(u.Context(), &cognitoidentityprovider.GetUserInput{AccessToken: &token})
	if err != nil {
		u.Fatal(err)
	}
	i := slices.IndexFunc(got.UserAttributes, func(a types.AttributeType) bool { return *a.Name == "email" })
	if i < 0 || *got.UserAttributes[i].Value != u.email {
		u.Errorf("the tokens are for %v, want %s", got.UserAttributes, u.email)
	}
	u.want(fmt.Sprintf(`(await fetch(%q, { headers: { Authorization: %q } })).status`, w.Config.APIURL+"/passkeys", "Bearer "+token), "200")
}

func (w world) pool() *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region: w.Config.Region, BaseEndpoint: &w.Config.UserPoolEndpoint, Credentials: operator, RetryMaxAttempts: 1,
	})
}

var operator = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
})

// withoutSecret signs in before the operator has put the vendor's secret where it
// belongs, and puts it there as operators do.
func (w world) withoutSecret(t *testing.T, u user) {
	t.Helper()
	parameter := parameterPath + w.secret
	store := w.parameters()
	got, err := store.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &parameter, WithDecryption: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: &parameter}); err != nil {
		t.Fatal(err)
	}
	from := len(w.Log.String())
	made := `'eyJhbGciOiJSUzI1NiJ9.' + btoa(JSON.stringify({ webauthnId: parameters.USERNAME, exp: 9999999999 })).replace(/=+$/, '') + '.c2ln'`
	if got := u.signIn(u.email, made); got == isIn {
		t.Errorf("without the secret an answer brought %q", got)
	}
	w.logged(t, from, parameter)
	if got := u.signIn(u.email, ofPasskey); got != isIn {
		t.Errorf("without the vendor's secret the own passkey brings %q", got)
	}
	w.putSecret(t, parameter, *got.Parameter.Value)
}

func (w world) parameters() *ssm.Client {
	return ssm.NewFromConfig(w.awsConfig())
}

// aws is where the AWS APIs are, for the operator.
func (s site) aws() string { return strings.Replace(s.Origin, "localhost", "127.0.0.1", 1) + "/aws" }

// putSecret types the operator's command.
func (w world) putSecret(t *testing.T, parameter, text string) {
	t.Helper()
	command := exec.Command("go", "run", "./infra/admin", "put-secret", "-endpoint", w.aws(), "-region", w.Config.Region, "-parameter", parameter)
	command.Dir = "../.."
	command.Env = append(command.Environ(), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true")
	command.Stdin = strings.NewReader(text)
	if output, err := command.CombinedOutput(); err != nil || strings.Contains(string(output), text) {
		t.Fatalf("%v\n%s", err, output)
	}
}

// withBoth sets the vendor up for the signed-in user, and signs in by it and by
// the own passkey.
func (w world) withBoth(t *testing.T, u user) {
	t.Helper()
	in := "signed in as " + u.email
	u.click("enrol", done)
	for button, method := range map[string]string{"by-vendor": w.method, "by-passkey": "passkey"} {
		u.click("sign-out", done)
		from := len(w.Log.String())
		u.click("begin", done)
		u.click(button, done)
		u.click("confirm", in)
		w.owns(u)
		w.logged(t, from, `"msg":"verified"`, `"method":"`+method+`"`, `"outcome":"succeeded"`)
	}
}

// attacks are what somebody tries who wants to be somebody else.
func (w world) attacks(t *testing.T, ann, mallory user) {
	t.Helper()
	mallory.prepare()
	w.refuses(t, mallory, "another user's answer", w.reasons.another, func() string { return mallory.signIn(ann.email, prepared) })
	ann.prepare()
	if got := ann.confirm(prepared); got != isIn {
		t.Fatalf("an answer brings %q", got)
	}
	w.refuses(t, ann, "a replay", w.reasons.replay, func() string { return ann.signIn(ann.email, prepared) })
	w.refuses(t, mallory, "an answer that was made up", w.reasons.made, func() string { return mallory.signIn(ann.email, `'0123456789abcdefghijklmn'`) })
	w.refuses(t, mallory, "a ticket on the public app client", w.reasons.ticket, func() string {
		return mallory.signIn(ann.email, `'tk1.eyJraWQiOiJhIn0.c2ln'`)
	})
	mallory.prepare()
	w.refuses(t, mallory, "a yes for somebody else", w.reasons.vouched, func() string {
		if w.name == "corbado" { // which looks at no claim then
			mallory.text(fmt.Sprintf(`(await auth.signOut(), await auth.begin(%q), 'begun')`, ann.email))
		}
		w.breaks(t, fault.SuccessForAnother)
		defer w.breaks(t, fault.None)
		return mallory.confirm(prepared)
	})
}

func (w world) refuses(t *testing.T, u user, what, reason string, attack func() string) {
	t.Helper()
	from := len(w.Log.String())
	if got := attack(); got != refused {
		t.Errorf("%s brings %q, want %q", what, got, refused)
	}
	u.want(`(await auth.session()).email`, "error Error") // nobody is signed in
	w.logged(t, from, `"msg":"verified"`, `"outcome":"refused"`, `"reason":"`+reason+`"`)
}

// faultWords: fault of the service → what the log tells of it
var faultWords = map[fault.Fault]string{
	fault.Slow:             "no answer in time",
	fault.Unavailable:      "status 503",
	fault.HangUp:           "connection broken",
	fault.Redirect:         "status 307",
	fault.LyingContentType: "not JSON",
	fault.HugeBody:         "more than",
}

// A fault of the service is an error to retry and never a sign-in, and own
// passkeys work meanwhile. Cognito calls the trigger three times for one answer,
// so the service is left alone then, until it is asked again and is back.
func (w world) fail(t *testing.T, u user) {
	t.Helper()
	for _, how := range w.faults {
		u.prepare()
		from := len(w.Log.String())
		w.breaks(t, how)
		if got := u.confirm(prepared); got != fails {
			t.Errorf("%s: an answer brings %q, want %q", how, got, fails)
		}
		w.logged(t, from, `"msg":"fault"`, faultWords[how])
		if got := u.signIn(u.email, ofPasskey); got != isIn {
			t.Errorf("%s: the own passkey brings %q", how, got)
		}
		w.breaks(t, fault.None)
		w.recovers(t, u)
		w.logged(t, from, `"msg":"fault"`, "not asked, after 3 faults in a row")
	}
}

// recovers waits until the vendor's users sign in again.
func (w world) recovers(t *testing.T, u user) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for range time.Tick(time.Second) { // as people try again
		switch got := u.signIn(u.email, ofVendor); {
		case got == isIn:
			return
		case got != fails && got != unknownTransaction:
			t.Errorf("while the service is left alone an answer brings %q, want %q", got, fails)
		case time.Now().After(deadline):
			t.Fatal("the service is never asked again")
		}
	}
}

// breaks has the stand-in fail.
func (w world) breaks(t *testing.T, how fault.Fault) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.Origin+"/vendors/"+w.name+vendors.FaultPath, strings.NewReader(string(how)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatalf("%s: %d %s %v", how, response.StatusCode, text, err)
	}
}

// logged waits for a line, after the first so many bytes of the log, that holds
// all parts: an answer may be there before its line came through the pipe.
func (s site) logged(t *testing.T, from int, parts ...string) {
	t.Helper()
	const logPatience = 5 * time.Second
	for deadline := time.Now().Add(logPatience); time.Now().Before(deadline); runtime.Gosched() {
		for line := range strings.Lines(s.Log.String()[from:]) {
			if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
				return
			}
		}
	}
	t.Errorf("no line of the log holds %q", parts)
}
