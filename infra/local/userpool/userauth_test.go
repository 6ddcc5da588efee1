package userpool_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const (
	userAuth = types.AuthFlowTypeUserAuth

	selectChallenge = types.ChallengeNameTypeSelectChallenge
	webAuthn        = types.ChallengeNameTypeWebAuthn
	byEmail         = types.ChallengeNameTypeEmailOtp
)

// choose starts a choice-based sign-in with a preferred challenge, or none.
func (f *fixture) choose(name, preferred string) *cognito.InitiateAuthOutput {
	f.Helper()
	parameters := map[string]string{"USERNAME": name}
	if preferred != "" {
		parameters["PREFERRED_CHALLENGE"] = preferred
	}
	return must[*cognito.InitiateAuthOutput](f)(f.initiate(nativeID, userAuth, parameters))
}

// reply responds to a challenge of the native client.
func (f *fixture) reply(challenge types.ChallengeNameType, session *string, pairs ...string) (*cognito.RespondToAuthChallengeOutput, error) {
	responses := map[string]string{"USERNAME": address}
	for i := 0; i < len(pairs); i += 2 {
		responses[pairs[i]] = pairs[i+1]
	}
	return f.api.RespondToAuthChallenge(f.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: aws.String(nativeID), ChallengeName: challenge, Session: session, ChallengeResponses: responses,
	})
}

// sign answers the options of a WEB_AUTHN challenge.
func (f *fixture) sign(a *passkeytest.Authenticator, parameters map[string]string, tampers ...passkeytest.Tamper) string {
	f.Helper()
	return string(must[*passkeytest.Assertion](f)(a.Get([]byte(parameters["CREDENTIAL_REQUEST_OPTIONS"]), tampers...)).JSON())
}

// signInByPasskey signs alice in and returns her tokens.
func (f *fixture) signInByPasskey(a *passkeytest.Authenticator) *types.AuthenticationResultType {
	f.Helper()
	begun := f.choose(address, "WEB_AUTHN")
	if begun.ChallengeName != webAuthn {
		f.Fatalf("challenge %s, want WEB_AUTHN", begun.ChallengeName)
	}
	out := must[*cognito.RespondToAuthChallengeOutput](f)(f.reply(webAuthn, begun.Session, "CREDENTIAL", f.sign(a, begun.ChallengeParameters)))
	return out.AuthenticationResult
}

// withPasskey makes a native pool in which alice has a passkey.
func withPasskey(t *testing.T, pool properties) (*fixture, *passkeytest.Authenticator) {
	t.Helper()
	f := newNative(t, pool)
	f.signUp(address)
	a := passkeytest.NewSynced(page)
	f.register(f.tokens(address).AccessToken, a)
	f.takeEvents()
	return f, a
}

func TestNativeSignInNeedsNoTrigger(t *testing.T) {
	f, a := withPasskey(t, nativePool)
	tokens := f.signInByPasskey(a)
	if claims := f.claims(tokens.AccessToken); claims["client_id"] != nativeID || claims["scope"] != "aws.cognito.signin.user.admin" {
		t.Errorf("access token %v", claims)
	}
	if events := f.takeEvents(); len(events) != 0 {
		t.Errorf("triggers got %v", events)
	}
}

func TestChoosingAmongChallenges(t *testing.T) {
	f, a := withPasskey(t, nativePool)
	begun := f.choose(address, "")
	want := []types.ChallengeNameType{"PASSWORD", "PASSWORD_SRP", webAuthn, byEmail}
	if begun.ChallengeName != selectChallenge || !slices.Equal(begun.AvailableChallenges, want) {
		t.Fatalf("%s %v, want SELECT_CHALLENGE %v", begun.ChallengeName, begun.AvailableChallenges, want)
	}
	_, err := f.reply(selectChallenge, begun.Session, "ANSWER", "SMS_OTP")
	wantError(t, err, "InvalidParameterException", `want one of ["PASSWORD" "PASSWORD_SRP" "WEB_AUTHN" "EMAIL_OTP"]`)
	chosen := must[*cognito.RespondToAuthChallengeOutput](t)(f.reply(selectChallenge, begun.Session, "ANSWER", "WEB_AUTHN"))
	if chosen.ChallengeName != webAuthn {
		t.Fatalf("challenge %s, want WEB_AUTHN", chosen.ChallengeName)
	}
	_, err = f.reply(selectChallenge, begun.Session, "ANSWER", "WEB_AUTHN")
	wantError(t, err, "NotAuthorizedException", "session can only be used once")
	must[*cognito.RespondToAuthChallengeOutput](t)(f.reply(webAuthn, chosen.Session, "CREDENTIAL", f.sign(a, chosen.ChallengeParameters)))

	byHand := must[*cognito.RespondToAuthChallengeOutput](t)(f.reply(selectChallenge, f.choose(address, "").Session, "ANSWER", "PASSWORD", "PASSWORD", password))
	if byHand.AuthenticationResult == nil {
		t.Errorf("the password together with the choice led to %s", byHand.ChallengeName)
	}
}

