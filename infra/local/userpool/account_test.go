package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

const newPassword = "Battery-Staple-2"

func (f *fixture) update(token *string, pairs ...string) (*cognito.UpdateUserAttributesOutput, error) {
	return f.api.UpdateUserAttributes(f.Context(), &cognito.UpdateUserAttributesInput{
		AccessToken: token, UserAttributes: attributes(pairs...),
	})
}

func (f *fixture) verifyEmail(token *string, code string) error {
	_, err := f.api.VerifyUserAttribute(f.Context(), &cognito.VerifyUserAttributeInput{
		AccessToken: token, AttributeName: aws.String("email"), Code: &code,
	})
	return err
}

// email returns the user's address and whether it is verified.
func (f *fixture) email(token *string) (address, verified string) {
	f.Helper()
	me := must[*cognito.GetUserOutput](f)(f.api.GetUser(f.Context(), &cognito.GetUserInput{AccessToken: token}))
	return value(me.UserAttributes, "email"), value(me.UserAttributes, "email_verified")
}

func TestChangeOfEmailKeepsTheOriginalUntilVerified(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	out := must[*cognito.UpdateUserAttributesOutput](t)(f.update(token, "email", "new@example.com", "name", "Alice"))
	if len(out.CodeDeliveryDetailsList) != 1 || *out.CodeDeliveryDetailsList[0].Destination != "n***@e***" {
		t.Errorf("sent to %v", out.CodeDeliveryDetailsList)
	}
	if email, verified := f.email(token); email != address || verified != "true" {
		t.Errorf("before the code: %s, verified %s", email, verified)
	}
	sent := f.lastMail()
	if sent.To != "new@example.com" || sent.Kind != userpool.KindUpdateUserAttribute {
		t.Errorf("mail %+v", sent)
	}
	wantError(t, f.verifyEmail(token, "no"), "CodeMismatchException", "")
	if err := f.verifyEmail(token, sent.Code); err != nil {
		t.Fatal(err)
	}
	if email, verified := f.email(token); email != "new@example.com" || verified != "true" {
		t.Errorf("after the code: %s, verified %s", email, verified)
	}
	f.tokens("new@example.com")
	_, err := f.byPassword(address, password)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	wantError(t, f.verifyEmail(token, sent.Code), "ExpiredCodeException", "")
}

func TestTakingBackAChangeOfEmail(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	must[*cognito.UpdateUserAttributesOutput](t)(f.update(token, "email", "new@example.com"))
	code := f.lastMail().Code
	must[*cognito.UpdateUserAttributesOutput](t)(f.update(token, "email", address))
	wantError(t, f.verifyEmail(token, code), "ExpiredCodeException", "")
	if email, _ := f.email(token); email != address {
		t.Errorf("the code of a change taken back made the address %s", email)
	}
}

func TestChangeOfEmailAtOnceWhereThePoolSaysSo(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"UserAttributeUpdateSettings": properties{}}))
	f.signUp(address)
	token := f.tokens(address).AccessToken
	must[*cognito.UpdateUserAttributesOutput](t)(f.update(token, "email", "new@example.com"))
	if email, verified := f.email(token); email != "new@example.com" || verified != "false" {
		t.Errorf("before the code: %s, verified %s", email, verified)
	}
	out := must[*cognito.GetUserAttributeVerificationCodeOutput](t)(f.api.GetUserAttributeVerificationCode(t.Context(),
		&cognito.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: aws.String("email")}))
	if *out.CodeDeliveryDetails.AttributeName != "email" {
		t.Errorf("sent to %s", *out.CodeDeliveryDetails.AttributeName)
	}
	if err := f.verifyEmail(token, f.lastMail().Code); err != nil {
		t.Fatal(err)
	}
	if _, verified := f.email(token); verified != "true" {
		t.Errorf("after the code: verified %s", verified)
	}
}

func TestAttributeRefusals(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	f.signUp("bob@example.com")
	token := f.tokens(address).AccessToken
	for _, tc := range []struct{ name, attribute, value, exception, words string }{
		{"rejects somebody's address", "email", "BOB@example.com", "AliasExistsException", "An account with the email already exists."},
		{"rejects a malformed address", "email", "Bob <bob@example.com>", "InvalidParameterException", "Invalid email address format."},
		{"rejects a self-made verification", "email_verified", "true", "NotAuthorizedException", "unauthorized attribute"},
		{"rejects a mark that the client may not write", "custom:createdBy", "me", "NotAuthorizedException", "unauthorized attribute"},
		{"rejects a change of what can't change", "custom:tier", "3", "InvalidParameterException", "Attribute cannot be updated."},
		{"rejects a long name", "name", string(make([]byte, 2049)), "InvalidParameterException", "2048"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.update(token, tc.attribute, tc.value)
			wantError(t, err, tc.exception, tc.words)
		})
	}
	remove := func(name string) error {
		_, err := f.api.DeleteUserAttributes(t.Context(), &cognito.DeleteUserAttributesInput{
			AccessToken: token, UserAttributeNames: []string{name},
		})
		return err
	}
	wantError(t, remove("email"), "InvalidParameterException", "Attribute cannot be deleted.")
	wantError(t, remove("custom:createdBy"), "NotAuthorizedException", "unauthorized attribute")
	must[*cognito.UpdateUserAttributesOutput](t)(f.update(token, "name", "Alice"))
	if err := remove("name"); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) forgot(client, name string) (*cognito.ForgotPasswordOutput, error) {
	return f.api.ForgotPassword(f.Context(), &cognito.ForgotPasswordInput{ClientId: &client, Username: &name})
}

