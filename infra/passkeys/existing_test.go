package passkeys_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// newStack returns a stack of an app of its own.
func newStack() awscdk.Stack {
	return awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
}

// theirFunction is a function that a pool's owner has already.
func theirFunction(scope constructs.Construct, name string) awslambda.IFunction {
	return awslambda.Function_FromFunctionArn(scope, &name, jsii.String("arn:aws:lambda:us-east-1:111111111111:function:"+name))
}

// theirPool is a pool as a team has it, with a trigger, attributes and a required MFA.
func theirPool(scope constructs.Construct) awscognito.UserPool {
	return awscognito.NewUserPool(scope, jsii.String("Pool"), &awscognito.UserPoolProps{
		Mfa:             awscognito.Mfa_REQUIRED,
		MfaSecondFactor: &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)},
		StandardAttributes: &awscognito.StandardAttributes{
			Fullname: &awscognito.StandardAttribute{Required: jsii.Bool(true)},
		},
		CustomAttributes: &map[string]awscognito.ICustomAttribute{
			"tier": awscognito.NewNumberAttribute(nil),
			"code": awscognito.NewStringAttribute(&awscognito.StringAttributeProps{Mutable: jsii.Bool(false)}),
		},
		LambdaTriggers: &awscognito.UserPoolTriggers{PreSignUp: theirFunction(scope, "presignup")},
	})
}

// theirClient is an app client that passkeys can serve.
func theirClient(pool awscognito.IUserPool, id string) awscognito.UserPoolClient {
	return pool.AddClient(&id, &awscognito.UserPoolClientOptions{
		AuthFlows:                  &awscognito.AuthFlow{Custom: jsii.Bool(true)},
		PreventUserExistenceErrors: jsii.Bool(true),
	})
}

// ownPool is a stack with a pool that the app declares, of which one of two clients is served.
var ownPool = sync.OnceValue(func() synthesis {
	stack := newStack()
	pool := theirPool(stack)
	served := theirClient(pool, "Served")
	theirClient(pool, "Other")
	props := minimal()
	props.UserPool, props.Clients = pool, []awscognito.IUserPoolClient{served}
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	template := assertions.Template_FromStack(stack, nil)
	return synthesis{template, resourcesOf(template), p}
})

func TestPoolOfTheStackKeepsWhatItHas(t *testing.T) {
	pools := ownPool().all.ofType(userPool)
	if len(pools) != 1 {
		t.Fatalf("%d pools, want the owner's", len(pools))
	}
	pool := ownPool().all.named(t, userPool, "Pool")
	var attributes []string
	for _, attribute := range pool["Schema"].([]any) {
		a := attribute.(map[string]any)
		attributes = append(attributes, strings.TrimSpace(a["Name"].(string)+" "+flat(a["AttributeDataType"])))
	}
	slices.Sort(attributes)
	if want := []string{"code String", "created_by String", "name", "tier Number"}; !slices.Equal(attributes, want) {
		t.Errorf("attributes %q, want %q", attributes, want)
	}
	got := map[string]string{} // trigger → function
	for trigger, function := range pool["LambdaConfig"].(map[string]any) {
		got[trigger] = flat(function)
	}
	want := map[string]string{
		"PreSignUp":                   "arn:aws:lambda:us-east-1:111111111111:function:presignup",
		"DefineAuthChallenge":         "${PasskeysTriggersDefineAuthChallengeLive}",
		"CreateAuthChallenge":         "${PasskeysTriggersCreateAuthChallengeLive}",
		"VerifyAuthChallengeResponse": "${PasskeysTriggersVerifyAuthChallengeLive}",
	}
	if !maps.Equal(got, want) {
		t.Errorf("triggers %v, want %v", got, want)
	}
	if n := len(ownPool().all.ofType("Custom::PasskeysUserPool")); n != 0 {
		t.Errorf("%d custom resources change the pool beside CloudFormation", n)
	}
	if actions := provisionActions(t, ownPool().all, "cognito-idp:"); len(actions) != 0 {
		t.Errorf("the provision function may %v", actions)
	}
}