// A preferred challenge that the user can't take leads to the choice.
func TestPreferenceThatTheUserCannotTake(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	for _, preferred := range []string{"WEB_AUTHN", "SMS_OTP"} {
		begun := f.choose(address, preferred)
		if begun.ChallengeName != selectChallenge || slices.Contains(begun.AvailableChallenges, webAuthn) {
			t.Errorf("%s leads to %s %v", preferred, begun.ChallengeName, begun.AvailableChallenges)
		}
	}
	_, err := f.initiate(nativeID, userAuth, map[string]string{"USERNAME": address, "PREFERRED_CHALLENGE": "FAX"})
	wantError(t, err, "InvalidParameterException", `PREFERRED_CHALLENGE "FAX"`)
}

func TestChoiceBasedPasswords(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	atOnce := must[*cognito.InitiateAuthOutput](t)(f.initiate(nativeID, userAuth,
		map[string]string{"USERNAME": address, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password}))
	if atOnce.AuthenticationResult == nil {
		t.Errorf("the password led to %s", atOnce.ChallengeName)
	}
	asked := f.choose(address, "PASSWORD")
	must[*cognito.RespondToAuthChallengeOutput](t)(f.reply("PASSWORD", asked.Session, "PASSWORD", password))
	_, err := f.reply("PASSWORD", f.choose(address, "PASSWORD").Session, "PASSWORD", "Wrong-Horse-1")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = f.reply("PASSWORD", f.choose(address, "PASSWORD").Session)
	wantError(t, err, "InvalidParameterException", "Missing required parameter PASSWORD")

	withA := must[*cognito.InitiateAuthOutput](t)(f.initiate(nativeID, userAuth,
		map[string]string{"USERNAME": address, "PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": "2"}))
	later := must[*cognito.RespondToAuthChallengeOutput](t)(f.reply("PASSWORD_SRP", f.choose(address, "PASSWORD_SRP").Session, "SRP_A", "2"))
	if withA.ChallengeName != verifier || later.ChallengeName != verifier {
		t.Errorf("SRP_A leads to %s and %s", withA.ChallengeName, later.ChallengeName)
	}
}

func TestCodeByMail(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	begun := f.choose(address, "EMAIL_OTP")
	if begun.ChallengeName != byEmail || begun.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "a***@e***" {
		t.Fatalf("%s %v", begun.ChallengeName, begun.ChallengeParameters)
	}
	mail := f.lastMail()
	if mail.To != address || mail.Kind != "Authentication" || !strings.Contains(mail.Body, mail.Code) {
		t.Errorf("mail %+v", mail)
	}
	_, err := f.reply(byEmail, begun.Session, "EMAIL_OTP_CODE", "wrong!")
	wantError(t, err, "CodeMismatchException", "Invalid verification code")
	must[*cognito.RespondToAuthChallengeOutput](t)(f.reply(byEmail, begun.Session, "EMAIL_OTP_CODE", mail.Code))

	late := f.choose(address, "EMAIL_OTP")
	f.advance(4 * time.Minute)
	_, err = f.reply(byEmail, late.Session, "EMAIL_OTP_CODE", f.lastMail().Code)
	wantError(t, err, "NotAuthorizedException", "session is expired")
}

func TestPasskeyRefusals(t *testing.T) {
	f, a := withPasskey(t, nativePool)
	for _, tc := range []struct {
		name             string
		tamper           passkeytest.Tamper
		exception, words string
	}{
		{"rejects another page", func(c *passkeytest.Ceremony) { c.ClientData["origin"] = "https://example.com" }, "NotAuthorizedException", "Incorrect"},
		{"rejects another challenge", func(c *passkeytest.Ceremony) { c.ClientData["challenge"] = strings.Repeat("A", 43) }, "NotAuthorizedException", "Incorrect"},
		{"rejects another relying party", func(c *passkeytest.Ceremony) { c.RPID = "example.com" }, "NotAuthorizedException", "Incorrect"},
		{"rejects an unverified user", func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }, "NotAuthorizedException", "Incorrect"},
		{"rejects another key", func(c *passkeytest.Ceremony) {
			c.Key = must[*passkeytest.Authenticator](t)(otherAuthenticator()).Passkeys[0].Key
		}, "NotAuthorizedException", "Incorrect"},
		{"rejects what is no assertion", func(c *passkeytest.Ceremony) { c.AuthenticatorData = []byte{1} }, "InvalidParameterException", "CREDENTIAL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begun := f.choose(address, "WEB_AUTHN")
			_, err := f.reply(webAuthn, begun.Session, "CREDENTIAL", f.sign(a, begun.ChallengeParameters, tc.tamper))
			wantError(t, err, tc.exception, tc.words)
			_, err = f.reply(webAuthn, begun.Session, "CREDENTIAL", f.sign(a, begun.ChallengeParameters))
			wantError(t, err, "NotAuthorizedException", "session can only be used once")
		})
	}
}

