package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"
)

// newcomer is a visitor who has signed in with the password and added a passkey.
func newcomer(t *testing.T, s *site, scripts ...string) (*visitor, user) {
	t.Helper()
	u := s.newUser(t)
	v := visit(t, s, scripts...)
	v.signInWithPassword(u)
	v.addFirstPasskey()
	v.signedIn("your password")
	return v, u
}

func TestPasskeysAreListedRenamedAndDeleted(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	v.replaceAuthenticator(deviceBound)
	v.touching(func() {
		v.click("#add-passkey")
		v.see(passkeys, "On one device only")
	})
	v.see(toast, "“Passkey” is ready")

	v.click(passkeys + ":last-child [data-rename]")
	v.enter("#passkey-name", "Key on my desk")
	v.press(kb.Enter) // in the field
	v.see(passkeys+":last-child", "Key on my desk")
	v.await(`document.activeElement.ariaLabel === 'Rename Key on my desk'`)

	v.click(passkeys + ":last-child [data-remove]")
	v.see("#remove-dialog", "Delete “Key on my desk”?")
	v.click("#remove-dialog [data-cancel]")
	v.gone("#remove-dialog")
	v.await(`document.activeElement.ariaLabel === 'Delete Key on my desk'`)

	v.click(passkeys + ":last-child [data-remove]")
	v.click("#remove-dialog [type=submit]")
	v.see(toast, "“Key on my desk” is deleted.")
	v.await(`document.querySelectorAll('#passkeys > li').length === 1`)
	v.holds(0) // the page told the browser
}

func TestANameThatIsTooLongOrBlankIsRefused(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	v.expectRefusals()
	v.click("[data-rename]")
	v.enter("#passkey-name", "   ")
	v.click("#rename-dialog [type=submit]")
	v.see("#rename-dialog "+problem, "A name has 1 to 100 characters")
	v.await(`document.activeElement.id === 'passkey-name' && document.activeElement.ariaInvalid === 'true'`)
}

func TestADeviceThatHoldsAPasskeyIsNotAddedTwice(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	v.touching(func() {
		v.click("#add-passkey")
		v.see("#passkeys-problem", "This device already holds a passkey")
	})
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	u := demo.newUser(t)
	v := visit(t, demo)
	v.expectRefusals()
	v.continueAs(u.email)
	v.click(`[href="#forgotten"]`)
	v.await(`document.querySelector('#forgotten-email').value === '` + u.email + `'`)
	v.click("#forgotten-form [type=submit]")
	v.see(heading, "Choose a new password")

	v.enter("#reset-code", wrong(demo.mailedCode(t, u.email)))
	v.enter("#reset-password", "Another horse 8 battery!")
	v.click("#reset-form [type=submit]")
	v.see(problem, "That code isn’t right.")
	v.enter("#reset-code", demo.mailedCode(t, u.email))
	v.click("#reset-form [type=submit]")
	v.see(heading, "Skip the password next time")
	v.click("#offer-later")
	v.signOut()

	v.signInWithPassword(u)
	v.see(problem, "E-mail address and password don’t match.")
	v.signInAgain("Another horse 8 battery!")
}

// signInAgain corrects the password.
func (v *visitor) signInAgain(password string) {
	v.t.Helper()
	v.enter("#password", password)
	v.click("#password-submit")
	v.see(heading, "Skip the password next time")
}

