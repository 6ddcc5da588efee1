package web_test

import (
	"strings"
	"testing"
)

func TestRecoveryOfWhoLostEveryPasskey(t *testing.T) {
	t.Parallel()
	v, email := joined(t, passwordless)
	v.expectRefusals()
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("your new account")
	})
	v.signOut()
	v.replaceAuthenticator(synced) // a new device
	v.aMinuteLater()

	v.continueAs(email)
	v.click(`[href="#recover"]`)
	v.await(`document.querySelector('#recover-email').value === '` + email + `'`)
	v.click("#recover-form [type=submit]")
	v.see(heading, "Check your e-mail")
	code := passwordless.newestMail(t, email, digits)
	v.enterCode(wrong(code))
	v.see(problem, "That code isn’t right.")
	v.enterCode(code)
	v.see(heading, "You’re back in")
	v.see("main", "Your old passkeys don’t work any more.")
	v.album("offer-after-recovery")
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("a recovery")
	})
	v.await(`document.querySelectorAll('#passkeys > li').length === 1`)
}

func TestRecoveryWaits(t *testing.T) {
	t.Parallel()
	v, email := joinedKnown(t)
	v.expectRefusals()
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("your new account")
	})
	v.signOut()
	recover := func() {
		t.Helper()
		v.aMinuteLater()
		v.open("recover")
		v.enter("#recover-email", email)
		v.click("#recover-form [type=submit]")
		v.see(heading, "Check your e-mail")
		v.enterCode(known.newestMail(t, email, digits))
	}
	recover()
	v.see(heading, "Come back later")
	v.see("#recovery-from", ":")
	v.hasNoTokens()
	v.album("recovery-waiting")
	v.await(`new Date(document.querySelector('#recovery-from').dateTime) < performance.timeOrigin + performance.now()`)
	recover()
	v.see(heading, "You’re back in")
}

func TestAnOperatorsLinkGetsSomebodyBackIn(t *testing.T) {
	t.Parallel()
	v, email := joined(t, passwordless)
	v.expectRefusals()
	v.click("#offer-later")
	v.signedIn("your new account")
	link := strings.TrimSpace(passwordless.admin(t, "recovery-link", "-user", email, "-page", passwordless.Origin+"/",
		"-table", passwordless.Config.TableName, "-user-pool-id", passwordless.Config.UserPoolID))

	w := visit(t, passwordless)
	w.expectRefusals()
	w.load(link)
	w.see(heading, "Get back into your account?")
	if at := eval[string](w, "location.href"); strings.Contains(at, "recovery=") {
		t.Errorf("the link's token stays in the address %s", at)
	}
	if n := w.requested("/recovery/link"); n != 0 {
		t.Error("the link is used before anybody says so: a mail scanner uses it up")
	}
	w.album("recovery-link")
	w.click("#recovery-link-use")
	w.see(heading, "You’re back in")
	w.touching(func() {
		w.click("#offer-add")
		w.signedIn("a recovery")
	})
	w.see("#id-token", email)

	v.reload() // its session is over
	v.see("#start-notice", "Your session has ended.")
	v.load(wrong(link))
	v.click("#recovery-link-use")
	v.see(problem, "This link can’t be used")
	v.hasNoTokens()
}