// otherAuthenticator has a passkey that nobody registered.
func otherAuthenticator() (*passkeytest.Authenticator, error) {
	a := passkeytest.NewSynced(page)
	_, err := a.Create([]byte(`{"rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "AA", "pubKeyCredParams": [{"alg": -7}]}`))
	return a, err
}

func TestPasskeyOfAnotherUser(t *testing.T) {
	f, alice := withPasskey(t, nativePool)
	f.signUp("bob@example.com")
	bob := passkeytest.NewSynced(page)
	f.register(f.tokens("bob@example.com").AccessToken, bob)
	begun := f.choose(address, "WEB_AUTHN")
	if _, err := bob.Get([]byte(begun.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"])); err == nil {
		t.Error("Bob's passkey is on Alice's list")
	}
	var options map[string]any
	if err := json.Unmarshal([]byte(begun.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]), &options); err != nil {
		t.Fatal(err)
	}
	delete(options, "allowCredentials")
	open := must[[]byte](t)(json.Marshal(options))
	_, err := f.reply(webAuthn, begun.Session, "CREDENTIAL", string(must[*passkeytest.Assertion](t)(bob.Get(open)).JSON()))
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	f.signInByPasskey(alice)
}

func TestDeletedPasskeyNoLongerSignsIn(t *testing.T) {
	f, a := withPasskey(t, nativePool)
	begun := f.choose(address, "WEB_AUTHN")
	token := f.tokens(address).AccessToken
	must[*cognito.DeleteWebAuthnCredentialOutput](t)(f.api.DeleteWebAuthnCredential(t.Context(),
		&cognito.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: f.listPasskeys(token)[0].CredentialId}))
	_, err := f.reply(webAuthn, begun.Session, "CREDENTIAL", f.sign(a, begun.ChallengeParameters))
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	if next := f.choose(address, "WEB_AUTHN"); next.ChallengeName != selectChallenge {
		t.Errorf("challenge %s for a user without passkeys", next.ChallengeName)
	}
}

// Someone who doesn't exist gets one of the pool's challenges, and no answer is right.
func TestChoiceForUnknownUsers(t *testing.T) {
	f := newNative(t, nativePool)
	mails := f.mailCount()
	seen := map[types.ChallengeNameType]bool{}
	for i := range 40 {
		name := strings.Repeat("x", i+1) + "@example.com"
		begun := f.choose(name, "WEB_AUTHN")
		if again := f.choose(name, ""); again.ChallengeName != begun.ChallengeName {
			t.Errorf("%s and then %s", begun.ChallengeName, again.ChallengeName)
		}
		seen[begun.ChallengeName] = true
		right := map[types.ChallengeNameType][2]string{
			"PASSWORD": {"PASSWORD", password}, "PASSWORD_SRP": {"SRP_A", "2"}, byEmail: {"EMAIL_OTP_CODE", "123456"},
		}[begun.ChallengeName]
		if begun.ChallengeName == webAuthn {
			a := must[*passkeytest.Authenticator](t)(otherAuthenticator())
			var options struct{ AllowCredentials []struct{ ID string } }
			parameters := begun.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]
			if err := json.Unmarshal([]byte(parameters), &options); err != nil || len(options.AllowCredentials) != 1 {
				t.Fatalf("options %s, %v", parameters, err)
			}
			forged := strings.Replace(parameters, `"allowCredentials":`, `"ignored":`, 1)
			right = [2]string{"CREDENTIAL", string(must[*passkeytest.Assertion](t)(a.Get([]byte(forged))).JSON())}
		}
		out, err := f.reply(begun.ChallengeName, begun.Session, right[0], right[1], "USERNAME", name)
		switch begun.ChallengeName {
		case "PASSWORD_SRP":
			if err != nil || out.ChallengeName != "PASSWORD_VERIFIER" {
				t.Errorf("SRP leads to %v, %v", out, err)
			}
		case byEmail:
			wantError(t, err, "CodeMismatchException", "Invalid verification code")
		default:
			wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		}
	}
	if len(seen) != 4 || f.mailCount() != mails {
		t.Errorf("challenges %v, %d mails", seen, f.mailCount()-mails)
	}
}

