package passkeys_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// A new logical id of one of these would replace users, passkeys or keys.
func TestLogicalIDsOfWhatHoldsData(t *testing.T) {
	for _, id := range []string{
		"PasskeysUserPool127CE123", "PasskeysUserPoolClientB0FDA7AE", "PasskeysTableFF312D69",
		"PasskeysKeysStampKey33646E06", "PasskeysKeysDecoyKey05F2ED2A",
	} {
		if defaults().all[id] == nil {
			t.Errorf("no resource %s any more", id)
		}
	}
}

func TestLeastPrivilege(t *testing.T) {
	const (
		logs = "logs:CreateLogStream logs:PutLogEvents on ${Passkeys%sLogs.Arn}"
		ssm  = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/passkeys/Stack/Passkeys/"
	)
	want := map[string][]string{ // function → statements
		"TriggersDefineAuthChallenge": {},
		"TriggersCreateAuthChallenge": {
			"dynamodb:GetItem on ${PasskeysTable.Arn} if USER#* CONFIG",
			"ssm:GetParameter on " + ssm + "decoy",
		},
		"TriggersVerifyAuthChallenge": {
			"dynamodb:GetItem dynamodb:UpdateItem on ${PasskeysTable.Arn} if USER#*",
		},
		"ApiFunction": {
			"dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem on ${PasskeysTable.Arn} if USER#* CRED#*",
			"ssm:GetParameter on " + ssm + "stamp",
		},
		"KeysProvision": {
			"ssm:PutParameter ssm:DeleteParameter on " + ssm + "stamp",
			"ssm:GetParameter on " + ssm + "stamp",
			"ssm:PutParameter ssm:DeleteParameter on " + ssm + "decoy",
			"ssm:GetParameter on " + ssm + "decoy",
			"dynamodb:PutItem dynamodb:DeleteItem on ${PasskeysTable.Arn} if CONFIG",
		},
	}
	all := defaults().all
	if n := len(all.ofType("AWS::IAM::Role")); n != len(want) {
		t.Errorf("%d roles, want one per function: %d", n, len(want))
	}
	if n := len(all.ofType("AWS::IAM::Policy")); n != 0 {
		t.Errorf("%d policies beside the roles' own", n)
	}
	for function, statements := range want {
		role := all.named(t, "AWS::IAM::Role", "Passkeys"+function+"Role")
		if role["ManagedPolicyArns"] != nil {
			t.Errorf("%s has managed policies", function)
		}
		got, want := statementsOf(role), append(statements, fmt.Sprintf(logs, function))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s may\n  %s\nwant\n  %s", function, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		if got := flat(all.named(t, "AWS::Lambda::Function", "Passkeys"+function)["Role"]); got != "${Passkeys"+function+"Role.Arn}" {
			t.Errorf("%s runs as %s", function, got)
		}
	}
}

func statementsOf(role map[string]any) []string {
	var statements []string
	for _, policy := range role["Policies"].([]any) {
		document := policy.(map[string]any)["PolicyDocument"].(map[string]any)
		for _, s := range document["Statement"].([]any) {
			statement := s.(map[string]any)
			text := flat(statement["Action"]) + " on " + flat(statement["Resource"])
			for _, keys := range mapOf(statement["Condition"]) {
				for _, values := range mapOf(keys) {
					text += " if " + flat(values)
				}
			}
			statements = append(statements, text)
		}
	}
	return statements
}

// invokers: function → who may invoke it
func invokers(all resources) map[string]string {
	who := map[string]string{}
	for _, permission := range all.ofType("AWS::Lambda::Permission") {
		who[flat(permission["FunctionName"])] += flat(permission["Principal"]) + " for " + flat(permission["SourceArn"])
	}
	return who
}

func TestInvocationIsLimitedToOneSource(t *testing.T) {
	got := invokers(defaults().all)
	const pool = "cognito-idp.amazonaws.com for ${PasskeysUserPool.Arn}"
	want := map[string]string{
		"${PasskeysTriggersDefineAuthChallengeLive}": pool,
		"${PasskeysTriggersCreateAuthChallengeLive}": pool,
		"${PasskeysTriggersVerifyAuthChallengeLive}": pool,
		"${PasskeysApiFunctionLive}":                 "apigateway.amazonaws.com for arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PasskeysApi}/*/*/*",
	}
	if !maps.Equal(got, want) {
		t.Errorf("permissions %v, want %v", got, want)
	}
}

