package web_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// press presses keys where the focus is.
func (v *visitor) press(keys string) {
	v.t.Helper()
	v.do(chromedp.KeyEvent(keys))
}

// tabTo presses Tab until the focus is on an element.
func (v *visitor) tabTo(selector string) {
	v.t.Helper()
	for range 40 {
		if eval[bool](v, `document.activeElement.matches('`+selector+`')`) {
			return
		}
		v.press(kb.Tab)
	}
	v.t.Fatalf("Tab doesn't lead to %s", selector)
}

func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	u := demo.newUser(t)
	v := visit(t, demo)
	v.tabTo("#email")
	v.press(u.email + kb.Enter)
	v.see(heading, "Welcome")
	v.await(`document.activeElement.id === 'password'`)
	v.press(u.password + kb.Enter)
	v.see(heading, "Skip the password next time")
	v.await(`document.activeElement.matches('h1')`)
	v.touching(func() {
		v.tabTo("#offer-add")
		v.press(kb.Enter)
		v.signedIn("your password")
	})
	v.tabTo("[data-rename]")
	v.press(kb.Enter)
	v.await(`document.activeElement.id === 'passkey-name'`)
	v.press(kb.Escape)
	v.await(`document.activeElement.matches('[data-rename]')`)
	v.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(kb.ModifierShift)))
	v.await(`document.activeElement.id === 'add-passkey'`)
	v.do(chromedp.Focus(chromedp.CSS("#sign-out")))
	v.press(kb.Enter)
	v.see(heading, "Sign in")
	v.touching(func() {
		v.tabTo("#passkey-sign-in")
		v.press(" ")
		v.signedIn("your passkey")
	})
}

func TestBackAndForward(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	v.click(`[href="#create"]`)
	v.see(heading, "Create your account")
	v.do(chromedp.NavigateBack())
	v.see(heading, "Sign in")
	v.do(chromedp.NavigateForward())
	v.see(heading, "Create your account")
	v.open("account") // not signed in
	v.see(heading, "Sign in")
	v.open("reset") // nobody asked for a code
	v.see(heading, "Sign in")
}

func TestBrowserWithoutJSONMethods(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo, `
		delete PublicKeyCredential.parseCreationOptionsFromJSON;
		delete PublicKeyCredential.parseRequestOptionsFromJSON;
		delete PublicKeyCredential.prototype.toJSON;`)
	v.signOut()
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
	v.signOut()
	v.continueAs(u.email)
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
}

func TestBrowserWithoutPasskeys(t *testing.T) {
	t.Parallel()
	v := visit(t, demo, `delete window.PublicKeyCredential;`)
	v.gone("#passkey-sign-in")
	u := demo.newUser(t)
	v.continueAs(u.email)
	v.gone("#named-passkey")
	v.enter("#password", u.password)
	v.click("#password-submit")
	v.signedIn("your password")
	v.gone("#add-passkey")
}

func TestNoScriptOrStyleIsInline(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	if n := eval[int](v, "document.querySelectorAll('script:not([src]), style, [style], [onclick]').length"); n != 0 {
		t.Errorf("%d elements have scripts or styles of their own, which a Content-Security-Policy forbids", n)
	}
	foreign := eval[[]string](v, "performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))")
	if len(foreign) != 0 {
		t.Errorf("the page loads %s", strings.Join(foreign, ", "))
	}
}

func TestDocumentedTypesFit(t *testing.T) {
	t.Parallel()
	command := exec.Command("npm", "run", "--silent", "check")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestADialogOpenedAnewAtOnceStillWorks(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	eval[bool](v, `{
		const open = () => document.querySelector('[data-rename]').click();
		open();
		document.querySelector('#rename-dialog [data-cancel]').click();
		open();
		true
	}`)
	v.enter("#passkey-name", "Opened twice")
	v.press(kb.Enter) // in the field
	v.see(passkeys, "Opened twice")
}
