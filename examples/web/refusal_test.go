package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
)

// tamper has the page change the answer of a passkey on its way to Cognito. The
// statement sees answer, the AuthenticationResponseJSON.
func tamper(statement string) string {
	return `{
		const send = window.fetch;
		const decode = text => JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')));
		const encode = value => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
		window.fetch = (url, init) => {
			const input = String(init?.body).includes('ANSWER') ? JSON.parse(init.body) : null;
			if (input && sessionStorage.getItem('tamper')) {
				const answer = JSON.parse(input.ChallengeResponses.ANSWER);
				` + statement + `
				input.ChallengeResponses.ANSWER = JSON.stringify(answer);
				init = { ...init, body: JSON.stringify(input) };
			}
			return send(url, init);
		};
	}`
}

func TestAnswersTamperedWithAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ reason, statement string }{
		"another challenge": {"wrong_challenge", `
			const data = decode(answer.response.clientDataJSON);
			data.challenge = encode('another');
			answer.response.clientDataJSON = encode(data);`},
		"another origin": {"wrong_origin", `
			const data = decode(answer.response.clientDataJSON);
			data.origin = 'https://evil.example';
			answer.response.clientDataJSON = encode(data);`},
		"a registration": {"wrong_type", `
			const data = decode(answer.response.clientDataJSON);
			data.type = 'webauthn.create';
			answer.response.clientDataJSON = encode(data);`},
		"another user handle": {"wrong_user_handle", `answer.response.userHandle = btoa('f3c0f598-e8e1-4261-963a-31e761e31623').replaceAll('=', '');`},
		"another passkey":     {"unknown_credential", `answer.id = answer.rawId = encode('another passkey');`},
		"another signature":   {"bad_signature", `answer.response.signature = answer.response.signature.replace(/.{8}$/, 'AAAAAAAA');`},
		"user not verified":   {"user_not_verified", `answer.response.authenticatorData = answer.response.authenticatorData.replace(/^(.{43})./, '$1B');`},
		"no signature":        {"malformed", `delete answer.response.signature;`},
		"no answer":           {"malformed", `for (const key in answer) { delete answer[key]; }`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, u := newcomer(t, demo, tamper(test.statement))
			v.expectRefusals()
			sub := v.sub()
			v.signOut()
			eval[bool](v, `sessionStorage.setItem('tamper', 'yes'), true`)
			v.touching(func() {
				v.click("#passkey-sign-in")
				v.see(problem, "That passkey wasn’t accepted.")
				v.hasNoTokens()
			})
			v.continueAs(u.email)
			v.touching(func() {
				v.click("#named-passkey")
				v.see(problem, "That passkey wasn’t accepted.")
				v.hasNoTokens()
			})
			demo.logged(t, `"reason":"`+test.reason+`"`, sub)
		})
	}
}

// sub reads the user's sub from the claims that are shown.
func (v *visitor) sub() string {
	v.t.Helper()
	return eval[string](v, `[...document.querySelectorAll('#id-token tr')].find(r => r.cells[0].innerText === 'sub').cells[1].innerText`)
}

func TestAnAnswerIsNotAcceptedTwice(t *testing.T) {
	t.Parallel()
	v, _ := newcomer(t, demo, tamper(`
		localStorage.answer ??= JSON.stringify(answer);
		Object.assign(answer, JSON.parse(localStorage.answer));`))
	v.expectRefusals()
	sub := v.sub()
	v.signOut()
	eval[bool](v, `sessionStorage.setItem('tamper', 'yes'), true`)
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.signedIn("your passkey")
	})
	v.signOut()
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.see(problem, "That passkey wasn’t accepted.")
		v.hasNoTokens()
	})
	demo.logged(t, `"reason":"challenge_spent"`, sub)
}

func TestWhatTheAuthenticatorGetsWrongIsRefused(t *testing.T) {
	t.Parallel()
	yes := true
	for reason, bits := range map[string]webauthn.SetResponseOverrideBitsParams{
		"bad_signature":     {IsBogusSignature: &yes},
		"user_not_verified": {IsBadUV: &yes},
		"user_not_present":  {IsBadUP: &yes},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			v, u := newcomer(t, demo)
			v.expectRefusals()
			sub := v.sub()
			v.signOut()
			bits.AuthenticatorID = v.authenticator
			call(v, webauthn.SetResponseOverrideBits, bits)
			v.continueAs(u.email)
			v.touching(func() {
				v.click("#named-passkey")
				v.see(problem, "wasn’t accepted")
				v.hasNoTokens()
			})
			demo.logged(t, `"reason":"`+reason+`"`, sub)
		})
	}
}

func TestARegistrationTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	v := visit(t, demo, `{
		const send = window.fetch;
		window.fetch = (url, init) => {
			if (String(url).endsWith('/api/passkeys') && init.method === 'POST') {
				const input = JSON.parse(init.body);
				input.credential.response.clientDataJSON = btoa(JSON.stringify(
					{ type: 'webauthn.create', challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', origin: location.origin }))
					.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
				init = { ...init, body: JSON.stringify(input) };
			}
			return send(url, init);
		};
	}`)
	v.expectRefusals()
	v.signInWithPassword(demo.newUser(t))
	v.touching(func() {
		v.click("#offer-add")
		v.see("#offer-problem", "That took too long. Try again.")
	})
	v.holds(0) // nothing that the user pool doesn't know
	v.click("#offer-later")
	v.see("#no-passkeys", "No passkey yet.")
}

func TestAPasskeyThatTheUserDeletedElsewhere(t *testing.T) {
	t.Parallel()
	v, u := newcomer(t, demo)
	v.expectRefusals()
	v.signOut()
	there := visit(t, demo)
	there.signInWithPassword(u)
	there.signedIn("your password")
	there.click("[data-remove]")
	there.click("#remove-dialog [type=submit]")
	there.see(toast, "is deleted")
	v.touching(func() {
		v.click("#passkey-sign-in")
		v.see("#passkey-problem", "It may have been deleted from the account")
	})
	v.hasNoTokens()
}

func TestWordsForWhatGoesWrong(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	v.expectRefusals()
	taken := demo.newUser(t)
	v.open("create")
	v.enter("#new-email", taken.email)
	v.enter("#new-password", somePassword)
	v.click("#create-form [type=submit]")
	v.see(problem, "There is an account with this e-mail address.")
	v.await(`document.activeElement.id === 'new-email'`)
	v.enter("#new-email", newAddress())
	v.enter("#new-password", "long enough but plain")
	v.click("#create-form [type=submit]")
	v.see(problem, "The password needs at least 14 characters")

	v.open("start")
	v.continueAs("nobody@example.com")
	v.enter("#password", somePassword)
	v.click("#password-submit")
	v.see(problem, "E-mail address and password don’t match.")
	// The browser is asked as it is for a user. Whether it gives up at once or
	// waits for another device depends on what the false list names.
	v.click("#named-passkey")
	v.await(`/Waiting for your passkey|No passkey was used/.test(document.body.innerText)`)
	v.hasNoTokens()
}

func TestAnAccountThatIsNotConfirmedGetsItsCode(t *testing.T) {
	t.Parallel()
	v := visit(t, demo)
	v.expectRefusals()
	u := user{newAddress(), somePassword}
	demo.userPool(t, "SignUp", map[string]any{"Username": u.email, "Password": u.password})
	v.signInWithPassword(u)
	v.see(heading, "Check your e-mail")
	v.click("#resend-code")
	v.see(toast, "A new code is on its way.")
	v.enter("#confirm-code", wrong(demo.mailedCode(t, u.email)))
	v.click("#confirm-form [type=submit]")
	v.see(problem, "That code isn’t right.")
	v.enter("#confirm-code", demo.mailedCode(t, u.email))
	v.click("#confirm-form [type=submit]")
	v.see(heading, "Skip the password next time")
}

func TestNoAnswerFromTheService(t *testing.T) {
	t.Parallel()
	v := visit(t, demo, `{
		const send = window.fetch;
		window.fetch = (url, init) => send(window.isOffline ? 'http://127.0.0.1:1/' : url, init);
	}`)
	v.expectRefusals()
	eval[bool](v, "window.isOffline = true")
	v.click("#passkey-sign-in")
	v.see("#passkey-problem", "No answer from the service.")
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = deleteMatching(v.problems, "Content Security Policy") // the address above is another origin
}

func deleteMatching(list []string, part string) []string {
	var kept []string
	for _, text := range list {
		if !strings.Contains(text, part) {
			kept = append(kept, text)
		}
	}
	return kept
}
