package userpool_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

func TestSignUpToFirstSignIn(t *testing.T) {
	f := newFixture(t, emailPool)
	out, err := f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String(address), Password: aws.String(password),
		UserAttributes: attributes("name", "Alice", "custom:tier", "2"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.UserConfirmed || *out.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("SignUp answered confirmed %t, sent to %s", out.UserConfirmed, *out.CodeDeliveryDetails.Destination)
	}
	sent := f.lastMail()
	if sent.To != address || sent.Kind != userpool.KindSignUp || len(sent.Code) != 6 || !strings.Contains(sent.Body, sent.Code) {
		t.Errorf("mail %+v", sent)
	}
	_, err = f.byPassword(address, password)
	wantError(t, err, "UserNotConfirmedException", "User is not confirmed.")

	if err := f.confirm("Alice@Example.com", sent.Code); err != nil {
		t.Fatal(err)
	}
	tokens := f.tokens("ALICE@example.com")
	me, err := f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: tokens.AccessToken})
	if err != nil {
		t.Fatal(err)
	}
	if *me.Username != *out.UserSub || value(me.UserAttributes, "sub") != *out.UserSub {
		t.Errorf("user name %s, want the sub %s", *me.Username, *out.UserSub)
	}
	if value(me.UserAttributes, "email_verified") != "true" || value(me.UserAttributes, "custom:tier") != "" {
		t.Errorf("GetUser shows %v: want a verified e-mail and no attribute that the client may not read", me.UserAttributes)
	}
	wantError(t, f.confirm(address, sent.Code), "NotAuthorizedException", "Current status is CONFIRMED")
}

func TestSignUpRefuses(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	for _, tc := range []struct {
		name       string
		in         cognito.SignUpInput
		exception  string
		words      string
		attributes []string
	}{
		{name: "rejects an address that is taken, in any case", in: cognito.SignUpInput{Username: aws.String("Alice@EXAMPLE.com")},
			exception: "UsernameExistsException", words: "An account with the given email already exists."},
		{name: "rejects a name that is no address", in: cognito.SignUpInput{Username: aws.String("bob")},
			exception: "InvalidParameterException", words: "Username should be an email."},
		{name: "rejects a short password", in: cognito.SignUpInput{Password: aws.String("Aa1!")},
			exception: "InvalidPasswordException", words: "Password not long enough"},
		{name: "rejects a password without upper case", in: cognito.SignUpInput{Password: aws.String("correct-horse-1")},
			exception: "InvalidPasswordException", words: "Password must have uppercase characters"},
		{name: "rejects a password without lower case", in: cognito.SignUpInput{Password: aws.String("CORRECT-HORSE-1")},
			exception: "InvalidPasswordException", words: "Password must have lowercase characters"},
		{name: "rejects a password without number", in: cognito.SignUpInput{Password: aws.String("Correct-Horse")},
			exception: "InvalidPasswordException", words: "Password must have numeric characters"},
		{name: "rejects a password without symbol", in: cognito.SignUpInput{Password: aws.String("CorrectHorse1")},
			exception: "InvalidPasswordException", words: "Password must have symbol characters"},
		{name: "rejects an unknown client", in: cognito.SignUpInput{ClientId: aws.String("other")},
			exception: "ResourceNotFoundException", words: "User pool client other does not exist."},
		{name: "rejects an attribute that the client may not write", attributes: []string{"custom:createdBy", "me"},
			exception: "NotAuthorizedException", words: "unauthorized attribute"},
		{name: "rejects a self-made verification", attributes: []string{"email_verified", "true"},
			exception: "NotAuthorizedException", words: "unauthorized attribute"},
		{name: "rejects a sub", attributes: []string{"sub", "x"},
			exception: "InvalidParameterException", words: "sub"},
		{name: "rejects a number out of range", attributes: []string{"custom:tier", "4"},
			exception: "InvalidParameterException", words: "custom:tier: Number must be no greater than 3"},
		{name: "rejects a number that is none", attributes: []string{"custom:tier", "two"},
			exception: "InvalidParameterException", words: "Number must be an integer"},
		{name: "rejects an e-mail other than the name", attributes: []string{"email", "other@example.com"},
			exception: "InvalidParameterException", words: "differs from the Username"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := cognito.SignUpInput{ClientId: aws.String(publicID), Username: aws.String("bob@example.com"), Password: aws.String(password)}
			if tc.in.Username != nil {
				in.Username = tc.in.Username
			}
			if tc.in.Password != nil {
				in.Password = tc.in.Password
			}
			if tc.in.ClientId != nil {
				in.ClientId = tc.in.ClientId
			}
			in.UserAttributes = attributes(tc.attributes...)
			_, err := f.api.SignUp(t.Context(), &in)
			wantError(t, err, tc.exception, tc.words)
		})
	}
}

func TestSignUpIsOffWhenOnlyAdministratorsCreateUsers(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"AdminCreateUserConfig": properties{"AllowAdminCreateUserOnly": true}}))
	_, err := f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String(address), Password: aws.String(password),
	})
	wantError(t, err, "NotAuthorizedException", "SignUp is not permitted for this user pool")
}

