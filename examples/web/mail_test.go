package web_test

import (
	"regexp"
	"strings"
	"testing"
)

// withoutPasskeys is the script of a browser that has none.
const withoutPasskeys = `delete window.PublicKeyCredential;`

// aMinuteLater has the page believe so.
const aMinuteLater = `{ const now = Date.now; Date.now = () => now() + 60_000; true }`

// mails returns what functions mailed to an address, newest first.
func (s *site) mails(t *testing.T, to string) []string {
	t.Helper()
	var outbox []struct{ To, Kind, Body string }
	if err := s.GetJSON("/outbox", &outbox); err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, mail := range outbox {
		if mail.To == to && mail.Kind == "SES" {
			bodies = append(bodies, mail.Body)
		}
	}
	return bodies
}

// texted returns the code in the text message to a number.
func (s *site) texted(t *testing.T, number string) string {
	t.Helper()
	var outbox []struct{ To, Kind, Body string }
	if err := s.GetJSON("/outbox", &outbox); err != nil {
		t.Fatal(err)
	}
	for _, message := range outbox {
		if message.To == number && message.Kind == "SMS" {
			return regexp.MustCompile(`\b\d{8}\b`).FindString(message.Body)
		}
	}
	t.Fatalf("nothing was texted to %s", number)
	return ""
}

// digits is a line of a mail that is a code.
var digits = regexp.MustCompile(`(?m)^\d{8}$`)

// newestMail returns the line that matches in the newest mail to an address that
// has one: there are notices too.
func (s *site) newestMail(t *testing.T, to string, line *regexp.Regexp) string {
	t.Helper()
	mails := s.mails(t, to)
	for _, mail := range mails {
		if found := line.FindString(mail); found != "" {
			return found
		}
	}
	t.Fatalf("no %s in %d mails to %s: %q", line, len(mails), to, mails)
	return ""
}

// link returns the link in the newest mail to an address.
func (s *site) link(t *testing.T, to string) string {
	t.Helper()
	return s.newestMail(t, to, regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(s.Origin)+`/#\S+$`))
}

// askForCode asks for a code as somebody of that address.
func (v *visitor) askForCode(email string) {
	v.t.Helper()
	v.continueAs(email)
	v.click("#mail-code")
	v.see(heading, "Check your e-mail")
	v.see("[data-email]", email)
}

func (v *visitor) enterCode(code string) {
	v.t.Helper()
	v.enter("#code", code)
	v.click("#code-form [type=submit]")
}

func TestSignInByAMailedCode(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.askForCode(u.email)
	v.see(".local-mail", "outbox")
	v.enterCode(mailing.newestMail(t, u.email, digits))
	v.see(heading, "Skip the message next time")
	v.addFirstPasskey()
	v.signedIn("a mailed code")
	v.signOut()
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
}

func TestABrowserWithoutPasskeysSignsInByACode(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing, withoutPasskeys)
	v.askForCode(u.email)
	v.enterCode(mailing.newestMail(t, u.email, digits))
	v.signedIn("a mailed code")
	v.see("#no-passkeys", "This browser has no passkeys. Sign in by e-mail here")
}

func TestAMailedCodeMayBeMistypedTwice(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.expectRefusals()
	v.askForCode(u.email)
	code := mailing.newestMail(t, u.email, digits)
	for range 2 {
		v.enterCode(wrong(code))
		v.see(problem, "That code isn’t right.")
		v.await(`document.activeElement.id === 'code' && document.activeElement.ariaInvalid === 'true'`)
	}
	v.enterCode(wrong(code))
	v.see(problem, "This code can’t be used any more")
	v.await(`document.activeElement.id === 'resend-mail-code'`)
	v.enterCode(code)
	v.see(problem, "This code can’t be used any more")
	v.hasNoTokens()
}

func TestAnotherCodeIsSentAMinuteLater(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.askForCode(u.email)
	asked := v.requested("InitiateAuth")
	v.click("#resend-mail-code")
	v.see(problem, "We send one message a minute.")
	if n := v.requested("InitiateAuth"); n != asked {
		t.Errorf("the page asks %d more times within the minute", n-asked)
	}
	eval[bool](v, aMinuteLater)
	v.click("#resend-mail-code")
	v.see(toast, "Another code is on its way.")
	if n := v.requested("InitiateAuth"); n != asked+1 {
		t.Errorf("the page asks %d more times after the minute, want 1", n-asked)
	}
}