func TestNoCycle(t *testing.T) {
	all := tryOut().all
	const (
		entered = 1
		left    = 2
	)
	state := map[string]int{} // logical id → entered or left
	var visit func(id string, path []string)
	visit = func(id string, path []string) {
		path = append(path, id)
		if state[id] == entered {
			t.Fatalf("cycle: %s", strings.Join(path, " → "))
		}
		if state[id] == left || all[id] == nil {
			return
		}
		state[id] = entered
		for _, next := range references(all[id]) {
			visit(next, path)
		}
		state[id] = left
	}
	for id := range all {
		visit(id, nil)
	}
}

// references lists the logical ids that a template value refers to.
func references(value any) []string {
	var ids []string
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			ids = append(ids, references(element)...)
		}
	case map[string]any:
		for key, element := range v {
			switch key {
			case "Ref":
				ids = append(ids, element.(string))
			case "Fn::GetAtt":
				ids = append(ids, element.([]any)[0].(string))
			case "DependsOn":
				for _, id := range element.([]any) {
					ids = append(ids, id.(string))
				}
			default:
				ids = append(ids, references(element)...)
			}
		}
	}
	return ids
}

// environment returns a function's variables, each with a text of some kind.
func environment(t *testing.T, all resources, function string) map[string]string {
	t.Helper()
	env := map[string]string{}
	declared, _ := all.named(t, "AWS::Lambda::Function", function)["Environment"].(map[string]any)
	variables, _ := declared["Variables"].(map[string]any)
	for name, value := range variables {
		env[name] = flat(value)
	}
	return env
}