func TestOnlyListedClientsAreServed(t *testing.T) {
	all := ownPool().all
	const served = "${PoolServed}"
	var items []string
	for _, item := range all.ofType("Custom::PasskeysAppClient") {
		items = append(items, flat(item["ClientId"]))
	}
	audience := flat(all.named(t, "AWS::ApiGatewayV2::Authorizer", "PasskeysApiAuthorizer")["JwtConfiguration"].(map[string]any)["Audience"])
	setting := environment(t, all, "PasskeysApiFunction")["PASSKEYS_CLIENT_IDS"]
	if !slices.Equal(items, []string{served}) || audience != served || setting != served {
		t.Errorf("items for %v, audience %s, setting %s, want %s", items, audience, setting, served)
	}
	if n := len(all.ofType(userPoolClient)); n != 2 {
		t.Errorf("%d app clients, want the owner's two", n)
	}
}

// provisionActions lists what the provision function may do of a service.
func provisionActions(t *testing.T, all resources, service string) []string {
	t.Helper()
	var actions []string
	for _, statement := range statementsOf(all.named(t, "AWS::IAM::Role", "PasskeysKeysProvisionRole")) {
		if strings.HasPrefix(statement, service) {
			actions = append(actions, statement)
		}
	}
	return actions
}

// refusal returns property, received value and remedy of each problem for which
// the construct is not made.
func refusal(t *testing.T, make func()) (lines []string) {
	t.Helper()
	defer func() {
		var invalid *passkeys.InvalidPropsError
		if err, _ := recover().(error); errors.As(err, &invalid) {
			for _, p := range invalid.Problems {
				lines = append(lines, p.String())
			}
		}
	}()
	make()
	return nil
}

