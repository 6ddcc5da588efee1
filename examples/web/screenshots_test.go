package web_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// album photographs the page as it is now, on a phone and on a desk, light and
// dark.
func (v *visitor) album(name string) {
	v.t.Helper()
	for _, window := range []struct {
		name          string
		width, height int64
	}{{"phone", 360, 780}, {"desk", 1280, 800}} {
		v.do(chromedp.EmulateViewport(window.width, window.height))
		for _, scheme := range []string{"light", "dark"} {
			call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			v.await(`matchMedia('(prefers-color-scheme: ` + scheme + `)').matches`)
			v.photograph(name + "-" + window.name + "-" + scheme)
			if overflow := eval[int](v, "document.documentElement.scrollWidth - innerWidth"); overflow > 0 {
				v.t.Errorf("%s on a %s is %d pixels wider than the window", name, window.name, overflow)
			}
		}
	}
}

func TestScreenshots(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	v.expectRefusals()
	v.album("start")
	u := demo.newUser(t)
	v.continueAs(u.email)
	v.enter("#password", "Wrong horse 7 battery!")
	v.click("#password-submit")
	v.see(problem, "don’t match")
	v.album("wrong-password")
	v.open("create")
	v.album("create")
	u2 := newAddress()
	v.enter("#new-email", u2)
	v.enter("#new-password", somePassword)
	v.click("#create-form [type=submit]")
	v.see(heading, "Check your e-mail")
	v.album("confirm")
	v.enter("#confirm-code", demo.mailedCode(t, u2))
	v.click("#confirm-form [type=submit]")
	v.see(heading, "Skip the password next time")
	v.album("offer")
	v.click("#offer-later")
	v.signedIn("your password")
	v.album("account-empty")
	v.touching(func() {
		v.click("#add-passkey")
		v.see(passkeys, "not used yet")
	})
	v.replaceAuthenticator(deviceBound)
	v.touching(func() {
		v.click("#add-passkey")
		v.see(passkeys, "On one device only")
	})
	v.click(passkeys + ":last-child [data-rename]")
	v.album("rename")
	v.enter("#passkey-name", "Security key on my desk")
	v.press(kb.Enter) // in the field
	v.see(passkeys, "Security key on my desk")
	v.album("account")
	v.click(passkeys + ":last-child [data-remove]")
	v.album("delete")
	v.click("#remove-dialog [data-cancel]")
	v.signOut()
	v.see("#welcome", u2)
	v.album("welcome-back")
	v.continueAs(u2)
	v.click("#named-passkey") // nobody touches the authenticator
	v.see("#named-passkey", "Waiting for your passkey")
	v.album("waiting")
}

func TestScreenshotsOfMail(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.expectRefusals()
	v.continueAs(u.email)
	v.album("continue-by-mail")
	v.click("#mail-link")
	v.see("main", "a link is on its way there")
	v.album("link-sent")
	link := mailing.link(t, u.email)
	elsewhere := visit(t, mailing)
	elsewhere.load(link)
	elsewhere.album("link-elsewhere")
	tab := v.tab(link)
	tab.album("link")
	tab.click("#link-sign-in")
	tab.see(heading, "Skip the message next time")
	tab.album("offer-after-mail")
	v.see(heading, "You’re signed in")
	v.album("link-used")

	w := visit(t, mailing, withoutPasskeys)
	w.expectRefusals()
	u = mailing.newUser(t)
	w.continueAs(u.email)
	w.album("continue-without-passkeys")
	w.click("#mail-code")
	w.see("main", "a code is on its way there")
	w.album("code")
	code := mailing.newestMail(t, u.email, digits)
	for range 2 {
		w.enterCode(wrong(code))
		w.see(problem, "That code isn’t right.")
	}
	w.enterCode(wrong(code))
	w.see(problem, "can’t be used any more")
	w.album("code-spent")
	w.click("#resend-mail-code")
	w.see(problem, "one message a minute")
	w.album("code-too-soon")
}

func TestScreenshotsWithoutPasskeys(t *testing.T) {
	t.Parallel()
	v := visit(t, mailing, withoutPasskeys)
	v.album("start-without-passkeys")
	u := mailing.newUser(t)
	v.askForCode(u.email)
	v.enterCode(mailing.newestMail(t, u.email, digits))
	v.signedIn("a mailed code")
	v.album("account-without-passkeys")
}

func TestScreenshotsWithoutPasswords(t *testing.T) {
	t.Parallel()
	v, email := visit(t, passwordless), newAddress()
	v.askToSignUp(email)
	v.album("sign-up-code")
	v.enterCode(passwordless.newestMail(t, email, digits))
	v.see(heading, "Your account is ready")
	v.album("offer-after-sign-up")
	v.addFirstPasskey()
	v.signedIn("your new account")
	v.album("account-without-password")
	v.signOut()
	v.open("sign-up")
	v.album("sign-up")
	v.open("start")
	v.continueAs(email)
	v.album("continue-without-password")

	w, email := joined(t, passwordless, withoutPasskeys)
	w.signedIn("your new account")
	w.album("signed-up-without-passkeys")
	w.signOut()
	w.continueAs(email)
	w.album("continue-with-mail-alone")
}
