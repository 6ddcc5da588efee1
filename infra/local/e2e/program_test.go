// Package e2e_test signs users in through the program that `make run` starts:
// the synthesized stack with its real function binaries, spoken to with the AWS
// SDK for Go and a signing authenticator.
package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
)

// program is a running `make run`.
type program struct {
	*localtest.Program
	data string // its data folder
	pool *cognito.Client
}

// start types `make run` with further settings and waits until it is ready.
func start(t *testing.T, settings string, variables ...string) *program {
	t.Helper()
	return startOn(t, t.TempDir(), settings, variables...)
}

// startOn is start on the state that an earlier one left in a data folder.
func startOn(t *testing.T, data, settings string, variables ...string) *program {
	t.Helper()
	running, err := localtest.Make(t.TempDir(), append(variables, "CONTEXT="+settings, "ARGS=-data "+data)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		running.Stop()
		if t.Failed() {
			t.Logf("the program logged:\n%s", &running.Log)
		}
	})
	return &program{Program: running, data: data, pool: userpooltest.ClientAt(running.Config.UserPoolEndpoint)}
}

// api calls the HTTP API and returns its status and body.
func (p *program) api(t *testing.T, method, path, token string, body any) (int, []byte) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t, method, p.Config.APIURL+path, token, text)
}

func (p *program) send(t *testing.T, method, url, token string, body []byte) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// wantLogged waits until the log behind a place says what a pattern says: it may
// come through the pipe after the answer came through the network.
func (p *program) wantLogged(t *testing.T, from int, pattern string) {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	deadline := time.After(10 * time.Second)
	for !wanted.MatchString(p.Log.String()[from:]) {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the log does not say %s:\n%s", pattern, p.Log.String()[from:])
		}
	}
}

// mailedCode returns the code in the newest mail to an address.
func (p *program) mailedCode(t *testing.T, to string) string {
	t.Helper()
	code, err := p.MailedCode(to)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
