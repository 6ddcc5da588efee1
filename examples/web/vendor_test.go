package web_test

import "testing"

func TestVendorBesidePasskeys(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, withVendor)
	v.expectRefusals()
	v.signOut()
	v.continueAs(u.email)
	v.click("#vendor-sign-in")
	v.see(problem, "Corbado doesn’t vouch for you") // who has no passkey there
	v.touching(func() {
		v.click("#named-passkey")
		v.signedIn("your passkey")
	})
	v.click("#vendor-enrol")
	v.see(toast, "Corbado knows you now")
	v.album("vendor-account")
	v.signOut()
	v.continueAs(u.email)
	v.album("vendor-sign-in")
	v.click("#vendor-sign-in")
	v.signedIn("your Corbado account")
	withVendor.logged(t, `"verified"`, `"method":"corbado"`, `"outcome":"succeeded"`)
}

func TestNoVendorNoButton(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	v.gone("#vendor-enrol")
	v.signOut()
	v.continueAs(u.email)
	v.gone("#vendor-sign-in")
}
