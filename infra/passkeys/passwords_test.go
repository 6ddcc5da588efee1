package passkeys_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// Each step takes away a little more, and the first changes nothing.
func TestStepsOfPhasingPasswordsOut(t *testing.T) {
	const public, backend, passwords = "PasskeysUserPoolClient", "PasskeysUserPoolBackendClient", "PasskeysUserPoolPasswordClient"
	const refresh, custom, srp, admin = " ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH "
	const both = "${PasskeysUserPoolClient} ${PasskeysUserPoolBackendClient}"
	for _, step := range []struct {
		passwords passkeys.Passwords
		flows     map[string]string // app client → its flows
		gates     string            // triggers beside those of custom authentication
		audience  string            // of access tokens that the HTTP API takes
		open      bool              // SignUp
		recovery  string
	}{
		{passkeys.PasswordsKeep, map[string]string{public: custom + " " + srp + refresh, backend: admin + custom + refresh}, "", both, true, "verified_email"},
		{passkeys.PasswordsSeparate, map[string]string{public: custom + " " + srp + refresh, backend: admin + custom + refresh, passwords: srp + refresh},
			"PreAuthentication", both + " ${PasskeysUserPoolPasswordClient}", true, "verified_email"},
		{passkeys.PasswordsPhaseOut, map[string]string{public: custom + refresh, backend: custom + refresh, passwords: srp + refresh},
			"PreAuthentication PreSignUp", both + " ${PasskeysUserPoolPasswordClient}", false, "verified_email"},
		{passkeys.PasswordsOff, map[string]string{public: custom + refresh, backend: custom + refresh}, "PreSignUp", both, false, "admin_only"},
	} {
		t.Run(string(step.passwords), func(t *testing.T) {
			s := synthesize(mailing(func(p *passkeys.Props) { p.Passwords, p.BackendClient = step.passwords, true }))
			if got := len(s.all.ofType(userPoolClient)); got != len(step.flows) {
				t.Errorf("%d app clients, want %d", got, len(step.flows))
			}
			for client, want := range step.flows {
				if got := flat(s.all.named(t, userPoolClient, client)["ExplicitAuthFlows"]); got != want {
					t.Errorf("%s has the flows %s, want %s", client, got, want)
				}
			}
			pool := s.all.named(t, userPool, "PasskeysUserPool")
			if got := gatesOf(pool); got != step.gates {
				t.Errorf("gates %q, want %q", got, step.gates)
			}
			if closed := mapOf(pool["AdminCreateUserConfig"])["AllowAdminCreateUserOnly"]; closed == step.open {
				t.Errorf("SignUp is closed: %v", closed)
			}
			mechanisms := mapOf(pool["AccountRecoverySetting"])["RecoveryMechanisms"].([]any)
			if len(mechanisms) != 1 || mapOf(mechanisms[0])["Name"] != step.recovery {
				t.Errorf("recovery by %v, want %s", mechanisms, step.recovery)
			}
			authorizer := mapOf(s.all.named(t, "AWS::ApiGatewayV2::Authorizer", "PasskeysApiAuthorizer")["JwtConfiguration"])
			if got := flat(authorizer["Audience"]); got != step.audience {
				t.Errorf("the API takes tokens of %s, want %s", got, step.audience)
			}
			wantGuards(t, s.all, strings.Contains(step.gates, "PreAuthentication"))
		})
	}
}

// gatesOf lists the triggers of a pool beside those of custom authentication.
func gatesOf(pool map[string]any) string {
	names := slices.Sorted(maps.Keys(mapOf(pool["LambdaConfig"])))
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, "AuthChallenge") }), " ")
}

// wantGuards checks that a passkey ends passwords on the client that is there for
// them, on which passkeys are not served.
func wantGuards(t *testing.T, all resources, want bool) {
	t.Helper()
	guards := all.ofType("Custom::PasskeysPasswordClient")
	if len(guards) == 1 != want {
		t.Errorf("%d items for passwords, want one: %t", len(guards), want)
	}
	for _, item := range guards {
		if flat(item["ClientId"]) != "${PasskeysUserPoolPasswordClient}" || item["RelyingPartyId"] != "example.com" {
			t.Errorf("the item is %v", item)
		}
	}
	for _, item := range all.ofType("Custom::PasskeysAppClient") {
		if flat(item["ClientId"]) == "${PasskeysUserPoolPasswordClient}" {
			t.Error("passkeys are served where there are passwords only")
		}
	}
}

func TestLeastPrivilegeOfGates(t *testing.T) {
	all := synthesize(mailing(func(p *passkeys.Props) { p.Passwords = passkeys.PasswordsPhaseOut })).all
	for function, want := range map[string]string{
		"PreSignUp":         "",
		"PreAuthentication": "dynamodb:GetItem on ${PasskeysTable.Arn} if USER#* CONFIG",
	} {
		got := statementsOf(all.named(t, "AWS::IAM::Role", "PasskeysTriggers"+function+"Role"))
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "logs:") })
		if strings.Join(got, ", ") != want {
			t.Errorf("%s may %q, want %q", function, got, want)
		}
		invoker := invokers(all)["${PasskeysTriggers"+function+"Live}"]
		if want := "cognito-idp.amazonaws.com for ${PasskeysUserPool.Arn}"; invoker != want {
			t.Errorf("%s may be invoked by %s, want %s", function, invoker, want)
		}
	}
}

