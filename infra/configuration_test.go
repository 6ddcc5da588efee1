package main

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func minimal() map[string]any {
	return map[string]any{"relyingPartyId": "example.com", "origins": []any{"https://example.com"}}
}

// Whatever cdk.json holds can be given on the command line, where all is text.
func TestConfigurationFromFileAndCommandLine(t *testing.T) {
	contexts := map[string]map[string]any{
		"cdk.json": {
			"origins": []any{"https://example.com", "https://a.example.com"}, "maxPasskeys": 5.0, "selfSignUp": false,
			"backendClient": true, "stampRotation": 2.0, "apiRateLimit": 10.0, "apiBurstLimit": 20.0,
		},
		"-c key=value": {
			"origins": "https://example.com, https://a.example.com", "maxPasskeys": "5", "selfSignUp": "false",
			"backendClient": "true", "stampRotation": "2", "apiRateLimit": "10", "apiBurstLimit": "20",
		},
	}
	for name, context := range contexts {
		t.Run(name, func(t *testing.T) {
			maps.Copy(context, map[string]any{
				"relyingPartyId": "example.com", "relyingPartyName": "Example", "stackName": "Login", "userVerification": "preferred",
				"counterPolicy": "flag", "recentAuthentication": "10m", "signIn": "phone", "mfa": "optional", "plan": "plus", "markerAttribute": "createdByCorbado",
				"markerValue": "true", "parameterPath": "/login", "decoyRotation": "1", "removalPolicy": "destroy", "architecture": "x86_64",
				"logRetention": "one_year", "emailFrom": "login@example.com", "@aws-cdk/core:anything": true, "acknowledged-issue-numbers": []any{1.0},
			})
			c, err := readConfiguration(context)
			if err != nil {
				t.Fatal(err)
			}
			p := c.props
			if *p.Architecture.Name() != "x86_64" || *p.SelfSignUp || p.Email == nil || *p.Throttle.RateLimit != 10 || *p.Throttle.BurstLimit != 20 {
				t.Errorf("architecture %s, self sign-up %t, email %v, throttle %v", *p.Architecture.Name(), *p.SelfSignUp, p.Email, p.Throttle)
			}
			p.Architecture, p.SelfSignUp, p.Email, p.Throttle = nil, nil, nil, nil
			want := passkeys.Props{
				RelyingPartyID: "example.com", RelyingPartyName: "Example", Origins: []string{"https://example.com", "https://a.example.com"},
				UserVerification: passkeys.UserVerificationPreferred, CounterPolicy: passkeys.CounterFlag, MaxPasskeys: 5,
				RecentAuthentication: 10 * time.Minute, SignIn: passkeys.SignInPhone, MFA: passkeys.MFAOptional, Plan: awscognito.FeaturePlan_PLUS, BackendClient: true,
				MarkerAttribute: "createdByCorbado", MarkerValue: "true", ParameterPath: "/login", StampRotation: 2, DecoyRotation: 1,
				CommonProps: passkeys.CommonProps{RemovalPolicy: awscdk.RemovalPolicy_DESTROY, LogRetention: awslogs.RetentionDays_ONE_YEAR},
			}
			if c.stackName != "Login" || !reflect.DeepEqual(p, want) {
				t.Errorf("stack %s, %+v, want %+v", c.stackName, p, want)
			}
		})
	}
}

