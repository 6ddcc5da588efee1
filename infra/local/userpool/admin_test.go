package userpool_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

func (f *fixture) create(in cognito.AdminCreateUserInput) (*cognito.AdminCreateUserOutput, error) {
	in.UserPoolId = aws.String(poolID)
	return f.api.AdminCreateUser(f.Context(), &in)
}

func TestInvitation(t *testing.T) {
	f := newFixture(t, emailPool)
	before := f.now
	out := must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{
		Username: aws.String(address), UserAttributes: attributes("email_verified", "true", "custom:createdBy", "backend"),
	}))
	u := out.User
	if u.UserStatus != types.UserStatusTypeForceChangePassword || !u.Enabled || !u.UserCreateDate.Equal(before) ||
		*u.Username != value(u.Attributes, "sub") || value(u.Attributes, "custom:createdBy") != "backend" {
		t.Errorf("created %+v", u)
	}
	sent := f.lastMail()
	if sent.Kind != userpool.KindAdminCreateUser || sent.To != address {
		t.Errorf("mail %+v", sent)
	}
	start := must[*cognito.InitiateAuthOutput](t)(f.byPassword(address, sent.Code))
	if start.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || start.ChallengeParameters["requiredAttributes"] != "[]" {
		t.Fatalf("challenge %s %v", start.ChallengeName, start.ChallengeParameters)
	}
	answer := func(password string, more ...string) (*cognito.RespondToAuthChallengeOutput, error) {
		responses := map[string]string{"USERNAME": address, "NEW_PASSWORD": password}
		for i := 0; i < len(more); i += 2 {
			responses[more[i]] = more[i+1]
		}
		return f.respond(start.ChallengeName, *start.Session, responses)
	}
	_, err := answer("short")
	wantError(t, err, "InvalidPasswordException", "Password not long enough")
	_, err = answer(password, "userAttributes.custom:createdBy", "me")
	wantError(t, err, "NotAuthorizedException", "unauthorized attribute")
	if out := must[*cognito.RespondToAuthChallengeOutput](t)(answer(password, "userAttributes.name", "Alice")); out.AuthenticationResult == nil {
		t.Fatalf("no tokens but %s", out.ChallengeName)
	}
	f.tokens(address)
	_, err = f.create(cognito.AdminCreateUserInput{Username: aws.String(address), MessageAction: types.MessageActionTypeResend})
	wantError(t, err, "UnsupportedUserStateException", "Resend not possible")
}

func TestTemporaryPasswordExpires(t *testing.T) {
	f := newFixture(t, emailPool)
	must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{Username: aws.String(address)}))
	f.advance(8 * 24 * time.Hour)
	_, err := f.byPassword(address, f.lastMail().Code)
	wantError(t, err, "NotAuthorizedException", "Temporary password has expired")
	must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{
		Username: aws.String(address), MessageAction: types.MessageActionTypeResend,
	}))
	must[*cognito.InitiateAuthOutput](t)(f.byPassword(address, f.lastMail().Code))
}

func TestAdminSetUserPassword(t *testing.T) {
	f := newFixture(t, emailPool)
	must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{
		Username: aws.String(address), MessageAction: types.MessageActionTypeSuppress,
	}))
	if n := f.mailCount(); n != 0 {
		t.Errorf("%d mails though suppressed", n)
	}
	set := func(password string) error {
		_, err := f.api.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
			UserPoolId: aws.String(poolID), Username: aws.String(address), Password: &password, Permanent: true,
		})
		return err
	}
	wantError(t, set("short"), "InvalidPasswordException", "Password not long enough")
	if err := set(password); err != nil {
		t.Fatal(err)
	}
	f.tokens(address)
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(address, *start.Session, "swordfish"))
}

func TestAdminLifeOfAUser(t *testing.T) {
	f := newFixture(t, emailPool)
	pool, name := aws.String(poolID), aws.String(address)
	must[*cognito.SignUpOutput](t)(f.api.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: aws.String(publicID), Username: name, Password: aws.String(password),
	}))
	must[*cognito.AdminConfirmSignUpOutput](t)(f.api.AdminConfirmSignUp(t.Context(), &cognito.AdminConfirmSignUpInput{UserPoolId: pool, Username: name}))
	f.tokens(address)
	must[*cognito.AdminDisableUserOutput](t)(f.api.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{UserPoolId: pool, Username: name}))
	got := must[*cognito.AdminGetUserOutput](t)(f.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: pool, Username: name}))
	if got.Enabled || got.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("disabled: %+v", got)
	}
	must[*cognito.AdminEnableUserOutput](t)(f.api.AdminEnableUser(t.Context(), &cognito.AdminEnableUserInput{UserPoolId: pool, Username: name}))
	f.tokens(address)
	must[*cognito.AdminDeleteUserOutput](t)(f.api.AdminDeleteUser(t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: pool, Username: name}))
	_, err := f.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: pool, Username: name})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = f.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: aws.String("us-east-1_Other"), Username: name})
	wantError(t, err, "ResourceNotFoundException", "User pool us-east-1_Other does not exist.")
}

