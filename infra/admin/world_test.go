package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "admin")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary = filepath.Join(folder, "admin")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	return m.Run(), nil
}

const (
	poolID      = "us-east-1_Example01"
	accessKeyID = "AKIAAAAAAAAAAAAAAAAA"
	stackTable  = "Credentials"
	otherTable  = "Restored"
	sampleTable = "Authenticators"
)

// world is an account of AWS on loopback: a user pool, three tables, parameters.
type world struct {
	*testing.T
	endpoint string
	tables   *dynamodb.Client
	secrets  *ssm.Client
	users    *cognito.Client

	mu      sync.Mutex
	actions map[string]bool // IAM action → it was asked for
	deny    func(iam.Call) bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, actions: map[string]bool{}}
	pool, err := userpool.New(poolID, json.RawMessage(`{
		"AliasAttributes": ["email"],
		"UsernameConfiguration": {"CaseSensitive": false},
		"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}
	}`), userpool.Options{Region: "us-east-1", AccountID: "000000000000"})
	if err != nil {
		t.Fatal(err)
	}
	services := awsapi.New(awsapi.Options{
		Region:    "us-east-1",
		AccountID: "000000000000",
		Caller:    func(id string) (string, bool) { return "the operator", id == accessKeyID },
		Authorize: w.authorize,
		Log:       log.New(t.Output(), "", 0),
	})
	services.ServeCognito(pool, pool.Permissions)
	for _, name := range []string{stackTable, otherTable, sampleTable} {
		err := services.CreateTable(name, []awsapi.Key{{Name: table.PartitionKey, Type: "S", Role: "HASH"}, {Name: table.SortKey, Type: "S", Role: "RANGE"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(services)
	t.Cleanup(server.Close)
	w.endpoint = server.URL
	cfg := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &w.endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: "secret"}, nil
		}),
	}
	w.tables, w.secrets, w.users = dynamodb.NewFromConfig(cfg), ssm.NewFromConfig(cfg), cognito.NewFromConfig(cfg)
	return w
}

func (w *world) authorize(_ string, call iam.Call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.actions[call.Action] = true
	if w.deny != nil && w.deny(call) {
		return &iam.DeniedError{Principal: "the operator", Call: call}
	}
	return nil
}

// refuse makes AWS refuse what deny says; nil refuses nothing.
func (w *world) refuse(deny func(iam.Call) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deny = deny
}

// taken returns the IAM actions that were asked for since the last call.
func (w *world) taken() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.actions
	w.actions = map[string]bool{}
	return taken
}

// addUser adds a confirmed user with a verified address and returns the sub.
func (w *world) addUser(name string, attributes ...string) string {
	w.Helper()
	if attributes == nil {
		attributes = []string{"email", name + "@example.com", "email_verified", "true"}
	}
	var list []types.AttributeType
	for i := 0; i < len(attributes); i += 2 {
		list = append(list, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	created, err := w.users.AdminCreateUser(w.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(poolID), Username: &name, UserAttributes: list, MessageAction: types.MessageActionTypeSuppress,
	})
	if err != nil {
		w.Fatal(err)
	}
	_, err = w.users.AdminSetUserPassword(w.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: aws.String(poolID), Username: &name, Password: aws.String("Correct-Horse-1"), Permanent: true,
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range created.User.Attributes {
		if aws.ToString(a.Name) == "sub" {
			return aws.ToString(a.Value)
		}
	}
	w.Fatal("the user has no sub")
	return ""
}

// result is how a run of the program ended.
type result struct {
	code     int
	out, err string
}

// run runs the program against the world.
func (w *world) run(arguments ...string) result {
	w.Helper()
	w.taken()
	return start(w.T, w.command(arguments...))
}

func (w *world) command(arguments ...string) *exec.Cmd {
	command := exec.Command(binary, append(arguments, "-endpoint", w.endpoint)...)
	command.Env = operator(w.T)
	return command
}

// operator is the environment of somebody who is signed in to AWS.
func operator(t *testing.T) []string {
	return append(stranger(t), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID="+accessKeyID, "AWS_SECRET_ACCESS_KEY=secret")
}

// stranger is the environment of somebody who is not.
func stranger(t *testing.T) []string {
	none := filepath.Join(t.TempDir(), "none")
	return []string{"HOME=" + t.TempDir(), "AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none, "AWS_EC2_METADATA_DISABLED=true"}
}

func start(t *testing.T, command *exec.Cmd) result {
	t.Helper()
	var out, err bytes.Buffer
	command.Stdout, command.Stderr = &out, &err
	var exited *exec.ExitError
	if failure := command.Run(); failure != nil && !errors.As(failure, &exited) {
		t.Fatal(failure)
	}
	return result{command.ProcessState.ExitCode(), out.String(), err.String()}
}

// want checks the exit code and that the error output holds a text.
func (r result) want(t *testing.T, code int, message string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.err, message) {
		t.Fatalf("ended with %d, want %d and %q\n%s%s", r.code, code, message, r.out, r.err)
	}
}

// lines reads JSON lines.
func lines[T any](t *testing.T, text string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, v)
	}
	return all
}