func TestChoiceTakesAnEligibleUserAndClient(t *testing.T) {
	f, _ := withPasskey(t, nativePool)
	_, err := f.initiate(publicID, userAuth, map[string]string{"USERNAME": address})
	wantError(t, err, "InvalidParameterException", "USER_AUTH flow not enabled for this client")
	_, err = f.api.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: aws.String(nativeID), AuthFlow: userAuth, AuthParameters: map[string]string{"USERNAME": address}, Session: aws.String(strings.Repeat("s", 20)),
	})
	wantError(t, err, "InvalidParameterException", "continues no sign-up")
	must[*cognito.SignUpOutput](t)(f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String("new@example.com"), Password: aws.String(password),
	}))
	_, err = f.initiate(nativeID, userAuth, map[string]string{"USERNAME": "new@example.com"})
	wantError(t, err, "UserNotConfirmedException", "not confirmed")
	must[*cognito.AdminDisableUserOutput](t)(f.api.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{
		UserPoolId: aws.String(poolID), Username: aws.String(address),
	}))
	_, err = f.initiate(nativeID, userAuth, map[string]string{"USERNAME": address})
	wantError(t, err, "NotAuthorizedException", "User is disabled.")
}

func TestAdministratorsStartChoiceBasedSignIn(t *testing.T) {
	f, a := withPasskey(t, nativePool)
	begun := must[*cognito.AdminInitiateAuthOutput](t)(f.api.AdminInitiateAuth(t.Context(), &cognito.AdminInitiateAuthInput{
		UserPoolId: aws.String(poolID), ClientId: aws.String(nativeID), AuthFlow: userAuth,
		AuthParameters: map[string]string{"USERNAME": address, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
	}))
	done := must[*cognito.AdminRespondToAuthChallengeOutput](t)(f.api.AdminRespondToAuthChallenge(t.Context(), &cognito.AdminRespondToAuthChallengeInput{
		UserPoolId: aws.String(poolID), ClientId: aws.String(nativeID), ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": address, "CREDENTIAL": f.sign(a, begun.ChallengeParameters)},
	}))
	if done.AuthenticationResult == nil {
		t.Errorf("the passkey led to %s", done.ChallengeName)
	}
}

// The pool's other triggers are the owner's, and run as they do for a password.
func TestNativeSignInRunsTheTriggersAroundIt(t *testing.T) {
	lambdas := properties{"PreAuthentication": lambda + "ok", "PostAuthentication": lambda + "ok", "PreTokenGeneration": lambda + "ok"}
	f := newNative(t, nativePool.with(properties{"LambdaConfig": lambdas}))
	f.triggers["ok"] = f.triggers["create"]
	f.signUp(address)
	a := passkeytest.NewSynced(page)
	f.register(f.tokens(address).AccessToken, a)
	f.takeEvents()
	f.signInByPasskey(a)
	var sources []string
	for _, e := range f.takeEvents() {
		sources = append(sources, e["triggerSource"].(string))
	}
	if want := []string{"PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_Authentication"}; !slices.Equal(sources, want) {
		t.Errorf("triggers %v, want %v", sources, want)
	}
}

func TestPasskeyAsMFA(t *testing.T) {
	f, a := withPasskey(t, nativePool.with(properties{"WebAuthnFactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}))
	token := f.tokens(address).AccessToken
	prefer := func(app, passkey bool) error {
		_, err := f.api.SetUserMFAPreference(t.Context(), &cognito.SetUserMFAPreferenceInput{
			AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: app},
			WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: passkey},
		})
		return err
	}
	wantError(t, prefer(false, true), "InvalidParameterException", "another MFA method")
	f.enableTOTP(address)
	if begun := f.choose(address, "WEB_AUTHN"); begun.ChallengeName != selectChallenge || len(begun.AvailableChallenges) != 2 {
		t.Errorf("%s %v for a user whose passkey is no MFA", begun.ChallengeName, begun.AvailableChallenges)
	}
	if err := prefer(true, true); err != nil {
		t.Fatal(err)
	}
	f.signInByPasskey(a)
	factors := must[*cognito.GetUserAuthFactorsOutput](t)(f.api.GetUserAuthFactors(t.Context(), &cognito.GetUserAuthFactorsInput{AccessToken: token}))
	if want := []types.AuthFactorType{"PASSWORD", "WEB_AUTHN"}; !slices.Equal(factors.ConfiguredUserAuthFactors, want) {
		t.Errorf("factors %v, want %v", factors.ConfiguredUserAuthFactors, want)
	}
}

func TestPasskeyMFATakesThePoolsConsent(t *testing.T) {
	f, _ := withPasskey(t, nativePool)
	_, err := f.api.SetUserMFAPreference(t.Context(), &cognito.SetUserMFAPreferenceInput{
		AccessToken: f.tokens(address).AccessToken, WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: true},
	})
	wantError(t, err, "InvalidParameterException", "MULTI_FACTOR_WITH_USER_VERIFICATION")
}
