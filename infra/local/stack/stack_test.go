package stack_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
)

func TestMain(m *testing.M) { os.Exit(assemblytest.Main(m)) }

// assembly loads the cloud assembly of a small stack.
func assembly(t *testing.T, changes ...assemblytest.Change) *template.Assembly {
	t.Helper()
	loaded, err := template.Load(assemblytest.Write(t, changes...))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func start(t *testing.T, directory string, r *assemblytest.Record, changes ...assemblytest.Change) (*stack.Stack, error) {
	t.Helper()
	s, err := stack.Start(t.Context(), stack.Options{Assembly: assembly(t, changes...), DataDirectory: directory, Mail: r.Mail, Log: r})
	if err == nil {
		t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test that closes it looks at the error
	}
	return s, err
}

func mustStart(t *testing.T, directory string, r *assemblytest.Record, changes ...assemblytest.Change) *stack.Stack {
	t.Helper()
	s, err := start(t, directory, r, changes...)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return s
}

// visit returns a visitor of the stack's pool.
func visit(s *stack.Stack) assemblytest.Visitor {
	return assemblytest.Visit(s.UserPool(), s.Outputs()["UserPoolClientId"])
}

func get(s *stack.Stack, path, token string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response := httptest.NewRecorder()
	s.API().ServeHTTP(response, request)
	return response
}

func TestIdentifiersHaveAWSForms(t *testing.T) {
	s := mustStart(t, "", &assemblytest.Record{})
	for name, form := range map[string]string{
		"UserPoolId":       `^us-east-1_[0-9A-Za-z]{9}$`,
		"UserPoolClientId": `^[0-9a-z]{26}$`,
		"ApiUrl":           `^https://[0-9a-z]{10}\.execute-api\.us-east-1\.amazonaws\.com/$`,
		"FunctionName":     `^Demo-Function-[0-9A-Z]{12}$`,
		"TableName":        `^Demo-Table-[0-9A-Z]{12}$`,
		"SecretName":       `^/stack/secret$`,
	} {
		if got := s.Outputs()[name]; !regexp.MustCompile(form).MatchString(got) {
			t.Errorf("output %s is %q, want the form %s", name, got, form)
		}
	}
	local, err := s.LocalURL(s.Outputs()["ApiUrl"], "http://localhost:8080/api")
	if err != nil || local != "http://localhost:8080/api" {
		t.Errorf("local address of the API: %q, %v", local, err)
	}
}

func TestSignInThroughTheTriggersOpensTheAPI(t *testing.T) {
	r := &assemblytest.Record{}
	s := mustStart(t, "", r)
	v := visit(s)
	v.SignUp(t, r)

	if _, err := v.SignIn(t.Context(), "no"); err == nil {
		t.Error("a wrong answer gave tokens")
	}
	tokens, err := v.SignIn(t.Context(), "yes")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Route, Greeting string }
	response := get(s, "/closed", aws.ToString(tokens.AccessToken))
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d %s: %v", response.Code, response.Body, err)
	}
	if answer.Route != "GET /closed" || answer.Greeting != "hello from public key of /stack/secret" {
		t.Errorf("received %+v", answer)
	}
	if refused := get(s, "/closed", aws.ToString(tokens.AccessToken)+"x"); refused.Code != http.StatusUnauthorized {
		t.Errorf("a tampered token: %d", refused.Code)
	}
	if open := get(s, "/open", ""); open.Code != http.StatusOK {
		t.Errorf("an open route: %d %s", open.Code, open.Body)
	}
}

func TestCallersWithoutPermissionAreRefused(t *testing.T) {
	r := &assemblytest.Record{}
	s := mustStart(t, "", r,
		assemblytest.Replace(`"/*/*"]]`, `"/*/POST/*"]]`),
		assemblytest.Replace(`"SourceArn": {"Fn::GetAtt": ["UserPool", "Arn"]}`, `"SourceArn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Other0001"`))
	if got := get(s, "/open", ""); got.Code != http.StatusInternalServerError {
		t.Errorf("the API called without permission: %d", got.Code)
	}
	if !strings.Contains(r.String(), "no AWS::Lambda::Permission allows the call") {
		t.Errorf("log: %s", r)
	}
	v := visit(s)
	v.SignUp(t, r)
	if _, err := v.SignIn(t.Context(), "yes"); err == nil {
		t.Error("the pool called its triggers without permission")
	}
}

