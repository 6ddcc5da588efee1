package passkeys_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// composed is one app with many stacks. What their templates hold is known only
// once all of them are made.
type composed struct {
	all   map[string]resources // stack → resources
	login *passkeys.Passkeys   // the construct of Own
}

// secretNames are names of what the account has already.
const (
	stampParameter = "/login/stamp"
	decoySecret    = "login/decoy"
	decoyReference = "/aws/reference/secretsmanager/${Decoy}" // the name as the secret's ARN has it
)

var composition = sync.OnceValue(func() composed {
	// The flag turns what the CDK CLI finds, such as a cycle, into an error.
	app := awscdk.NewApp(&awscdk.AppProps{Context: &map[string]any{"@aws-cdk/core:validateAgainstDefaultRules": true}})
	var c composed
	stacks := map[string]awscdk.Stack{}
	add := func(id, region string) awscdk.Stack {
		props := &awscdk.StackProps{}
		if region != "" {
			props.Env = &awscdk.Environment{Region: &region}
		}
		stacks[id] = awscdk.NewStack(app, &id, props)
		return stacks[id]
	}
	plain := func(scope constructs.Construct, id string, key awskms.IKey) {
		props := minimal()
		props.EncryptionKey = key
		passkeys.New(scope, &id, &props)
	}
	twice := add("Twice", "")
	plain(twice, "One", nil)
	plain(twice, "Two", nil)
	plain(add("Again", ""), "One", nil)
	stacks["Nested"] = awscdk.NewNestedStack(add("Parent", ""), jsii.String("Nested"), nil)
	plain(stacks["Nested"], "Passkeys", nil)
	gov := add("us-gov-west-1", "us-gov-west-1")
	plain(gov, "Passkeys", awskms.NewKey(gov, jsii.String("Key"), nil))
	addChina(add("cn-north-1", "cn-north-1"))
	c.login = addOwn(add("Own", ""))
	addParts(add("Data", ""), add("Login", ""))

	c.all = map[string]resources{}
	for id, stack := range stacks {
		c.all[id] = resourcesOf(assertions.Template_FromStack(stack, nil))
	}
	return c
})

// addChina declares no pool: CloudFormation knows none there.
func addChina(stack awscdk.Stack) {
	props := minimal()
	props.EncryptionKey = awskms.NewKey(stack, jsii.String("Key"), nil)
	props.UserPool = awscognito.UserPool_FromUserPoolId(stack, jsii.String("Pool"), jsii.String("cn-north-1_Theirs001"))
	props.Clients = []awscognito.IUserPoolClient{
		awscognito.UserPoolClient_FromUserPoolClientId(stack, jsii.String("Client"), jsii.String("3n4b5urk1ft4fl3mg5e62d9ado")),
	}
	passkeys.New(stack, jsii.String("Passkeys"), &props)
}

// addOwn has all that can be the account's own, and all that can be asked for.
func addOwn(stack awscdk.Stack) *passkeys.Passkeys {
	name := func(id string) *string { return &id }
	key := awskms.NewKey(stack, name("Key"), nil)
	props := minimal()
	props.RelatedOrigins = []string{"https://example.co.uk", "https://login.example.de:8443"}
	props.CommonProps = passkeys.CommonProps{
		EncryptionKey: key, MemorySize: 1024, ReservedConcurrency: 50, ProvisionedConcurrency: 2,
		Rollout: awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES(),
	}
	props.Table = awsdynamodb.Table_FromTableAttributes(stack, name("Table"), &awsdynamodb.TableAttributes{
		TableName:     jsii.String("passkeys"),
		EncryptionKey: awskms.Key_FromKeyArn(stack, name("TableKey"), jsii.String("arn:aws:kms:us-east-1:111111111111:key/table")),
	})
	props.StampKey = &passkeys.ExistingKey{
		Parameter:     stampParameter,
		EncryptionKey: awskms.Key_FromKeyArn(stack, name("StampKey"), jsii.String("arn:aws:kms:us-east-1:111111111111:key/stamp")),
	}
	props.DecoyKey = &passkeys.ExistingKey{
		Secret: awssecretsmanager.NewSecret(stack, name("Decoy"), &awssecretsmanager.SecretProps{SecretName: jsii.String(decoySecret), EncryptionKey: key}),
	}
	props.Domain = &passkeys.Domain{
		Name: awsapigatewayv2.NewDomainName(stack, name("Domain"), &awsapigatewayv2.DomainNameProps{
			DomainName:  jsii.String("api.example.com"),
			Certificate: awscertificatemanager.Certificate_FromCertificateArn(stack, name("Certificate"), jsii.String("arn:aws:acm:us-east-1:111111111111:certificate/api")),
		}),
		BasePath: "v1/auth",
	}
	return passkeys.New(stack, name("Passkeys"), &props)
}

