package passkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

const (
	wordsFile = "words/words.go" // what api and provision of the small module say
	words     = "package words\n\nconst Hello = \"hello\"\n"
)

// writeSmallModule writes a module that has this one's path and functions of a few
// lines, which link in an instant.
func writeSmallModule(t *testing.T) (directory string) {
	t.Helper()
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module "+modulePath+"\n\ngo 1.26.0\n")
	write(t, filepath.Join(module, wordsFile), words)
	for _, name := range functionNames {
		imported, text := "", fmt.Sprintf("%q", name)
		if name == apiFunction || name == provisionFunction {
			imported, text = fmt.Sprintf("import %q\n\n", modulePath+"/words"), text+", words.Hello"
		}
		write(t, mainOf(module, name), "package main\n\n"+imported+"func main() { println("+text+") }\n")
	}
	return module
}

func mainOf(module, function string) string {
	return filepath.Join(module, "functions", function, "main.go")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, path, old, replacement string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s holds no %q: %v", path, old, err)
	}
	write(t, path, strings.ReplaceAll(string(text), old, replacement))
}

// newTarget is for the module with a cache of its own.
func newTarget(t *testing.T, module string) target {
	t.Helper()
	return target{module: module, goarch: "arm64", tags: "lambda.norpc", cache: t.TempDir()}
}

// mustBuild returns the binaries and what the user reads meanwhile.
func mustBuild(t *testing.T, to target) (built binaries, said string) {
	t.Helper()
	var log bytes.Buffer
	to.log = &log
	built, err := to.build()
	if err != nil {
		t.Fatal(err)
	}
	for name, directory := range built {
		content, err := os.ReadFile(filepath.Join(directory, bootstrap))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != filepath.Base(directory) {
			t.Errorf("%s holds something else than it is named after", name)
		}
	}
	return built, log.String()
}

// linkedFiles: function → what the go command linked for it
func linkedFiles(t *testing.T, to target) map[string]os.FileInfo {
	t.Helper()
	files := map[string]os.FileInfo{}
	for _, name := range functionNames {
		info, err := os.Stat(filepath.Join(to.linked(), name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = info
	}
	return files
}

func TestOnlyWhatChangedIsLinked(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, to target)
		want   []string // functions that are linked again
		said   string   // begins
	}{
		{"nothing", func(*testing.T, target) {}, nil, "Functions are up to date.\n"},
		{"a function", func(t *testing.T, to target) {
			replace(t, mainOf(to.module, createFunction), createFunction, t.TempDir()) // what nobody compiled before
		}, []string{createFunction}, "Building the functions for linux/arm64...\nBuilt create-auth-challenge in "},
		{"a package that two share", func(t *testing.T, to target) {
			replace(t, filepath.Join(to.module, wordsFile), "hello", t.TempDir())
		}, []string{apiFunction, provisionFunction}, "Building the functions for linux/arm64...\nBuilt api, provision in "},
		{"a file that only another tag builds", func(t *testing.T, to target) {
			write(t, filepath.Join(to.module, "words/more.go"), "//go:build more\n\npackage words\n\nfunc init() { println(Hello) }\n")
		}, nil, "Functions are up to date.\n"},
		{"a binary that is another's", func(t *testing.T, to target) {
			other, err := os.ReadFile(filepath.Join(to.linked(), apiFunction))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(to.linked(), defineFunction), string(other))
		}, []string{defineFunction}, "Functions are up to date.\n"},
		{"a binary that is gone", func(t *testing.T, to target) {
			if err := os.Remove(filepath.Join(to.linked(), verifyFunction)); err != nil {
				t.Fatal(err)
			}
		}, []string{verifyFunction}, "Functions are up to date.\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := newTarget(t, writeSmallModule(t))
			if _, said := mustBuild(t, to); !strings.Contains(said, "Built the functions in ") {
				t.Errorf("the first build says %q", said)
			}
			before := linkedFiles(t, to)
			test.change(t, to)
			if _, said := mustBuild(t, to); !strings.HasPrefix(said, test.said) {
				t.Errorf("it says %q, want %q", said, test.said)
			}
			var linked []string
			after := linkedFiles(t, to)
			for _, name := range functionNames {
				if !os.SameFile(before[name], after[name]) {
					linked = append(linked, name)
				}
			}
			if !slices.Equal(linked, test.want) {
				t.Errorf("linked %v again, want %v", linked, test.want)
			}
		})
	}
}

// hashes: function → SHA-256 of its binary
func hashes(built binaries) map[string]string {
	all := map[string]string{}
	for name, directory := range built {
		all[name] = filepath.Base(directory)
	}
	return all
}