func TestRoleThatCannotLogIsReported(t *testing.T) {
	r := &assemblytest.Record{}
	mustStart(t, "", r, assemblytest.Replace(`"logs:PutLogEvents"`, `"logs:GetLogEvents"`))
	if !regexp.MustCompile(`the log of arn:aws:lambda:\S+:Demo-Function-\S+ would stay empty: .*logs:PutLogEvents on resource`).MatchString(r.String()) {
		t.Errorf("log: %s", r)
	}
}

func TestPolicyOfItsOwnIsAttached(t *testing.T) {
	policy := assemblytest.Replace(`"Provider": {
      "Type"`, `"Policy": {
      "Type": "AWS::IAM::Policy",
      "Properties": {"PolicyName": "More", "Roles": [{"Ref": "Role"}],
        "PolicyDocument": {"Statement": {"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}}}
    },
    "Provider": {
      "DependsOn": ["Policy"], "Type"`)
	_, err := start(t, "", &assemblytest.Record{}, policy)
	if err == nil || !strings.Contains(err.Error(), "ssm:PutParameter on resource") || !strings.Contains(err.Error(), "explicit deny") {
		t.Errorf("received %v, want the denial of the policy", err)
	}
}

func TestCustomResourceGetsTextAsCloudFormationSendsIt(t *testing.T) {
	s := mustStart(t, "", &assemblytest.Record{})
	var received map[string]any
	if err := json.Unmarshal([]byte(s.Outputs()["Received"]), &received); err != nil {
		t.Fatal(err)
	}
	if token := received["ServiceToken"].(string); !strings.HasPrefix(token, "arn:aws:lambda:us-east-1:000000000000:function:Demo-Provider-") {
		t.Errorf("ServiceToken %q", token)
	}
	delete(received, "ServiceToken")
	want := map[string]any{
		"ServiceTimeout": "120", "Name": "/stack/secret", "Table": s.Outputs()["TableName"], "Rotation": "1", "Keep": "true",
		"List": []any{"1", map[string]any{"Deep": "false"}},
	}
	if diff := cmp.Diff(want, received); diff != "" {
		t.Error(diff)
	}
	if request, old := s.Outputs()["Request"], s.Outputs()["Old"]; request != "Create" || old != "null" {
		t.Errorf("the first request is %q with the old properties %s", request, old)
	}
}

func TestManagedLoginIsAccepted(t *testing.T) {
	s := mustStart(t, "", &assemblytest.Record{}, assemblytest.Replace(`"Logs": {`, `
		"Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"Domain": "demo", "ManagedLoginVersion": 2, "UserPoolId": {"Ref": "UserPool"}}},
		"Branding": {"Type": "AWS::Cognito::ManagedLoginBranding", "Properties": {
			"ClientId": {"Ref": "Client"}, "UseCognitoProvidedValues": true, "UserPoolId": {"Ref": "UserPool"}}},
		"Logs": {`), assemblytest.Replace(`"Outputs": {`, `"Outputs": {"Domain": {"Value": {"Ref": "Domain"}},`))
	if domain := s.Outputs()["Domain"]; domain != "demo" {
		t.Errorf("the domain's Ref is %q, want demo", domain)
	}
}

func TestStateIsKept(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "state")
	r := &assemblytest.Record{}
	first := mustStart(t, directory, r)
	visit(first).SignUp(t, r)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	checkModes(t, directory)

	second := mustStart(t, directory, r)
	want := first.Outputs()
	want["Request"], want["Old"], want["Was"] = "Update", want["Received"], want["SecretName"]
	if diff := cmp.Diff(want, second.Outputs()); diff != "" {
		t.Error(diff)
	}
	if _, err := visit(second).SignIn(t.Context(), "yes"); err != nil {
		t.Errorf("the user is lost: %v", err)
	}
	services, err := os.ReadFile(filepath.Join(directory, "services.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(services), `"/stack/secret"`) || !strings.Contains(string(services), `{"S":"Create"}`) {
		t.Errorf("parameters and items: %s", services)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}

	mustStart(t, directory, r, assemblytest.Replace(`"Name": "/stack/secret"`, `"Name": "/stack/other"`))
	if log := r.String(); !strings.Contains(log, "Delete Secret (Custom::Secret)") {
		t.Errorf("what an update replaced isn't deleted: %s", log)
	}
}

