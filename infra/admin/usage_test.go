package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name      string
		arguments []string
		code      int
		message   string
	}{
		{"rejects no command", nil, 2, "name a command"},
		{"rejects an unknown command", []string{"import-everything"}, 2, `there is no command "import-everything"`},
		{"rejects an unknown flag", []string{"export", "-tabel", "x"}, 2, "-tabel"},
		{"rejects an argument that is no flag", []string{"export", "Credentials"}, 2, `takes no "Credentials"`},
		{"rejects an export of no table", []string{"export"}, 2, "set -table"},
		{"rejects a secret for no parameter", []string{"put-secret"}, 2, "set -parameter"},
		{"rejects an import without relying party", []string{"import-sample", "-from", "a", "-to", "b", "-user-pool-id", "c"}, 2, "set -relying-party"},
		{"rejects a roster without its pepper", []string{"import-roster", "-file", "a", "-table", "b"}, 2, "set -parameter"},
		{"rejects a checkpoint of a rehearsal", []string{"import-sample", "-from", "a", "-to", "b", "-user-pool-id", "c", "-relying-party", "d", "-checkpoint", "e"},
			2, "-checkpoint needs -write"},
		{"rejects an endpoint on another host", []string{"export", "-table", "a", "-endpoint", "http://example.com:8000"}, 2, "not a loopback address"},
		{"rejects an endpoint that only looks local", []string{"export", "-table", "a", "-endpoint", "http://127.0.0.1.example.com"}, 2, "not a loopback address"},
		{"rejects a file that is not there", []string{"import", "-file", "none", "-table", "a", "-user-pool-id", "c", "-relying-party", "d"}, 1, "no such file"},
		{"rejects a link for nobody", []string{"recovery-link", "-table", "a", "-user-pool-id", "b", "-page", "https://example.com"}, 2, "set -user"},
		{"rejects a page that anybody on the way can read", []string{"recovery-link", "-table", "a", "-user-pool-id", "b", "-user", "c", "-page", "http://example.com"}, 2, `-page is "http://example.com"`},
		{"rejects a page with a fragment", []string{"recovery-link", "-table", "a", "-user-pool-id", "b", "-user", "c", "-page", "https://example.com/#top"}, 2, "without a fragment"},
		{"tells what a command needs", []string{"export", "-h"}, 0, "dynamodb:Scan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := exec.Command(binary, c.arguments...)
			command.Env = operator(t)
			start(t, command).want(t, c.code, c.message)
		})
	}
}

func TestHelpListsTheCommands(t *testing.T) {
	r := start(t, exec.Command(binary, "-h"))
	r.want(t, 0, "")
	for _, name := range []string{"put-secret", "new-key", "import-sample", "export", "import", "import-roster", "recovery-link"} {
		if !strings.Contains(r.out, "  "+name+" ") {
			t.Errorf("there is no %s in\n%s", name, r.out)
		}
	}
}

func TestAWSConfigurationIsNeeded(t *testing.T) {
	for _, c := range []struct {
		name        string
		environment []string
		message     string
	}{
		{"no region", nil, "no AWS region"},
		{"no credentials", []string{"AWS_REGION=us-east-1"}, "no AWS credentials"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := exec.Command(binary, "export", "-table", "a", "-endpoint", "http://127.0.0.1:1")
			command.Env = append(stranger(t), c.environment...)
			start(t, command).want(t, 1, c.message)
		})
	}
}

// wantActions checks that a command took the IAM actions that its help names,
// and no other one.
func (w *world) wantActions(command string, want ...string) {
	w.Helper()
	taken := w.taken()
	help := start(w.T, exec.Command(binary, command, "-h")).err
	for _, action := range want {
		if !taken[action] {
			w.Errorf("%s didn't need %s", command, action)
		}
		if !strings.Contains(help, action) {
			w.Errorf("the help of %s doesn't name %s", command, action)
		}
		delete(taken, action)
	}
	for action := range taken {
		w.Errorf("%s needed %s", command, action)
	}
}
