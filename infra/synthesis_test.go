package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// run is a synthesis in a process of its own, as a user starts it.
type run struct {
	*exec.Cmd
	output string // directory of the assembly
}

// newRun prepares a command in a directory. Whatever it inherits of the go
// command's settings is set, because tests move the home of the defaults.
func newRun(t *testing.T, directory, name string, arguments ...string) run {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir = directory
	output := filepath.Join(t.TempDir(), "cdk.out")
	command.Env = append(os.Environ(), "CDK_OUTDIR="+output, "CDK_DISABLE_CLI_TELEMETRY=true", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20",
		"GOCACHE="+goEnvironment(t, "GOCACHE"), "GOMODCACHE="+goEnvironment(t, "GOMODCACHE"),
		`CDK_CONTEXT_JSON={"relyingPartyId": "example.com", "origins": "https://example.com"}`)
	return run{command, output}
}

func goEnvironment(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// finish runs it and returns the exit code and what it said on standard error.
func (r run) finish(t *testing.T) (code int, said string) {
	t.Helper()
	var stderr bytes.Buffer
	r.Stderr = &stderr
	err := r.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.ProcessState.ExitCode(), stderr.String()
}

// buildApp is what `go run ./infra` builds and starts.
func buildApp(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "infra")
	if output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return path
}

// copyModule returns a copy of the module's sources in a directory of its own.
func copyModule(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for _, name := range []string{"functions", "shared", "infra/passkeys"} {
		if err := os.CopyFS(filepath.Join(directory, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../go.mod", "../go.sum", "../cdk.json") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, "infra", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestSynthesisThatCannotBuild(t *testing.T) {
	app := buildApp(t)
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	onlyNode := t.TempDir()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(node, filepath.Join(onlyNode, "node")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		env  []string
		want []string // beginnings of the lines that it says besides its progress
	}{
		{"without Go", []string{"PATH=" + onlyNode}, []string{
			`finding the sources of github.com/cognito-passkeys/cognito-passkeys: exec: "go": executable file not found in $PATH: install Go`,
		}},
		{"without modules and network", []string{"GOMODCACHE=" + t.TempDir(), "GOPROXY=http://127.0.0.1:1"}, []string{
			"building the functions: exit status 1: connect to the network, which is needed once, or set GOPROXY",
			"functions/internal/start/start.go:",
		}},
		{"without modules and allowed network", []string{"GOMODCACHE=" + t.TempDir(), "GOPROXY=off"}, []string{
			"building the functions: exit status 1: connect to the network, which is needed once, or set GOPROXY",
			"functions/internal/start/start.go:",
		}},
		{"where nothing may be kept", []string{"XDG_CACHE_HOME=" + file}, []string{
			"keeping the binaries in the user's cache directory: mkdir " + file + ": not a directory: make it writable",
		}},
		{"without a home", []string{"XDG_CACHE_HOME=", "HOME="}, []string{
			"choosing where to keep the binaries: neither $XDG_CACHE_HOME nor $HOME are defined: set HOME",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRun(t, checkout, app)
			r.Env = append(r.Env, test.env...)
			code, said := r.finish(t)
			said = regexp.MustCompile(`(?m)^(Building the functions|go: downloading ).*\n`).ReplaceAllString(said, "")
			lines := strings.Split(strings.TrimSpace(said), "\n")
			if code != 1 || len(lines) != len(test.want) {
				t.Fatalf("exit code %d, it says\n%s", code, said)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("it says\n%s\nwant\n%s", lines[i], want)
				}
			}
			wantNothingWritten(t, r.output)
		})
	}
}

func wantNothingWritten(t *testing.T, directory string) {
	t.Helper()
	if written, err := os.ReadDir(directory); err != nil && !os.IsNotExist(err) || len(written) != 0 {
		t.Errorf("%v was written, %v", written, err)
	}
}

// cdk is the CDK CLI in the version that the Makefile names. It can't reach AWS.
func cdk(t *testing.T, directory string, arguments ...string) run {
	t.Helper()
	version := regexp.MustCompile(`aws-cdk@[\d.]+`).FindString(readPinned(t, "../Makefile"))
	r := newRun(t, directory, "npx", append([]string{"--yes", version, "--no-notices"}, arguments...)...)
	r.Args = append(r.Args, "--output", r.output)
	r.Env = append(r.Env, "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "AWS_REGION=us-east-1",
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED=true")
	return r
}

// From the command that a user types down to the compiler.
func TestFunctionThatDoesNotCompile(t *testing.T) {
	module := copyModule(t)
	const broken = "functions/define-auth-challenge/broken.go"
	if err := os.WriteFile(filepath.Join(module, broken), []byte("package main\n\nvar broken = missing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synth := cdk(t, module, "synth", "--quiet")
	code, said := synth.finish(t)
	want := "building the functions: exit status 1: mend what the go command reports\n" +
		"# github.com/cognito-passkeys/cognito-passkeys/functions/define-auth-challenge\n" +
		broken + ":3:14: undefined: missing\n"
	if code != 1 || !strings.Contains(said, want) || strings.Contains(said, "goroutine ") {
		t.Errorf("exit code %d, it says\n%s\nwant\n%s", code, said, want)
	}
	wantNothingWritten(t, synth.output)
}

// To list or destroy stacks takes no binaries.
func TestCommandsThatBuildNothing(t *testing.T) {
	app := buildApp(t)
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		command string
		code    int
		said    string
	}{
		{"ls", 0, ""},
		{"destroy", 1, "terminal (TTY) is not attached"}, // nobody confirms it
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			cache := t.TempDir()
			command := cdk(t, checkout, test.command, "--app", app)
			command.Env = append(command.Env, "XDG_CACHE_HOME="+cache)
			code, said := command.finish(t)
			if code != test.code || !strings.Contains(said, test.said) || regexp.MustCompile(`(?i)functions|built`).MatchString(said) {
				t.Errorf("exit code %d, it says\n%s", code, said)
			}
			if assembly, err := os.ReadDir(command.output); err != nil || len(assembly) == 0 {
				t.Errorf("nothing was synthesized: %v", err)
			}
			wantNothingWritten(t, filepath.Join(cache, "cognito-passkeys"))
		})
	}
}
