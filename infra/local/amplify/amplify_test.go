// Package amplify_test uses Cognito's own passkeys as a web app does: by the npm
// package aws-amplify, in Chromium with a virtual authenticator, against the
// stack that `make run` serves.
package amplify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/localtest"
)

const (
	address  = "ann@example.com"
	password = "Correct horse 7 battery!"

	patience = time.Minute // how long opening the page, or one of Amplify's calls, may take
)

// bundle builds the page of testdata and returns its folder.
func bundle(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"ci", "--no-audit", "--no-fund", "--loglevel=error"}, {"run", "--silent", "build"}} {
		npm := exec.Command("npm", arguments...)
		npm.Dir = folder
		if output, err := npm.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", npm, err, output)
		}
	}
	return filepath.Join(folder, "web")
}

// page is a tab with a device that has an authenticator of its own.
type page struct {
	*testing.T
	ctx context.Context
}

func open(t *testing.T, origin string) *page {
	t.Helper()
	browser, err := findBrowser()
	if err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.DisableGPU, chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(leave)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting %s: %v", browser, err)
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
	opened := chromedp.Do(limited, chromedp.Navigate(origin))
	_, ready := chromedp.Run(limited, chromedp.Poll[bool](`"auth" in globalThis`, chromedp.WithPollingTimeout(patience)))
	if err := errors.Join(touched, opened, ready); err != nil {
		t.Fatalf("opening %s: %v", origin, err)
	}
	return &page{t, ctx}
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New(`Chromium or Google Chrome must be in PATH: install one, on Debian by "apt-get install chromium"`)
}

// text evaluates a promise of text in the page; a rejection is "error " and the error's name.
func (p *page) text(promise string) string {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => "+promise+")().then(String, (e) => 'error ' + e.name)", chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", promise, err)
	}
	return value
}

func (p *page) want(promise, want string) {
	p.Helper()
	if got := p.text(promise); got != want {
		p.Fatalf("%s is %q, want %q", promise, got, want)
	}
}

// signedIn tells whether there is an access token, by its use.
const signedIn = `(await auth.fetchAuthSession()).tokens.accessToken.payload.token_use`

func TestAmplifySignsInByCognitosOwnPasskeys(t *testing.T) {
	run, err := localtest.Make(t.TempDir(), "CONTEXT=-c native=beside", "ARGS=-web "+bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Stop)
	p := open(t, run.Origin)

	p.want(fmt.Sprintf(`(await auth.signUp({ username: %q, password: %q })).nextStep.signUpStep`, address, password), "CONFIRM_SIGN_UP")
	code, err := run.MailedCode(address)
	if err != nil {
		t.Fatal(err)
	}
	p.want(fmt.Sprintf(`(await auth.confirmSignUp({ username: %q, confirmationCode: %q })).isSignUpComplete`, address, code), "true")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, password: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'PASSWORD_SRP' } })).nextStep.signInStep`,
		address, password), "DONE")

	p.want(`(await auth.associateWebAuthnCredential(), 'associated')`, "associated")
	p.want(`(await auth.listWebAuthnCredentials()).credentials.map((c) => c.relyingPartyId).join()`, "localhost")

	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' } })).nextStep.signInStep`, address), "DONE")
	p.want(signedIn, "access")

	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH' } })).nextStep.signInStep`, address),
		"CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION")
	p.want(`(await auth.confirmSignIn({ challengeResponse: 'WEB_AUTHN' })).nextStep.signInStep`, "DONE")
	p.want(signedIn, "access")

	p.want(`(await auth.deleteWebAuthnCredential({ credentialId: (await auth.listWebAuthnCredentials()).credentials[0].credentialId }), 'deleted')`, "deleted")
	p.want(`(await auth.listWebAuthnCredentials()).credentials.length`, "0")
	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' } })).nextStep.signInStep`, address),
		"CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION")
}
