// Package importedpool_test runs the real provision function against a user pool
// that a stack names by its id and doesn't make.
package importedpool_test

import (
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
)

const (
	module   = "github.com/cognito-passkeys/cognito-passkeys/"
	poolID   = "us-east-1_Theirs001"
	poolARN  = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + poolID
	clientID = "theirclient"
)

//go:embed testdata/template.json
var templateText string

// The pool as its owner made it: with text messages, an attribute, and a trigger
// of which the template says that it may be replaced.
const (
	theirPool = `{
		"UserPoolName": "Customers", "UserPoolTier": "LITE", "DeletionProtection": "ACTIVE",
		"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false},
		"LambdaConfig": {"DefineAuthChallenge": "arn:aws:lambda:us-east-1:000000000000:function:theirs"},
		"Policies": {"PasswordPolicy": {"MinimumLength": 12}},
		"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/Texts", "ExternalId": "x"}
	}`
	theirClient = `{"UserPoolId": "` + poolID + `", "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], "PreventUserExistenceErrors": "ENABLED"}`
)

func foreign(pool, client string) *stack.ForeignPool {
	return &stack.ForeignPool{Properties: json.RawMessage(pool), Clients: map[string]json.RawMessage{clientID: json.RawMessage(client)}}
}

// built are the folders of the functions: name → folder.
var built = map[string]string{}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	root, err := os.MkdirTemp("", "functions")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(root) //nolint:errcheck // the system clears its temporary folder
	for name, path := range map[string]string{"provision": "functions/provision", "trigger": "infra/local/assemblytest/testdata/function"} {
		built[name] = filepath.Join(root, name)
		build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(built[name], "bootstrap"), module+path)
		if output, err := build.CombinedOutput(); err != nil {
			panic(string(output))
		}
	}
	return m.Run()
}