// A gate refuses by an error, which must neither wake anybody nor take a rollout back.
func TestRefusalsOfGatesAreNoFailures(t *testing.T) {
	all := synthesize(mailing(func(p *passkeys.Props) {
		p.Passwords, p.Rollout = passkeys.PasswordsPhaseOut, awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES()
	})).all
	for alarm, function := range map[string]string{
		"PasskeysMonitoringPreSignUpErrors": "pre-sign-up", "PasskeysMonitoringPreAuthenticationErrors": "pre-authentication",
		"PasskeysTriggersPreSignUpRolloutErrors": "pre-sign-up", "PasskeysTriggersPreAuthenticationRolloutErrors": "pre-authentication",
	} {
		properties := all.named(t, "AWS::CloudWatch::Alarm", alarm)
		dimensions := map[string]any{} // name → value
		for _, d := range properties["Dimensions"].([]any) {
			dimensions[mapOf(d)["Name"].(string)] = mapOf(d)["Value"]
		}
		if properties["Namespace"] != "CognitoPasskeys" || properties["MetricName"] != "Faults" ||
			dimensions["function"] != function || dimensions["instance"] != "Stack/Passkeys" {
			t.Errorf("%s looks at %v %v of %v", alarm, properties["Namespace"], properties["MetricName"], dimensions)
		}
	}
}

// passwordClient is an app client as a team has it for passwords.
func passwordClient(pool awscognito.IUserPool, flows *awscognito.AuthFlow) awscognito.UserPoolClient {
	return pool.AddClient(jsii.String("Passwords"), &awscognito.UserPoolClientOptions{AuthFlows: flows, PreventUserExistenceErrors: jsii.Bool(true)})
}

func TestPasswordClientsOfAnExistingPool(t *testing.T) {
	stack := newStack()
	pool := awscognito.NewUserPool(stack, jsii.String("Pool"), nil)
	props := mailing(func(p *passkeys.Props) {
		p.UserPool, p.Clients = pool, []awscognito.IUserPoolClient{theirClient(pool, "Served")}
		p.Passwords = passkeys.PasswordsPhaseOut
		p.PasswordClients = []awscognito.IUserPoolClient{passwordClient(pool, &awscognito.AuthFlow{UserSrp: jsii.Bool(true), UserPassword: jsii.Bool(true)})}
	})
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	if got := gatesOf(all.named(t, userPool, "Pool")); got != "PreAuthentication PreSignUp" {
		t.Errorf("gates %q", got)
	}
	var guarded []string
	for _, item := range all.ofType("Custom::PasskeysPasswordClient") {
		guarded = append(guarded, flat(item["ClientId"]))
	}
	if !slices.Equal(guarded, []string{"${PoolPasswords}"}) || *p.PasswordClient().Node().Path() != "Stack/Pool/Passwords" {
		t.Errorf("passwords end on %v, and the client is %s", guarded, *p.PasswordClient().Node().Path())
	}
	if got := len(all.ofType(userPoolClient)); got != 2 {
		t.Errorf("%d app clients, want the owner's two", got)
	}
}

func TestImportedPoolGetsGatesFromTheCustomResource(t *testing.T) {
	stack := newStack()
	imported := func(id string) awscognito.IUserPoolClient {
		return awscognito.UserPoolClient_FromUserPoolClientId(stack, &id, &id)
	}
	props := mailing(func(p *passkeys.Props) {
		p.UserPool = awscognito.UserPool_FromUserPoolId(stack, jsii.String("Pool"), jsii.String("eu-west-1_Theirs001"))
		p.Clients, p.PasswordClients = []awscognito.IUserPoolClient{imported("web")}, []awscognito.IUserPoolClient{imported("passwords")}
		p.Passwords, p.ReplaceTriggers = passkeys.PasswordsPhaseOut, []passkeys.Trigger{passkeys.TriggerPreSignUp}
	})
	passkeys.New(stack, jsii.String("Passkeys"), &props)
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	attachment := all.named(t, "Custom::PasskeysUserPool", "PasskeysTriggersAttachment")
	if got := triggersOf(all); !strings.Contains(got, "PreAuthentication=${PasskeysTriggersPreAuthenticationLive} PreSignUp=${PasskeysTriggersPreSignUpLive}") {
		t.Errorf("it attaches %s", got)
	}
	if text(attachment["WithoutPasswords"]) != "true" || flat(attachment["PasswordClientIds"]) != "passwords" || flat(attachment["Replace"]) != "PreSignUp" {
		t.Errorf("its properties are %v", attachment)
	}
}

