// Package functions_test holds the functions to what they may cost: bytes,
// linked packages, DynamoDB operations, and time.
package functions_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

const (
	define = "define-auth-challenge"
	create = "create-auth-challenge"
	verify = "verify-auth-challenge"
)

// run runs the go command.
func run(t *testing.T, environment []string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Env = append(os.Environ(), environment...)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(arguments, " "), err)
	}
	return string(out)
}

// A sign-in may have to wait for three cold starts, each of which loads a binary.
func TestBinariesAreSmall(t *testing.T) {
	directory := t.TempDir()
	run(t, []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"},
		"build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=",
		"-o", directory+string(filepath.Separator), "./"+define, "./"+create, "./"+verify)
	for name, most := range map[string]int64{define: 6_200_000, create: 9_500_000, verify: 10_000_000} {
		binary, err := os.Stat(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.2f MB", name, float64(binary.Size())/1e6)
		if binary.Size() > most {
			t.Errorf("%s has %d bytes, want %d at most", name, binary.Size(), most)
		}
	}
}

// What a function links runs when it starts, and what it doesn't link it can't call.
func TestFunctionsLinkWhatTheyNeed(t *testing.T) {
	const (
		services = "github.com/aws/aws-sdk-go-v2/service/"
		config   = "github.com/aws/aws-sdk-go-v2/config"
	)
	for name, want := range map[string][]string{
		define:            nil,
		create + " mail":  {"dynamodb", "sesv2", "ssm"},
		create + " sms":   {"dynamodb", "pinpointsmsvoicev2", "ssm"},
		create:            {"dynamodb", "ssm"},
		verify + " sms":   {"cognitoidentityprovider", "dynamodb"},
		verify:            {"dynamodb"},
		"api":             {"cognitoidentityprovider", "dynamodb", "ssm"},
		"api mail":        {"cognitoidentityprovider", "dynamodb", "sesv2", "ssm"},
		"accounts":        {"cognitoidentityprovider", "dynamodb", "sesv2", "ssm"},
		"provision":       {"cognitoidentityprovider", "dynamodb", "ssm"},
		"corbado-actions": {"cognitoidentityprovider", "ssm"},
		"audit":           {"eventbridge"},

		"pre-authentication": {"dynamodb"},
		"pre-sign-up":        {"dynamodb"},
		"post-confirmation":  {"dynamodb"},
	} {
		t.Run(name, func(t *testing.T) {
			function, tag, _ := strings.Cut(name, " ")
			var linked []string
			for dependency := range strings.Lines(run(t, []string{"GOOS=linux", "GOARCH=arm64"}, "list", "-deps", "-tags", "lambda.norpc,"+tag, "./"+function)) {
				dependency = strings.TrimSpace(dependency)
				service, isService := strings.CutPrefix(dependency, services)
				if isService && !strings.Contains(service, "/") {
					linked = append(linked, service)
				}
				if dependency == config {
					t.Errorf("links %s, which costs a start 7 ms and 1.8 MB", config)
				}
			}
			slices.Sort(linked)
			if !slices.Equal(linked, want) {
				t.Errorf("links the services %q, want %q", linked, want)
			}
		})
	}
}

// Sign-ins of a stack without vendors pay nothing for them: their code is linked under a build tag only. The API's
// function is on the path of none, and saves next to nothing.
func TestVendorsAreLinkedWhereTheyAreAsked(t *testing.T) {
	const shared = "github.com/cognito-passkeys/cognito-passkeys/shared/"
	ofVendors := []string{shared + "provider", shared + "method/corbado", shared + "method/httpprovider", shared + "method/passageflex"}
	for _, name := range []string{create, verify} {
		t.Run(name, func(t *testing.T) {
			for tags, linked := range map[string]bool{"lambda.norpc": false, "lambda.norpc,vendors": true} {
				platform := []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}
				dependencies := strings.Fields(run(t, platform, "list", "-deps", "-tags", tags, "./"+name))
				for _, one := range ofVendors {
					if slices.Contains(dependencies, one) != linked {
						t.Errorf("with the tags %s it links %s: %t, want %t", tags, one, !linked, linked)
					}
				}
				binary := filepath.Join(t.TempDir(), name)
				run(t, platform, "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w -buildid=", "-o", binary, "./"+name)
				info, err := os.Stat(binary)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("with the tags %s: %.2f MB", tags, float64(info.Size())/1e6)
			}
		})
	}
}

// counted is a stack over a table that counts.
type counted struct {
	*journey.Stack
	table *passkeytest.Table
}

