// Package web_test uses the demo page as people do: Chromium with a virtual
// authenticator, on the page and the stack that `make run` serves.
package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
)

// somePassword meets the pool's policy.
const somePassword = "Correct horse 7 battery!"

// demo is what `make run` serves. The others serve the same stack with another
// setting: withApps allows authenticator apps, beside withVendor runs a stand-in
// for Corbado, and mailing mails codes and links. On strict, which is like it, a
// sign-in is recent for a few seconds only; on mailingLess nobody who has a
// passkey gets in by mail. On passwordless nobody has a password, and a recovery is ripe
// at once; on phasing a passkey takes the place of its user's password, and codes are texted; on known
// only people on the roster sign up, and a recovery waits.
var demo, withApps, strict, withVendor, mailing, mailingLess, passwordless, phasing, known *site

// site is a running local run.
type site struct{ *localtest.Program }

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

// startAll starts the sites and the browser. What it returns ends all that has
// been started, also beside an error.
func startAll(folder string) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	start := func(into **site, running *localtest.Program, startErr error) {
		if startErr == nil {
			stops = append(stops, running.Stop)
		}
		*into, err = &site{running}, errors.Join(err, startErr)
	}
	makeRun := func(into **site, name string, variables ...string) {
		if err == nil {
			running, startErr := localtest.Make(filepath.Join(folder, name), variables...)
			start(into, running, startErr)
		}
	}
	change := func(into **site, from *site, name string, changes map[string]string) {
		if err == nil {
			running, startErr := startChanged(filepath.Join(folder, name), from.Origin, changes)
			start(into, running, startErr)
		}
	}
	makeRun(&demo, "demo")
	makeRun(&withApps, "apps", "CONTEXT=-c mfa=optional")
	makeRun(&withVendor, "vendor", "VENDOR=corbado")
	makeRun(&mailing, "mailing", "CONTEXT=-c emailCode=true -c mailFrom=sign-in@example.com -c emailLinkUrls=http://localhost:$(PORT)/")
	makeRun(&passwordless, "passwordless", "CONTEXT=-c emailCode=true -c emailLinkUrls=http://localhost:$(PORT)/ -c emailLinkAnyBrowser=true -c mailFrom=sign-in@example.com -c signUp=passkey-first -c recovery=true -c recoveryDelay=0s -c passwords=off")
	makeRun(&known, "known", "CONTEXT=-c emailCode=true -c mailFrom=sign-in@example.com -c signUp=known -c recovery=true -c recoveryDelay=5s")
	makeRun(&phasing, "phasing", "CONTEXT=-c emailCode=true -c mailFrom=sign-in@example.com -c passwords=phase-out -c smsCode=true -c smsCountryCodes=+49 -c smsOriginationIdentity=arn:aws:sms-voice:us-east-1:000000000000:pool/pool-0123456789abcdef0123456789abcdef")
	// With a shorter recent sign-in than the construct allows.
	change(&strict, mailing, "mailing", map[string]string{`"PASSKEYS_RECENT_AUTHENTICATION": "5m0s"`: `"PASSKEYS_RECENT_AUTHENTICATION": "4s"`})
	change(&mailingLess, mailing, "mailing", map[string]string{`"Policy": "passkey-preferred"`: `"Policy": "passkey-required"`})
	if err != nil {
		return stop, err
	}
	stopBrowser, err := startBrowser()
	if err == nil {
		stops = append(stops, stopBrowser)
	}
	return stop, err
}

// startChanged starts what `make run` has built in a folder, on another port and
// with changes to its template (old → new text).
func startChanged(folder, origin string, changes map[string]string) (*localtest.Program, error) {
	port, err := localtest.FreePort()
	if err != nil {
		return nil, err
	}
	assembly := filepath.Join(folder, "on-"+port)
	if err := os.CopyFS(assembly, os.DirFS(filepath.Join(folder, "cdk.out"))); err != nil {
		return nil, err
	}
	templates, err := filepath.Glob(filepath.Join(assembly, "*.template.json"))
	if err != nil || len(templates) != 1 {
		return nil, fmt.Errorf("found %d templates in %s, want 1: %w", len(templates), assembly, err)
	}
	text, err := os.ReadFile(templates[0])
	if err != nil {
		return nil, err
	}
	changes[origin] = "http://localhost:" + port
	for old, replacement := range changes {
		if !bytes.Contains(text, []byte(old)) {
			return nil, fmt.Errorf("the template has no %s", old)
		}
		text = bytes.ReplaceAll(text, []byte(old), []byte(replacement))
	}
	if err := os.WriteFile(templates[0], text, 0o600); err != nil {
		return nil, err
	}
	return localtest.Start(filepath.Join(folder, "passkeys-local"), "-port", port, "-assembly", assembly, "-web", "build/web")
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
	input["ClientId"] = s.Config.UserPoolClientID
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Config.UserPoolEndpoint, bytes.NewReader(body))
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
	code, err := s.MailedCode(to)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// logged waits for a line of the log that holds all parts. The page may have its
// answer before the log comes through the pipe.
func (s *site) logged(t *testing.T, parts ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		for line := range strings.Lines(s.Log.String()) {
			if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
				return
			}
		}
	}
	t.Errorf("no line of the log holds %q", parts)
}
