package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const cfnspec = "testdata/cfnspec"

// installPackages brings what a directory's lock file names.
func installPackages(t *testing.T, directory string) {
	t.Helper()
	install := exec.Command("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
	install.Dir = directory
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", directory, err, output)
	}
}

// checkSpecification returns what a template has that the specification doesn't allow.
func checkSpecification(t *testing.T, path string) string {
	t.Helper()
	check := exec.Command("node", filepath.Join(cfnspec, "check.js"), path)
	problems, err := check.Output()
	if err != nil {
		t.Fatalf("checking %s: %v", path, err)
	}
	return string(problems)
}

// The golden templates are those that the app synthesizes: TestTemplate says so.
func TestTemplatesKeepTheResourceSpecification(t *testing.T) {
	installPackages(t, cfnspec)
	golden, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(golden) == 0 {
		t.Fatalf("%d golden templates, %v", len(golden), err)
	}
	for _, path := range golden {
		if problems := checkSpecification(t, path); problems != "" {
			t.Errorf("%s:\n%s", path, problems)
		}
	}
	template, err := os.ReadFile("testdata/default.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, replacement, want string }{
		{"an unknown resource type", `"AWS::Logs::LogGroup"`, `"AWS::Logs::Group"`, "AWS::Logs::Group is no resource type"},
		{"an unknown property", `"RetentionInDays"`, `"Retention"`, ".Retention is no property"},
		{"an unknown property of a property", `"PointInTimeRecoveryEnabled"`, `"Enabled"`, ".PointInTimeRecoverySpecification.Enabled is no property"},
		{"a missing property", `"RouteKey": "GET /passkeys",`, ``, ".RouteKey is required"},
		{"text where a number must be", `"MemorySize": 512`, `"MemorySize": "512"`, `.MemorySize is "512", want integer`},
		{"a text where a list must be", `"Architectures": [
     "arm64"
    ]`, `"Architectures": "arm64"`, ".Architectures is no list"},
		{"a value that isn't allowed", `"RetentionInDays": 90`, `"RetentionInDays": 91`, ".RetentionInDays is 91, want one of 1, 3,"},
		{"text as the timeout of a custom resource", `"ServiceTimeout": 120`, `"ServiceTimeout": "120"`, `.ServiceTimeout is "120", want integer`},
		{"an unknown attribute", `"ProviderName"`, `"ProviderTitle"`, "AWS::Cognito::UserPool has no attribute ProviderTitle"},
	}
	for _, test := range tests {
		t.Run("finds "+test.name, func(t *testing.T) {
			changed := strings.Replace(string(template), test.old, test.replacement, 1)
			path := filepath.Join(t.TempDir(), "template.json")
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if problems := checkSpecification(t, path); !strings.Contains(problems, test.want) {
				t.Errorf("found %q, want %q", problems, test.want)
			}
		})
	}
}