func TestValidatePasswords(t *testing.T) {
	phasingOut := func(change func(*passkeys.Props)) passkeys.Props {
		return mailing(func(p *passkeys.Props) { p.Passwords = passkeys.PasswordsPhaseOut; change(p) })
	}
	for name, c := range map[string]struct {
		props passkeys.Props
		want  []string
	}{
		"accepts phasing out": {phasingOut(func(*passkeys.Props) {}), nil},
		"accepts a client of one's own without another way in": {mailing(func(p *passkeys.Props) {
			p.Passwords, p.EmailCode, p.EmailLink, p.Mail = passkeys.PasswordsSeparate, nil, nil, nil
		}), nil},
		"rejects a step that is none": {mailing(func(p *passkeys.Props) { p.Passwords = "never" }), []string{`Passwords: use one of "keep", "separate", "phase-out", "off"`}},
		"rejects phasing out with no other way in": {phasingOut(func(p *passkeys.Props) { p.EmailCode, p.EmailLink, p.Mail = nil, nil, nil }),
			[]string{`Passwords: set EmailCode or EmailLink too: a user who lost every passkey has no other way back`}},
		"rejects signing up with a password that ends": {phasingOut(func(p *passkeys.Props) { p.SelfSignUp = jsii.Bool(true) }),
			[]string{`SelfSignUp: leave it out: `}},
		"rejects Cognito's own passkeys": {phasingOut(func(p *passkeys.Props) { p.Native = &passkeys.Native{} }), []string{"Native: leave it out, or keep Passwords: "}},
		"rejects clients of a pool that isn't there": {phasingOut(func(p *passkeys.Props) { p.PasswordClients = someClients("passwords") }),
			[]string{"PasswordClients: leave it out, or set UserPool too"}},
		"rejects clients for passwords that are kept": {mailing(func(p *passkeys.Props) {
			p.UserPool, p.Clients, p.PasswordClients = importedPool(), someClients("web"), someClients("passwords")
		}), []string{`PasswordClients: leave it out, or set Passwords to "separate" or "phase-out"`}},
		"rejects a client for both": {phasingOut(func(p *passkeys.Props) {
			p.UserPool, p.Clients = importedPool(), someClients("web")
			p.PasswordClients = p.Clients
		}), []string{`PasswordClients: list it in one of Clients and PasswordClients`}},
		"rejects it where nothing heeds it": {func() passkeys.Props {
			p := minimal()
			p.Native, p.Passwords = &passkeys.Native{Mode: passkeys.NativeOnly}, passkeys.PasswordsOff
			return p
		}(), []string{"Passwords: leave it out, or set Native.Mode"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := problems(c.props.Validate()); !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}

// someClients are app clients that the app doesn't declare.
func someClients(ids ...string) (clients []awscognito.IUserPoolClient) {
	scope := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Clients"), nil)
	for _, id := range ids {
		clients = append(clients, awscognito.UserPoolClient_FromUserPoolClientId(scope, &id, &id))
	}
	return clients
}

// What is known of declared clients only once there is a pool to attach to.
func TestPasswordClientsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		served, passwords *awscognito.AuthFlow
		want              []string
	}{
		"rejects a served client that takes passwords": {
			&awscognito.AuthFlow{Custom: jsii.Bool(true), UserSrp: jsii.Bool(true)}, &awscognito.AuthFlow{UserSrp: jsii.Bool(true)},
			[]string{`Clients is "Stack/Pool/Served": take away ALLOW_USER_SRP_AUTH: it takes passwords, which are phased out`},
		},
		"rejects a served client with choice-based sign-in": {
			&awscognito.AuthFlow{Custom: jsii.Bool(true), User: jsii.Bool(true)}, &awscognito.AuthFlow{UserSrp: jsii.Bool(true)},
			[]string{`Clients is "Stack/Pool/Served": take away ALLOW_USER_AUTH: `},
		},
		"rejects custom authentication where there are passwords only": {
			&awscognito.AuthFlow{Custom: jsii.Bool(true)}, &awscognito.AuthFlow{UserSrp: jsii.Bool(true), Custom: jsii.Bool(true)},
			[]string{`PasswordClients is "Stack/Pool/Passwords": name its AuthFlows, without Custom and User`},
		},
		"rejects Cognito's default flows": {&awscognito.AuthFlow{Custom: jsii.Bool(true)}, nil, []string{`PasswordClients is "Stack/Pool/Passwords": name its AuthFlows`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusal(t, func() {
				stack := newStack()
				pool := awscognito.NewUserPool(stack, jsii.String("Pool"), nil)
				served := pool.AddClient(jsii.String("Served"), &awscognito.UserPoolClientOptions{AuthFlows: c.served, PreventUserExistenceErrors: jsii.Bool(true)})
				props := mailing(func(p *passkeys.Props) {
					p.UserPool, p.Clients, p.Passwords = pool, []awscognito.IUserPoolClient{served}, passkeys.PasswordsPhaseOut
					p.PasswordClients = []awscognito.IUserPoolClient{passwordClient(pool, c.passwords)}
				})
				passkeys.New(stack, jsii.String("Passkeys"), &props)
			})
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}