func newCounted(t *testing.T) counted {
	t.Helper()
	s := counted{journey.New(t), passkeytest.NewTable(t)}
	s.Store = dynamo.New(s.table.Client, s.table.Name)
	return s
}

// wantOperations checks which operations reached the table since the last check.
func (s counted) wantOperations(t *testing.T, doing string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.table.Operations()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", doing, diff)
	}
}

const (
	get      = "GetItem"
	put      = "PutItem"
	update   = "UpdateItem"
	query    = "Query"
	transact = "TransactWriteItems"
)

func TestOperationsOfASignIn(t *testing.T) {
	s := newCounted(t)
	u, a := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000a"), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	s.table.Operations()

	session := s.Begin(t, u)
	s.wantOperations(t, "a challenge by name", get)
	answer := journey.Assert(t, a, session.Options())
	if !s.Answer(t, session, answer, nil) {
		t.Fatal("refused")
	}
	s.wantOperations(t, "an answer by name", get, update)

	options := s.SignInOptions(t)
	s.wantOperations(t, "options without a name")
	session = s.Begin(t, u)
	s.wantOperations(t, "a challenge without a name", get)
	stamped := journey.Assert(t, a, options)
	if !s.Answer(t, session, stamped, nil) {
		t.Fatal("refused")
	}
	s.wantOperations(t, "an answer without a name", get, update)
	if r := s.Call(t, routes.SignInUser, "", nil, map[string]any{"credential": json.RawMessage(stamped)}); r.StatusCode != http.StatusOK {
		t.Fatalf("answers %d %s", r.StatusCode, r.Body)
	}
	s.wantOperations(t, "the user name for an assertion", get, get)
}

// Nobody can tell by the work done whether a name is somebody's, or has a passkey.
func TestOperationsOfAPassword(t *testing.T) {
	s := newCounted(t)
	holder := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000a")
	s.Register(t, holder, passkeytest.NewSynced(journey.Origin))
	s.table.Operations()
	for name, user := range map[string]journey.User{
		"a holder of a passkey": holder, "a user without": s.NewUser("5f0c8d2e-0000-4000-8000-00000000000b"),
		"nobody": {Name: "11111111-2222-4333-8444-555555555555", NotFound: true}, "nobody, by a sub": {Name: holder.Sub, NotFound: true},
	} {
		_, err := s.StartPassword(t.Context(), user, journey.PasswordClientID)
		if (err != nil) != (name == "a holder of a passkey") {
			t.Errorf("%s: error %v", name, err)
		}
		s.wantOperations(t, "a password of "+name, get)
		if _, err := s.StartPassword(t.Context(), user, journey.ClientID); err != nil {
			t.Error(err)
		}
		s.wantOperations(t, "a sign-in elsewhere of "+name)
	}
}

// Nor by the work that a wrong code takes, whether one was sent. (The round after it takes a minimum time.)
func TestOperationsOfAWrongCode(t *testing.T) {
	s := newCounted(t)
	s.Mails(t)
	s.Client.Policy = provisioning.PolicyRequired
	holder := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000a")
	s.Register(t, holder, passkeytest.NewSynced(journey.Origin))
	for name, user := range map[string]journey.User{
		"a user who was sent one": s.NewUser("5f0c8d2e-0000-4000-8000-00000000000b"), "a user who may have none": holder,
		"nobody": {Name: "11111111-2222-4333-8444-555555555555", NotFound: true},
	} {
		session := s.Ask(t, user, journey.AskCode)
		s.table.Operations()
		if verified, err := s.Verify(t.Context(), session, "00000000", nil); err != nil || verified.Response.AnswerCorrect {
			t.Fatalf("a guess is right, or error %v", err)
		}
		s.wantOperations(t, "a wrong code of "+name, get, update)
	}
}

func TestRefusedAnswersWriteNothing(t *testing.T) {
	s := newCounted(t)
	u, a := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000a"), passkeytest.NewSynced(journey.Origin)
	s.Register(t, u, a)
	other := s.Begin(t, u)
	tamper := func(c *passkeytest.Ceremony) { c.ClientData["origin"] = "https://example.org" }
	for name, c := range map[string]struct {
		user   journey.User
		answer func(*journey.Session) string
		want   []string
	}{
		"a dummy":                     {u, func(*journey.Session) string { return "__dummy__" }, nil},
		"what is no JSON":             {u, func(*journey.Session) string { return "{" }, nil},
		"another session's challenge": {u, func(*journey.Session) string { return journey.Assert(t, a, other.Options()) }, nil},
		"another origin":              {u, func(session *journey.Session) string { return journey.Assert(t, a, session.Options(), tamper) }, []string{get}},
		"an unknown user": {
			journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true},
			func(*journey.Session) string { return journey.Assert(t, a, s.SignInOptions(t)) }, []string{get},
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, c.user)
			answer := c.answer(session)
			s.table.Operations()
			if s.Answer(t, session, answer, nil) {
				t.Fatal("accepted")
			}
			s.wantOperations(t, name, c.want...)
		})
	}
}