// wrong changes the last digit of a code.
func wrong(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

func TestPasswordIsChanged(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	v.expectRefusals()
	v.click("#change-password")
	v.enter("#current-password", "Wrong horse 7 battery!")
	v.enter("#next-password", "Another horse 8 battery!")
	v.click("#password-dialog [type=submit]")
	v.see("#password-dialog "+problem, "That isn’t your current password.")
	v.await(`document.activeElement.id === 'current-password'`)
	v.enter("#current-password", u.password)
	v.click("#password-dialog [type=submit]")
	v.see(toast, "Your password is changed.")
	v.signOut()
	v.signInWithPassword(user{u.email, "Another horse 8 battery!"})
	v.signedIn("your password")
}

func TestEMailAddressChangesOnceItsCodeIsEntered(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	next := newAddress()
	v.click("#change-email")
	v.enter("#next-email", next)
	v.click("#email-dialog [type=submit]")
	v.see("#email-code-dialog", next)
	v.click("#email-code-dialog [data-cancel]")
	v.gone("#email-code-dialog")
	v.see("[data-account-email]", u.email)
	v.reload()
	v.see("[data-account-email]", u.email)

	v.click("#change-email")
	v.enter("#next-email", next)
	v.click("#email-dialog [type=submit]")
	v.see("#email-code-dialog", next)
	v.enter("#email-code", demo.mailedCode(t, next))
	v.click("#email-code-dialog [type=submit]")
	v.see(toast, "Your e-mail address is "+next+" now.")
	v.see("#id-token", next)
	v.signOut()
	v.see("#welcome", next)
	v.continueAs(next)
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
}

func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	here, u := newcomer(t, demo)
	there := visit(t, demo)
	there.expectRefusals()
	there.signInWithPassword(u)
	there.signedIn("your password")

	here.click("#sign-out-everywhere")
	here.see(heading, "Sign in")
	here.see(toast, "You are signed out on all devices.")
	here.hasNoTokens()

	there.click("#renew-tokens")
	there.see("#start-notice", "Your session has ended. Sign in again.")
	there.hasNoTokens()
}

func TestTokensAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	before := eval[string](v, "document.querySelector('#id-token').innerText")
	eval[bool](v, `{ const now = Date.now; Date.now = () => now() + 3_590_000; true }`)
	v.click("[data-rename]")
	v.enter("#passkey-name", "After an hour")
	v.press(kb.Enter) // in the field
	v.see(passkeys, "After an hour")
	if n := v.requested("InitiateAuth REFRESH_TOKEN_AUTH"); n == 0 {
		t.Error("an expiring token was used")
	}
	v.click("#renew-tokens")
	v.see(toast, "Your tokens are new.")
	if after := eval[string](v, "document.querySelector('#id-token').innerText"); after == before {
		t.Error("the claims shown are the old ones")
	}
}

func TestAccountIsDeleted(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	v.expectRefusals()
	v.click("#delete-account")
	v.see("#delete-dialog", u.email)
	v.click("#delete-dialog [type=submit]")
	v.see(toast, "Your account and its passkeys are gone.")
	v.see(heading, "Sign in")
	v.gone("#welcome")
	v.hasNoTokens()
	v.holds(0)
	v.signInWithPassword(u)
	v.see(problem, "E-mail address and password don’t match.")
}

func TestAuthenticatorApp(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, withApps)
	v.expectRefusals()
	v.click("#set-up-app")
	v.see("#app-qr", "")
	v.album("authenticator-app")
	secret := eval[string](v, "document.querySelector('#app-secret').innerText")
	v.enter("#app-first-code", wrong(appCode(t, secret)))
	v.click("#app-dialog [type=submit]")
	v.see("#app-dialog "+problem, "That code isn’t right.")
	v.enter("#app-first-code", appCode(t, secret))
	v.click("#app-dialog [type=submit]")
	v.see("#app-state", "On: asked for after the password")
	v.signOut()

	v.touching(func() { // a passkey needs no code
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
	v.signOut()

	v.signInWithPassword(u)
	v.see(heading, "One more step")
	v.enter("#app-code", wrong(appCode(t, secret)))
	v.click("#app-code-form [type=submit]")
	v.see(problem, "That code isn’t right.")
	v.enter("#app-code", nextAppCode(t, secret))
	v.click("#app-code-form [type=submit]")
	v.signedIn("your password")
	v.click("#remove-app")
	v.see("#app-state", "Off")
}

func appCode(t *testing.T, secret string) string {
	t.Helper()
	return codeAt(t, secret, time.Now())
}

// nextAppCode is the code after one that was used: each counts once.
func nextAppCode(t *testing.T, secret string) string {
	t.Helper()
	return codeAt(t, secret, time.Now().Add(30*time.Second))
}

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestAuthenticatorAppsMayBeOff(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo)
	v.expectRefusals()
	v.click("#set-up-app")
	v.see("#details-problem", "This user pool has authenticator apps switched off.")
}