// addParts uses each part by itself: the table in a stack of data, all else in another.
func addParts(data, login awscdk.Stack) {
	name := func(id string) *string { return &id }
	common := passkeys.CommonProps{EncryptionKey: awskms.NewKey(data, name("Key"), nil)}
	table := passkeys.NewCredentialTable(data, name("Table"), &common)
	keys := passkeys.NewKeys(login, name("Keys"), nil)
	triggers := passkeys.NewTriggers(login, name("Triggers"), &passkeys.TriggersProps{
		Table: table, Keys: keys, RelyingPartyID: "example.com", Origins: []string{"https://example.com"},
	})
	pool := theirPool(login)
	client := theirClient(pool, "Client")
	triggers.Attach(pool, nil)
	triggers.Serve(client)
	passkeys.NewAPI(login, name("Api"), &passkeys.APIProps{
		UserPool: pool, Clients: []awscognito.IUserPoolClient{client}, Table: table, Keys: keys,
		RelyingPartyID: "example.com", RelyingPartyName: "Example", Origins: []string{"https://example.com"},
		UserVerification: passkeys.UserVerificationRequired, MaxPasskeys: 20, RecentAuthentication: 5 * time.Minute, SignIn: passkeys.SignInEmail,
	})
}

// parameters lists the names of the key rings of a stack.
func parameters(all resources) []string {
	var names []string
	for _, ring := range all.ofType("Custom::PasskeysSecret") {
		names = append(names, flat(ring["Parameter"]))
	}
	slices.Sort(names)
	return names
}

func TestInstancesShareNothing(t *testing.T) {
	for stack, want := range map[string][]string{
		"Twice":  {"/passkeys/Twice/One/decoy", "/passkeys/Twice/One/stamp", "/passkeys/Twice/Two/decoy", "/passkeys/Twice/Two/stamp"},
		"Again":  {"/passkeys/Again/One/decoy", "/passkeys/Again/One/stamp"},
		"Nested": {"/passkeys/Parent/Nested/Passkeys/decoy", "/passkeys/Parent/Nested/Passkeys/stamp"},
	} {
		if got := parameters(composition().all[stack]); !slices.Equal(got, want) {
			t.Errorf("%s has parameters %v, want %v", stack, got, want)
		}
	}
	for id, resource := range composition().all["Twice"] {
		for _, other := range references(resource) {
			if strings.HasPrefix(id, "One") && strings.HasPrefix(other, "Two") || strings.HasPrefix(id, "Two") && strings.HasPrefix(other, "One") {
				t.Errorf("%s refers to %s", id, other)
			}
		}
	}
}

func TestNestedStackHasAllAsAnyOther(t *testing.T) {
	count := func(all resources) map[string]int {
		types := map[string]int{} // resource type → how many
		for _, resource := range all {
			types[resource["Type"].(string)]++
		}
		return types
	}
	if got, want := count(composition().all["Nested"]), count(defaults().all); !maps.Equal(got, want) {
		t.Errorf("resources %v, want %v", got, want)
	}
	for id := range composition().all["Nested"] {
		if strings.ContainsAny(id, "$[]{}") || strings.Contains(id, "TOKEN") {
			t.Errorf("the logical id %s holds a token", id)
		}
	}
}