func (f *fixture) recover(name, code string) error {
	_, err := f.api.ConfirmForgotPassword(f.Context(), &cognito.ConfirmForgotPasswordInput{
		ClientId: aws.String(publicID), Username: &name, ConfirmationCode: &code, Password: aws.String(newPassword),
	})
	return err
}

func TestForgottenPassword(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	must[*cognito.ForgotPasswordOutput](t)(f.forgot(publicID, address))
	sent := f.lastMail()
	if sent.To != address || sent.Kind != userpool.KindForgotPassword {
		t.Errorf("mail %+v", sent)
	}
	wantError(t, f.recover(address, "no"), "CodeMismatchException", "")
	if err := f.recover(address, sent.Code); err != nil {
		t.Fatal(err)
	}
	if _, err := f.byPassword(address, newPassword); err != nil {
		t.Fatal(err)
	}
	_, err := f.byPassword(address, password)
	wantError(t, err, "NotAuthorizedException", "Incorrect")
	wantError(t, f.recover(address, sent.Code), "CodeMismatchException", "")
	must[*cognito.ForgotPasswordOutput](t)(f.forgot(publicID, address))
	f.advance(time.Hour + time.Second)
	wantError(t, f.recover(address, f.lastMail().Code), "ExpiredCodeException", "")
}

func TestForgottenPasswordTellsNothing(t *testing.T) {
	f := newFixture(t, emailPool)
	must[*cognito.SignUpOutput](t)(f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String("unverified@example.com"), Password: aws.String(password),
	}))
	before := f.mailCount()
	for _, name := range []string{stranger, "unverified@example.com"} {
		out := must[*cognito.ForgotPasswordOutput](t)(f.forgot(publicID, name))
		if got := *out.CodeDeliveryDetails.Destination; got != name[:1]+"***@e***" {
			t.Errorf("%s: sent to %s", name, got)
		}
		wantError(t, f.recover(name, "123456"), "CodeMismatchException", "Invalid verification code")
	}
	if f.mailCount() != before {
		t.Error("mail was sent to someone without a verified address")
	}
	_, err := f.forgot(legacyID, stranger)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = f.forgot(legacyID, "unverified@example.com")
	wantError(t, err, "InvalidParameterException", "no registered/verified email or phone_number")
}

func TestRecoveryByAdministratorsOnly(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"AccountRecoverySetting": properties{
		"RecoveryMechanisms": []properties{{"Name": "admin_only", "Priority": 1}},
	}}))
	f.signUp(address)
	_, err := f.forgot(publicID, address)
	wantError(t, err, "NotAuthorizedException", "Contact administrator to reset password.")
}

func TestChangePassword(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	change := func(from, to string) error {
		_, err := f.api.ChangePassword(t.Context(), &cognito.ChangePasswordInput{
			AccessToken: token, PreviousPassword: &from, ProposedPassword: &to,
		})
		return err
	}
	wantError(t, change("Wrong-Horse-1", newPassword), "NotAuthorizedException", "Incorrect username or password.")
	wantError(t, change(password, "short"), "InvalidPasswordException", "Password not long enough")
	if err := change(password, newPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := f.byPassword(address, newPassword); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticatorApp(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	_, err := f.api.SetUserMFAPreference(t.Context(), &cognito.SetUserMFAPreferenceInput{AccessToken: token,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true}})
	wantError(t, err, "InvalidParameterException", "User has not verified software token mfa")
	_, err = f.api.VerifySoftwareToken(t.Context(), &cognito.VerifySoftwareTokenInput{AccessToken: token, UserCode: aws.String("000000")})
	wantError(t, err, "EnableSoftwareTokenMFAException", "Code mismatch")
	secret := f.enableTOTP(address)

	start := must[*cognito.InitiateAuthOutput](t)(f.byPassword(address, password))
	if start.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("challenge %s", start.ChallengeName)
	}
	answer := func(code string) (*cognito.RespondToAuthChallengeOutput, error) {
		return f.respond(start.ChallengeName, *start.Session, map[string]string{"USERNAME": address, "SOFTWARE_TOKEN_MFA_CODE": code})
	}
	_, err = answer(*f.passcode(secret)) // the code that paired the app
	wantError(t, err, "CodeMismatchException", "Invalid code received for user")
	f.advance(time.Minute)
	if out := must[*cognito.RespondToAuthChallengeOutput](t)(answer(*f.passcode(secret))); out.AuthenticationResult == nil {
		t.Errorf("no tokens but %s", out.ChallengeName)
	}

	start = must[*cognito.InitiateAuthOutput](t)(f.byPassword(address, password))
	f.advance(time.Minute)
	for range 5 {
		_, err = answer("000000")
		wantError(t, err, "CodeMismatchException", "")
	}
	_, err = answer(*f.passcode(secret))
	wantError(t, err, "NotAuthorizedException", "Invalid session")

	custom := must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	if out := must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(address, *custom.Session, "swordfish")); out.AuthenticationResult == nil {
		t.Errorf("custom authentication asked for %s", out.ChallengeName)
	}
}

func TestAuthenticatorAppWhereMFAIsOff(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"MfaConfiguration": "OFF", "EnabledMfas": nil}))
	f.signUp(address)
	_, err := f.api.AssociateSoftwareToken(t.Context(), &cognito.AssociateSoftwareTokenInput{AccessToken: f.tokens(address).AccessToken})
	wantError(t, err, "SoftwareTokenMFANotFoundException", "has not been enabled")
}
