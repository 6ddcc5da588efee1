// Package e2e_test signs users in through the program that `make run` starts:
// the synthesized stack with its real function binaries, spoken to with the AWS
// SDK for Go and a signing authenticator.
package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// program is a running `make run`.
type program struct {
	origin string
	config clientConfig
	data   string // its data folder
	log    *syncBuffer
	pool   *cognito.Client
}

type clientConfig struct {
	Region           string `json:"region"`
	UserPoolID       string `json:"userPoolId"`
	UserPoolClientID string `json:"userPoolClientId"`
	UserPoolEndpoint string `json:"userPoolEndpoint"`
	APIURL           string `json:"apiUrl"`
	RelyingPartyID   string `json:"relyingPartyId"`
}

const startTimeout = 5 * time.Minute // a first synthesis compiles the CDK

// start types `make run` and waits for the line that says where it is.
func start(t *testing.T, settings string) *program {
	t.Helper()
	port := freePort(t)
	p := &program{data: t.TempDir(), log: &syncBuffer{}}
	// A folder of its own for each: several run at the same time.
	cmd := exec.Command("make", "--no-print-directory", "run", "PORT="+port, "CONTEXT="+settings,
		"LOCAL="+t.TempDir(), "ARGS=-data "+p.data)
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Env = append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true")
	cmd.Stderr = p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
			t.Errorf("stopping the program: %v", err)
		}
		_ = cmd.Wait() // make reports the signal
		if t.Failed() {
			t.Logf("the program logged:\n%s", p.log)
		}
	})
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "Ready: "); ok {
				ready <- address
			}
		}
	}()
	select {
	case p.origin = <-ready:
	case <-time.After(startTimeout):
	}
	if p.origin != "http://localhost:"+port {
		t.Fatalf("the program says it is at %q, want port %s:\n%s", p.origin, port, p.log)
	}
	p.get(t, "/config.json", &p.config)
	p.pool = cognito.New(cognito.Options{
		Region:       p.config.Region,
		BaseEndpoint: aws.String(p.config.UserPoolEndpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// get reads JSON from the program's origin.
func (p *program) get(t *testing.T, path string, into any) {
	t.Helper()
	status, body := p.send(t, http.MethodGet, p.origin+path, "", nil)
	if status != http.StatusOK {
		t.Fatalf("GET %s answers %d %s", path, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s answers %s: %v", path, body, err)
	}
}

// api calls the HTTP API and returns its status and body.
func (p *program) api(t *testing.T, method, path, token string, body any) (int, []byte) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t, method, p.config.APIURL+path, token, text)
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

// mailedCode returns the code in the newest mail to an address.
func (p *program) mailedCode(t *testing.T, to string) string {
	t.Helper()
	var outbox []struct{ To, Code string }
	p.get(t, "/outbox", &outbox)
	for _, mail := range outbox {
		if mail.To == to {
			return mail.Code
		}
	}
	t.Fatalf("no mail to %s among %d", to, len(outbox))
	return ""
}

// syncBuffer is written by the program and read by the test.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
