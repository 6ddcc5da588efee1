// Package sample_test steps up as the apps do that use the client of the AWS
// passwordless sample: by the npm package amazon-cognito-passwordless-auth, in
// Node.js, against the stack that `make run` serves.
package sample_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
)

const (
	name     = "ann@example.com"
	number   = "+4915112345678"
	password = "Correct horse 7 battery!"
	patience = time.Minute // how long a step-up may take
	settings = "CONTEXT=-c smsCode=true -c smsStepUpOnly=true -c smsCountryCodes=+49 " +
		"-c smsOriginationIdentity=arn:aws:sms-voice:us-east-1:000000000000:pool/pool-0123456789abcdef0123456789abcdef"
)

func TestMain(m *testing.M) {
	install := exec.Command("make", "--no-print-directory", "-C", "../..", "sample")
	if output, err := install.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", install, err, output)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// event is a line that the client prints.
type event struct {
	PhoneNumber string
	Attempt     int
	Username    string
	IsNew       bool
}

// client is a running step-up.
type client struct {
	*testing.T
	lines   *bufio.Scanner
	answers io.Writer
}

func startClient(t *testing.T, site *localtest.Program) client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	command := exec.CommandContext(ctx, "node", "step-up.js", site.Origin+"/config.json", name)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // what it printed is what is tested
	})
	return client{t, bufio.NewScanner(out), in}
}

func (c client) say(line string) {
	c.Helper()
	if _, err := io.WriteString(c.answers, line+"\n"); err != nil {
		c.Fatal(err)
	}
}

// want checks the next line that the client prints.
func (c client) want(want event) {
	c.Helper()
	if !c.lines.Scan() {
		c.Fatalf("the client says nothing more: %v", c.lines.Err())
	}
	var got event
	if err := json.Unmarshal(c.lines.Bytes(), &got); err != nil || got != want {
		c.Fatalf("the client says %q, want %+v", c.lines.Text(), want)
	}
}

// signUp has an operator make the user, and returns the user name.
func signUp(t *testing.T, site *localtest.Program) string {
	t.Helper()
	pool := userpooltest.ClientAt(site.Config.UserPoolEndpoint)
	attribute := func(name, value string) types.AttributeType { return types.AttributeType{Name: &name, Value: &value} }
	created, err := pool.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &site.Config.UserPoolID, Username: aws.String(name), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			attribute("email", name), attribute("email_verified", "true"), attribute("phone_number", number), attribute("phone_number_verified", "true"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &site.Config.UserPoolID, Username: aws.String(name), Password: aws.String(password), Permanent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *created.User.Username
}

var codePattern = regexp.MustCompile(`@localhost #(\d{8})$`)

// textedCode is the code in the one text message.
func textedCode(t *testing.T, site *localtest.Program) string {
	t.Helper()
	var outbox []struct{ To, Body string }
	if err := site.GetJSON("/outbox", &outbox); err != nil {
		t.Fatal(err)
	}
	if len(outbox) != 1 || outbox[0].To != number || !codePattern.MatchString(outbox[0].Body) {
		t.Fatalf("sent is %+v", outbox)
	}
	return codePattern.FindStringSubmatch(outbox[0].Body)[1]
}

func TestStepUp(t *testing.T) {
	site, err := localtest.Make(t.TempDir(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		site.Stop()
		if t.Failed() {
			t.Logf("the program logged:\n%s", &site.Log)
		}
	})
	userName := signUp(t, site)
	c := startClient(t, site)
	c.say(password)
	c.want(event{PhoneNumber: "+***********", Attempt: 1})
	code := textedCode(t, site)
	c.say(strings.Map(func(digit rune) rune { return '9' - (digit - '0') }, code)) // a wrong one
	c.want(event{PhoneNumber: "+***********", Attempt: 2})
	c.say(code)
	c.want(event{Username: userName, IsNew: true})
}
