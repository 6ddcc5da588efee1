// Package amplify_test signs in as web apps do that use AWS Amplify: by the npm
// package aws-amplify, in Chromium with a virtual authenticator, against the
// stack that `make run` serves.
package amplify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
)

const (
	password = "Correct horse 7 battery!"

	patience = time.Minute // how long opening the page, or one of Amplify's calls, may take
)

// browser is the context of the one Chromium; each page has a profile of its own.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	build := exec.Command("make", "--no-print-directory", "-C", "../..", "amplify")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, output)
		return 1
	}
	path, err := findBrowser()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.Flag("disable-component-update", true))...)
	defer stop()
	ctx, leave := chromedp.NewContext(allocator)
	defer leave()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		fmt.Fprintf(os.Stderr, "starting %s: %v\n", path, err)
		return 1
	}
	browser = ctx
	return m.Run()
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New(`Chromium or Google Chrome must be in PATH: install one, on Debian by "apt-get install chromium"`)
}

// site is a running local run that serves the page.
type site struct{ *localtest.Program }

// start types `make run` with further variables.
func start(t *testing.T, variables ...string) site {
	t.Helper()
	running, err := localtest.Make(t.TempDir(), append(variables, "ARGS=-web build/amplify")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		running.Stop()
		if t.Failed() {
			t.Logf("the program logged:\n%s", &running.Log)
		}
	})
	return site{running}
}

// page is a tab with a device that has an authenticator of its own.
type page struct {
	*testing.T
	ctx  context.Context
	site site
}

func (s site) open(t *testing.T) page {
	t.Helper()
	ctx, leave := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the tab lives as long as its first command may
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, focused := chromedp.Call(limited, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	_, enabled := chromedp.Call(limited, webauthn.Enable, webauthn.EnableParams{})
	added, err := chromedp.Call(limited, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
		},
	})
	if err := errors.Join(focused, enabled, err); err != nil {
		t.Fatalf("plugging in an authenticator: %v", err)
	}
	_, touched := chromedp.Call(limited, webauthn.SetAutomaticPresenceSimulation,
		webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: added.AuthenticatorID, Enabled: true})
	opened := chromedp.Do(limited, chromedp.Navigate(s.Origin))
	_, ready := chromedp.Run(limited, chromedp.Poll[bool](`"auth" in globalThis`, chromedp.WithPollingTimeout(patience)))
	if err := errors.Join(touched, opened, ready); err != nil {
		t.Fatalf("opening %s: %v", s.Origin, err)
	}
	return page{t, ctx, s}
}

// text evaluates a promise of text in the page; a rejection is "error " and the error's name.
func (p page) text(promise string) string {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => "+promise+")().then(String, (e) => 'error ' + e.name)", chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", promise, err)
	}
	return value
}

func (p page) want(promise, want string) {
	p.Helper()
	if got := p.text(promise); got != want {
		p.Fatalf("%s is %q, want %q", promise, got, want)
	}
}

// must evaluates a promise that has to be kept.
func (p page) must(promise string) string {
	p.Helper()
	got := p.text(promise)
	if strings.HasPrefix(got, "error ") {
		p.Fatalf("%s is %q", promise, got)
	}
	return got
}

// enter replaces the text of a field.
func (p page) enter(id, text string) {
	p.Helper()
	p.must(fmt.Sprintf(`document.getElementById(%q).value = %q`, id, text))
}

// click does a step, and waits for what the page says of how it went.
func (p page) click(button, outcome string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	clicked := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#"+button), chromedp.NodeVisible))
	_, ended := chromedp.Run(ctx, chromedp.Poll[bool](`document.getElementById('outcome').textContent !== ''`, chromedp.WithPollingTimeout(patience)))
	if err := errors.Join(clicked, ended); err != nil {
		p.Fatalf("the button %s: %v", button, err)
	}
	if got := p.text(`document.getElementById('outcome').textContent`); got != outcome {
		p.Fatalf("after the button %s the page says %q, want %q", button, got, outcome)
	}
}