func TestNativeConfiguration(t *testing.T) {
	context := minimal()
	maps.Copy(context, map[string]any{
		"native": "Only", "nativeRelyingPartyId": "login.example.com", "nativeUserVerification": "required",
		"nativeFactorConfiguration": "multi_factor_with_user_verification", "nativeAllowedFirstAuthFactors": []any{"password", "passkey", "email_otp"},
		"managedLoginDomainPrefix": "example", "managedLoginCallbackUrls": "https://example.com/in", "managedLoginLogoutUrls": []any{"https://example.com"},
	})
	c, err := readConfiguration(context)
	if err != nil {
		t.Fatal(err)
	}
	allowed := jsii.Bool(true)
	want := &passkeys.Native{
		Mode: passkeys.NativeOnly, RelyingPartyID: "login.example.com", UserVerification: passkeys.UserVerificationRequired, FactorConfiguration: passkeys.FactorMulti,
		AllowedFirstAuthFactors: &awscognito.AllowedFirstAuthFactors{Password: allowed, Passkey: allowed, EmailOtp: allowed},
		ManagedLogin: &passkeys.ManagedLogin{
			DomainPrefix: "example", CallbackURLs: []string{"https://example.com/in"}, LogoutURLs: []string{"https://example.com"},
		},
	}
	if diff := cmp.Diff(want, c.props.Native); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConfigurationDefaults(t *testing.T) {
	c, err := readConfiguration(minimal())
	if err != nil {
		t.Fatal(err)
	}
	if c.stackName != defaultStackName || c.props.SelfSignUp != nil || c.props.BackendClient || c.props.Email != nil || *c.props.Architecture.Name() != "arm64" {
		t.Errorf("stack %s, %+v", c.stackName, c.props)
	}
}

// The defaults in the table of settings, and in the README's, are those that apply.
func TestWrittenDefaultsChangeNothing(t *testing.T) {
	written := map[string]any{}
	for _, s := range settings {
		if !strings.HasPrefix(s.unset, "(") {
			written[s.key] = s.unset
		}
	}
	if diff := cmp.Diff(template(t, newApp(t, nil)), template(t, newApp(t, written))); diff != "" {
		t.Errorf("(-without +with the defaults written):\n%s", diff)
	}
}

func TestConfigurationProblems(t *testing.T) {
	tests := map[string]struct {
		change map[string]any
		want   []string // key, received value, and a piece of the remedy, in order
	}{
		"rejects what is missing": {
			change: map[string]any{"relyingPartyId": "", "origins": nil},
			want:   []string{`relyingPartyId is "": set it`, `origins is []string(nil): list at least one`},
		},
		"rejects values of another kind": {
			change: map[string]any{"relyingPartyName": 7.0, "maxPasskeys": "many", "selfSignUp": "maybe", "recentAuthentication": "soon", "origins": true},
			want: []string{
				`origins is true: write it as a list`, `relyingPartyName is 7: write it as a text`, `maxPasskeys is "many": use a whole number`,
				`recentAuthentication is "soon": use a duration`, `selfSignUp is "maybe": use true or false`, `origins is []string(nil)`,
			},
		},
		"rejects elements of another kind": {
			change: map[string]any{"origins": []any{"https://example.com", 7.0}},
			want:   []string{`origins is 7: write each element as a text`, `origins is ""`},
		},
		"rejects values of no kind": {
			change: map[string]any{"architecture": "mips", "logRetention": "ever", "plan": "free", "removalPolicy": "snapshot", "stackName": "My stack", "mfa": "sms"},
			want: []string{
				`architecture is "mips": use one of ["arm64" "x86_64"]`, `logRetention is "ever": use one of`, `stackName is "My stack": use a letter`,
				`mfa is "sms": use one of`, `plan is "FREE": use one of`, `removalPolicy is "SNAPSHOT": use one of`,
			},
		},
		"rejects what is watched by nothing": {
			change: map[string]any{"alarmTopicArn": "on-call", "auditBus": "arn:aws:events:eu-central-1:111122223333:event-bus/security", "alarms": "some"},
			want: []string{
				`alarms is "some": use true or false`, `alarmTopicArn is "on-call": use the ARN of an SNS topic`,
				`auditBus is "arn:aws:events:eu-central-1:111122223333:event-bus/security": use the name of an event bus`,
			},
		},
		"rejects half a setting": {
			change: map[string]any{"emailFromName": "Example", "apiRateLimit": "10"},
			want:   []string{`emailFrom is "": set it`, `apiRateLimit and apiBurstLimit is [10,0]: set both or none`},
		},
		"rejects native settings without native": {
			change: map[string]any{"nativeUserVerification": "preferred"},
			want:   []string{`native is "": set it to "beside" or "only"`},
		},
		"rejects managed login without native": {
			change: map[string]any{"native": "off", "managedLoginDomainPrefix": "example"},
			want:   []string{`native is "off": set it to "beside" or "only"`},
		},
		"rejects native values of no kind": {
			change: map[string]any{"native": "perhaps"},
			want:   []string{`native is "perhaps": use one of ["off" "beside" "only"]`},
		},
		"rejects native settings that can't be": {
			change: map[string]any{
				"native": "only", "plan": "lite", "maxPasskeys": "5", "nativeRelyingPartyId": "https://example.com", "nativeUserVerification": "maybe",
				"nativeFactorConfiguration": "two", "nativeAllowedFirstAuthFactors": "passkey, fax", "managedLoginDomainPrefix": "aws", "managedLoginLogoutUrls": "away",
			},
			want: []string{
				`nativeAllowedFirstAuthFactors is "fax": use password`, `nativeRelyingPartyId is "https://example.com": use a domain name`, `plan is "LITE": use ESSENTIALS`,
				`nativeUserVerification is "maybe": use one of`, `nativeFactorConfiguration is "TWO": use one of`,
				`nativeAllowedFirstAuthFactors is []string{"Passkey"}: allow the password`, `managedLoginDomainPrefix is "aws": use 1 to 63`,
				`managedLoginCallbackUrls is []string(nil): list at least one`, `managedLoginLogoutUrls is "away": use an absolute address`, `maxPasskeys is set: leave it out`,
			},
		},
		"rejects http outside localhost": {
			change: map[string]any{"origins": "http://localhost:8080"},
			want:   []string{`origins is "http://localhost:8080": use https`},
		},
		"rejects misspelt keys": {
			change: map[string]any{"relyingPartyID": "example.com", "color": "blue"},
			want:   []string{`color is "blue": there is no such setting: use one of alarmTopicArn, `, `relyingPartyID is "example.com": write relyingPartyId`},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			context := minimal()
			maps.Copy(context, tt.change)
			_, err := readConfiguration(context)
			var invalid *configurationError
			if !errors.As(err, &invalid) {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, p := range invalid.problems {
				got = append(got, p.String())
			}
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("problems\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}
