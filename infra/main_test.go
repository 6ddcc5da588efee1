package main

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// update writes the golden template anew: go test ./infra -update
var update = flag.Bool("update", false, "write testdata/*.golden.json")

// TestMain closes jsii once: starting it takes longer than a synthesis.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// newApp returns an app with the context of cdk.json, changed as -c would.
func newApp(t *testing.T, change map[string]any) awscdk.App {
	t.Helper()
	text, err := os.ReadFile("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	maps.Copy(file.Context, change)
	return awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, AnalyticsReporting: jsii.Bool(false)})
}

// template synthesizes app and returns its template.
func template(t *testing.T, app awscdk.App) string {
	t.Helper()
	if err := synthesize(app); err != nil {
		t.Fatal(err)
	}
	return readTemplate(t, app)
}

// readTemplate returns the template of an app that was synthesized.
func readTemplate(t *testing.T, app awscdk.App) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(*app.Outdir(), defaultStackName+".template.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// functionVersion is the logical id of a function's version, which changes with
// the function.
var functionVersion = regexp.MustCompile(`(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}`)

// nativeOnly has passkeys that Cognito keeps, with all that goes with them.
var nativeOnly = map[string]any{
	"native": "only", "origins": "", "nativeFactorConfiguration": "multi_factor_with_user_verification", "nativeAllowedFirstAuthFactors": "password, passkey, email_otp",
	"managedLoginDomainPrefix": "example-accounts", "managedLoginCallbackUrls": "https://example.com/signed-in", "managedLoginLogoutUrls": "https://example.com",
}

// importedPool attaches passkeys to a pool that some other stack or hand made.
var importedPool = map[string]any{
	"userPoolId": "eu-west-1_Theirs001", "clientIds": "3n4b5urk1ft4fl3mg5e62d9ado", "replaceTriggers": "DefineAuthChallenge, PreAuthentication", "attachment": "1",
	"passwords": "separate", "passwordClientIds": "7n4b5urk1ft4fl3mg5e62d9ado",
	"smsRoleArn": "arn:aws:iam::111111111111:role/Texts", "senderKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/22222222-2222-2222-2222-222222222222",
}

// everythingOwn has all that may be the account's own, and all that a large site asks for.
var everythingOwn = map[string]any{
	"relatedOrigins": "https://example.co.uk", "tableName": "passkeys", "encryptionKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/33333333-3333-3333-3333-333333333333",
	"stampParameter": "/login/stamp", "decoyParameter": "/login/decoy", "memorySize": "1024", "reservedConcurrency": "50", "provisionedConcurrency": "2",
	"rollout": "canary_10percent_5minutes", "apiDomain": "api.example.com", "apiBasePath": "v1/auth",
	"apiCertificateArn": "arn:aws:acm:eu-west-1:111111111111:certificate/44444444-4444-4444-4444-444444444444", "apiRateLimit": "1000", "apiBurstLimit": "2000",
	"backendClient": "true", "mfa": "optional", "plan": "plus", "logRetention": "one_year",
	"auditBus": "security", "alarmTopicArn": topic, "tracing": true,
}

func TestTemplate(t *testing.T) {
	tests := map[string]map[string]any{ // golden file → change of the context
		"default": {},
		"username-backend": {
			"signIn": "username", "backendClient": "true", "removalPolicy": "destroy", "emailFrom": "login@example.com",
		},
		"native-only":   nativeOnly,
		"mail":          byMail,
		"sms":           bySMS,
		"sign-up":       with(byMail, map[string]any{"signUp": "passkey-first"}),
		"observed":      {"auditBus": "security", "alarmTopicArn": topic, "tracing": true, "refusalThreshold": 500},
		"imported-pool": importedPool,
		"passwords":     with(byMail, map[string]any{"passwords": "phase-out"}),
		"known":         with(byMail, map[string]any{"signUp": "known", "signIn": "username"}),
		"composed":      everythingOwn,
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			compareGolden(t, name, template(t, newApp(t, change)))
		})
	}
}

func TestTemplateOfTwoInstances(t *testing.T) {
	app := newApp(t, nil)
	c, err := readConfiguration(app.Node().GetAllContext(nil).(map[string]any))
	if err != nil {
		t.Fatal(err)
	}
	stack := awscdk.NewStack(app, jsii.String(defaultStackName), nil)
	for _, id := range []string{"Customers", "Staff"} {
		passkeys.New(stack, &id, &c.props)
	}
	app.Synth(nil)
	compareGolden(t, "two-instances", readTemplate(t, app))
}

// compareGolden compares a template with testdata/<name>.golden.json, but for
// the hashes of assets.
func compareGolden(t *testing.T, name, template string) {
	t.Helper()
	got := assetHash.ReplaceAllString(template, "ASSET-HASH")
	got = functionVersion.ReplaceAllString(got, "${1}HASH")
	golden := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the template changed; if that is meant, run go test ./infra -update (-want +got):\n%s", diff)
	}
}

func TestTwoSynthesesGiveTheSameAssets(t *testing.T) {
	first, second := template(t, newApp(t, nil)), template(t, newApp(t, nil))
	hashes := assetHash.FindAllString(first, -1)
	if len(hashes) == 0 || !slices.Equal(hashes, assetHash.FindAllString(second, -1)) {
		t.Errorf("assets %v and %v", hashes, assetHash.FindAllString(second, -1))
	}
}

func TestOutputs(t *testing.T) {
	tests := []struct {
		name   string
		change map[string]any
		want   []string
	}{
		{"with a backend", map[string]any{"backendClient": true},
			[]string{"ApiUrl", "BackendClientId", "RelyingPartyId", "TableName", "UserPoolClientId", "UserPoolId"}},
		{"with Cognito's own passkeys only", nativeOnly, []string{"ManagedLoginUrl", "RelyingPartyId", "UserPoolClientId", "UserPoolId"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got struct{ Outputs map[string]any }
			if err := json.Unmarshal([]byte(template(t, newApp(t, test.change))), &got); err != nil {
				t.Fatal(err)
			}
			if names := slices.Sorted(maps.Keys(got.Outputs)); !slices.Equal(names, test.want) {
				t.Errorf("outputs %v, want %v", names, test.want)
			}
		})
	}
}

func TestBadConfigurationSynthesizesNothing(t *testing.T) {
	app := newApp(t, map[string]any{"relyingPartyId": "https://example.com", "plan": "free"})
	err := synthesize(app)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"relyingPartyId", "plan", "origins"} {
		if !strings.Contains(err.Error(), "\n  "+want+" is ") {
			t.Errorf("error %q says nothing of %s", err, want)
		}
	}
	if written, err := os.ReadDir(*app.Outdir()); err != nil || len(written) != 0 {
		t.Errorf("%v was written, %v", written, err)
	}
}

// What the construct leaves to the CDK to judge ends as one message too.
func TestTheCDKsOwnRefusalIsAnError(t *testing.T) {
	app := newApp(t, map[string]any{"emailFrom": "login@example.com", "emailSesDomain": "example.org"})
	if err := synthesize(app); err == nil || !strings.Contains(err.Error(), "the CDK refuses the stack: \"fromEmail\" contains a different domain") {
		t.Errorf("error is %v, want the CDK's own words", err)
	}
}

// The CDK CLI alone turns a cycle into an error, and only with this flag.
func TestCycleIsAnErrorAtSynthesis(t *testing.T) {
	if flag := newApp(t, nil).Node().TryGetContext(jsii.String("@aws-cdk/core:validateAgainstDefaultRules")); flag != true {
		t.Errorf("cdk.json sets the flag to %v, want true", flag)
	}
}
