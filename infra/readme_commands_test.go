package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

func TestReadmeListsTheRoutes(t *testing.T) {
	rows := readmeTable(t, "The HTTP API")
	all := routes.All()
	if len(rows) != len(all) {
		t.Fatalf("README.md lists %d routes, the API has %d", len(rows), len(all))
	}
	for i, route := range all {
		if rows[i][0] != code(route.Key()) || rows[i][1] != string(route.Token) {
			t.Errorf("README.md lists %v, the API has %s with token %s", rows[i], route.Key(), route.Token)
		}
	}
}

// Each `make …` that the README names is a target.
func TestReadmeNamesTargetsOfTheMakefile(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)(?:^\\$ |`)make ([a-z]+)").FindAllSubmatch(readme, -1)
	if len(named) < 5 {
		t.Fatalf("found %d commands in README.md", len(named))
	}
	for _, command := range named {
		dry := exec.Command("make", "--dry-run", "--directory", "..", string(command[1]))
		if output, err := dry.CombinedOutput(); err != nil {
			t.Errorf("make %s: %v\n%s", command[1], err, output)
		}
	}
}

// The program that the README shows to other teams synthesizes.
func TestReadmeProgramSynthesizes(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(readme)
	if program == nil {
		t.Fatal("README.md shows no Go program")
	}
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	if err := os.WriteFile(source, program[1], 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "run", source)
	run.Env = append(os.Environ(), "CDK_OUTDIR="+filepath.Join(folder, "cdk.out"))
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if _, err := os.Stat(filepath.Join(folder, "cdk.out", "Accounts.template.json")); err != nil {
		t.Error(err)
	}
}

// Whatever the README refers to in the tree is there.
func TestReadmeLinksLeadSomewhere(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(readme, -1)
	if len(links) < 10 {
		t.Fatalf("found %d links in README.md", len(links))
	}
	for _, link := range links {
		if _, err := os.Stat(filepath.Join("..", string(link[1]))); err != nil {
			t.Errorf("README.md: %v", err)
		}
	}
}