// assembly writes a cloud assembly of the template, in which pairs of texts are
// replaced, and loads it.
func assembly(t *testing.T, replacements ...string) *template.Assembly {
	t.Helper()
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(templateText, replacements[i]) {
			t.Fatalf("the template doesn't contain %q", replacements[i])
		}
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	text := strings.NewReplacer(append(replacements, "ARCHITECTURE", architecture, "POOL_ARN", poolARN)...).Replace(templateText)
	directory := t.TempDir()
	for name, content := range map[string]string{
		"manifest.json": `{"artifacts": {
			"Demo": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "template.json"}},
			"Demo.assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}}}`,
		"assets.json": `{"files": {
			"a": {"source": {"path": "asset.provision"}, "destinations": {"current": {"objectKey": "provision.zip"}}},
			"b": {"source": {"path": "asset.trigger"}, "destinations": {"current": {"objectKey": "trigger.zip"}}}}}`,
		"template.json": text,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, folder := range built {
		if err := os.Symlink(folder, filepath.Join(directory, "asset."+name)); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := template.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func start(t *testing.T, o stack.Options, r *assemblytest.Record) (*stack.Stack, error) {
	t.Helper()
	o.Mail, o.Log = r.Mail, r
	s, err := stack.Start(t.Context(), o)
	if err == nil {
		t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test that closes it looks at the error
	}
	return s, err
}

func mustStart(t *testing.T, o stack.Options, r *assemblytest.Record) (*stack.Stack, assemblytest.Visitor) {
	t.Helper()
	s, err := start(t, o, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return s, assemblytest.Visit(s.UserPool(), clientID)
}

// createdByPasskeys is the attribute that the stack gives the pool.
var createdByPasskeys = types.AttributeType{Name: aws.String("custom:created_by"), Value: aws.String("passkeys")}

func TestUsersOfAnImportedPoolSignIn(t *testing.T) {
	r := &assemblytest.Record{}
	o := stack.Options{Assembly: assembly(t), DataDirectory: filepath.Join(t.TempDir(), "state"), ForeignPool: foreign(theirPool, theirClient)}
	s, v := mustStart(t, o, r)
	v.SignUp(t, r, createdByPasskeys)
	if _, err := v.SignIn(t.Context(), "yes"); err != nil {
		t.Fatal(err)
	}
	if pool := describe(t, v); pool.UserPoolTier != types.UserPoolTierTypeLite || pool.DeletionProtection != types.DeletionProtectionTypeActive ||
		*pool.Policies.PasswordPolicy.MinimumLength != 12 || *pool.SmsConfiguration.ExternalId != "x" || *pool.Name != "Customers" {
		t.Errorf("the pool has lost settings: %+v", pool)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, v = mustStart(t, o, r) // the resource is updated
	if _, err := v.SignIn(t.Context(), "yes"); err != nil {
		t.Errorf("in the next run: %v", err)
	}
}

// withoutAttachment is the change of the template that takes the custom resource away.
func withoutAttachment() []string {
	_, resource, _ := strings.Cut(templateText, `"Attachment": {`)
	resource, _, _ = strings.Cut(resource, `"DependsOn": ["TriggerPermission"]`)
	whole := `,
    "Attachment": {` + resource + `"DependsOn": ["TriggerPermission"]
    }`
	return []string{whole, ""}
}

func describe(t *testing.T, v assemblytest.Visitor) *types.UserPoolType {
	t.Helper()
	out, err := v.API.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: aws.String(poolID)})
	if err != nil {
		t.Fatal(err)
	}
	return out.UserPool
}

func TestAPoolGetsItsTriggersBack(t *testing.T) {
	r := &assemblytest.Record{}
	o := stack.Options{Assembly: assembly(t), DataDirectory: filepath.Join(t.TempDir(), "state"), ForeignPool: foreign(theirPool, theirClient)}
	s, v := mustStart(t, o, r)
	v.SignUp(t, r, createdByPasskeys)
	update := &cognito.UpdateUserPoolInput{ // by hand
		UserPoolId: aws.String(poolID), LambdaConfig: describe(t, v).LambdaConfig, UserPoolTier: types.UserPoolTierTypeEssentials,
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	}
	if _, err := v.API.UpdateUserPool(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	o.Assembly = assembly(t, withoutAttachment()...)
	_, v = mustStart(t, o, r)
	if log := r.String(); !strings.Contains(log, "Delete Attachment (Custom::PasskeysUserPool)") || strings.Contains(log, "deleting "+poolID) {
		t.Fatal(log)
	}
	pool := describe(t, v)
	if aws.ToString(pool.LambdaConfig.DefineAuthChallenge) != "arn:aws:lambda:us-east-1:000000000000:function:theirs" ||
		pool.LambdaConfig.CreateAuthChallenge != nil || pool.LambdaConfig.VerifyAuthChallengeResponse != nil {
		t.Errorf("triggers %+v", pool.LambdaConfig)
	}
	if pool.UserPoolTier != types.UserPoolTierTypeEssentials || pool.SmsConfiguration != nil || *pool.Name != "Customers" {
		t.Errorf("what was changed by hand is lost: plan %s, text messages %+v, name %s", pool.UserPoolTier, pool.SmsConfiguration, *pool.Name)
	}
	if !slices.ContainsFunc(pool.SchemaAttributes, func(a types.SchemaAttributeType) bool { return *a.Name == "custom:created_by" }) {
		t.Error("the attribute is gone")
	}
}

func TestForgettingWhatAPoolHadNeedsItsPermission(t *testing.T) {
	r := &assemblytest.Record{}
	o := stack.Options{Assembly: assembly(t), DataDirectory: filepath.Join(t.TempDir(), "state"), ForeignPool: foreign(theirPool, theirClient)}
	s, _ := mustStart(t, o, r)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Assembly = assembly(t, append(withoutAttachment(), `"dynamodb:DeleteItem"`, `"logs:PutLogEvents"`)...)
	mustStart(t, o, r)
	if log := r.String(); !strings.Contains(log, "is not authorized to perform: dynamodb:DeleteItem on resource: ") {
		t.Error(log)
	}
}

func TestAPoolThatIsNotDescribedSuitsTheStack(t *testing.T) {
	r := &assemblytest.Record{}
	_, v := mustStart(t, stack.Options{Assembly: assembly(t)}, r)
	v.SignUp(t, r, createdByPasskeys)
	if _, err := v.SignIn(t.Context(), "yes"); err != nil {
		t.Error(err)
	}
}

func TestAPoolIsWhereItsARNSays(t *testing.T) {
	const elsewhere = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + poolID
	r := &assemblytest.Record{}
	_, v := mustStart(t, stack.Options{Assembly: assembly(t, "POOL_ARN", elsewhere)}, r)
	v.SignUp(t, r, createdByPasskeys)
	if _, err := v.SignIn(t.Context(), "yes"); err != nil {
		t.Error(err)
	}
}

func TestAPoolNeedsPermissionToCallTheTriggers(t *testing.T) {
	r := &assemblytest.Record{}
	_, v := mustStart(t, stack.Options{Assembly: assembly(t, `"SourceArn": "POOL_ARN"`, `"SourceArn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Another01"`)}, r)
	v.SignUp(t, r, createdByPasskeys)
	if _, err := v.SignIn(t.Context(), "yes"); err == nil || !strings.Contains(err.Error(), "no AWS::Lambda::Permission allows the call") {
		t.Errorf("received %v", err)
	}
}

func TestAPoolThatDoesNotSuitIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		pool, client string
		replacements []string
		want         string
	}{
		"a trigger that may not be replaced": {
			theirPool, theirClient, []string{`"Replace": ["DefineAuthChallenge"]`, `"Replace": []`},
			"has the trigger DefineAuthChallenge already, arn:aws:lambda:us-east-1:000000000000:function:theirs: remove it",
		},
		"a client that tells who has an account": {
			theirPool, strings.Replace(theirClient, "ENABLED", "LEGACY", 1), nil, "app client theirclient has PreventUserExistenceErrors LEGACY",
		},
		"a property that is not there": {theirPool, theirClient, []string{`"TableName": {"Ref": "Table"},`, ""}, "property TableName is <nil>"},
	} {
		t.Run("rejects "+name, func(t *testing.T) {
			r := &assemblytest.Record{}
			_, err := start(t, stack.Options{Assembly: assembly(t, tc.replacements...), ForeignPool: foreign(tc.pool, tc.client)}, r)
			if err == nil || !strings.Contains(err.Error(), "Attachment (Custom::PasskeysUserPool): custom resource failed: FAILED: ") ||
				!strings.Contains(err.Error(), tc.want) {
				t.Errorf("received %v, want %q", err, tc.want)
			}
		})
	}
}

func TestEveryPermissionIsNeeded(t *testing.T) {
	for _, action := range []string{
		"cognito-idp:DescribeUserPool", "cognito-idp:UpdateUserPool", "cognito-idp:AddCustomAttributes", "cognito-idp:DescribeUserPoolClient",
		"iam:PassRole", "dynamodb:GetItem", "dynamodb:PutItem",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := &assemblytest.Record{}
			_, err := start(t, stack.Options{
				Assembly: assembly(t, `"`+action+`"`, `"logs:PutLogEvents"`), ForeignPool: foreign(theirPool, theirClient),
			}, r)
			if err == nil || !strings.Contains(err.Error(), "is not authorized to perform: "+action+" on resource: ") {
				t.Errorf("received %v, want a refusal of %s\n%s", err, action, r)
			}
			words := strings.Fields(r.String())
			if !slices.Contains(words, action) {
				t.Errorf("the log doesn't name the action: %s", r)
			}
		})
	}
}
