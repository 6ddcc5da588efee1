package web_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// patience is how long a condition may take to come true.
const patience = 10 * time.Second

// screenshots is where a person can look at them.
const screenshots = "../../build/screenshots"

// browser is the context of the one Chromium that all visitors share, each with
// a profile of its own.
var browser context.Context

func startBrowser() (stop func(), err error) {
	path, err := findBrowser()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(screenshots, 0o750); err != nil {
		return nil, err
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
	)...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	stop = func() {
		stopBrowser()
		stopAllocator()
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		stop()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	browser = ctx
	return stop, nil
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the browser tests need Chromium or Google Chrome in PATH: install one, on Debian by \"apt-get install chromium\"")
}

// visitor is somebody in front of the page, with a profile and an authenticator
// that no other visitor has.
type visitor struct {
	t             *testing.T
	ctx           context.Context
	site          *site
	authenticator webauthn.AuthenticatorID

	mu       sync.Mutex
	problems []string // what the console shows in red
	requests []string // user-pool operations and paths of the HTTP API
	refusals bool     // requests that the test wants refused are no problem
}

// synced and deviceBound are authenticators of which passkeys are, or aren't, copied.
var (
	synced      = webauthn.VirtualAuthenticatorOptions{DefaultBackupEligibility: true, DefaultBackupState: true}
	deviceBound = webauthn.VirtualAuthenticatorOptions{}
)

// visit opens the site. Scripts run before the page's own.
func visit(t *testing.T, s *site, scripts ...string) *visitor {
	t.Helper()
	ctx, leave := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	v := newVisitor(ctx, t, s, leave, scripts)
	v.open("")
	return v
}

// tab opens an address in another tab of the visitor's browser.
func (v *visitor) tab(address string) *visitor {
	v.t.Helper()
	ctx, leave := chromedp.NewContext(v.ctx)
	tab := newVisitor(ctx, v.t, v.site, leave, nil)
	tab.load(address)
	return tab
}

func newVisitor(ctx context.Context, t *testing.T, s *site, leave func(), scripts []string) *visitor {
	t.Helper()
	v := &visitor{t: t, ctx: ctx, site: s}
	t.Cleanup(leave)
	t.Cleanup(v.finish)
	if err := chromedp.Listen(ctx, v.hear); err != nil {
		t.Fatal(err)
	}
	call(v, log.Enable, cdp.Empty{})
	call(v, network.Enable, network.EnableParams{})
	call(v, webauthn.Enable, webauthn.EnableParams{})
	call(v, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // several tabs are in use at once
	v.authenticator = v.newAuthenticator(synced)
	for _, script := range append([]string{autofillOff}, scripts...) {
		call(v, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	}
	return v
}

// newAuthenticator plugs one in. It waits to be touched: see touching.
func (v *visitor) newAuthenticator(options webauthn.VirtualAuthenticatorOptions) webauthn.AuthenticatorID {
	v.t.Helper()
	options.Protocol = webauthn.AuthenticatorProtocolCtap2
	options.Transport = webauthn.AuthenticatorTransportInternal
	options.HasResidentKey = true
	options.HasUserVerification = true
	options.IsUserVerified = true
	added := call(v, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &options})
	v.setPresence(added.AuthenticatorID, false)
	return added.AuthenticatorID
}

// replaceAuthenticator has the visitor use another device.
func (v *visitor) replaceAuthenticator(options webauthn.VirtualAuthenticatorOptions) {
	v.t.Helper()
	call(v, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: v.authenticator})
	v.authenticator = v.newAuthenticator(options)
}

func (v *visitor) setPresence(id webauthn.AuthenticatorID, present bool) {
	v.t.Helper()
	call(v, webauthn.SetAutomaticPresenceSimulation,
		webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: present})
}

// autofillOff is every visitor's, because nobody can tell when the browser has
// begun to wait for a pick: one that is touched for something else may answer
// it. A visitor with autofillOn has it, and sees whether it is pending.
const (
	autofillOff = `{
		const isAvailable = window.PublicKeyCredential.isConditionalMediationAvailable.bind(PublicKeyCredential);
		PublicKeyCredential.isConditionalMediationAvailable = async () => Boolean(window.isAutofillOn) && isAvailable();
	}`
	autofillOn = `{
		window.isAutofillOn = true;
		const get = navigator.credentials.get.bind(navigator.credentials);
		navigator.credentials.get = options => {
			const answer = get(options);
			if (options.mediation === 'conditional') {
				window.pendingAutofill = answer;
				const forget = () => { window.pendingAutofill = window.pendingAutofill === answer ? null : window.pendingAutofill; };
				answer.then(forget, forget);
			}
			return answer;
		};
	}`
)

