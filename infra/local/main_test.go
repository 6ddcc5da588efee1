package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
)

func TestMain(m *testing.M) { os.Exit(assemblytest.Main(m)) }

// program is the running program.
type program struct {
	command *exec.Cmd
	address string
	log     *bytes.Buffer // read it after the program has ended
}

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "local")
	if output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return path
}

// launch starts the program on a port of its own and waits until it is ready.
func launch(t *testing.T, arguments ...string) *program {
	t.Helper()
	return launchWith(t, os.Environ(), arguments...)
}

// launchWith does so in an environment of its own.
func launchWith(t *testing.T, environment []string, arguments ...string) *program {
	t.Helper()
	p := &program{command: exec.Command(build(t), append([]string{"-port", "0"}, arguments...)...), log: &bytes.Buffer{}}
	p.command.Env = environment
	p.command.Stderr = p.log
	output, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.command.Process.Kill() }) //nolint:errcheck // it has ended if the test went well
	lines := bufio.NewScanner(output)
	if !lines.Scan() {
		t.Fatalf("it ended: %v\n%s", p.command.Wait(), p.log)
	}
	address, ok := strings.CutPrefix(lines.Text(), "Ready: ")
	if !ok {
		t.Fatalf("it printed %q", lines.Text())
	}
	p.address = address
	return p
}

func (p *program) getJSON(t *testing.T, path string, into any) {
	t.Helper()
	response, err := http.Get(p.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // all that matters is read
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s: %d: %v", path, response.StatusCode, err)
	}
}

// functionProcess calls the API and returns the process id of the function.
func (p *program) functionProcess(t *testing.T) int {
	t.Helper()
	var answer struct{ PID int }
	p.getJSON(t, "/api/open", &answer)
	if answer.PID == 0 {
		t.Fatal("the API's answer holds no process id")
	}
	return answer.PID
}

// interrupt ends the program as Ctrl-C does.
func (p *program) interrupt(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.log)
	}
}

func TestOneOriginServesAll(t *testing.T) {
	web := t.TempDir()
	if err := os.WriteFile(filepath.Join(web, "index.html"), []byte("the demo"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, "-assembly", assemblytest.Write(t), "-web", web)
	var config map[string]string
	p.getJSON(t, "/config.json", &config)
	for name, want := range map[string]string{
		"region": "us-east-1", "relyingPartyId": "localhost", "userPoolEndpoint": p.address + "/cognito-idp/", "apiUrl": p.address + "/api",
	} {
		if config[name] != want {
			t.Errorf("%s is %q, want %q", name, config[name], want)
		}
	}
	var keys struct{ Keys []map[string]string }
	p.getJSON(t, "/"+config["userPoolId"]+"/.well-known/jwks.json", &keys)
	if len(keys.Keys) == 0 {
		t.Error("no keys")
	}
	var mails []map[string]string
	p.getJSON(t, "/outbox?format=json", &mails)
	p.functionProcess(t)
}

func TestInterruptEndsTheProgramAndItsFunctions(t *testing.T) {
	p := launch(t, "-assembly", assemblytest.Write(t))
	function := p.functionProcess(t)
	p.interrupt(t)
	if err := syscall.Kill(function, 0); err == nil {
		t.Errorf("the function's process %d is still there", function)
	}
}

func TestProgramRefuses(t *testing.T) {
	noOutput := assemblytest.Replace(`"ApiUrl"`, `"Address"`)
	tests := []struct{ name, assembly, vendor, want string }{
		{"a folder without an assembly", t.TempDir(), "", "manifest.json"},
		{"a stack without an output", assemblytest.Write(t, noOutput), "", "it has no output ApiUrl"},
		{"a vendor without a stand-in", assemblytest.Write(t), "acme", `there is no stand-in for "acme", but for corbado, example, passageflex`},
		{"a vendor that the stack doesn't ask", assemblytest.Write(t), "corbado", "no function of the stack asks that service"},
	}
	path := build(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output, err := exec.Command(path, "-port", "0", "-assembly", test.assembly, "-vendor", test.vendor).CombinedOutput()
			if err == nil || !strings.Contains(string(output), test.want) {
				t.Errorf("received %v and %q, want %q", err, output, test.want)
			}
		})
	}
}