func TestFunctionsGetTheirSettings(t *testing.T) {
	const path = "/passkeys/Stack/Passkeys/"
	var define settings.Define
	var create settings.Create
	var verify settings.Verify
	var api settings.API
	for function, into := range map[string]any{
		"TriggersDefineAuthChallenge": &define, "TriggersCreateAuthChallenge": &create, "TriggersVerifyAuthChallenge": &verify, "ApiFunction": &api,
	} {
		env := environment(t, tryOut().all, "Passkeys"+function)
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		if err := settings.Parse(lookup, into); err != nil {
			t.Errorf("%s: %v", function, err)
		}
	}
	checks := map[string]struct{ got, want any }{
		"create": {create, settings.Create{Table: "${PasskeysTable}", DecoyParameter: path + "decoy", FoldUserNames: true}},
		"verify": {verify, settings.Verify{
			Table: "${PasskeysTable}", RelyingPartyID: "example.com", Origins: []string{"https://example.com"},
			StampKeys: []string{"${PasskeysKeysStampKey.PublicKeys}"},
		}},
		"api": {api, settings.API{
			Table: "${PasskeysTable}", UserPoolID: "${PasskeysUserPool}",
			ClientIDs:      []string{"${PasskeysUserPoolClient}", "${PasskeysUserPoolBackendClient}"},
			RelyingPartyID: "example.com", RelyingPartyName: "example.com", Origins: []string{"https://example.com"},
			UserVerification: "required", StampParameter: path + "stamp", VerifiedAttributes: []string{"email_verified"},
			MaxPasskeys: 20, RecentAuthentication: 5 * time.Minute,
		}},
	}
	for name, c := range checks {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
}

func TestFunctions(t *testing.T) {
	timeouts := map[string]any{
		"TriggersDefineAuthChallenge": 4.0, "TriggersCreateAuthChallenge": 4.0, "TriggersVerifyAuthChallenge": 4.0, "ApiFunction": 10.0, "KeysProvision": 60.0,
	}
	for name, timeout := range timeouts {
		function := defaults().all.named(t, "AWS::Lambda::Function", "Passkeys"+name)
		if function["Timeout"] != timeout || function["Runtime"] != "provided.al2023" || flat(function["Architectures"]) != "arm64" {
			t.Errorf("%s: timeout %v, runtime %v, architectures %v", name, function["Timeout"], function["Runtime"], function["Architectures"])
		}
		group := function["LoggingConfig"].(map[string]any)["LogGroup"]
		if flat(group) != "${Passkeys"+name+"Logs}" {
			t.Errorf("%s logs to %v", name, group)
		}
	}
	defaults().template.AllResourcesProperties(jsii.String("AWS::Logs::LogGroup"), map[string]any{"RetentionInDays": 90})
}

func TestTable(t *testing.T) {
	defaults().template.HasResource(jsii.String("AWS::DynamoDB::Table"), map[string]any{
		"DeletionPolicy":      "Retain",
		"UpdateReplacePolicy": "Retain",
		"Properties": map[string]any{
			"KeySchema": []any{
				map[string]any{"AttributeName": "pk", "KeyType": "HASH"},
				map[string]any{"AttributeName": "sk", "KeyType": "RANGE"},
			},
			"BillingMode":                      "PAY_PER_REQUEST",
			"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
			"TimeToLiveSpecification":          map[string]any{"AttributeName": "ttl", "Enabled": true},
			"DeletionProtectionEnabled":        true,
			"GlobalSecondaryIndexes":           assertions.Match_Absent(),
			"TableName":                        assertions.Match_Absent(),
		},
	})
}

func TestSecretsAreNotInTheTemplate(t *testing.T) {
	for name, kind := range map[string]string{"StampKey": "ed25519", "DecoyKey": "symmetric"} {
		got := maps.Clone(defaults().all.named(t, "Custom::PasskeysSecret", "PasskeysKeys"+name))
		delete(got, "Parameter")
		want := map[string]any{
			"ServiceToken": got["ServiceToken"], "Kind": kind, "Rotation": 0.0, "RemovalPolicy": "retain", "ServiceTimeout": 120.0,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestDestroySwitchesAllProtectionOff(t *testing.T) {
	all := tryOut().all
	for id, resource := range all {
		if policy := resource["DeletionPolicy"]; policy == "Retain" {
			t.Errorf("%s is retained", id)
		}
	}
	if got := all.named(t, userPool, "PasskeysUserPool")["DeletionProtection"]; got != "INACTIVE" {
		t.Errorf("deletion protection of the pool is %v", got)
	}
	if got := all.named(t, "AWS::DynamoDB::Table", "PasskeysTable")["DeletionProtectionEnabled"]; got != false {
		t.Errorf("deletion protection of the table is %v", got)
	}
	for id, secret := range all.ofType("Custom::PasskeysSecret") {
		if secret["RemovalPolicy"] != "destroy" {
			t.Errorf("%s: %v", id, secret["RemovalPolicy"])
		}
	}
}

func TestRoutes(t *testing.T) {
	got := map[string]any{} // route key → type of authorization
	for _, route := range defaults().all.ofType("AWS::ApiGatewayV2::Route") {
		got[route["RouteKey"].(string)] = route["AuthorizationType"]
	}
	want := map[string]any{}
	for _, route := range routes.All() {
		want[route.Key()] = map[routes.Token]string{routes.NoToken: "NONE", routes.AccessToken: "JWT"}[route.Token]
	}
	if !maps.Equal(got, want) {
		t.Errorf("routes %v, want %v", got, want)
	}
	authorizer := tryOut().all.named(t, "AWS::ApiGatewayV2::Authorizer", "PasskeysApiAuthorizer")["JwtConfiguration"].(map[string]any)
	if got, want := flat(authorizer["Issuer"]), "https://${PasskeysUserPool.ProviderName}"; got != want {
		t.Errorf("issuer %s, want %s", got, want)
	}
	if got, want := flat(authorizer["Audience"]), "${PasskeysUserPoolClient} ${PasskeysUserPoolBackendClient}"; got != want {
		t.Errorf("audience %s, want %s", got, want)
	}
}

func TestStage(t *testing.T) {
	defaults().template.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{
		"StageName":            "$default",
		"AutoDeploy":           true,
		"DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200},
	})
	for _, stage := range defaults().all.ofType("AWS::ApiGatewayV2::Stage") {
		format := stage["AccessLogSettings"].(map[string]any)["Format"].(string)
		if found := regexp.MustCompile(`(?i)\.(path|identity|header|claims|token)`).FindString(format); found != "" {
			t.Errorf("the access log format %s shows %s", format, found)
		}
	}
}

func TestCORSIsForWebOriginsOnly(t *testing.T) {
	const app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
	props := minimal()
	props.Origins = []string{"https://example.com", app, "https://login.example.com:8443"}
	props.Architecture = awslambda.Architecture_X86_64()
	s := synthesize(props)
	s.template.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"CorsConfiguration": map[string]any{
			"AllowOrigins": []any{"https://example.com", "https://login.example.com:8443"},
			"AllowMethods": []any{"GET", "POST", "PATCH", "DELETE"},
			"AllowHeaders": []any{"authorization", "content-type"},
			"MaxAge":       7200,
		},
	})
	if got := environment(t, s.all, "PasskeysTriggersVerifyAuthChallenge")["PASSKEYS_ORIGINS"]; !strings.Contains(got, app) {
		t.Errorf("Verify accepts %s, want the app too", got)
	}
	s.template.AllResourcesProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Architectures": []any{"x86_64"}})
}

func TestTwoInStackShareNothing(t *testing.T) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	for _, id := range []string{"One", "Two"} {
		props := minimal()
		passkeys.New(stack, jsii.String(id), &props)
	}
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	names := map[string]bool{}
	for _, secret := range all.ofType("Custom::PasskeysSecret") {
		names[flat(secret["Parameter"])] = true
	}
	if len(names) != 4 {
		t.Errorf("parameters %v, want four", names)
	}
}