func TestPoolsThatAreRefused(t *testing.T) {
	// attach makes the construct in a stack for a pool, with changed props.
	attach := func(stack constructs.Construct, id string, pool awscognito.IUserPool, change func(*passkeys.Props)) {
		props := minimal()
		props.UserPool = pool
		if change != nil {
			change(&props)
		}
		passkeys.New(stack, &id, &props)
	}
	none := func(*passkeys.Props) {}
	client := func(flows *awscognito.AuthFlow, prevent *bool) func() {
		return func() {
			stack := newStack()
			pool := theirPool(stack)
			c := pool.AddClient(jsii.String("Client"), &awscognito.UserPoolClientOptions{AuthFlows: flows, PreventUserExistenceErrors: prevent})
			attach(stack, "Passkeys", pool, func(p *passkeys.Props) { p.Clients = []awscognito.IUserPoolClient{c} })
		}
	}
	taken := func(replace ...passkeys.Trigger) func() {
		return func() {
			stack := newStack()
			pool := theirPool(stack)
			for _, operation := range []awscognito.UserPoolOperation{awscognito.UserPoolOperation_DEFINE_AUTH_CHALLENGE(), awscognito.UserPoolOperation_VERIFY_AUTH_CHALLENGE_RESPONSE()} {
				pool.AddTrigger(operation, theirFunction(stack, *operation.OperationName()), "")
			}
			attach(stack, "Passkeys", pool, func(p *passkeys.Props) { p.ReplaceTriggers = replace })
		}
	}
	tests := map[string]struct {
		make func()
		want []string // beginnings, in order
	}{
		"rejects triggers that are taken": {taken(), []string{
			`UserPool is "Stack/Pool": it has a DefineAuthChallenge trigger already: take that away, or list it in ReplaceTriggers`,
			`UserPool is "Stack/Pool": it has a VerifyAuthChallengeResponse trigger already: take that away`,
		}},
		"rejects a trigger that is taken and not to be replaced": {taken(passkeys.TriggerDefine), []string{
			`UserPool is "Stack/Pool": it has a VerifyAuthChallengeResponse trigger already`,
		}},
		"rejects a second construct on one pool": {func() {
			stack := newStack()
			pool := theirPool(stack)
			attach(stack, "One", pool, none)
			attach(stack, "Two", pool, none)
		}, []string{
			`UserPool is "Stack/Pool": it has a DefineAuthChallenge trigger already`,
			`UserPool is "Stack/Pool": it has a CreateAuthChallenge trigger already`,
			`UserPool is "Stack/Pool": it has a VerifyAuthChallengeResponse trigger already`,
		}},
		"rejects a pool of another stack": {func() {
			app := awscdk.NewApp(nil)
			pool := theirPool(awscdk.NewStack(app, jsii.String("Accounts"), nil))
			attach(awscdk.NewStack(app, jsii.String("Login"), nil), "Passkeys", pool, none)
		}, []string{`UserPool is "Accounts/Pool": make the construct in the pool's own stack, Accounts: the pool would refer to its triggers and they to the pool. Or import the pool by its id`}},
		"rejects a pool of the parent stack": {func() {
			stack := newStack()
			attach(awscdk.NewNestedStack(stack, jsii.String("Nested"), nil), "Passkeys", theirPool(stack), none)
		}, []string{`UserPool is "Stack/Pool": make the construct in the pool's own stack, Stack:`}},
		"rejects passkeys of one factor where MFA is required": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) { p.UserVerification = passkeys.UserVerificationPreferred })
		}, []string{`UserVerification is "preferred": use "required": the pool requires MFA`}},
		"rejects mails where MFA is required": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) {
				p.EmailCode, p.Mail = &passkeys.EmailCode{}, &passkeys.Mail{From: "sign-in@example.com"}
			})
		}, []string{`EmailCode, EmailLink and SMSCode is "set": leave them out: the pool requires MFA`}},
		"rejects text messages where MFA is required": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) {
				p.SMSCode = &passkeys.SMSCode{OriginationIdentity: originationIdentity, CountryCodes: []string{"+49"}}
			})
		}, []string{`EmailCode, EmailLink and SMSCode is "set": leave them out: the pool requires MFA`}},
		"rejects an attribute of another type": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) { p.MarkerAttribute = "tier" })
		}, []string{`UserPool is "Stack/Pool": its custom attribute "tier" is no text that can be changed: use another MarkerAttribute`}},
		"rejects an attribute that can't change": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) { p.MarkerAttribute = "code" })
		}, []string{`UserPool is "Stack/Pool": its custom attribute "code"`}},
		"rejects a client without custom authentication": {client(&awscognito.AuthFlow{UserSrp: jsii.Bool(true)}, jsii.Bool(true)),
			[]string{`Clients is "Stack/Pool/Client": let it use custom authentication: AuthFlows:`}},
		"rejects a client that says who has an account": {client(&awscognito.AuthFlow{Custom: jsii.Bool(true)}, nil),
			[]string{`Clients is "Stack/Pool/Client": set PreventUserExistenceErrors to true`}},
		"rejects all that is wrong with a client": {client(nil, jsii.Bool(false)),
			[]string{`Clients is "Stack/Pool/Client": set PreventUserExistenceErrors`, `Clients is "Stack/Pool/Client": let it use custom authentication`}},
		"rejects a client of another pool": {func() {
			stack := newStack()
			other := theirClient(theirPool(constructs.NewConstruct(stack, jsii.String("Other"))), "Client")
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) { p.Clients = []awscognito.IUserPoolClient{other} })
		}, []string{`Clients is "Stack/Other/Pool/Client": list app clients of UserPool only`}},
		"rejects an imported pool of another region": {func() {
			stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String("us-east-1")}})
			attach(stack, "Passkeys", awscognito.UserPool_FromUserPoolId(stack, jsii.String("Pool"), jsii.String("eu-west-1_Theirs001")), none)
		}, []string{`UserPool is "eu-west-1_Theirs001": deploy the stack to the pool's region, eu-west-1: it goes to us-east-1`}},
		"rejects what is said of a pool that isn't there": {func() {
			stack := newStack()
			attach(stack, "Passkeys", nil, func(p *passkeys.Props) {
				p.ReplaceTriggers, p.Attachment, p.CaseSensitiveUserNames = []passkeys.Trigger{passkeys.TriggerDefine}, 1, true
				p.SMSRole = awsiam.Role_FromRoleName(stack, jsii.String("Role"), jsii.String("texts"), nil)
			})
		}, []string{"ReplaceTriggers is set: leave it out, or set UserPool too", "Attachment is set: ", "SMSRole is set: ", "CaseSensitiveUserNames is set: "}},
		"rejects what is the owner's to set": {func() {
			stack := newStack()
			attach(stack, "Passkeys", theirPool(stack), func(p *passkeys.Props) { p.SelfSignUp, p.MFA = jsii.Bool(false), passkeys.MFAOptional })
		}, []string{"SelfSignUp is set: leave it out: it is for the owner of UserPool to set there", "MFA is set: "}},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := refusal(t, tt.make); !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("problems\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

func TestReplaceTriggersReplacesExactlyThose(t *testing.T) {
	stack := newStack()
	pool := theirPool(stack)
	pool.AddTrigger(awscognito.UserPoolOperation_DEFINE_AUTH_CHALLENGE(), theirFunction(stack, "define"), "")
	props := minimal()
	props.UserPool, props.ReplaceTriggers = pool, []passkeys.Trigger{passkeys.TriggerDefine}
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	config := all.named(t, userPool, "Pool")["LambdaConfig"].(map[string]any)
	if got := flat(config["DefineAuthChallenge"]); got != "${PasskeysTriggersDefineAuthChallengeLive}" {
		t.Errorf("Define is %s", got)
	}
	if got := flat(config["PreSignUp"]); !strings.HasSuffix(got, ":presignup") {
		t.Errorf("PreSignUp is %s", got)
	}
	permitted := invokers(all)["${PasskeysTriggersDefineAuthChallengeLive}"]
	if want := "cognito-idp.amazonaws.com for ${Pool.Arn}"; permitted != want {
		t.Errorf("Define may be invoked by %s, want %s", permitted, want)
	}
	// Without Clients the construct makes one.
	if item := all.ofType("Custom::PasskeysAppClient"); len(item) != 1 || p.Client() == nil || len(all.ofType(userPoolClient)) != 1 {
		t.Errorf("served %v", item)
	}
}

// imported is an app of stacks for pools that it doesn't declare: stack → resources.
var imported = sync.OnceValue(func() map[string]resources {
	app := awscdk.NewApp(nil)
	byID := awscdk.NewStack(app, jsii.String("ById"), nil)
	props := minimal()
	props.UserPool = awscognito.UserPool_FromUserPoolId(byID, jsii.String("Pool"), jsii.String("eu-west-1_Theirs001"))
	props.Clients = []awscognito.IUserPoolClient{
		awscognito.UserPoolClient_FromUserPoolClientId(byID, jsii.String("Web"), jsii.String("3n4b5urk1ft4fl3mg5e62d9ado")),
	}
	props.ReplaceTriggers, props.Attachment, props.CaseSensitiveUserNames = []passkeys.Trigger{passkeys.TriggerVerify}, 2, true
	passkeys.New(byID, jsii.String("Passkeys"), &props)

	byARN := awscdk.NewStack(app, jsii.String("ByArn"), &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String("us-gov-west-1")}})
	props = minimal()
	props.UserPool = awscognito.UserPool_FromUserPoolArn(byARN, jsii.String("Pool"),
		jsii.String("arn:aws-us-gov:cognito-idp:us-gov-west-1:111111111111:userpool/us-gov-west-1_Theirs001"))
	props.SMSRole = awsiam.Role_FromRoleArn(byARN, jsii.String("Texts"), jsii.String("arn:aws-us-gov:iam::111111111111:role/Texts"), nil)
	props.SenderKey = awskms.Key_FromKeyArn(byARN, jsii.String("Senders"), jsii.String("arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/senders"))
	passkeys.New(byARN, jsii.String("Passkeys"), &props)

	all := map[string]resources{}
	for _, stack := range []awscdk.Stack{byID, byARN} {
		all[*stack.StackName()] = resourcesOf(assertions.Template_FromStack(stack, nil))
	}
	return all
})