func TestOtherPartitions(t *testing.T) {
	for region, logs := range map[string]string{
		"us-gov-west-1": "logs.us-gov-west-1.${AWS::URLSuffix}", "cn-north-1": "logs.cn-north-1.${AWS::URLSuffix}",
	} {
		t.Run(region, func(t *testing.T) {
			all := composition().all[region]
			document, err := json.Marshal(all)
			if err != nil {
				t.Fatal(err)
			}
			if found := regexp.MustCompile(`arn:aws:[^"]*|https://[^"]*amazonaws\.com[^"]*`).Find(document); found != nil {
				t.Errorf("the template holds %s", found)
			}
			principals := map[string]bool{}
			for _, resource := range all {
				for _, principal := range principalsOf(resource["Properties"]) {
					principals[principal] = true
				}
			}
			want := []string{"apigateway.amazonaws.com", "arn:${AWS::Partition}:iam::${AWS::AccountId}:root", "cognito-idp.amazonaws.com", "lambda.amazonaws.com", logs}
			if got := slices.Sorted(maps.Keys(principals)); !slices.Equal(got, want) {
				t.Errorf("principals %v, want %v", got, want)
			}
		})
	}
}

// principalsOf lists whom policies and permissions name.
func principalsOf(value any) []string {
	var found []string
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			found = append(found, principalsOf(element)...)
		}
	case map[string]any:
		for name, element := range v {
			if principal, ok := element.(map[string]any); ok && name == "Principal" && principal["Fn::Join"] == nil {
				for _, who := range principal {
					found = append(found, flat(who))
				}
			} else if name == "Principal" {
				found = append(found, flat(element))
			} else {
				found = append(found, principalsOf(element)...)
			}
		}
	}
	return found
}

// The stack of the table must not need the other's.
func TestPartsInTwoStacks(t *testing.T) {
	data, login := composition().all["Data"], composition().all["Login"]
	types := map[string]int{}
	for _, resource := range data {
		types[resource["Type"].(string)]++
	}
	if want := map[string]int{"AWS::DynamoDB::Table": 1, "AWS::KMS::Key": 1}; !maps.Equal(types, want) {
		t.Errorf("the stack of data has %v, want %v", types, want)
	}
	document, err := json.Marshal(data)
	if err != nil || strings.Contains(string(document), "Fn::ImportValue") || strings.Contains(string(document), "Fn::GetStackOutput") {
		t.Errorf("the stack of data needs another: %s, %v", document, err)
	}
	for _, function := range []string{"TriggersCreateAuthChallenge", "TriggersVerifyAuthChallenge", "ApiFunction"} {
		if login.named(t, "AWS::Lambda::Function", function) == nil {
			t.Errorf("no function %s", function)
		}
	}
	if items := login.ofType("Custom::PasskeysAppClient"); len(items) != 1 {
		t.Errorf("served %v, want one client", items)
	}
}

// own returns the resources of the stack that has all that can be the account's own.
func own() resources { return composition().all["Own"] }