func TestWhatBinariesDependOn(t *testing.T) {
	module := writeSmallModule(t)
	standard := newTarget(t, module)
	built, _ := mustBuild(t, standard)
	want := hashes(built)
	tests := []struct {
		name    string
		to      func(t *testing.T) target
		differs bool
	}{
		{"not on the directory or the cache", func(t *testing.T) target {
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(module)); err != nil {
				t.Fatal(err)
			}
			return newTarget(t, copied)
		}, false},
		{"not on the user's settings of the go command", func(t *testing.T) target {
			settings := filepath.Join(t.TempDir(), "env")
			write(t, settings, "GOFLAGS=-gcflags=all=-N\nGOARM64=v9.0\nGOOS=plan9\n")
			t.Setenv("GOENV", settings)
			return newTarget(t, module)
		}, false},
		{"not on the user's environment", func(t *testing.T) target {
			t.Setenv("GOFLAGS", "-gcflags=all=-N")
			t.Setenv("GOARCH", "wasm")
			t.Setenv("GOWORK", "/nowhere/go.work")
			return newTarget(t, module)
		}, false},
		{"on the architecture", func(*testing.T) target {
			changed := standard
			changed.goarch = "amd64"
			return changed
		}, true},
		{"on the compiler", func(t *testing.T) target {
			t.Setenv("GOEXPERIMENT", "fieldtrack") // as another version of Go would, it compiles everything anew
			return standard
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			built, _ := mustBuild(t, test.to(t))
			got := hashes(built)
			for _, name := range functionNames {
				if differs := got[name] != want[name]; differs != test.differs {
					t.Errorf("%s differs: %t", name, differs)
				}
			}
		})
	}
	t.Run("and back again nothing is new", func(t *testing.T) {
		built, said := mustBuild(t, standard)
		if got := hashes(built); !maps.Equal(got, want) || said != "Functions are up to date.\n" {
			t.Errorf("%v, %q, want %v", got, said, want)
		}
	})
}

func TestTagsChooseWhatIsLinked(t *testing.T) {
	const tagged = "linked with both tags"
	module := writeSmallModule(t)
	write(t, filepath.Join(module, "words/tagged.go"), fmt.Sprintf("//go:build one && two\n\npackage words\n\nfunc init() { println(%q) }\n", tagged))
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(goCache)))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Chdir(module)
	holds := func(tags ...string) bool {
		built, err := build(awslambda.Architecture_ARM_64(), tags, true)
		if err != nil {
			t.Fatal(err)
		}
		binary, err := os.ReadFile(filepath.Join(built[apiFunction], bootstrap))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(binary, []byte(tagged))
	}
	for _, test := range []struct {
		tags []string
		want bool
	}{{nil, false}, {[]string{"one"}, false}, {[]string{"one", "two"}, true}, {[]string{"two", "one"}, true}, {nil, false}} {
		if got := holds(test.tags...); got != test.want {
			t.Errorf("with tags %v it is linked: %t", test.tags, got)
		}
	}
}

func TestBuildsAtTheSameTime(t *testing.T) {
	module := writeSmallModule(t)
	to := newTarget(t, module)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { mustBuild(t, to) }) // which checks that each binary is whole
	}
	all.Wait()
	if files, err := filepath.Glob(filepath.Join(to.cache, "new-*")); err != nil || len(files) != 0 {
		t.Errorf("left %v behind, %v", files, err)
	}
}

func TestProgressIsVisible(t *testing.T) {
	module := writeSmallModule(t)
	var imports strings.Builder
	for i := range 60 {
		name := fmt.Sprintf("p%d", i)
		write(t, filepath.Join(module, name, "p.go"), "package "+name+"\n\n// "+t.TempDir()+"\n") // compiled by nobody before
		fmt.Fprintf(&imports, "import _ %q\n", modulePath+"/"+name)
	}
	replace(t, mainOf(module, defineFunction), "func main", imports.String()+"\nfunc main")
	_, said := mustBuild(t, newTarget(t, module))
	lines := strings.Split(said, "\n")
	if len(lines) != 4 || lines[0] != "Building the functions for linux/arm64..." || lines[1] != "  compiled 50 packages" || !strings.HasPrefix(lines[2], "Built ") {
		t.Errorf("it says %q", said)
	}
}

func TestUnusedBinariesGo(t *testing.T) {
	to := newTarget(t, writeSmallModule(t))
	built, _ := mustBuild(t, to)
	long := time.Now().Add(-unused - time.Hour)
	for _, directory := range []string{built[apiFunction], filepath.Join(to.cache, "linked-elsewhere")} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(directory, long, long); err != nil {
			t.Fatal(err)
		}
	}
	replace(t, mainOf(to.module, apiFunction), "words.Hello", "words.Hello, 1")
	again, _ := mustBuild(t, to)
	entries, err := os.ReadDir(to.cache)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, entry := range entries {
		kept = append(kept, entry.Name())
	}
	want := append(slices.Collect(maps.Values(hashes(again))), filepath.Base(to.linked()))
	slices.Sort(want)
	if !slices.Equal(kept, want) {
		t.Errorf("the cache holds %v, want %v", kept, want)
	}
}
