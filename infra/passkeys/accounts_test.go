package passkeys_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// signingUp is a construct whose users sign up without a password, changed.
func signingUp(change func(*passkeys.Props)) passkeys.Props {
	return mailing(func(p *passkeys.Props) {
		p.SignUp = &passkeys.SignUp{}
		change(p)
	})
}

// The accounts function may make users and finish what it began, and no other
// function may call the pool as an administrator, or read the key of its tickets.
func TestLeastPrivilegeOfSignUp(t *testing.T) {
	all := synthesize(signingUp(func(*passkeys.Props) {})).all
	const arn = "arn:${AWS::Partition}:"
	const parameter = arn + "ssm:${AWS::Region}:${AWS::AccountId}:parameter/passkeys/Stack/Passkeys/"
	want := []string{
		"cognito-idp:AdminCreateUser cognito-idp:AdminGetUser cognito-idp:AdminDeleteUser on ${PasskeysUserPool.Arn}",
		"cognito-idp:AdminSetUserPassword cognito-idp:AdminUserGlobalSignOut on ${PasskeysUserPool.Arn}",
		"dynamodb:GetItem dynamodb:UpdateItem on ${PasskeysTable.Arn} if PROOF#* RATE#*",
		"dynamodb:UpdateItem on ${PasskeysTable.Arn} if USER#*",
		"logs:CreateLogStream logs:PutLogEvents on ${PasskeysAccountsFunctionLogs.Arn}",
		"ses:SendEmail on " + arn + "ses:${AWS::Region}:${AWS::AccountId}:identity/sign-in@example.com " +
			arn + "ses:${AWS::Region}:${AWS::AccountId}:configuration-set/set if sign-in@example.com",
		"ssm:GetParameter on " + parameter + "account", "ssm:GetParameter on " + parameter + "mail",
	}
	got := statementsOf(all.named(t, "AWS::IAM::Role", "PasskeysAccountsFunctionRole"))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the accounts function may (-want +got):\n%s", diff)
	}
	for id, role := range all.ofType("AWS::IAM::Role") {
		for _, statement := range statementsOf(role) {
			isProvision := strings.HasPrefix(id, "PasskeysKeysProvision")
			if !strings.HasPrefix(id, "PasskeysAccounts") && (strings.Contains(statement, "cognito-idp:Admin") || strings.Contains(statement, parameter+"account") && !isProvision) {
				t.Errorf("%s may %s", id, statement)
			}
		}
	}
}

// Whoever proved an address signs in on every app client that is served, and
// Verify has the public keys of that alone.
func TestClientsTakeTicketsOfAccounts(t *testing.T) {
	with := synthesize(signingUp(func(p *passkeys.Props) { p.BackendClient = true })).all
	without := synthesize(mailing(func(*passkeys.Props) {})).all
	if n := len(with.ofType("Custom::PasskeysAppClient")); n != 2 {
		t.Errorf("%d app clients are served, want 2", n)
	}
	for _, client := range with.ofType("Custom::PasskeysAppClient") {
		if got := flat(client["Methods"]); got != "passkey code link account" {
			t.Errorf("an app client takes %s", got)
		}
	}
	for _, client := range without.ofType("Custom::PasskeysAppClient") {
		if strings.Contains(flat(client["Methods"]), "account") {
			t.Error("an app client takes tickets that nobody signs")
		}
	}
	if keys := environment(t, with, "PasskeysTriggersVerifyAuthChallenge")["PASSKEYS_ACCOUNT_KEYS"]; keys != "${PasskeysKeysAccountKey.PublicKeys}" {
		t.Errorf("Verify knows the keys %s", keys)
	}
	if keys := environment(t, without, "PasskeysTriggersVerifyAuthChallenge")["PASSKEYS_ACCOUNT_KEYS"]; keys != "" {
		t.Errorf("without sign-up Verify knows the keys %s", keys)
	}
}

// API Gateway knows the settings of a route only once it is there.
func TestRoutesThatMailAreThrottled(t *testing.T) {
	for name, c := range map[string]struct {
		props passkeys.Props
		want  map[string]any
	}{
		"by default": {signingUp(func(*passkeys.Props) {}), map[string]any{"ThrottlingRateLimit": 2.0, "ThrottlingBurstLimit": 20.0}},
		"as it is said": {signingUp(func(p *passkeys.Props) {
			rate, burst := 0.5, 3.0
			p.MailThrottle = &awsapigatewayv2.ThrottleSettings{RateLimit: &rate, BurstLimit: &burst}
		}), map[string]any{"ThrottlingRateLimit": 0.5, "ThrottlingBurstLimit": 3.0}},
	} {
		t.Run(name, func(t *testing.T) {
			s := synthesize(c.props)
			for _, stage := range s.all.ofType("AWS::ApiGatewayV2::Stage") {
				if diff := cmp.Diff(map[string]any{routes.SignUp.Key(): c.want}, stage["RouteSettings"]); diff != "" {
					t.Errorf("settings of routes (-want +got):\n%s", diff)
				}
			}
			waits := false
			for _, resource := range *s.template.FindResources(jsii.String("AWS::ApiGatewayV2::Stage"), nil) {
				waits = slices.ContainsFunc((*resource)["DependsOn"].([]any), func(id any) bool { return strings.HasPrefix(id.(string), "PasskeysApiPOSTsignup") })
			}
			if !waits {
				t.Error("the stage doesn't wait for the route")
			}
		})
	}
}

func TestValidateAccounts(t *testing.T) {
	long := 31 * 24 * time.Hour
	for name, c := range map[string]struct {
		change func(*passkeys.Props)
		want   string // empty: it is valid
	}{
		"accepts sign-up by user name":           {func(p *passkeys.Props) { p.SignIn = passkeys.SignInUserName }, ""},
		"accepts recovery":                       {func(p *passkeys.Props) { p.Recovery = &passkeys.Recovery{} }, ""},
		"rejects sign-up without mail":           {func(p *passkeys.Props) { p.EmailCode, p.EmailLink, p.Mail = nil, nil, nil }, "SignUp is set"},
		"rejects sign-up by phone number":        {func(p *passkeys.Props) { p.SignIn = passkeys.SignInPhone }, "SignUp is set"},
		"rejects a recovery after a month":       {func(p *passkeys.Props) { p.Recovery = &passkeys.Recovery{Delay: &long} }, "Recovery.Delay"},
		"rejects what passwords are not":         {func(p *passkeys.Props) { p.Passwords = "never" }, "Passwords"},
		"rejects a throttle of what isn't there": {func(p *passkeys.Props) { p.SignUp, p.MailThrottle = nil, &awsapigatewayv2.ThrottleSettings{} }, "MailThrottle is set"},
		"rejects sign-up without a stack":        {func(p *passkeys.Props) { p.Native = &passkeys.Native{Mode: passkeys.NativeOnly} }, "SignUp is set"},
	} {
		t.Run(name, func(t *testing.T) {
			err := signingUp(c.change).Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