func TestOwnTableAndKeys(t *testing.T) {
	if n := len(own().ofType("AWS::DynamoDB::Table")); n != 0 {
		t.Errorf("%d tables beside the account's own", n)
	}
	const (
		table    = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/passkeys"
		ssm      = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
		settings = "kms:Decrypt on ${Key.Arn}"
		tableKey = "kms:Encrypt kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo kms:GenerateDataKey kms:DescribeKey on arn:aws:kms:us-east-1:111111111111:key/table" +
			" if dynamodb.${AWS::Region}.amazonaws.com*"
		stampKey = "kms:Decrypt on arn:aws:kms:us-east-1:111111111111:key/stamp if ssm.${AWS::Region}.amazonaws.com*"
		decoyKey = "kms:Decrypt on ${Key.Arn} if secretsmanager.${AWS::Region}.amazonaws.com*"
		stamp    = "ssm:GetParameter on " + ssm + stampParameter
		decoy    = "ssm:GetParameter on " + ssm + decoyReference
		secret   = "secretsmanager:GetSecretValue on ${Decoy}"
	)
	want := map[string][]string{ // function → statements besides its log
		"TriggersDefineAuthChallenge": {settings},
		"TriggersCreateAuthChallenge": {settings, "dynamodb:GetItem on " + table + " if USER#* CONFIG", tableKey, decoy, secret, decoyKey},
		"TriggersVerifyAuthChallenge": {settings, "dynamodb:GetItem dynamodb:UpdateItem on " + table + " if USER#*", tableKey},
		"ApiFunction": {settings, stamp, stampKey, tableKey,
			"dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem on " + table + " if USER#* CRED#*"},
		"KeysProvision": {settings, stamp, stampKey, decoy, secret, decoyKey, "dynamodb:PutItem dynamodb:DeleteItem on " + table + " if CONFIG", tableKey},
	}
	for function, statements := range want {
		got := slices.DeleteFunc(statementsOf(own().named(t, "AWS::IAM::Role", "Passkeys"+function+"Role")), func(s string) bool { return strings.HasPrefix(s, "logs:") })
		slices.Sort(got)
		slices.Sort(statements)
		if !slices.Equal(got, statements) {
			t.Errorf("%s may\n  %s\nwant\n  %s", function, strings.Join(got, "\n  "), strings.Join(statements, "\n  "))
		}
		if key := flat(own().named(t, "AWS::Lambda::Function", "Passkeys"+function)["KmsKeyArn"]); key != "${Key.Arn}" {
			t.Errorf("the settings of %s are encrypted by %s", function, key)
		}
	}
	if n := len(own().ofType("AWS::IAM::Policy")); n != 0 {
		t.Errorf("%d policies beside the roles' own", n)
	}
	for id, group := range own().ofType("AWS::Logs::LogGroup") {
		if key := flat(group["KmsKeyId"]); key != "${Key.Arn}" {
			t.Errorf("the log %s is encrypted by %s", id, key)
		}
	}
}

func TestOwnKeyLetsLogsUseIt(t *testing.T) {
	policy := own().named(t, "AWS::KMS::Key", "Key")["KeyPolicy"].(map[string]any)
	var allowed []any
	for _, s := range policy["Statement"].([]any) {
		statement := s.(map[string]any)
		if strings.HasPrefix(flat(mapOf(statement["Principal"])["Service"]), "logs.") {
			allowed = append(allowed, flat(statement["Action"]), flat(mapOf(mapOf(statement["Condition"])["ArnLike"])["kms:EncryptionContext:aws:logs:arn"]))
		}
	}
	want := []any{
		"kms:Encrypt kms:Decrypt kms:ReEncrypt* kms:GenerateDataKey* kms:DescribeKey",
		"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
	}
	if !reflect.DeepEqual(allowed, want) {
		t.Errorf("CloudWatch Logs may %v, want %v", allowed, want)
	}
}

// With a key of its own the stack's parameters and table are encrypted by it.
func TestOwnKeyOfWhatTheStackMakes(t *testing.T) {
	all := composition().all["us-gov-west-1"]
	for id, ring := range all.ofType("Custom::PasskeysSecret") {
		if key := flat(ring["EncryptionKey"]); key != "${Key.Arn}" {
			t.Errorf("%s is encrypted by %s", id, key)
		}
	}
	encryption := all.named(t, "AWS::DynamoDB::Table", "PasskeysTable")["SSESpecification"]
	if got := flat(mapOf(encryption)["KMSMasterKeyId"]); got != "${Key.Arn}" {
		t.Errorf("the table is encrypted by %s", got)
	}
	const encrypts = "kms:Encrypt on ${Key.Arn} if ssm.us-gov-west-1.amazonaws.com*"
	if got := provisionActions(t, all, "kms:Encrypt on"); !slices.Equal(got, []string{encrypts}) {
		t.Errorf("the provision function may %v, want %s", got, encrypts)
	}
	if n := len(all.ofType("AWS::IAM::Policy")); n != 0 {
		t.Errorf("%d policies beside the roles' own", n)
	}
}