func TestListUsers(t *testing.T) {
	f := newFixture(t, emailPool)
	emails := []string{address, "al@example.com", "zoe@example.com"}
	for _, email := range emails {
		must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{
			Username: aws.String(email), MessageAction: types.MessageActionTypeSuppress,
			UserAttributes: attributes("name", `"`+email[:2]),
		}))
	}
	list := func(in cognito.ListUsersInput) (*cognito.ListUsersOutput, error) {
		in.UserPoolId = aws.String(poolID)
		return f.api.ListUsers(t.Context(), &in)
	}
	for filter, want := range map[string][]string{
		"":                                  emails,
		`email = "Alice@example.com"`:       {address},
		`email ^= "al"`:                     {address, "al@example.com"},
		`name = "\"zo"`:                     {"zoe@example.com"},
		`status = "Disabled"`:               nil,
		`cognito:user_status = "CONFIRMED"`: nil,
		`"email"="al@example.com"`:          {"al@example.com"},
	} {
		t.Run("filter "+filter, func(t *testing.T) {
			var got []string
			for _, u := range must[*cognito.ListUsersOutput](t)(list(cognito.ListUsersInput{Filter: &filter})).Users {
				got = append(got, value(u.Attributes, "email"))
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(want))
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	for _, filter := range []string{"email", `email = al`, `email = "al`, `custom:tier = "1"`, `email = "a" or name = "b"`} {
		_, err := list(cognito.ListUsersInput{Filter: &filter})
		wantError(t, err, "InvalidParameterException", "Filter")
	}
	_, err := list(cognito.ListUsersInput{Limit: aws.Int32(61)})
	wantError(t, err, "InvalidParameterException", "Limit 61")

	pages := 0
	in := cognito.ListUsersInput{Limit: aws.Int32(2), AttributesToGet: []string{"email"}}
	seen := map[string]bool{}
	for pages == 0 || in.PaginationToken != nil {
		out := must[*cognito.ListUsersOutput](t)(list(in))
		for _, u := range out.Users {
			seen[*u.Username] = true
			if len(u.Attributes) != 1 {
				t.Errorf("attributes %v", u.Attributes)
			}
		}
		in.PaginationToken = out.PaginationToken
		pages++
	}
	if pages != 2 || len(seen) != 3 {
		t.Errorf("%d users on %d pages", len(seen), pages)
	}
}

func TestAdminSetUserMFAPreference(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	prefer := func(name string, change cognito.AdminSetUserMFAPreferenceInput) error {
		change.UserPoolId, change.Username = aws.String(poolID), &name
		_, err := f.api.AdminSetUserMFAPreference(t.Context(), &change)
		return err
	}
	app := func(enabled bool) cognito.AdminSetUserMFAPreferenceInput {
		return cognito.AdminSetUserMFAPreferenceInput{
			SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: enabled, PreferredMfa: enabled},
		}
	}
	wantError(t, prefer(address, app(true)), "InvalidParameterException", "User has not verified software token mfa")
	wantError(t, prefer(stranger, app(true)), "UserNotFoundException", "User does not exist.")
	wantError(t, prefer(address, cognito.AdminSetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}}),
		"InvalidParameterException", "software token")
	f.enableTOTP(address)
	for _, enabled := range []bool{false, true} {
		if err := prefer(address, app(enabled)); err != nil {
			t.Fatal(err)
		}
		user := must[*cognito.AdminGetUserOutput](t)(f.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{
			UserPoolId: aws.String(poolID), Username: aws.String(address),
		}))
		if got := slices.Contains(user.UserMFASettingList, "SOFTWARE_TOKEN_MFA"); got != enabled {
			t.Errorf("enabled is %t, want %t", got, enabled)
		}
	}
}

// An alias stays with whom it is, unless the caller forces it over.
func TestAdminCreateUserTakesNoAlias(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"UsernameAttributes": nil, "AliasAttributes": []string{"email"}}))
	create := func(name string, force bool) error {
		_, err := f.create(cognito.AdminCreateUserInput{
			Username: &name, UserAttributes: attributes("email", address, "email_verified", "true"), ForceAliasCreation: force,
			MessageAction: types.MessageActionTypeSuppress,
		})
		return err
	}
	holder := func() string {
		u := must[*cognito.AdminGetUserOutput](t)(f.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String(address)}))
		return *u.Username
	}
	if err := create("alice", false); err != nil {
		t.Fatal(err)
	}
	wantError(t, create("mallory", false), "AliasExistsException", "An account with the email already exists.")
	if got := holder(); got != "alice" {
		t.Errorf("the address is %s's", got)
	}
	if err := create("bob", true); err != nil || holder() != "bob" {
		t.Errorf("forced over, the address is %s's, error %v", holder(), err)
	}
}