func checkModes(t *testing.T, directory string) {
	t.Helper()
	want := map[string]fs.FileMode{".": 0o700, "stack.json": 0o600, "services.json": 0o600, "users.json": 0o600}
	got := map[string]fs.FileMode{}
	err := fs.WalkDir(os.DirFS(directory), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		got[path] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStartRefuses(t *testing.T) {
	tests := []struct {
		name, want string
		is         error
		change     assemblytest.Change
	}{
		{"an unknown resource type", "Logs (AWS::SQS::Queue): the resource type is", stack.ErrUnknown, assemblytest.Replace("AWS::Logs::LogGroup", "AWS::SQS::Queue")},
		{"an unknown property", `Logs (AWS::Logs::LogGroup): the property "Retention" is`, stack.ErrUnknown, assemblytest.Replace("RetentionInDays", "Retention")},
		{"an unknown property of a user pool", "UserPool (AWS::Cognito::UserPool)", nil, assemblytest.Replace(`"UsernameAttributes"`, `"UserNameStyles"`)},
		{"an unknown attribute", "attribute Url of Function (AWS::Lambda::Function) is", stack.ErrUnknown, assemblytest.Replace(`"IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]}`, `"IntegrationUri": {"Fn::GetAtt": ["Function", "Url"]}`)},
		{"an unknown attribute of a custom resource", "attribute Private of Secret (Custom::Secret) is", stack.ErrUnknown, assemblytest.Replace(`["Secret", "Public"]`, `["Secret", "Private"]`)},
		{"a secondary index", `the property "GlobalSecondaryIndexes" is`, stack.ErrUnknown, assemblytest.Replace(`"BillingMode"`, `"GlobalSecondaryIndexes": [], "BillingMode"`)},
		{"a custom resource that fails", "Secret (Custom::Secret): custom resource failed: FAILED: no paint", stack.ErrCustomResource, assemblytest.Replace(`"Rotation": 1`, `"FailWith": "no paint"`)},
		{"a custom resource that doesn't answer", "without sending a response", stack.ErrCustomResource, assemblytest.Replace(`"Rotation": 1`, `"Silent": "yes"`)},
		{"a function for another processor", "synthesize with -c architecture=", nil, assemblytest.Replace(`"Architectures": ["`, `"Architectures": ["mips`)},
		{"a runtime with an interpreter", `the runtime "nodejs24.x"`, stack.ErrUnknown, assemblytest.Replace(`"Runtime": "provided.al2023"`, `"Runtime": "nodejs24.x"`)},
		{"code that isn't in the assembly", `no asset has the object key "gone.zip"`, template.ErrAssembly, assemblytest.Replace(`"S3Key": "code.zip"`, `"S3Key": "gone.zip"`)},
		{"a foreign token issuer", `the issuer "https://idp.example" is not the stack's user pool`, stack.ErrUnknown, assemblytest.Replace(`"Issuer": {"Fn::GetAtt": ["UserPool", "ProviderURL"]}`, `"Issuer": "https://idp.example"`)},
		{"a permission for all of Lambda", `the action "lambda:*" is`, stack.ErrUnknown, assemblytest.Replace(`"Action": "lambda:InvokeFunction"`, `"Action": "lambda:*"`)},
		{"a call that the role doesn't allow", "is not authorized to perform: ssm:PutParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter/stack/secret because", stack.ErrCustomResource, assemblytest.Replace(`"ssm:PutParameter"`, `"ssm:GetParameter"`)},
		{"a condition that it can't judge", `policy Least: policy document: statement 1: the condition operator "IpAddress" is not known`, iam.ErrPolicy, assemblytest.Replace(`"Action": "ssm:PutParameter"`, `"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "Action": "ssm:PutParameter"`)},
		{"a managed policy", `the property "ManagedPolicyArns" is`, stack.ErrUnknown, assemblytest.Replace(`"Policies": [`, `"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "Policies": [`)},
		{"a role of another stack", `the role "arn:aws:iam::000000000000:role/Other", which the stack doesn't make, is`, stack.ErrUnknown, assemblytest.Replace(`"Role": {"Fn::GetAtt": ["Role", "Arn"]}`, `"Role": "arn:aws:iam::000000000000:role/Other"`)},
		{"a circle", "circular dependency between resources: ", template.ErrTemplate, assemblytest.Replace(`"DependsOn": ["Role"]`, `"DependsOn": ["PoolPermission"]`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := start(t, "", &assemblytest.Record{}, test.change)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("received %v, want %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v doesn't wrap %v", err, test.is)
			}
		})
	}
}