func TestOwnSecretsAreOnlyRead(t *testing.T) {
	for name, parameter := range map[string]string{"StampKey": stampParameter, "DecoyKey": decoyReference} {
		ring := own().named(t, "Custom::PasskeysSecret", "PasskeysKeys"+name)
		if flat(ring["Parameter"]) != parameter || ring["RemovalPolicy"] != "adopted" || ring["EncryptionKey"] != nil {
			t.Errorf("%s is %v, want %s, adopted", name, ring, parameter)
		}
	}
	if got := environment(t, own(), "PasskeysTriggersCreateAuthChallenge")["PASSKEYS_DECOY_PARAMETER"]; got != decoyReference {
		t.Errorf("Create reads %s", got)
	}
}

func TestOwnDomainIsTheOnlyWayIn(t *testing.T) {
	login := composition().login
	if got := flat(awscdk.Stack_Of(login).Resolve(login.API().URL())); got != "https://${Domain}/v1/auth" {
		t.Errorf("the API answers at %s", got)
	}
	for _, mapping := range own().ofType("AWS::ApiGatewayV2::ApiMapping") {
		if got := flat(mapping["DomainName"]) + " " + flat(mapping["ApiMappingKey"]) + " " + flat(mapping["Stage"]); got != "${Domain} v1/auth $default" {
			t.Errorf("the API is mapped to %s", got)
		}
	}
	for _, api := range own().ofType("AWS::ApiGatewayV2::Api") {
		if api["DisableExecuteApiEndpoint"] != true {
			t.Error("API Gateway's own address answers too")
		}
	}
}

func TestRelatedOrigins(t *testing.T) {
	const related = "https://example.co.uk,https://login.example.de:8443"
	for _, function := range []string{"PasskeysTriggersVerifyAuthChallenge", "PasskeysApiFunction"} {
		if got := environment(t, own(), function)["PASSKEYS_RELATED_ORIGINS"]; got != related {
			t.Errorf("%s takes %q, want %q", function, got, related)
		}
	}
	for _, api := range own().ofType("AWS::ApiGatewayV2::Api") {
		if got, want := flat(mapOf(api["CorsConfiguration"])["AllowOrigins"]), "https://example.com "+strings.ReplaceAll(related, ",", " "); got != want {
			t.Errorf("the API lets %s call, want %s", got, want)
		}
	}
	if got, want := composition().login.RelatedOriginsDocument(), `{"origins":["https://example.co.uk","https://login.example.de:8443"]}`; got != want {
		t.Errorf("the document is %s, want %s", got, want)
	}
	if got := defaults().passkeys.RelatedOriginsDocument(); got != "" {
		t.Errorf("the document is %s without related origins", got)
	}
}