func TestOperationsOfTheAPI(t *testing.T) {
	s := newCounted(t)
	u, a := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000a"), passkeytest.NewSynced(journey.Origin)
	for _, ordinal := range []string{"the first", "the second"} {
		options := s.BeginRegistration(t, u)
		s.wantOperations(t, "options of "+ordinal, get, put)
		made, err := passkeytest.NewSynced(journey.Origin).Create(options)
		if err != nil {
			t.Fatal(err)
		}
		if r := s.FinishRegistration(t, u, made.JSON()); r.StatusCode != http.StatusCreated {
			t.Fatalf("answers %d %s", r.StatusCode, r.Body)
		}
		s.wantOperations(t, ordinal+" passkey", get, transact)
	}
	s.Register(t, u, a)
	s.table.Operations()

	id := base64.RawURLEncoding.EncodeToString(a.Passkeys[0].ID)
	s.Call(t, routes.ListPasskeys, "", s.Claims(u), "")
	s.wantOperations(t, "the list", query)
	s.Call(t, routes.RenamePasskey, id, s.Claims(u), map[string]string{"name": "Kitchen"})
	s.wantOperations(t, "a name", update)
	s.Call(t, routes.DeletePasskey, id, s.Claims(u), "")
	s.wantOperations(t, "a deletion", get, transact)
}

// Anybody can make these calls: they must cost the owner of the pool no write.
func TestPublicCallsWriteNothing(t *testing.T) {
	s := newCounted(t)
	stranger := passkeytest.NewSynced(journey.Origin)
	stranger.Passkeys = []*passkeytest.Passkey{newPasskey(t)}
	assertion := journey.Assert(t, stranger, s.SignInOptions(t))
	for range 3 {
		s.SignInOptions(t)
		s.Call(t, routes.SignInUser, "", nil, map[string]any{"credential": json.RawMessage(assertion)})
		s.Call(t, routes.SignInUser, "", nil, "{}")
		s.Begin(t, journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true})
	}
	for _, operation := range s.table.Operations() {
		if operation != get {
			t.Errorf("a public call led to %s", operation)
		}
	}
}

// newPasskey is a passkey of a relying party that another stack serves.
func newPasskey(t *testing.T) *passkeytest.Passkey {
	t.Helper()
	elsewhere, a := journey.New(t), passkeytest.NewSynced(journey.Origin)
	elsewhere.Register(t, elsewhere.NewUser("5f0c8d2e-0000-4000-8000-00000000000b"), a)
	return a.Passkeys[0]
}

// The template's functions outlive their own budget, so that a user reads an
// error, and triggers end before Cognito stops waiting.
func TestFunctionsTimeOutAfterTheirBudget(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "infra", "testdata", "default.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				Timeout      float64                      // seconds
				LambdaConfig map[string]map[string]string // trigger → Ref of an alias
				FunctionName any                          // of an alias: {"Ref": …}
				Environment  struct{ Variables map[string]any }
			}
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	timeoutOf := func(function string) time.Duration {
		return time.Duration(template.Resources[function].Properties.Timeout * float64(time.Second))
	}
	triggers, apis := 0, 0
	for name, resource := range template.Resources {
		if resource.Properties.Environment.Variables["PASSKEYS_RECENT_AUTHENTICATION"] != nil {
			apis++
			if timeout := timeoutOf(name); timeout < httpapi.Budget+time.Second {
				t.Errorf("%s times out after %s, want more than the budget of %s", name, timeout, httpapi.Budget)
			}
		}
		for name, function := range resource.Properties.LambdaConfig {
			triggers++
			aliased, _ := template.Resources[function["Ref"]].Properties.FunctionName.(map[string]any)
			timeout := timeoutOf(fmt.Sprint(aliased["Ref"]))
			if timeout < trigger.Budget+time.Second || timeout >= 5*time.Second {
				t.Errorf("%s times out after %s, want between the budget of %s and Cognito's 5 s", name, timeout, trigger.Budget)
			}
		}
	}
	if triggers != 3 || apis != 1 {
		t.Errorf("%d triggers and %d APIs, want 3 and 1", triggers, apis)
	}
}