// triggersOf lists what the custom resource attaches to a pool.
func triggersOf(all resources) string {
	var list []string
	for _, attachment := range all.ofType("Custom::PasskeysUserPool") {
		for trigger, function := range attachment["Triggers"].(map[string]any) {
			list = append(list, trigger+"="+flat(function))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestImportedPoolGetsTriggersFromACustomResource(t *testing.T) {
	all := imported()["ById"]
	got := map[string]string{}
	for name, value := range all.named(t, "Custom::PasskeysUserPool", "PasskeysTriggersAttachment") {
		got[name] = text(value)
	}
	got["Triggers"] = triggersOf(all)
	want := map[string]string{
		"ServiceToken": "${PasskeysKeysProvision.Arn}", "ServiceTimeout": "120", "TableName": "${PasskeysTable}", "UserPoolId": "eu-west-1_Theirs001",
		"Triggers": "CreateAuthChallenge=${PasskeysTriggersCreateAuthChallengeLive} DefineAuthChallenge=${PasskeysTriggersDefineAuthChallengeLive} " +
			"VerifyAuthChallengeResponse=${PasskeysTriggersVerifyAuthChallengeLive}", "UserVerification": "required", "FoldUserNames": "false",
		"ClientIds": "3n4b5urk1ft4fl3mg5e62d9ado", "Attributes": "created_by", "Replace": "VerifyAuthChallengeResponse", "Attachment": "2",
	}
	if !maps.Equal(got, want) {
		t.Errorf("properties %v, want %v", got, want)
	}
	if len(all.ofType(userPool))+len(all.ofType(userPoolClient)) != 0 {
		t.Error("the stack declares a pool or a client of its own")
	}
	if got := environment(t, all, "PasskeysTriggersCreateAuthChallenge")["PASSKEYS_FOLD_USER_NAMES"]; got != "false" {
		t.Errorf("Create folds user names: %s", got)
	}
	if got := all.named(t, "Custom::PasskeysAppClient", "PasskeysTriggers3n4b5urk1ft4fl3mg5e62d9ado")["ClientId"]; got != "3n4b5urk1ft4fl3mg5e62d9ado" {
		t.Errorf("served %v", got)
	}
}

// The permission must be there before the pool calls.
func TestImportedPoolMayInvokeItsTriggersFirst(t *testing.T) {
	all := imported()["ById"]
	var waits []string
	for _, resource := range all {
		if resource["Type"] == "Custom::PasskeysUserPool" {
			for _, id := range resource["DependsOn"].([]any) {
				waits = append(waits, withoutHash(id.(string)))
			}
		}
	}
	slices.Sort(waits)
	want := []string{
		"PasskeysTriggersCreateAuthChallengePermission", "PasskeysTriggersDefineAuthChallengePermission", "PasskeysTriggersVerifyAuthChallengeResponsePermission",
	}
	if !slices.Equal(waits, want) {
		t.Errorf("the attachment waits for %v, want %v", waits, want)
	}
}

func TestImportedPoolsPlace(t *testing.T) {
	const byID = "arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/eu-west-1_Theirs001"
	const byARN = "arn:aws-us-gov:cognito-idp:us-gov-west-1:111111111111:userpool/us-gov-west-1_Theirs001"
	tests := map[string]struct {
		arn, issuer string
		provision   []string // what the provision function may do of Cognito
	}{
		"ById": {byID, "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/eu-west-1_Theirs001", []string{
			"cognito-idp:DescribeUserPool cognito-idp:UpdateUserPool cognito-idp:AddCustomAttributes cognito-idp:DescribeUserPoolClient on " + byID,
		}},
		"ByArn": {byARN, "https://cognito-idp.us-gov-west-1.${AWS::URLSuffix}/us-gov-west-1_Theirs001", []string{
			"cognito-idp:DescribeUserPool cognito-idp:UpdateUserPool cognito-idp:AddCustomAttributes on " + byARN,
		}},
	}
	for stack, tt := range tests {
		t.Run(stack, func(t *testing.T) {
			all := imported()[stack]
			for function, who := range invokers(all) {
				if want := "cognito-idp.amazonaws.com for " + tt.arn; strings.Contains(function, "Trigger") && who != want {
					t.Errorf("%s may be invoked by %s, want %s", function, who, want)
				}
			}
			authorizer := all.named(t, "AWS::ApiGatewayV2::Authorizer", "PasskeysApiAuthorizer")["JwtConfiguration"].(map[string]any)
			if got := flat(authorizer["Issuer"]); got != tt.issuer {
				t.Errorf("issuer %s, want %s", got, tt.issuer)
			}
			if got := provisionActions(t, all, "cognito-idp:"); !slices.Equal(got, tt.provision) {
				t.Errorf("the provision function may %v, want %v", got, tt.provision)
			}
			if got := provisionActions(t, all, "dynamodb:GetItem"); len(got) != 1 || !strings.HasSuffix(got[0], " if CONFIG") {
				t.Errorf("the provision function may %v", got)
			}
		})
	}
}

func TestProvisionMayPassOnWhatThePoolUses(t *testing.T) {
	for service, want := range map[string]string{
		"iam:": "iam:PassRole on arn:aws-us-gov:iam::111111111111:role/Texts if cognito-idp.amazonaws.com",
		"kms:": "kms:CreateGrant on arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/senders",
	} {
		if got := provisionActions(t, imported()["ByArn"], service); !slices.Equal(got, []string{want}) {
			t.Errorf("it may %v, want %s", got, want)
		}
		if got := provisionActions(t, imported()["ById"], service); got != nil {
			t.Errorf("it may %v where the pool doesn't ask for it", got)
		}
	}
}