func TestConfirmationCodes(t *testing.T) {
	signedUp := func(t *testing.T) *fixture {
		f := newFixture(t, emailPool)
		must[*cognito.SignUpOutput](t)(f.api.SignUp(t.Context(), &cognito.SignUpInput{
			ClientId: aws.String(publicID), Username: aws.String(address), Password: aws.String(password),
		}))
		return f
	}
	t.Run("rejects a wrong code, and any code after five wrong ones, for an hour", func(t *testing.T) {
		f := signedUp(t)
		right := f.lastMail().Code
		for range 5 {
			wantError(t, f.confirm(address, "no"), "CodeMismatchException", "Invalid verification code")
		}
		wantError(t, f.confirm(address, right), "LimitExceededException", "Attempt limit exceeded")
		f.advance(time.Hour)
		if err := f.confirm(address, right); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("rejects an expired code", func(t *testing.T) {
		f := signedUp(t)
		f.advance(25 * time.Hour)
		wantError(t, f.confirm(address, f.lastMail().Code), "ExpiredCodeException", "request a code again")
	})
	t.Run("a new code replaces the old one but not its wrong tries", func(t *testing.T) {
		f := signedUp(t)
		for range 5 {
			wantError(t, f.confirm(address, "no"), "CodeMismatchException", "")
		}
		must[*cognito.ResendConfirmationCodeOutput](t)(f.api.ResendConfirmationCode(t.Context(), &cognito.ResendConfirmationCodeInput{
			ClientId: aws.String(publicID), Username: aws.String(address),
		}))
		if kind := f.lastMail().Kind; kind != userpool.KindResendCode {
			t.Errorf("mail of kind %s", kind)
		}
		wantError(t, f.confirm(address, f.lastMail().Code), "LimitExceededException", "")
	})
	t.Run("a stranger looks like a user with a wrong code", func(t *testing.T) {
		f := signedUp(t)
		wantError(t, f.confirm(stranger, "123456"), "CodeMismatchException", "Invalid verification code")
		before := f.mailCount()
		out := must[*cognito.ResendConfirmationCodeOutput](t)(f.api.ResendConfirmationCode(t.Context(), &cognito.ResendConfirmationCodeInput{
			ClientId: aws.String(publicID), Username: aws.String(stranger),
		}))
		if *out.CodeDeliveryDetails.Destination != "n***@e***" || f.mailCount() != before {
			t.Errorf("answered %s and sent %d mails", *out.CodeDeliveryDetails.Destination, f.mailCount()-before)
		}
	})
}

func TestOwnUserNamesWithAliases(t *testing.T) {
	pool := emailPool.with(properties{"UsernameAttributes": nil, "AliasAttributes": []string{"email", "preferred_username"}})
	f := newFixture(t, pool)
	signUp := func(name, email string) error {
		_, err := f.api.SignUp(t.Context(), &cognito.SignUpInput{
			ClientId: aws.String(publicID), Username: &name, Password: aws.String(password), UserAttributes: attributes("email", email),
		})
		return err
	}
	wantError(t, signUp(address, address), "InvalidParameterException", "Username cannot be of email format")
	_, err := f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: aws.String("alice"), Password: aws.String(password),
	})
	wantError(t, err, "InvalidParameterException", "email: The attribute is required")

	for _, name := range []string{"alice", "mallory"} {
		if err := signUp(name, address); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, signUp("ALICE", "other@example.com"), "UsernameExistsException", "User already exists")
	codes := []string{f.mails[0].Code, f.mails[1].Code}
	_, err = f.byPassword(address, password)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.") // the alias counts once verified
	if err := f.confirm("alice", codes[0]); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.confirm("mallory", codes[1]), "AliasExistsException", "An account with the email already exists.")

	me := must[*cognito.GetUserOutput](t)(f.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: f.tokens(address).AccessToken}))
	if *me.Username != "alice" || value(me.UserAttributes, "sub") == "alice" {
		t.Errorf("user name %s, sub %s", *me.Username, value(me.UserAttributes, "sub"))
	}
}

func TestSignUpTriggers(t *testing.T) {
	pool := emailPool.with(properties{"LambdaConfig": properties{
		"PreSignUp": lambda + "presignup", "PostConfirmation": lambda + "postconfirmation",
	}})
	f := newFixture(t, pool)
	answer := properties{}
	var refusal error
	f.triggers["presignup"] = func(context.Context, event) (properties, error) { return answer, refusal }
	f.triggers["postconfirmation"] = func(context.Context, event) (properties, error) { return properties{}, nil }
	signUp := func() (*cognito.SignUpOutput, error) {
		return f.api.SignUp(t.Context(), &cognito.SignUpInput{
			ClientId: aws.String(publicID), Username: aws.String(address), Password: aws.String(password),
			ValidationData: attributes("invitation", "x"), ClientMetadata: map[string]string{"from": "signup"},
		})
	}
	refusal = &userpool.FunctionError{Type: "errorString", Message: "Members only"}
	_, err := signUp()
	wantError(t, err, "UserLambdaValidationException", "PreSignUp failed with error Members only.")

	refusal, answer = nil, properties{"autoConfirmUser": true, "autoVerifyEmail": true}
	f.takeEvents()
	if out, err := signUp(); err != nil || !out.UserConfirmed {
		t.Fatal(out, err)
	}
	var sources []string
	for _, e := range f.takeEvents() {
		sources = append(sources, e["triggerSource"].(string))
		if e.request()["clientMetadata"].(map[string]any)["from"] != "signup" {
			t.Errorf("%s got no client metadata", e["triggerSource"])
		}
	}
	if !slices.Equal(sources, []string{"PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"}) {
		t.Errorf("triggers %q", sources)
	}
	f.tokens(address)
}
