// Package web_test uses the demo page as people do: Chromium with a virtual
// authenticator, on the page and the stack that `make run` serves.
package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	root         = "../.."         // of the project, from here
	startTimeout = 5 * time.Minute // a first synthesis compiles the CDK

	// somePassword meets the pool's policy.
	somePassword = "Correct horse 7 battery!"
)

// demo is what `make run` serves. The others serve the same stack with another
// setting: withApps allows authenticator apps, and on strict a sign-in is
// recent for a few seconds only.
var demo, withApps, strict = &site{}, &site{}, &site{}

var (
	appsAllowed   = edit{`"UserPoolTier":`, `"MfaConfiguration": "OPTIONAL", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"], "UserPoolTier":`}
	soonNotRecent = edit{`"PASSKEYS_RECENT_AUTHENTICATION": "5m0s"`, `"PASSKEYS_RECENT_AUTHENTICATION": "4s"`}
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "passkeys-web-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a folder for temporary files
	stop, err := startAll(folder)
	defer stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// startAll starts both sites and the browser. What it returns ends all that has
// been started, also beside an error.
func startAll(folder string) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	port, err := freePort()
	if err != nil {
		return stop, err
	}
	stops = append(stops, demo.stop, withApps.stop, strict.stop)
	if err := demo.start("make", "--no-print-directory", "run", "PORT="+port, "LOCAL="+folder, "ARGS="); err != nil {
		return stop, err
	}
	if err := withApps.startEdited(folder, appsAllowed); err != nil {
		return stop, err
	}
	if err := strict.startEdited(folder, soonNotRecent); err != nil {
		return stop, err
	}
	stopBrowser, err := startBrowser()
	if err == nil {
		stops = append(stops, stopBrowser)
	}
	return stop, err
}

// edit replaces text of a template.
type edit struct{ old, new string }

// startEdited starts what `make run` has built in a folder, with its template edited.
func (s *site) startEdited(folder string, e edit) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	assembly := filepath.Join(folder, port)
	if err := os.CopyFS(assembly, os.DirFS(filepath.Join(folder, "cdk.out"))); err != nil {
		return err
	}
	templates, err := filepath.Glob(filepath.Join(assembly, "*.template.json"))
	if err != nil || len(templates) != 1 {
		return fmt.Errorf("found %d templates in %s, want 1: %w", len(templates), assembly, err)
	}
	text, err := os.ReadFile(templates[0])
	if err != nil {
		return err
	}
	for _, e := range []edit{e, {demo.origin, "http://localhost:" + port}} {
		if !bytes.Contains(text, []byte(e.old)) {
			return fmt.Errorf("the template has no %s", e.old)
		}
		text = bytes.ReplaceAll(text, []byte(e.old), []byte(e.new))
	}
	if err := os.WriteFile(templates[0], text, 0o600); err != nil {
		return err
	}
	return s.start(filepath.Join(folder, "passkeys-local"), "-port", port, "-assembly", assembly, "-web", "build/web")
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close() //nolint:errcheck // it was only asked for its port
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// site is a running local run.
type site struct {
	origin  string
	config  struct{ UserPoolClientID, UserPoolEndpoint string }
	command *exec.Cmd
	log     syncBuffer
}

// start runs a command in the project's root and waits for the line that says
// where the site is.
func (s *site) start(name string, arguments ...string) error {
	s.command = exec.Command(name, arguments...)
	s.command.Dir = root
	s.command.Stderr = &s.log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.command.Start(); err != nil {
		return err
	}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if origin, ok := strings.CutPrefix(lines.Text(), "Ready: "); ok {
				ready <- origin
			}
		}
	}()
	select {
	case s.origin = <-ready:
	case <-time.After(startTimeout):
	}
	if s.origin == "" {
		return fmt.Errorf("%s didn't become ready:\n%s", s.command, s.log.String())
	}
	return getJSON(s.origin+"/config.json", &s.config)
}

func (s *site) stop() {
	if s.command != nil && s.command.Process != nil {
		_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGTERM) // it may have ended
		_ = s.command.Wait()                                      // make reports the signal
	}
}

// user is somebody with a confirmed account.
type user struct{ email, password string }

var users atomic.Int64

// newAddress returns an address that nobody has used.
func newAddress() string { return fmt.Sprintf("visitor%d@example.com", users.Add(1)) }

// newUser makes an account past the page.
func (s *site) newUser(t *testing.T) user {
	t.Helper()
	u := user{newAddress(), somePassword}
	s.userPool(t, "SignUp", map[string]any{"Username": u.email, "Password": u.password})
	s.userPool(t, "ConfirmSignUp", map[string]any{"Username": u.email, "ConfirmationCode": s.mailedCode(t, u.email)})
	return u
}

// userPool calls a public operation of the user-pool API.
func (s *site) userPool(t *testing.T, operation string, input map[string]any) {
	t.Helper()
	input["ClientId"] = s.config.UserPoolClientID
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.config.UserPoolEndpoint, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // all that matters is read
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(response.Body)
		t.Fatalf("%s: %d %s %v", operation, response.StatusCode, text, err)
	}
}

// mailedCode returns the code in the newest mail to an address.
func (s *site) mailedCode(t *testing.T, to string) string {
	t.Helper()
	var outbox []struct{ To, Code string }
	if err := getJSON(s.origin+"/outbox?format=json", &outbox); err != nil {
		t.Fatal(err)
	}
	for _, mail := range outbox {
		if mail.To == to {
			return mail.Code
		}
	}
	t.Fatalf("no mail to %s", to)
	return ""
}

// logged waits for a line of the log that holds all parts. The page may have its
// answer before the log comes through the pipe.
func (s *site) logged(t *testing.T, parts ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		for line := range strings.Lines(s.log.String()) {
			if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
				return
			}
		}
	}
	t.Errorf("no line of the log holds %q", parts)
}

func getJSON(url string, into any) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return errors.Join(json.NewDecoder(response.Body).Decode(into), response.Body.Close())
}

// syncBuffer is written by a program and read by a test.
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
