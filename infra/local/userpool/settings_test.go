package userpool_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

func (f *fixture) describe() *types.UserPoolType {
	f.Helper()
	return must[*cognito.DescribeUserPoolOutput](f)(f.api.DescribeUserPool(f.Context(),
		&cognito.DescribeUserPoolInput{UserPoolId: aws.String(poolID)})).UserPool
}

func (f *fixture) updatePool(in cognito.UpdateUserPoolInput) error {
	in.UserPoolId = aws.String(poolID)
	_, err := f.api.UpdateUserPool(f.Context(), &in)
	return err
}

func TestDescribeUserPool(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{
		"UserPoolName": "Customers", "UserPoolTags": properties{"team": "accounts"},
		"AdminCreateUserConfig":    properties{"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 3},
		"EmailVerificationMessage": "Code {####}",
	}))
	got := f.describe()
	if *got.Id != poolID || *got.Arn != f.pool.ARN() || *got.Name != "Customers" || !got.CreationDate.Equal(f.now) ||
		got.UserPoolTier != types.UserPoolTierTypeLite || got.DeletionProtection != types.DeletionProtectionTypeActive ||
		got.MfaConfiguration != types.UserPoolMfaTypeOptional || *got.LambdaConfig.DefineAuthChallenge != lambda+"define" ||
		aws.ToBool(got.UsernameConfiguration.CaseSensitive) || got.UserPoolTags["team"] != "accounts" {
		t.Errorf("described %+v", got)
	}
	if days := got.Policies.PasswordPolicy.TemporaryPasswordValidityDays; days != 3 || got.AdminCreateUserConfig.UnusedAccountValidityDays != 3 {
		t.Errorf("temporary passwords are valid for %d and %d days, want 3 in both", days, got.AdminCreateUserConfig.UnusedAccountValidityDays)
	}
	if *got.EmailVerificationMessage != "Code {####}" || *got.VerificationMessageTemplate.EmailMessage != "Code {####}" {
		t.Errorf("messages %q and %q", *got.EmailVerificationMessage, *got.VerificationMessageTemplate.EmailMessage)
	}
	i := slices.IndexFunc(got.SchemaAttributes, func(a types.SchemaAttributeType) bool { return *a.Name == "custom:tier" })
	if i < 0 || got.SchemaAttributes[i].AttributeDataType != types.AttributeDataTypeNumber || *got.SchemaAttributes[i].Mutable {
		t.Errorf("schema %+v", got.SchemaAttributes)
	}
}

func TestUpdateUserPoolResetsWhatItLeavesOut(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"UserPoolName": "Customers"}))
	before := f.describe()
	f.advance(time.Hour)
	if err := f.updatePool(cognito.UpdateUserPoolInput{LambdaConfig: &types.LambdaConfigType{PreSignUp: aws.String(lambda + "before")}}); err != nil {
		t.Fatal(err)
	}
	got := f.describe()
	if got.UserPoolTier != types.UserPoolTierTypeEssentials || got.DeletionProtection != types.DeletionProtectionTypeInactive ||
		got.MfaConfiguration != types.UserPoolMfaTypeOff || got.AutoVerifiedAttributes != nil || got.AccountRecoverySetting != nil ||
		got.UserAttributeUpdateSettings != nil || got.LambdaConfig.DefineAuthChallenge != nil || *got.LambdaConfig.PreSignUp != lambda+"before" {
		t.Errorf("after an update of one setting: %+v", got)
	}
	if !reflect.DeepEqual(before.SchemaAttributes, got.SchemaAttributes) ||
		*got.Name != "Customers" || got.UsernameAttributes[0] != types.UsernameAttributeTypeEmail || !got.LastModifiedDate.After(*before.LastModifiedDate) {
		t.Errorf("what can't be updated changed: %+v", got)
	}
	_, err := f.startCustom(address)
	wantError(t, err, "InvalidParameterException", "Custom auth lambda trigger is not configured")
}

