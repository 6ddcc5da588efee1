package web_test

import "testing"

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

// joined is a visitor who has signed up and is offered a passkey.
func joined(t *testing.T, s *site, scripts ...string) (v *visitor, email string) {
	t.Helper()
	v, email = visit(t, s, scripts...), newAddress()
	v.askToSignUp(email)
	v.enterCode(s.newestMail(t, email, digits))
	v.see("#sign-out", "") // is signed in
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
	v.see("#mail-code.primary", "E-mail me a code")
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

func TestALinkInAnyBrowser(t *testing.T) {
	t.Parallel()
	_, email := joined(t, passwordless)
	passwordless.forgetMails(t)
	v := visit(t, passwordless)
	v.askForLink(email)
	other := visit(t, passwordless)
	other.load(passwordless.link(t, email))
	other.see("#link-stranger", "Sign in only if you asked for it yourself")
	other.album("link-in-any-browser")
	other.click("#link-sign-in")
	other.see(heading, "Skip the message next time")
}

func TestViewsThatAStackLacksAreNotThere(t *testing.T) {
	t.Parallel()
	for view, s := range map[string]*site{"create": passwordless, "forgotten": passwordless, "sign-up": demo, "recover": demo} {
		v := visit(t, s)
		v.open(view)
		v.see(heading, "Sign in")
	}
}
