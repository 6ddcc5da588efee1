package web_test

import "testing"

func TestAPasskeyTakesThePlaceOfThePassword(t *testing.T) {
	t.Parallel()
	u := phasing.oldUser(t)
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

func TestSignInByATextedCode(t *testing.T) {
	t.Parallel()
	const number = "+491511234567"
	u := phasing.oldUser(t, attribute("phone_number", number), attribute("phone_number_verified", "true"))
	v := visit(t, phasing)
	v.expectRefusals()
	v.continueAs(u.email)
	v.click("#text-code")
	v.see(heading, "Check your phone")
	v.see("main", "No text message?")
	v.album("text-code")
	code := phasing.texted(t, number)
	v.enterCode(wrong(code))
	v.see(problem, "That code isn’t right.")
	v.enterCode(code)
	v.see(heading, "Skip the message next time")
	v.click("#offer-later")
	v.signedIn("a texted code")
}

func TestPasswordIsRemoved(t *testing.T) {
	t.Parallel()
	u, v := known.oldUser(t), visit(t, known)
	v.expectRefusals()
	v.signInWithPassword(u)
	v.addFirstPasskey()
	v.signedIn("your password")
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
	v.album("password-gone")
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
}