// touching has the authenticator touched whenever it asks, while the visitor
// does something.
func (v *visitor) touching(do func()) {
	v.t.Helper()
	v.setPresence(v.authenticator, true)
	do()
	v.setPresence(v.authenticator, false)
}

// holds waits until the authenticator holds so many passkeys: the page may tell
// the browser to forget some.
func (v *visitor) holds(want int) {
	v.t.Helper()
	for deadline := time.Now().Add(patience); len(v.passkeys()) != want; {
		if time.Now().After(deadline) {
			v.t.Fatalf("the authenticator holds %d passkeys, want %d", len(v.passkeys()), want)
		}
	}
}

// passkeys returns what the authenticator holds.
func (v *visitor) passkeys() []*webauthn.Credential {
	v.t.Helper()
	return call(v, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: v.authenticator}).Credentials
}

// call runs a command of the DevTools protocol.
func call[P, R any](v *visitor, command cdp.Command[P, R], parameters P) R {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, parameters)
	if err != nil {
		v.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

func (v *visitor) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.problems = append(v.problems, "exception: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		v.problems = append(v.problems, fmt.Sprintf("console.%s: %v", e.Type, e.Args))
	case *log.EventEntryAdded:
		refused := v.refusals && e.Entry.Source == log.EntrySourceNetwork
		if e.Entry.Level == log.EntryLevelError && !refused {
			v.problems = append(v.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		v.requests = append(v.requests, nameOf(e.Request))
	}
}

// nameOf names a request: InitiateAuth, or POST /api/passkeys. The flow of
// InitiateAuth goes with it.
func nameOf(r *network.Request) string {
	target, ok := r.Headers["X-Amz-Target"].(string)
	if !ok {
		return r.Method + " " + r.URL
	}
	name := strings.TrimPrefix(target, "AWSCognitoIdentityProviderService.")
	for _, entry := range r.PostDataEntries {
		if strings.Contains(string(entry.Bytes), "REFRESH_TOKEN_AUTH") {
			name += " REFRESH_TOKEN_AUTH"
		}
	}
	return name
}

// requested returns how many requests were made whose name ends like this.
func (v *visitor) requested(name string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	count := 0
	for _, request := range v.requests {
		if strings.HasSuffix(request, name) {
			count++
		}
	}
	return count
}

// expectRefusals lets the console report requests that were refused.
func (v *visitor) expectRefusals() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refusals = true
}

// finish checks what holds of every visit.
func (v *visitor) finish() {
	if v.t.Failed() {
		v.photograph("failed-" + strings.ReplaceAll(v.t.Name(), "/", "-"))
		logged := v.site.Log.String()
		v.t.Logf("the page shows:\n%s\nthe site logged lately:\n%s", eval[string](v, "document.body.innerText"), logged[max(0, len(logged)-2000):])
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, problem := range v.problems {
		v.t.Errorf("the console shows: %s", problem)
	}
	for _, request := range v.requests {
		if strings.Contains(request, "eyJ") {
			v.t.Errorf("a token is in the address %s", request)
		}
	}
}

// open goes to the page, at a view such as "create".
func (v *visitor) open(view string) {
	v.t.Helper()
	v.load(v.site.Origin + "/#" + view)
}

func (v *visitor) load(address string) {
	v.t.Helper()
	v.do(chromedp.Navigate(address))
	v.await(`document.querySelector('#loading').hidden`)
}

func (v *visitor) reload() {
	v.t.Helper()
	v.do(chromedp.Reload())
	v.await(`document.querySelector('#loading').hidden`)
}

func (v *visitor) do(action chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		v.t.Fatal(err)
	}
}

// eval evaluates an expression in the page.
func eval[T any](v *visitor, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Errorf("%s: %v", expression, err)
	}
	return value
}

// await waits until an expression is true in the page.
func (v *visitor) await(expression string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(patience))); err != nil {
		v.t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// see waits until an element shows the text. The empty text is in every element.
func (v *visitor) see(selector, text string) {
	v.t.Helper()
	v.await(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.checkVisibility() && e.innerText.includes(%q))`, selector, text))
}

// gone waits until no element that matches is shown.
func (v *visitor) gone(selector string) {
	v.t.Helper()
	v.await(fmt.Sprintf(`![...document.querySelectorAll(%q)].some(e => e.checkVisibility())`, selector))
}

// click clicks an element once it is shown and not busy.
func (v *visitor) click(selector string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(selector+`:not([aria-busy="true"])`), chromedp.NodeVisible))
}

// enter replaces the text of a field.
func (v *visitor) enter(selector, text string) {
	v.t.Helper()
	v.see(selector, "")
	eval[string](v, fmt.Sprintf(`document.querySelector(%q).value = ''`, selector))
	v.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// photograph saves what the window shows.
func (v *visitor) photograph(name string) {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o600)
	}
	if err != nil {
		v.t.Errorf("the screenshot %s: %v", name, err)
	}
}
