package main

import (
	"os"
	"regexp"
	"testing"
)

// pinned are the texts that a reader copies or that run in CI.
var pinned = []string{"../.github/workflows/ci.yml", "../README.md"}

func readPinned(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A tag of an action can be moved to other code, a commit can't.
func TestActionsArePinnedByCommit(t *testing.T) {
	commits := map[string]string{} // action → commit and version
	for _, path := range pinned {
		for _, use := range regexp.MustCompile(`uses: ([^\s@]+)@?(.*)`).FindAllStringSubmatch(readPinned(t, path), -1) {
			action, version := use[1], use[2]
			if !regexp.MustCompile(`^[0-9a-f]{40} # v\d+\.\d+\.\d+$`).MatchString(version) {
				t.Errorf("%s uses %s at %q, want a commit and, in a comment, its version", path, action, version)
			}
			if other, ok := commits[action]; ok && other != version {
				t.Errorf("%s uses %s at %s, elsewhere it is %s", path, action, version, other)
			}
			commits[action] = version
		}
	}
	if len(commits) < 3 {
		t.Errorf("found %v only", commits)
	}
}

// One version of the CDK CLI synthesizes and deploys.
func TestOneVersionOfTheCDK(t *testing.T) {
	cdk := regexp.MustCompile(`aws-cdk@[\d.]+`)
	want := cdk.FindString(readPinned(t, "../Makefile"))
	if want == "" {
		t.Fatal("the Makefile names no version")
	}
	for _, path := range pinned {
		for _, got := range cdk.FindAllString(readPinned(t, path), -1) {
			if got != want {
				t.Errorf("%s says %s, the Makefile %s", path, got, want)
			}
		}
	}
}