func TestAMailedCodeOfASessionThatIsOver(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing, `{
		const send = window.fetch;
		window.fetch = (url, init) => {
			const input = String(init?.body).includes('ANSWER') ? JSON.parse(init.body) : null;
			if (/^\d+$/.test(input?.ChallengeResponses.ANSWER)) {
				init = { ...init, body: JSON.stringify({ ...input, Session: 'A'.repeat(64) }) };
			}
			return send(url, init);
		};
	}`)
	v.expectRefusals()
	v.askForCode(u.email)
	v.enterCode(mailing.newestMail(t, u.email, digits))
	v.see(problem, "This code can’t be used any more: it was wrong too often, or took too long. Ask for another one below.")
	v.hasNoTokens()
	v.reload()
	v.see(heading, "Sign in")
}

// askForLink asks for a link as somebody of that address.
func (v *visitor) askForLink(email string) {
	v.t.Helper()
	v.continueAs(email)
	v.click("#mail-link")
	v.see("main", "a link is on its way there")
}

func TestSignInByAMailedLink(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.askForLink(u.email)
	link := mailing.link(t, u.email)

	tab := v.tab(link)
	tab.see(heading, "Sign in?")
	if at := eval[string](tab, "location.href"); strings.Contains(at, "eyJ") {
		t.Errorf("the link's token stays in the address %s", at)
	}
	if n := tab.requested("InitiateAuth"); n != 0 {
		t.Error("the link is used before anybody says so: a mail scanner uses it up")
	}
	tab.click("#link-sign-in")
	tab.see(heading, "Skip the message next time")
	tab.addFirstPasskey()
	tab.signedIn("a mailed link")

	v.see(heading, "You’re signed in")
	v.see("main", "You can close this one.")
	v.hasNoTokens()

	again := v.tab(link)
	again.expectRefusals()
	again.click("#link-sign-in")
	again.see(problem, "This link can’t be used any more: it was used")
	again.hasNoTokens()
}

func TestALinkWorksOnce(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.askForLink(u.email)
	first, second := v.tab(mailing.link(t, u.email)), v.tab(mailing.link(t, u.email))
	second.expectRefusals()
	first.click("#link-sign-in")
	first.see(heading, "Skip the message next time")
	second.click("#link-sign-in")
	second.see(problem, "This link can’t be used any more")
	second.hasNoTokens()
	second.click(`[data-view="link"] a`)
	second.see(heading, "Sign in")
}

func TestALinkOpenedInAnotherBrowser(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	v := visit(t, mailing)
	v.askForLink(u.email)
	link := mailing.link(t, u.email)

	other := visit(t, mailing)
	other.load(link)
	other.see(heading, "Open this link where you asked for it")
	other.hasNoTokens()
	// Where something was asked for too, the service refuses it.
	other.expectRefusals()
	other.askForLinkOfNobody()
	other.load(link)
	other.click("#link-sign-in")
	other.see(problem, "This link can’t be used any more")
	other.hasNoTokens()
	mailing.logged(t, `"reason":"another_browser"`)

	tab := v.tab(link)
	tab.click("#link-sign-in")
	tab.see(heading, "Skip the message next time")
}

// askForLinkOfNobody asks for a link to an address without an account.
func (v *visitor) askForLinkOfNobody() {
	v.t.Helper()
	v.open("start")
	v.askForLink(newAddress())
}

func TestALinkThatIsNotWhole(t *testing.T) {
	t.Parallel()
	v := visit(t, mailing)
	v.load(mailing.Origin + "/#bm90IGEgbGluaw.AAAA")
	v.see(heading, "Sign in")
}

func TestNobodyIsToldWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	u := mailing.newUser(t)
	var told []string
	for _, email := range []string{u.email, newAddress()} {
		v := visit(t, mailing)
		v.expectRefusals()
		v.askForCode(email)
		text := eval[string](v, "document.querySelector('main').innerText")
		v.enterCode("00000000")
		v.see(problem, "That code isn’t right.")
		told = append(told, strings.ReplaceAll(text, email, ""))
	}
	if told[0] != told[1] {
		t.Errorf("who has an account reads\n%s\nwho has none reads\n%s", told[0], told[1])
	}
}

func TestWhoMustUseAPasskeyIsMailedSo(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, mailingLess)
	v.expectRefusals()
	v.signOut()
	v.askForCode(u.email)
	if mails := mailingLess.mails(t, u.email); digits.MatchString(strings.Join(mails, "")) || !strings.Contains(mails[0], "passkey, so it takes nothing weaker") {
		t.Errorf("who must use a passkey is mailed %q", mails)
	}
	v.enterCode("12345678")
	v.see(problem, "That code isn’t right.")
	v.click(`[data-view="code"] [href="#continue"]`)
	v.touching(func() {
		v.click("#named-passkey.primary")
		v.signedIn("your passkey")
	})
}
