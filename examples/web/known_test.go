package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// codeView is the text of the view that asks for a code.
const codeView = `document.querySelector('[data-view="code"]').innerText`

// somebodyKnown puts somebody on the roster.
func (s *site) somebodyKnown(t *testing.T) (number, email string) {
	t.Helper()
	email = newAddress()
	number = strings.ToUpper("K-" + strings.NewReplacer("@example.com", "", "visitor", "100").Replace(email))
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, fmt.Appendf(nil, "account_number,email\n%s,%s\n", number, email), 0o600); err != nil {
		t.Fatal(err)
	}
	s.admin(t, "import-roster", "-file", file, "-table", s.Config.TableName, "-parameter", "/passkeys/CognitoPasskeys/Passkeys/roster")
	return number, email
}

// introduce asks for the code of a new account.
func (v *visitor) introduce(number, email string) {
	v.t.Helper()
	v.open("sign-up")
	v.enter("#account-number", number)
	v.enter("#sign-up-email", email)
	v.click("#sign-up-form [type=submit]")
	v.see(heading, "Check your e-mail")
}

// joinedKnown is a visitor who is on the roster, has signed up, and is offered a
// passkey.
func joinedKnown(t *testing.T) (v *visitor, email string) {
	t.Helper()
	v = visit(t, known)
	number, email := known.somebodyKnown(t)
	v.introduce(number, email)
	v.enterCode(known.newestMail(t, email, digits))
	v.see(heading, "Your account is ready")
	return v, email
}

func TestOnlyKnownPeopleSignUp(t *testing.T) {
	t.Parallel()
	number, email := known.somebodyKnown(t)
	stranger, strangersAddress := visit(t, known), newAddress()
	stranger.expectRefusals()
	stranger.introduce(number, strangersAddress)
	told := eval[string](stranger, codeView)
	if mails := known.mails(t, strangersAddress); len(mails) != 0 {
		t.Errorf("somebody who isn't on the roster is mailed %q", mails)
	}
	stranger.album("known-code")
	stranger.enterCode("12345678")
	stranger.see(problem, "That code isn’t right.")
	stranger.hasNoTokens()

	v := visit(t, known)
	v.open("sign-up")
	v.see("#sign-up-form", "Account number")
	v.album("known")
	v.introduce(number, email)
	if same := eval[string](v, codeView); strings.ReplaceAll(same, email, "") != strings.ReplaceAll(told, strangersAddress, "") {
		t.Errorf("who is on the roster reads\n%s\nwho isn't reads\n%s", same, told)
	}
	v.enterCode(known.newestMail(t, email, digits))
	v.see(heading, "Your account is ready")
	v.touching(func() {
		v.click("#offer-add")
		v.signedIn("your new account")
	})
	v.see("#id-token", email)
}
