package passkeys_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

const (
	userPool       = "AWS::Cognito::UserPool"
	userPoolClient = "AWS::Cognito::UserPoolClient"
)

func TestPoolDefaults(t *testing.T) {
	template := defaults().template
	template.HasResource(jsii.String(userPool), map[string]any{
		"DeletionPolicy":      "Retain",
		"UpdateReplacePolicy": "Retain",
		"Properties": map[string]any{
			"UserPoolTier":           "LITE",
			"UsernameAttributes":     []any{"email"},
			"AliasAttributes":        assertions.Match_Absent(),
			"UsernameConfiguration":  map[string]any{"CaseSensitive": false},
			"AdminCreateUserConfig":  map[string]any{"AllowAdminCreateUserOnly": false},
			"AutoVerifiedAttributes": []any{"email"},
			"UserAttributeUpdateSettings": map[string]any{
				"AttributesRequireVerificationBeforeUpdate": []any{"email"},
			},
			"AccountRecoverySetting": map[string]any{
				"RecoveryMechanisms": []any{map[string]any{"Name": "verified_email", "Priority": 1}},
			},
			"Policies": map[string]any{"PasswordPolicy": map[string]any{
				"MinimumLength": 14, "RequireLowercase": true, "RequireUppercase": true,
				"RequireNumbers": true, "RequireSymbols": true, "TemporaryPasswordValidityDays": 3,
			}},
			"DeletionProtection": "ACTIVE",
			"MfaConfiguration":   "OFF",
			"EnabledMfas":        assertions.Match_Absent(),
			"EmailConfiguration": assertions.Match_Absent(),
			"SmsConfiguration":   assertions.Match_Absent(),
			"Schema": assertions.Match_ArrayWith(&[]any{
				map[string]any{"Name": "created_by", "AttributeDataType": "String", "Mutable": true},
			}),
		},
	})
}

func TestPoolFollowsTheProps(t *testing.T) {
	props := minimal()
	props.SignIn = passkeys.SignInPhone
	props.SelfSignUp = jsii.Bool(false)
	props.Plan = awscognito.FeaturePlan_ESSENTIALS
	props.MarkerAttribute, props.MarkerValue = "createdByCorbado", "true"
	props.Email = awscognito.UserPoolEmail_WithSES(&awscognito.UserPoolSESOptions{
		FromEmail: jsii.String("login@example.com"), SesRegion: jsii.String("eu-west-1"),
	})
	s := synthesize(props)
	s.template.HasResourceProperties(jsii.String(userPool), map[string]any{
		"UserPoolTier":           "ESSENTIALS",
		"UsernameAttributes":     []any{"phone_number"},
		"AdminCreateUserConfig":  map[string]any{"AllowAdminCreateUserOnly": true},
		"AutoVerifiedAttributes": []any{"email", "phone_number"},
		"EmailConfiguration":     assertions.Match_ObjectLike(&map[string]any{"EmailSendingAccount": "DEVELOPER", "From": "login@example.com"}),
		"SmsConfiguration":       assertions.Match_AnyValue(),
		"Schema": assertions.Match_ArrayWith(&[]any{
			map[string]any{"Name": "phone_number", "Mutable": true, "Required": true},
			map[string]any{"Name": "createdByCorbado", "AttributeDataType": "String", "Mutable": true},
		}),
	})
	if attribute, value := s.passkeys.Marker(); attribute != "custom:createdByCorbado" || value != "true" {
		t.Errorf("marker %s = %s", attribute, value)
	}
	if got := environment(t, s.all, "PasskeysApiFunction")["PASSKEYS_VERIFIED_ATTRIBUTES"]; got != "phone_number_verified" {
		t.Errorf("a passkey takes %v, want phone_number_verified", got)
	}
}

// An authenticator app alone: text messages would take a role, and phone numbers change hands.
func TestOptionalMFAIsAnAuthenticatorApp(t *testing.T) {
	props := minimal()
	props.MFA = passkeys.MFAOptional
	s := synthesize(props)
	s.template.HasResourceProperties(jsii.String(userPool), map[string]any{
		"MfaConfiguration": "OPTIONAL",
		"EnabledMfas":      []any{"SOFTWARE_TOKEN_MFA"},
		"SmsConfiguration": assertions.Match_Absent(),
	})
}

func TestPoolWithUserNamesAndAliases(t *testing.T) {
	tryOut().template.HasResourceProperties(jsii.String(userPool), map[string]any{
		"AliasAttributes":    []any{"email", "preferred_username"},
		"UsernameAttributes": assertions.Match_Absent(),
	})
}

func TestClients(t *testing.T) {
	tests := map[string]struct {
		flows  []any
		secret any
	}{
		"PasskeysUserPoolClient": {
			flows:  []any{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			secret: assertions.Match_Absent(),
		},
		"PasskeysUserPoolBackendClient": {
			flows:  []any{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			secret: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client := tryOut().all.named(t, userPoolClient, name)
			for _, attribute := range []string{"custom:created_by", "email_verified", "phone_number_verified"} {
				if slices.Contains(client["WriteAttributes"].([]any), any(attribute)) {
					t.Errorf("the client may write %s", attribute)
				}
			}
			tryOut().template.HasResourceProperties(jsii.String(userPoolClient), map[string]any{
				"ExplicitAuthFlows":               tt.flows,
				"GenerateSecret":                  tt.secret,
				"PreventUserExistenceErrors":      "ENABLED",
				"EnableTokenRevocation":           true,
				"AuthSessionValidity":             3,
				"AllowedOAuthFlowsUserPoolClient": false,
				"AllowedOAuthFlows":               assertions.Match_Absent(),
				"CallbackURLs":                    assertions.Match_Absent(),
				"ReadAttributes":                  assertions.Match_ArrayWith(&[]any{"email", "email_verified"}),
				"WriteAttributes":                 assertions.Match_ArrayWith(&[]any{"email"}),
			})
		})
	}
}

func TestBackendClientOnlyWhenAskedFor(t *testing.T) {
	if n := len(defaults().all.ofType(userPoolClient)); n != 1 || defaults().passkeys.BackendClient() != nil {
		t.Errorf("%d app clients by default, want the public one", n)
	}
}

func TestEveryClientHasAnItem(t *testing.T) {
	var served []string
	for _, item := range tryOut().all.ofType("Custom::PasskeysAppClient") {
		served = append(served, flat(item["ClientId"])+" "+flat(item["TableName"])+" "+flat(item["Methods"]))
	}
	slices.Sort(served)
	want := []string{
		"${PasskeysUserPoolBackendClient} ${PasskeysTable} passkey",
		"${PasskeysUserPoolClient} ${PasskeysTable} passkey",
	}
	if !slices.Equal(served, want) {
		t.Errorf("items\n%s\nwant\n%s", strings.Join(served, "\n"), strings.Join(want, "\n"))
	}
}

func TestGrantSignIn(t *testing.T) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	props := minimal()
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	p.GrantSignIn(awsiam.NewUser(stack, jsii.String("Backend"), nil))
	assertions.Template_FromStack(stack, nil).HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{
		"PolicyDocument": map[string]any{"Statement": []any{map[string]any{
			"Effect":   "Allow",
			"Action":   []any{"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge"},
			"Resource": map[string]any{"Fn::GetAtt": []any{"PasskeysUserPool127CE123", "Arn"}},
		}}},
	})
}