func TestAnOldSignInIsConfirmed(t *testing.T) {
	t.Parallel()
	u := strict.newUser(t)
	v := visit(t, strict)
	v.expectRefusals()
	v.signInWithPassword(u)
	v.see(heading, "Skip the password next time")
	v.awaitOldSignIn()
	v.click("#offer-add")
	v.see("#confirm-user-dialog", "Confirm it’s you")
	v.gone("#confirm-user-passkey") // there is none yet
	v.enter("#confirm-user-password", "Wrong horse 7 battery!")
	v.click("#confirm-user-dialog [type=submit]")
	v.see("#confirm-user-dialog "+problem, "That isn’t your password.")
	v.touching(func() {
		v.enter("#confirm-user-password", u.password)
		v.click("#confirm-user-dialog [type=submit]")
		v.see(passkeys, "not used yet")
	})

	v.awaitOldSignIn()
	v.click("[data-remove]")
	v.click("#remove-dialog [type=submit]")
	v.see("#confirm-user-dialog", "Confirm it’s you")
	v.album("confirm-user")
	v.press(kb.Escape)
	v.gone("#confirm-user-dialog")
	v.click("#remove-dialog [type=submit]")
	v.touching(func() {
		v.click("#confirm-user-passkey")
		v.see("#no-passkeys", "No passkey yet.")
	})
}

func TestAnOldSignInIsConfirmedByMail(t *testing.T) {
	t.Parallel()
	u := strict.newUser(t)
	v := visit(t, strict)
	v.expectRefusals()
	v.signInWithPassword(u)
	v.see(heading, "Skip the password next time")
	v.awaitOldSignIn()
	v.click("#offer-add")
	v.see("#confirm-user-dialog", "Confirm it’s you")
	v.click("#confirm-user-mail")
	v.see("#confirm-user-dialog", "Code from the mail")
	v.await(`document.activeElement.id === 'confirm-user-mailed'`)
	v.album("confirm-user-by-mail")
	code := strict.newestMail(t, u.email, digits)
	v.enter("#confirm-user-mailed", wrong(code))
	v.click("#confirm-user-dialog [type=submit]")
	v.see("#confirm-user-dialog "+problem, "That code isn’t right.")
	v.touching(func() {
		v.enter("#confirm-user-mailed", code)
		v.click("#confirm-user-dialog [type=submit]")
		v.see(passkeys, "not used yet")
	})
}

// awaitOldSignIn waits until the sign-in is no longer recent on strict.
func (v *visitor) awaitOldSignIn() {
	v.t.Helper()
	v.await(`(() => {
		const session = Object.values(sessionStorage).find(value => value.includes('accessToken'));
		const claims = JSON.parse(session).accessToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
		return Date.now() / 1000 - JSON.parse(atob(claims)).auth_time > 5;
	})()`)
}

func TestTheBrowserIsToldOfAPasskeyThatIsGone(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	there := visit(t, demo)
	there.signInWithPassword(u)
	there.signedIn("your password")
	there.click("[data-remove]")
	there.click("#remove-dialog [type=submit]")
	there.see(toast, "is deleted")
	there.touching(func() {
		there.click("#add-passkey")
		there.see(passkeys, "not used yet")
	})

	v.reload() // lists the passkeys, which says which are good
	v.signedIn("your password")
	v.holds(0)
	there.holds(1)
	if id := eval[string](v, "document.querySelector('[data-rename]').dataset.id"); strings.ContainsAny(id, "+/=") {
		t.Errorf("the id %q is not base64url", id)
	}
}
