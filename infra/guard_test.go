package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"testing"
)

const guard = "testdata/guard"

// cfnGuard is the program for this machine.
func cfnGuard() string {
	systems := map[string]string{"linux": "ubuntu", "darwin": "macos"}
	machines := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	return filepath.Join(guard, "node_modules/@cdklabs/cdk-validator-cfnguard/bin", systems[runtime.GOOS], machines[runtime.GOARCH], "cfn-guard")
}

var failedRule = regexp.MustCompile(`(?m)^rules\.guard/(\w+)\s+FAIL`)

// brokenRules returns the names of our own rules that a template doesn't keep.
func brokenRules(t *testing.T, path string) []string {
	t.Helper()
	output, err := exec.Command(cfnGuard(), "validate", "--rules", filepath.Join(guard, "rules.guard"), "--data", path, "--show-summary", "fail").CombinedOutput()
	var names []string
	for _, match := range failedRule.FindAllSubmatch(output, -1) {
		names = append(names, string(match[1]))
	}
	const broken = 19 // exit code
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != broken) || (err != nil) != (names != nil) {
		t.Fatalf("checking %s: %v\n%s", path, err, output)
	}
	return names
}

// What the team of the example makes beside the construct is the team's own to judge.
func TestTemplatesKeepOurRules(t *testing.T) {
	installPackages(t, guard)
	golden, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(golden) == 0 {
		t.Fatalf("%d golden templates, %v", len(golden), err)
	}
	golden = slices.DeleteFunc(golden, func(path string) bool { return filepath.Base(path) == "embed.golden.json" })
	for _, path := range golden {
		if rules := brokenRules(t, path); rules != nil {
			t.Errorf("%s breaks %v", path, rules)
		}
	}
	var templates [][]byte
	for _, name := range []string{"observed", "mail"} {
		text, err := os.ReadFile("testdata/" + name + ".golden.json")
		if err != nil {
			t.Fatal(err)
		}
		templates = append(templates, text)
	}
	tests := []struct{ name, old, replacement, want string }{
		{"a wildcard resource", `"Resource": \{\s+"Fn::GetAtt": \[\s+"PasskeysTable\w+",\s+"Arn"\s+\]\s+\}`, `"Resource": "*"`, "wildcard_resources_only_where_aws_allows_nothing_else"},
		{"a wildcard action", `"dynamodb:Query"`, `"dynamodb:*"`, "no_wildcard_actions"},
		{"a managed policy", `"AssumeRolePolicyDocument"`, `"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "AssumeRolePolicyDocument"`, "roles_have_policies_of_their_own_only"},
		{"a policy beside a role", `"AWS::CloudWatch::Dashboard"`, `"AWS::IAM::Policy"`, "roles_have_policies_of_their_own_only"},
		{"an invocation by anybody's pool", `"SourceArn": \{`, `"Source": {`, "invocation_is_limited_to_one_source"},
		{"an invocation by every source", `"SourceArn": \{[^}]*\}`, `"SourceArn": "*"`, "invocation_is_limited_to_one_source"},
		{"a log that is kept for ever", `"RetentionInDays": 90`, `"LogGroupClass": "STANDARD"`, "logs_are_kept_for_a_time"},
		{"a function with Lambda's own log", `"LogGroup": \{`, `"Group": {`, "functions_log_where_the_stack_says"},
		{"another runtime", `"provided.al2023"`, `"provided.al2"`, "functions_log_where_the_stack_says"},
		{"a secret by its name", `"PASSKEYS_INSTANCE"`, `"PASSKEYS_SECRET"`, "no_secrets_in_settings"},
		{"a secret by its value", `"PASSKEYS_INSTANCE": "[^"]*"`, `"PASSKEYS_INSTANCE": "{{resolve:secretsmanager:login}}"`, "no_secrets_in_settings"},
		{"a table without backup", `"PointInTimeRecoveryEnabled": true`, `"PointInTimeRecoveryEnabled": false`, "tables_can_be_restored"},
		{"a table that can be deleted", `"DeletionProtectionEnabled": true`, `"DeletionProtectionEnabled": false`, "retained_data_is_protected"},
		{"a pool that can be deleted", `"DeletionProtection": "ACTIVE"`, `"DeletionProtection": "INACTIVE"`, "retained_data_is_protected"},
		{"data that a replacement takes away", `"UpdateReplacePolicy": "Retain",`, ``, "retained_data_is_protected"},
		{"a client that says who has an account", `"PreventUserExistenceErrors": "ENABLED"`, `"PreventUserExistenceErrors": "LEGACY"`, "sign_ins_tell_nothing_of_accounts"},
		{"a client that marks users", `"WriteAttributes": \[`, `"WriteAttributes": ["custom:created_by",`, "clients_write_no_marker_and_no_proof"},
		{"a client that verifies addresses", `"WriteAttributes": \[`, `"WriteAttributes": ["email_verified",`, "clients_write_no_marker_and_no_proof"},
		{"mail from any address", `"ses:FromAddress": "[^"]*"`, `"aws:PrincipalType": "AssumedRole"`, "mail_leaves_from_one_address"},
		{"mail from every identity of a domain", `"ses:FromAddress": "[^"]*"`, `"ses:FromAddress": "*@example.com"`, "mail_leaves_from_one_address"},
		{"a firewall that lets pass", `"Block": \{\}`, `"Count": {}`, "firewalls_refuse"},
		{"a deployment that hangs for an hour", `"ServiceTimeout": 120`, `"ServiceTimeout": 3600`, "custom_resources_fail_soon"},
	}
	for _, test := range tests {
		t.Run("finds "+test.name, func(t *testing.T) {
			pattern := regexp.MustCompile(test.old)
			i := slices.IndexFunc(templates, pattern.Match)
			if i < 0 {
				t.Fatalf("no template holds %s", test.old)
			}
			template, at := templates[i], pattern.FindIndex(templates[i])
			changed := slices.Concat(template[:at[0]], []byte(test.replacement), template[at[1]:])
			path := filepath.Join(t.TempDir(), "template.json")
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if rules := brokenRules(t, path); !slices.Equal(rules, []string{test.want}) {
				t.Errorf("found %v, want %s", rules, test.want)
			}
		})
	}
}