func TestUpdateUserPoolRefusals(t *testing.T) {
	f := newFixture(t, emailPool)
	before := f.describe()
	policy := func(days int32) *types.UserPoolPolicyType {
		return &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{TemporaryPasswordValidityDays: days}}
	}
	for _, tc := range []struct {
		name  string
		in    cognito.UpdateUserPoolInput
		words string
	}{
		{"a validity beside the one that superseded it", cognito.UpdateUserPoolInput{
			Policies: policy(7), AdminCreateUserConfig: &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 7},
		}, "Please use TemporaryPasswordValidityDays"},
		{"two messages for one purpose", cognito.UpdateUserPoolInput{
			SmsVerificationMessage:      aws.String("Code {####}"),
			VerificationMessageTemplate: &types.VerificationMessageTemplateType{SmsMessage: aws.String("Your code is {####}")},
		}, "SmsVerificationMessage differs"},
		{"a tag of AWS", cognito.UpdateUserPoolInput{UserPoolTags: map[string]string{"aws:cloudformation:stack-name": "x"}}, "aws: prefixed tag"},
		{"a trigger that is not served", cognito.UpdateUserPoolInput{LambdaConfig: &types.LambdaConfigType{UserMigration: aws.String(lambda + "x")}}, "UserMigration"},
	} {
		t.Run("rejects "+tc.name, func(t *testing.T) {
			wantError(t, f.updatePool(tc.in), "InvalidParameterException", tc.words)
		})
	}
	if after := f.describe(); after.UserPoolTier != before.UserPoolTier || after.MfaConfiguration != before.MfaConfiguration {
		t.Errorf("a refused update changed %+v", after)
	}
	w := send(f.pool, "UpdateUserPool", signature, `{"UserPoolId": "`+poolID+`", "Colour": "red"}`)
	if want := `the member \"Colour\"`; w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
		t.Errorf("%d %s, want %s", w.Code, w.Body, want)
	}
}

func TestAddCustomAttributes(t *testing.T) {
	f := newFixture(t, emailPool)
	add := func(attributes ...types.SchemaAttributeType) error {
		_, err := f.api.AddCustomAttributes(t.Context(), &cognito.AddCustomAttributesInput{UserPoolId: aws.String(poolID), CustomAttributes: attributes})
		return err
	}
	named := func(name string) types.SchemaAttributeType { return types.SchemaAttributeType{Name: &name} }
	if err := add(types.SchemaAttributeType{Name: aws.String("origin"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	must[*cognito.AdminCreateUserOutput](t)(f.create(cognito.AdminCreateUserInput{
		Username: aws.String(address), UserAttributes: attributes("custom:origin", "import"),
	}))
	var many []types.SchemaAttributeType
	for i := range 25 {
		many = append(many, named(fmt.Sprintf("more%d", i)))
	}
	for _, tc := range []struct {
		name  string
		add   []types.SchemaAttributeType
		words string
	}{
		{"a name that is taken", []types.SchemaAttributeType{named("new"), named("origin")}, "Existing attribute already has name custom:origin"},
		{"a long name", []types.SchemaAttributeType{named("abcdefghijklmnopqrstu")}, "want a name of 1 to 20 characters"},
		{"a required attribute", []types.SchemaAttributeType{{Name: aws.String("new"), Required: aws.Bool(true)}}, "can't be required"},
		{"none", []types.SchemaAttributeType{}, "want 1 to 25"},
		{"more than one request takes", append(slices.Clone(many), named("new")), "want 1 to 25"},
	} {
		t.Run("rejects "+tc.name, func(t *testing.T) { wantError(t, add(tc.add...), "InvalidParameterException", tc.words) })
	}
	if err := add(many...); err != nil { // the pool has 3 of its own
		t.Fatal(err)
	}
	wantError(t, add(many[:23]...), "InvalidParameterException", "already has name custom:more0")
	for i := range many {
		many[i] = named(fmt.Sprintf("even more%d", i))
	}
	wantError(t, add(many[:23]...), "InvalidParameterException", "51 custom attributes: want 50 at most")
	if err := add(named("new")); err != nil {
		t.Error("a refused request kept a name:", err)
	}
}

func TestRequiredMFA(t *testing.T) {
	f := newFixture(t, emailPool.with(properties{"MfaConfiguration": "ON"}))
	f.signUp(address)
	_, err := f.byPassword(address, password)
	wantError(t, err, "InvalidParameterException", "doesn't serve the challenge MFA_SETUP")
	start := must[*cognito.InitiateAuthOutput](t)(f.startCustom(address))
	must[*cognito.RespondToAuthChallengeOutput](t)(f.answer(address, *start.Session, "swordfish"))
}

func TestPermissions(t *testing.T) {
	f := newUnserved(t, emailPool)
	update := []byte(`{"UserPoolId": "us-east-1_Other0001", "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/Texts"}}`)
	other := "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Other0001"
	for operation, want := range map[string][]iam.Call{
		"GetUser": nil, "CreateUserPool": nil,
		"UpdateUserPool": {
			{Action: "cognito-idp:UpdateUserPool", Resource: other},
			{Action: "iam:PassRole", Resource: "arn:aws:iam::000000000000:role/Texts", Context: map[string][]string{"iam:PassedToService": {"cognito-idp.amazonaws.com"}}},
		},
	} {
		if diff := cmp.Diff(want, f.pool.Permissions(operation, update)); diff != "" {
			t.Errorf("%s: %s", operation, diff)
		}
	}
	if got := f.pool.Permissions("ListUsers", []byte(`{"UserPoolId": "`+poolID+`"}`)); len(got) != 1 || got[0].Resource != f.pool.ARN() {
		t.Errorf("ListUsers: %+v", got)
	}
}
