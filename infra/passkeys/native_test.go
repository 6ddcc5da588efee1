package passkeys_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func TestNativeOnlyHasNothingOfItsOwn(t *testing.T) {
	s := synthesize(passkeys.Props{
		RelyingPartyID: "example.com", BackendClient: true,
		Native: &passkeys.Native{Mode: passkeys.NativeOnly, RelyingPartyID: "login.example.com"},
	})
	types := map[string]int{} // resource type → how many
	for _, resource := range s.all {
		types[resource["Type"].(string)]++
	}
	if want := map[string]int{userPool: 1, userPoolClient: 2}; !maps.Equal(types, want) {
		t.Errorf("resources %v, want %v", types, want)
	}
	s.template.HasResourceProperties(jsii.String(userPool), map[string]any{
		"LambdaConfig":                assertions.Match_Absent(),
		"UserPoolTier":                "ESSENTIALS",
		"WebAuthnRelyingPartyID":      "login.example.com",
		"WebAuthnUserVerification":    "required",
		"WebAuthnFactorConfiguration": "SINGLE_FACTOR",
		"Policies": assertions.Match_ObjectLike(&map[string]any{
			"SignInPolicy": map[string]any{"AllowedFirstAuthFactors": []any{"PASSWORD", "WEB_AUTHN"}},
		}),
	})
	wantFlows(t, s, "PasskeysUserPoolClient", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
	wantFlows(t, s, "PasskeysUserPoolBackendClient", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
	p := s.passkeys
	if p.Table() != nil || p.Keys() != nil || p.Triggers() != nil || p.API() != nil || p.LoginDomain() != nil {
		t.Error("an accessor returns what isn't there")
	}
	if id := p.RelyingPartyID(); id != "login.example.com" {
		t.Errorf("passkeys belong to %s", id)
	}
}

func wantFlows(t *testing.T, s synthesis, client string, want ...any) {
	t.Helper()
	if got := s.all.named(t, userPoolClient, client)["ExplicitAuthFlows"].([]any); !slices.Equal(got, want) {
		t.Errorf("%s allows %v, want %v", client, got, want)
	}
}

// Whoever switches native passkeys on keeps users, passkeys and clients.
func TestNativeBesideKeepsWhatThereIs(t *testing.T) {
	props := minimal()
	props.Native = &passkeys.Native{UserVerification: passkeys.UserVerificationPreferred}
	s := synthesize(props)
	before, after := slices.Sorted(maps.Keys(defaults().all)), slices.Sorted(maps.Keys(s.all))
	if !slices.Equal(before, after) {
		t.Errorf("resources %v, want %v", after, before)
	}
	s.template.HasResourceProperties(jsii.String(userPool), map[string]any{
		"LambdaConfig":             assertions.Match_ObjectLike(&map[string]any{"DefineAuthChallenge": assertions.Match_AnyValue()}),
		"UserPoolTier":             "ESSENTIALS",
		"WebAuthnRelyingPartyID":   "example.com",
		"WebAuthnUserVerification": "preferred",
	})
	wantFlows(t, s, "PasskeysUserPoolClient", "ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
}

func TestManagedLogin(t *testing.T) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	props := minimal()
	props.Plan = awscognito.FeaturePlan_PLUS
	props.Native = &passkeys.Native{RelyingPartyID: "login.example.com", ManagedLogin: &passkeys.ManagedLogin{
		CustomDomain: &awscognito.CustomDomainOptions{
			DomainName: jsii.String("login.example.com"),
			Certificate: awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"),
				jsii.String("arn:aws:acm:us-east-1:000000000000:certificate/example")),
		},
		CallbackURLs: []string{"https://example.com/signed-in", "com.example.app:/signed-in"},
	}}
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	template := assertions.Template_FromStack(stack, nil)
	template.HasResourceProperties(jsii.String("AWS::Cognito::UserPoolDomain"), map[string]any{
		"Domain": "login.example.com", "ManagedLoginVersion": 2,
		"CustomDomainConfig": map[string]any{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/example"},
	})
	template.HasResourceProperties(jsii.String("AWS::Cognito::ManagedLoginBranding"), map[string]any{"UseCognitoProvidedValues": true})
	template.HasResourceProperties(jsii.String(userPool), map[string]any{"UserPoolTier": "PLUS"})
	template.HasResourceProperties(jsii.String(userPoolClient), map[string]any{
		"AllowedOAuthFlows": []any{"code"}, "CallbackURLs": []any{"https://example.com/signed-in", "com.example.app:/signed-in"},
	})
	if p.LoginDomain() == nil {
		t.Error("the construct doesn't tell its domain")
	}
}

func TestValidateNative(t *testing.T) {
	allowed := jsii.Bool(true)
	tests := map[string]struct {
		native passkeys.Native
		change func(*passkeys.Props)
		want   []string // property and a piece of the remedy, in order; none if valid
	}{
		"accepts the minimum": {},
		"accepts only those without origins": {
			native: passkeys.Native{Mode: passkeys.NativeOnly}, change: func(p *passkeys.Props) { p.Origins = nil },
		},
		"accepts tokens": {native: passkeys.Native{RelyingPartyID: *awscdk.Aws_URL_SUFFIX(), ManagedLogin: &passkeys.ManagedLogin{
			DomainPrefix: *awscdk.Aws_ACCOUNT_ID(), CallbackURLs: []string{"https://" + *awscdk.Aws_URL_SUFFIX()},
		}}},
		"accepts text messages where users sign in by phone": {
			native: passkeys.Native{AllowedFirstAuthFactors: &awscognito.AllowedFirstAuthFactors{Password: allowed, Passkey: allowed, SmsOtp: allowed}},
			change: func(p *passkeys.Props) { p.SignIn = passkeys.SignInPhone },
		},
		"rejects values of no kind": {
			native: passkeys.Native{Mode: "none", RelyingPartyID: "https://example.com", UserVerification: "discouraged", FactorConfiguration: "TWO"},
			want: []string{
				`Native.Mode: use one of "beside", "only"`, "Native.RelyingPartyID: use a domain name",
				`Native.UserVerification: use one of "required", "preferred"`, `Native.FactorConfiguration: use one of "SINGLE_FACTOR", "MULTI`,
			},
		},
		"rejects a user verification that Cognito doesn't know": {
			change: func(p *passkeys.Props) { p.UserVerification = passkeys.UserVerificationDiscouraged },
			want:   []string{`Native.UserVerification: use one of "required", "preferred"`},
		},
		"rejects MFA without user verification": {
			native: passkeys.Native{UserVerification: passkeys.UserVerificationPreferred, FactorConfiguration: passkeys.FactorMulti},
			want:   []string{`Native.UserVerification: use "required"`},
		},
		"rejects Lite": {
			change: func(p *passkeys.Props) { p.Plan = awscognito.FeaturePlan_LITE },
			want:   []string{"Plan: use ESSENTIALS or PLUS, or leave Native out"},
		},
		"rejects first factors without passwords and passkeys": {
			native: passkeys.Native{AllowedFirstAuthFactors: &awscognito.AllowedFirstAuthFactors{EmailOtp: allowed}},
			want:   []string{"Native.AllowedFirstAuthFactors: allow the password", "Native.AllowedFirstAuthFactors: allow passkeys"},
		},
		"rejects text messages from a pool that sends none": {
			native: passkeys.Native{AllowedFirstAuthFactors: &awscognito.AllowedFirstAuthFactors{Password: allowed, Passkey: allowed, SmsOtp: allowed}},
			want:   []string{"Native.AllowedFirstAuthFactors: leave out SmsOtp"},
		},
		"rejects managed login without a domain": {
			native: passkeys.Native{ManagedLogin: &passkeys.ManagedLogin{}},
			want:   []string{"Native.ManagedLogin.DomainPrefix: set it, or CustomDomain", "Native.ManagedLogin.CallbackURLs: list at least one"},
		},
		"rejects two domains, and one that isn't the relying party": {
			native: passkeys.Native{ManagedLogin: &passkeys.ManagedLogin{
				DomainPrefix: "login", CustomDomain: &awscognito.CustomDomainOptions{
					DomainName: jsii.String("login.example.com"), Certificate: certificate(),
				}, CallbackURLs: []string{"https://example.com"},
			}},
			want: []string{"Native.ManagedLogin.DomainPrefix: leave it out", "Native.ManagedLogin.CustomDomain: set Native.RelyingPartyID to it"},
		},
		"rejects a domain without a certificate": {
			native: passkeys.Native{RelyingPartyID: "login.example.com", ManagedLogin: &passkeys.ManagedLogin{
				CustomDomain: &awscognito.CustomDomainOptions{DomainName: jsii.String("login.example.com")}, CallbackURLs: []string{"https://example.com"},
			}},
			want: []string{"Native.ManagedLogin.CustomDomain: set DomainName and Certificate"},
		},
		"rejects a prefix that Cognito would": {
			native: passkeys.Native{ManagedLogin: &passkeys.ManagedLogin{DomainPrefix: "my-cognito", CallbackURLs: []string{"https://example.com"}}},
			want:   []string{"Native.ManagedLogin.DomainPrefix: use 1 to 63"},
		},
		"rejects addresses that Cognito would": {
			native: passkeys.Native{ManagedLogin: &passkeys.ManagedLogin{
				DomainPrefix: "login", CallbackURLs: []string{"/signed-in", "https://example.com/#in"}, LogoutURLs: []string{"http://example.com", "http://localhost:8080"},
			}},
			want: []string{
				"Native.ManagedLogin.CallbackURLs: use an absolute address", "Native.ManagedLogin.CallbackURLs: use an absolute address",
				"Native.ManagedLogin.LogoutURLs: use https",
			},
		},
		"rejects a pool of others": {
			change: func(p *passkeys.Props) { p.UserPool = importedPool() },
			want:   []string{"Native: leave it out: it is for the owner of UserPool"},
		},
		"rejects what Cognito leaves no choice of": {
			native: passkeys.Native{Mode: passkeys.NativeOnly},
			change: func(p *passkeys.Props) {
				p.RelyingPartyName, p.CounterPolicy, p.MaxPasskeys, p.RecentAuthentication = "Example", passkeys.CounterReject, 5, time.Minute
				p.Throttle, p.ParameterPath = &awsapigatewayv2.ThrottleSettings{}, "/login"
				p.Corbado, p.Dashboard = &passkeys.Corbado{}, jsii.Bool(false)
			},
			want: []string{
				`RelyingPartyName: leave it out, or set Native.Mode to "beside"`, "CounterPolicy: leave it out", "MaxPasskeys: leave it out", "RecentAuthentication: leave it out",
				"ParameterPath: leave it out", "Throttle: leave it out", "Corbado: leave it out", "Dashboard: leave it out",
			},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			props := minimal()
			props.Native = &tt.native
			if tt.change != nil {
				tt.change(&props)
			}
			if got := problems(props.Validate()); !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("problems\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

func importedPool() awscognito.IUserPool {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Pools"), nil)
	return awscognito.UserPool_FromUserPoolId(stack, jsii.String("UserPool"), jsii.String("us-east-1_Example01"))
}

func certificate() awscertificatemanager.ICertificate {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Certificates"), nil)
	return awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"),
		jsii.String("arn:aws:acm:us-east-1:000000000000:certificate/example"))
}
