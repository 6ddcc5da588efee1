package amplify_test

import (
	"fmt"
	"testing"
)

// signedIn tells whether there is an access token, by its use.
const signedIn = `(await auth.fetchAuthSession()).tokens.accessToken.payload.token_use`

func TestAmplifySignsInByCognitosOwnPasskeys(t *testing.T) {
	t.Parallel()
	const address = "ann@example.com"
	s := start(t, "CONTEXT=-c native=beside")
	p := s.open(t)

	p.want(fmt.Sprintf(`(await auth.signUp({ username: %q, password: %q })).nextStep.signUpStep`, address, password), "CONFIRM_SIGN_UP")
	code, err := s.MailedCode(address)
	if err != nil {
		t.Fatal(err)
	}
	p.want(fmt.Sprintf(`(await auth.confirmSignUp({ username: %q, confirmationCode: %q })).isSignUpComplete`, address, code), "true")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, password: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'PASSWORD_SRP' } })).nextStep.signInStep`,
		address, password), "DONE")

	p.want(`(await auth.associateWebAuthnCredential(), 'associated')`, "associated")
	p.want(`(await auth.listWebAuthnCredentials()).credentials.map((c) => c.relyingPartyId).join()`, "localhost")

	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' } })).nextStep.signInStep`, address), "DONE")
	p.want(signedIn, "access")

	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH' } })).nextStep.signInStep`, address),
		"CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION")
	p.want(`(await auth.confirmSignIn({ challengeResponse: 'WEB_AUTHN' })).nextStep.signInStep`, "DONE")
	p.want(signedIn, "access")

	p.want(`(await auth.deleteWebAuthnCredential({ credentialId: (await auth.listWebAuthnCredentials()).credentials[0].credentialId }), 'deleted')`, "deleted")
	p.want(`(await auth.listWebAuthnCredentials()).credentials.length`, "0")
	p.want(`(await auth.signOut(), 'out')`, "out")
	p.want(fmt.Sprintf(`(await auth.signIn({ username: %q, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' } })).nextStep.signInStep`, address),
		"CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION")
}