// One broken trigger stops every sign-in, so callers see a new version only once
// it is there, and by and by.
func TestRollout(t *testing.T) {
	functions := []string{"PasskeysTriggersDefineAuthChallenge", "PasskeysTriggersCreateAuthChallenge", "PasskeysTriggersVerifyAuthChallenge", "PasskeysApiFunction"}
	if n := len(own().ofType("AWS::CodeDeploy::DeploymentGroup")); n != len(functions) {
		t.Errorf("%d deployment groups, want %d", n, len(functions))
	}
	for _, name := range functions {
		group := own().named(t, "AWS::CodeDeploy::DeploymentGroup", name+"Rollout")
		if config := text(group["DeploymentConfigName"]); config != "CodeDeployDefault.LambdaCanary10Percent5Minutes" {
			t.Errorf("%s goes by %s", name, config)
		}
		if alarms := mapOf(group["AlarmConfiguration"]); alarms["Enabled"] != true || !strings.Contains(flat(mapOf(alarms["Alarms"].([]any)[0])["Name"]), name+"RolloutErrors") {
			t.Errorf("%s is rolled back by %v", name, alarms)
		}
		if events := flat(mapOf(group["AutoRollbackConfiguration"])["Events"]); !strings.Contains(events, "DEPLOYMENT_STOP_ON_ALARM") {
			t.Errorf("%s is rolled back on %s", name, events)
		}
		wantRolloutRole(t, own().named(t, "AWS::IAM::Role", name+"RolloutRole"), name)
		function := own().named(t, "AWS::Lambda::Function", name)
		if function["ReservedConcurrentExecutions"] != 50.0 || function["MemorySize"] != 1024.0 {
			t.Errorf("%s: reserved %v, memory %v", name, function["ReservedConcurrentExecutions"], function["MemorySize"])
		}
		alias := own().named(t, "AWS::Lambda::Alias", name+"Live")
		if got := mapOf(alias["ProvisionedConcurrencyConfig"])["ProvisionedConcurrentExecutions"]; got != 2.0 || alias["Name"] != "live" {
			t.Errorf("%s: alias %v", name, alias)
		}
	}
	for id, resource := range own() {
		if resource["Type"] != "AWS::Lambda::Alias" {
			continue
		}
		update := mapOf(mapOf(resource["UpdatePolicy"])["CodeDeployLambdaAliasUpdate"])
		if flat(update["DeploymentGroupName"]) == "" || flat(update["ApplicationName"]) == "" {
			t.Errorf("%s is updated by %v", id, resource["UpdatePolicy"])
		}
	}
	provision := own().named(t, "AWS::Lambda::Function", "PasskeysKeysProvision")
	if provision["ReservedConcurrentExecutions"] != nil {
		t.Error("the provision function holds concurrency back from sign-ins")
	}
}

func wantRolloutRole(t *testing.T, role map[string]any, function string) {
	t.Helper()
	if role["ManagedPolicyArns"] != nil {
		t.Errorf("%s is rolled out by managed policies: %v", function, role["ManagedPolicyArns"])
	}
	got := strings.Join(statementsOf(role), "\n")
	want := "lambda:GetAlias lambda:UpdateAlias lambda:GetProvisionedConcurrencyConfig on ${" + function + ".Arn} ${" + function + "Live}\n" +
		"cloudwatch:DescribeAlarms on ${" + function + "RolloutErrors.Arn}"
	if got != want {
		t.Errorf("CodeDeploy may\n%s\nwant\n%s", got, want)
	}
}

// What holds data is kept and protected, in every stack.
func TestDataIsRetained(t *testing.T) {
	stateful := []string{userPool, "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::KMS::Key"}
	for stack, all := range composition().all {
		for id, resource := range all {
			if id == "Pool" || !slices.Contains(stateful, resource["Type"].(string)) {
				continue
			}
			if resource["DeletionPolicy"] != "Retain" || resource["UpdateReplacePolicy"] != "Retain" {
				t.Errorf("%s in %s: %v, %v", id, stack, resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
			}
			properties := mapOf(resource["Properties"])
			switch resource["Type"] {
			case "AWS::DynamoDB::Table":
				if properties["DeletionProtectionEnabled"] != true {
					t.Errorf("the table %s in %s is not protected", id, stack)
				}
			case userPool:
				if !strings.HasPrefix(id, "Pool") && properties["DeletionProtection"] != "ACTIVE" {
					t.Errorf("the pool %s in %s is not protected", id, stack)
				}
			}
		}
	}
}

// SSM doesn't take all that a construct id may hold.
func TestParameterPathOfAConstructId(t *testing.T) {
	got := refusal(t, func() {
		props := minimal()
		passkeys.New(newStack(), jsii.String("My passkeys"), &props)
	})
	if len(got) != 1 || !strings.HasPrefix(got[0], `ParameterPath is "/passkeys/Stack/My passkeys": use a path such as`) {
		t.Errorf("problems %v", got)
	}
}
