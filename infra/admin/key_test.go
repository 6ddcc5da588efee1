package main_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// newKey runs the command with text on its standard input.
func newKey(t *testing.T, input string, arguments ...string) result {
	t.Helper()
	command := exec.Command(binary, append([]string{"new-key"}, arguments...)...)
	command.Env = stranger(t) // it needs no AWS
	command.Stdin = strings.NewReader(input)
	return start(t, command)
}

func ringOf(t *testing.T, r result) secret.Ring {
	t.Helper()
	r.want(t, 0, "")
	ring, err := secret.Decode(r.out)
	if err != nil {
		t.Fatalf("it printed no ring: %v", err)
	}
	return ring
}

func TestNewKey(t *testing.T) {
	for use, kind := range map[string]secret.Kind{"stamp": secret.Signing, "ticket": secret.Signing, "decoy": secret.Symmetric, "roster": secret.Pepper} {
		t.Run(use, func(t *testing.T) {
			first := newKey(t, "", "-for", use)
			ring := ringOf(t, first)
			if ring.Kind() != kind || ring.Current() == ringOf(t, newKey(t, "", "-for", use)).Current() {
				t.Errorf("it printed a %s ring, or the same twice", ring.Kind())
			}
			next := ringOf(t, newKey(t, first.out, "-for", use, "-rotate"))
			if next.Rotation() != 1 || next.Current() == ring.Current() {
				t.Errorf("rotation %d of the ring is not one more, or kept the key", next.Rotation())
			}
			if kind == secret.Signing && !slices.Equal(next.PublicKeys()[:1], ring.PublicKeys()[1:]) {
				t.Error("those who verify don't know the rotated key yet")
			}
		})
	}
}

func TestNewKeyRefusals(t *testing.T) {
	symmetric := newKey(t, "", "-for", "decoy").out
	for name, c := range map[string]struct {
		input     string
		arguments []string
		code      int
		message   string
	}{
		"rejects no use":                 {"", nil, 2, "set -for"},
		"rejects an unknown use":         {"", []string{"-for", "tokens"}, 2, `-for is "tokens"`},
		"rejects what is no ring":        {"hunter2", []string{"-for", "stamp", "-rotate"}, 1, "not a key ring"},
		"rejects a ring of another kind": {symmetric, []string{"-for", "stamp", "-rotate"}, 1, "kind symmetric, not ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newKey(t, c.input, c.arguments...)
			r.want(t, c.code, c.message)
			if c.input != "" && strings.Contains(r.out+r.err, strings.TrimSpace(c.input)) {
				t.Error("it printed what it was given")
			}
		})
	}
}
