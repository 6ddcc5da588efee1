package web_test

import (
	"strings"
	"testing"
)

// askToSignUp asks for the code of a new account.
func (v *visitor) askToSignUp(email string) {
	v.t.Helper()
	v.open("start")
	v.click(`[href="#sign-up"]`)
	v.see(heading, "Create your account")
	v.enter("#sign-up-email", email)
	v.click("#sign-up-form [type=submit]")
	v.see(heading, "Check your e-mail")
}

// joined is a visitor who has signed up and declined the offer of a passkey.
func joined(t *testing.T, s *site, scripts ...string) (v *visitor, email string) {
	t.Helper()
	v, email = visit(t, s, scripts...), newAddress()
	v.askToSignUp(email)
	v.enterCode(s.newestMail(t, email, digits))
	return v, email
}

// hasNoPasswordField checks that the page asks for no password in any view.
func (v *visitor) hasNoPasswordField() {
	v.t.Helper()
	v.gone(`input[type=password], #password-form, #change-password, [href="#forgotten"], [href="#create"]`)
}

func TestSignUpWithoutAPassword(t *testing.T) {
	t.Parallel()
	v := visit(t, passwordless)
	v.expectRefusals()
	v.hasNoPasswordField()
	email := newAddress()
	v.askToSignUp(email)
	code := passwordless.newestMail(t, email, digits)
	v.enterCode(wrong(code))
	v.see(problem, "That code isn’t right.")
	v.await(`document.activeElement.id === 'code'`)
	v.hasNoTokens()
	v.enterCode(code)
	v.see(heading, "Your account is ready")
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("your new account")
	})
	v.see(passkeys, "not used yet")
	v.see("#id-token", email)
	v.hasNoPasswordField()
	v.signOut()
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
	v.signOut()
	v.continueAs(email)
	v.hasNoPasswordField()
}

func TestSignUpInABrowserWithoutPasskeys(t *testing.T) {
	t.Parallel()
	v, email := joined(t, passwordless, withoutPasskeys)
	v.signedIn("your new account")
	v.see("#no-passkeys", "This browser has no passkeys. Sign in by e-mail here")
	v.signOut()
	v.see("#welcome", email)
	v.continueAs(email)
	v.see("#mail-code.primary", "Send me a code")
}

func TestAnAddressWithAnAccountIsToldSoOnceProved(t *testing.T) {
	t.Parallel()
	_, email := joined(t, passwordless)
	passwordless.forgetMails(t)
	v := visit(t, passwordless)
	v.expectRefusals()
	v.askToSignUp(email)
	v.enterCode(passwordless.newestMail(t, email, digits))
	v.see(problem, "There is an account with this e-mail address. Sign in instead.")
	v.hasNoTokens()
}

func TestViewsThatAStackLacksAreNotThere(t *testing.T) {
	t.Parallel()
	for view, s := range map[string]*site{"create": passwordless, "forgotten": passwordless, "sign-up": demo, "recover": demo} {
		v := visit(t, s)
		v.open(view)
		v.see(heading, "Sign in")
	}
}

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
	passwordless.forgetMails(t)

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
	v, email := joined(t, patient)
	v.expectRefusals()
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("your new account")
	})
	v.signOut()
	recover := func() {
		t.Helper()
		patient.forgetMails(t)
		eval[bool](v, aMinuteLater)
		v.open("recover")
		v.enter("#recover-email", email)
		v.click("#recover-form [type=submit]")
		v.see(heading, "Check your e-mail")
		v.enterCode(patient.newestMail(t, email, digits))
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
	link := passwordless.admin(t, "", "recovery-link", "-user", email, "-page", passwordless.Origin+"/",
		"-table", passwordless.Config.TableName, "-user-pool-id", passwordless.Config.UserPoolID)

	w := visit(t, passwordless)
	w.expectRefusals()
	w.load(strings.TrimSpace(link))
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
	v.load(strings.TrimSpace(link))
	v.click("#recovery-link-use")
	v.see(problem, "This link can’t be used any more")
	v.hasNoTokens()
}

func TestPasswordIsRemoved(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, mailing)
	v.expectRefusals()
	v.click("#remove-password")
	v.see("#remove-password-dialog", "Nobody can sign in with it any more.")
	v.album("remove-password")
	v.click("#remove-password-dialog [data-cancel]")
	v.gone("#remove-password-dialog")
	v.click("#remove-password")
	v.click("#remove-password-dialog [type=submit]")
	v.see(toast, "Your password is gone.")
	v.see(heading, "Sign in")
	v.hasNoTokens()

	v.signInWithPassword(u)
	v.see(problem, "E-mail address and password don’t match.")
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
}

func TestAPasskeyTakesThePlaceOfThePassword(t *testing.T) {
	t.Parallel()
	u := phasing.newUser(t)
	v := visit(t, phasing)
	v.expectRefusals()
	v.gone(`[href="#create"]`)
	v.signInWithPassword(u)
	v.see(heading, "Replace your password")
	v.see("main", "Your password doesn’t sign you in any more then.")
	v.album("offer-last-password")
	v.addFirstPasskey()
	v.signedIn("your password")
	v.click("#renew-tokens") // on the app client that began the session
	v.see(toast, "Your tokens are new.")
	v.signOut()

	v.signInWithPassword(u)
	v.see(problem, "Your account has a passkey, so it takes no password any more. Use your passkey.")
	v.hasNoTokens()
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
}
