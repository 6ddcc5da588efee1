package passkeys_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// knownOnly is a construct in which only known people sign up, changed.
func knownOnly(change func(*passkeys.Props)) passkeys.Props {
	return signingUp(func(p *passkeys.Props) {
		p.SignUp.KnownOnly = true
		change(p)
	})
}

// The pepper is the accounts function's alone. The gates write the roster and
// read no secret.
func TestLeastPrivilegeOfTheRoster(t *testing.T) {
	all := synthesize(knownOnly(func(*passkeys.Props) {})).all
	const pepper = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/passkeys/Stack/Passkeys/roster"
	for role, want := range map[string][]string{
		"AccountsFunction": {"dynamodb:GetItem dynamodb:PutItem on ${PasskeysTable.Arn} if ROSTER#*", "ssm:GetParameter on " + pepper},
		"TriggersPreSignUp": {
			"dynamodb:GetItem dynamodb:PutItem on ${PasskeysTable.Arn} if ROSTER#*", "dynamodb:PutItem on ${PasskeysTable.Arn} if ARRIVAL#*",
		},
		"TriggersPostConfirmation": {
			"dynamodb:GetItem dynamodb:PutItem on ${PasskeysTable.Arn} if ROSTER#*", "dynamodb:GetItem on ${PasskeysTable.Arn} if ARRIVAL#*",
		},
	} {
		got := statementsOf(all.named(t, "AWS::IAM::Role", "Passkeys"+role+"Role"))
		got = slices.DeleteFunc(got, func(s string) bool {
			return strings.HasPrefix(s, "logs:") || role == "AccountsFunction" && !strings.Contains(s, "ROSTER#") && !strings.Contains(s, pepper)
		})
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s may (-want +got):\n%s", role, diff)
		}
	}
	for id, role := range all.ofType("AWS::IAM::Role") {
		for _, statement := range statementsOf(role) {
			if strings.Contains(statement, pepper) && !strings.HasPrefix(id, "PasskeysAccounts") && !strings.HasPrefix(id, "PasskeysKeysProvision") {
				t.Errorf("%s may %s", id, statement)
			}
		}
	}
}

func TestKnownPeopleComeThroughSignUp(t *testing.T) {
	all := synthesize(knownOnly(func(p *passkeys.Props) { p.SignIn = passkeys.SignInUserName })).all
	gate := environment(t, all, "PasskeysTriggersPreSignUp")
	if gate["PASSKEYS_ACCOUNT_KEYS"] != "${PasskeysKeysAccountKey.PublicKeys}" || gate["PASSKEYS_NAMED_USERS"] != "true" || gate["PASSKEYS_TABLE"] != "${PasskeysTable}" {
		t.Errorf("Pre Sign-up knows %v", gate)
	}
	if got := gatesOf(all.named(t, userPool, "PasskeysUserPool")); got != "PostConfirmation PreSignUp" {
		t.Errorf("gates %q", got)
	}
	for _, function := range []string{"PreSignUp", "PostConfirmation"} {
		if invoker := invokers(all)["${PasskeysTriggers"+function+"Live}"]; invoker != "cognito-idp.amazonaws.com for ${PasskeysUserPool.Arn}" {
			t.Errorf("%s may be invoked by %s", function, invoker)
		}
	}
	if got := text(mapOf(all.named(t, userPool, "PasskeysUserPool")["AdminCreateUserConfig"])["AllowAdminCreateUserOnly"]); got != "false" {
		t.Errorf("only administrators create users: %s", got)
	}
}

// Where nobody may have a password, nobody comes through SignUp, known or not.
func TestKnownPeopleWithoutPasswords(t *testing.T) {
	for _, passwords := range []passkeys.Passwords{passkeys.PasswordsPhaseOut, passkeys.PasswordsOff} {
		all := synthesize(knownOnly(func(p *passkeys.Props) { p.Passwords = passwords })).all
		if gate := environment(t, all, "PasskeysTriggersPreSignUp"); gate["PASSKEYS_ACCOUNT_KEYS"] != "" || gate["PASSKEYS_TABLE"] != "" {
			t.Errorf("with %s, Pre Sign-up knows %v", passwords, gate)
		}
		if got := gatesOf(all.named(t, userPool, "PasskeysUserPool")); strings.Contains(got, "PostConfirmation") {
			t.Errorf("with %s, gates %q", passwords, got)
		}
		for _, route := range all.ofType("AWS::ApiGatewayV2::Route") {
			if text(route["RouteKey"]) == "POST /sign-up/ticket" {
				t.Errorf("with %s, there are tickets", passwords)
			}
		}
	}
}

func TestImportedPoolOfKnownPeople(t *testing.T) {
	stack := newStack()
	props := knownOnly(func(p *passkeys.Props) {
		p.UserPool = awscognito.UserPool_FromUserPoolId(stack, jsii.String("Pool"), jsii.String("eu-west-1_Theirs001"))
		p.Clients = []awscognito.IUserPoolClient{awscognito.UserPoolClient_FromUserPoolClientId(stack, jsii.String("web"), jsii.String("web"))}
		p.ReplaceTriggers = []passkeys.Trigger{passkeys.TriggerPostConfirmation}
	})
	passkeys.New(stack, jsii.String("Passkeys"), &props)
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	if got := triggersOf(all); !strings.Contains(got, "PostConfirmation=${PasskeysTriggersPostConfirmationLive} PreSignUp=${PasskeysTriggersPreSignUpLive}") {
		t.Errorf("it attaches %s", got)
	}
}

func TestValidateRoster(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*passkeys.Props)
		want   string // empty: it is valid
	}{
		"accepts a pepper of the account's own": {func(p *passkeys.Props) { p.SignUp.RosterKey = &passkeys.ExistingKey{Parameter: "/login/roster"} }, ""},
		"accepts a rotation":                    {func(p *passkeys.Props) { p.SignUp.RosterRotation = 2 }, ""},
		"rejects a negative rotation":           {func(p *passkeys.Props) { p.SignUp.RosterRotation = -1 }, "SignUp.RosterRotation is -1: start at 0"},
		"rejects a rotation without a roster":   {func(p *passkeys.Props) { p.SignUp = &passkeys.SignUp{RosterRotation: 1} }, "SignUp.RosterRotation is set: leave it out, or set SignUp.KnownOnly too"},
		"rejects a pepper without a roster": {func(p *passkeys.Props) {
			p.SignUp = &passkeys.SignUp{RosterKey: &passkeys.ExistingKey{Parameter: "/login/roster"}}
		}, "SignUp.RosterKey is set: leave it out, or set SignUp.KnownOnly too"},
		"rejects a pepper that is nowhere": {func(p *passkeys.Props) { p.SignUp.RosterKey = &passkeys.ExistingKey{} }, "SignUp.RosterKey"},
	} {
		t.Run(name, func(t *testing.T) {
			err := knownOnly(c.change).Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
