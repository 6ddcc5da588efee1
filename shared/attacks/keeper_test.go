package attacks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// known is how many attacks are known.
const known = 79

func TestListingIsComplete(t *testing.T) {
	numbers := slices.Sorted(maps.Keys(attacks))
	if len(numbers) != known || numbers[0] != 1 || numbers[known-1] != known {
		t.Errorf("the listing has the cases %v, want 1 to %d", numbers, known)
	}
	for _, number := range numbers {
		a := attacks[number]
		if a.name == "" || len(a.tests) == 0 && a.later == "" && a.aws == "" {
			t.Errorf("case %d, %q: it has no test and doesn't say why", number, a.name)
		}
	}
}

func TestListedTestsExist(t *testing.T) {
	packages := map[string]sources{} // folder → what its tests are made of
	used := map[string]bool{}        // test of this package → true
	for number, a := range attacks {
		for _, listed := range a.tests {
			folder, test := here, listed
			if first, rest, _ := strings.Cut(listed, " "); !isTest(first) {
				folder, test = first, rest
			}
			if _, read := packages[folder]; !read {
				packages[folder] = readTests(t, folder)
			}
			name, subtest, _ := strings.Cut(test, "/")
			if !packages[folder].functions[name] || subtest != "" && !packages[folder].texts[subtest] {
				t.Errorf("case %d, %q: there is no test %q", number, a.name, listed)
			}
			if folder == here {
				used[name] = true
			}
		}
	}
	for name := range packages[here].functions {
		if !used[name] {
			t.Errorf("%s is of no case", name)
		}
	}
}

// here is the folder of this package.
const here = "shared/attacks"

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// sources is what the test files of a package hold.
type sources struct {
	functions map[string]bool // name of a test or fuzz target → true
	texts     map[string]bool // string literal, such as the name of a subtest → true
}

func readTests(t *testing.T, folder string) sources {
	t.Helper()
	found := sources{functions: map[string]bool{}, texts: map[string]bool{}}
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if base := filepath.Base(file); base == "listing_test.go" || base == "keeper_test.go" {
			continue // they name tests, and hold none of an attack
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && isTest(n.Name.Name) {
					found.functions[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					found.texts[text] = true
				}
			}
			return true
		})
	}
	return found
}
