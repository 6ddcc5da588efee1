package web_test

import (
	"fmt"
	"strings"
	"testing"
)

// The selectors of what a visitor sees.
const (
	heading  = "h1"
	problem  = ".problem"
	toast    = "#status"
	passkeys = "#passkeys > li"
)

// continueAs goes on with an e-mail address.
func (v *visitor) continueAs(email string) {
	v.t.Helper()
	v.enter("#email", email)
	v.click("#email-form [type=submit]")
	v.see(heading, "Welcome")
}

func (v *visitor) signInWithPassword(u user) {
	v.t.Helper()
	v.continueAs(u.email)
	v.enter("#password", u.password)
	v.click("#password-submit")
}

// addFirstPasskey accepts the offer after a sign-in with the password.
func (v *visitor) addFirstPasskey() {
	v.t.Helper()
	v.touching(func() {
		v.click("#offer-add")
		v.see(passkeys, "")
	})
}

// signedIn waits for the account's view and what it tells about the sign-in.
func (v *visitor) signedIn(how string) {
	v.t.Helper()
	v.see(heading, "Your account")
	v.see("#signed-in-with", "signed in with "+how)
	v.await(`!document.querySelector('#passkeys-loading').ariaBusy`)
}

func (v *visitor) signOut() {
	v.t.Helper()
	v.click("#sign-out")
	v.see(heading, "Sign in")
}

// hasNoTokens checks that no session began.
func (v *visitor) hasNoTokens() {
	v.t.Helper()
	if stored := eval[string](v, "JSON.stringify({...sessionStorage, ...localStorage})"); strings.Contains(stored, "accessToken") {
		v.t.Errorf("the page keeps tokens: %s", stored)
	}
}

func TestFirstVisitToSecondVisit(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	email := newAddress()
	v.click(`[href="#create"]`)
	v.enter("#new-email", email)
	v.enter("#new-password", somePassword)
	v.click("#create-form [type=submit]")
	v.see(heading, "Check your e-mail")
	v.see(".local-mail", "outbox")

	v.enter("#confirm-code", demo.mailedCode(t, email))
	v.click("#confirm-form [type=submit]")
	v.see(heading, "Skip the password next time")
	v.addFirstPasskey()
	v.signedIn("your password")
	v.see(passkeys, "Synced between your devices")
	v.see(passkeys, "not used yet")
	v.see("#id-token", email)
	v.signOut()

	v.reload()
	v.see("#welcome", email)
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
	v.see(passkeys, "last used")
	v.reload()
	v.signedIn("your passkey")
}

func TestSignInByEMail(t *testing.T) {
	t.Parallel()
	u := demo.newUser(t)
	v := visit(t, demo)
	v.signInWithPassword(u)
	v.addFirstPasskey()
	v.signOut()

	v.continueAs(u.email)
	v.touching(func() {
		v.click("#named-passkey.primary")
		v.signedIn("your passkey")
	})
	v.signOut()

	v.signInWithPassword(u)
	v.signedIn("your password")
}

func TestOfferDeclined(t *testing.T) {
	t.Parallel()
	u := demo.newUser(t)
	v := visit(t, demo)
	v.signInWithPassword(u)
	v.click("#offer-later")
	v.signedIn("your password")
	v.see("#no-passkeys", "No passkey yet.")
}

func TestAutofill(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo, autofillOn)
	v.signOut()
	v.setPresence(v.authenticator, true) // an autofill is answered at once
	v.reload()
	v.signedIn("your passkey")
}

func TestAutofillAsksForANewChallengeInTime(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo, autofillOn, `{
		const timeout = AbortSignal.timeout;
		AbortSignal.timeout = ms => timeout.call(AbortSignal, ms === 240_000 ? 300 : ms);
	}`)
	v.signOut()
	asked := v.requested("/api/sign-in/options")
	v.await(fmt.Sprintf(`performance.getEntriesByType('resource').filter(e => e.name.endsWith('/api/sign-in/options')).length > %d`, asked+2))
	v.setPresence(v.authenticator, true)
	v.signedIn("your passkey")
}

func TestAutofillMakesWayForTheButton(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo, autofillOn)
	v.signOut()
	v.await(`window.pendingAutofill`)
	v.click("#passkey-sign-in")
	v.see("#passkey-sign-in", "Waiting for your passkey")
	v.await(`window.pendingAutofill === null`)
}
