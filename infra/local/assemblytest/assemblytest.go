// Package assemblytest makes the cloud assembly of a small stack of the
// project's shape, for tests of the local run: one function that plays the
// provider of a custom resource, the triggers and the HTTP API; and a visitor
// who signs in to it.
package assemblytest

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// functionPackage is built for the stack's functions.
const functionPackage = "github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest/testdata/function"

//go:embed testdata/template.json
var files embed.FS

// codeDirectory holds the built bootstrap, between Main's start and its end.
var codeDirectory string

// Main builds the function, runs the tests of a package and returns the exit
// code for os.Exit. A package whose tests call Write calls it from TestMain.
func Main(m *testing.M) int {
	directory, err := os.MkdirTemp("", "function")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory) //nolint:errcheck // the system clears its temporary folder
	//nolint:gosec // all arguments are constants but a temporary folder
	build := exec.CommandContext(context.Background(), "go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(directory, "bootstrap"), functionPackage)
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the function: %v\n%s", err, output)
		return 1
	}
	codeDirectory = directory
	return m.Run()
}

// Change is a change of the template.
type Change struct{ old, replacement string }

// Replace puts a text where the template has old for the first time.
func Replace(old, replacement string) Change { return Change{old, replacement} }

// Write writes the assembly, with changes to its template, and returns its
// folder. A change of a text that isn't in the template fails the test.
func Write(t *testing.T, changes ...Change) string {
	t.Helper()
	raw, err := files.ReadFile("testdata/template.json")
	if err != nil {
		t.Fatal(err)
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	template := strings.ReplaceAll(string(raw), "ARCHITECTURE", architecture)
	for _, change := range changes {
		if !strings.Contains(template, change.old) {
			t.Fatalf("the template doesn't contain %q", change.old)
		}
		template = strings.Replace(template, change.old, change.replacement, 1)
	}
	directory := t.TempDir()
	if err := os.Symlink(codeDirectory, filepath.Join(directory, "asset.code")); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"manifest.json": `{"artifacts": {
			"Demo": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "template.json"}},
			"Demo.assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}}}`,
		"assets.json":   `{"files": {"code": {"source": {"path": "asset.code"}, "destinations": {"current": {"objectKey": "code.zip"}}}}}`,
		"template.json": template,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}
