package main

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
	modulezip "golang.org/x/mod/zip"
)

const (
	modulePath  = "github.com/cognito-passkeys/cognito-passkeys"
	exampleRoot = "../examples/embed" // a module of its own, which go test ./... leaves out
)

// goIn runs the go command in a directory, with further variables.
func goIn(t *testing.T, directory string, env []string, arguments ...string) {
	t.Helper()
	command := exec.Command("go", arguments...)
	command.Dir, command.Env = directory, append(os.Environ(), env...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func TestExampleKeepsItsOwnTests(t *testing.T) {
	goIn(t, exampleRoot, nil, "vet", "./...")
	goIn(t, exampleRoot, nil, "test", "./...")
}

// moduleFile is a file of this module, by its path below the root.
type moduleFile string

func (f moduleFile) name() string                 { return filepath.Join("..", filepath.FromSlash(string(f))) }
func (f moduleFile) Path() string                 { return string(f) }
func (f moduleFile) Lstat() (os.FileInfo, error)  { return os.Lstat(f.name()) }
func (f moduleFile) Open() (io.ReadCloser, error) { return os.Open(f.name()) }

// published is this module as the Go module proxy would give it to others.
type published struct {
	version string
	proxy   string // directory, for GOPROXY=file://
	cache   string // GOMODCACHE of those who require it
}

// publish packs the files that git has or would add into a proxy on this machine.
// https://go.dev/ref/mod#goproxy-protocol
func publish(t *testing.T) published {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	list.Dir = ".."
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []modulezip.File
	for name := range strings.SplitSeq(strings.Trim(string(names), "\x00"), "\x00") {
		if _, err := os.Lstat(moduleFile(name).name()); err == nil { // else it is deleted, and git wasn't told
			files = append(files, moduleFile(name))
		}
	}
	p := published{"v0.1.0", t.TempDir(), t.TempDir()}
	t.Cleanup(func() { goIn(t, ".", []string{"GOMODCACHE=" + p.cache}, "clean", "-modcache") }) // it is read-only
	if err := os.MkdirAll(filepath.Dir(p.file(".zip")), 0o755); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := modulezip.Create(&packed, module.Version{Path: modulePath, Version: p.version}, files); err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for extension, content := range map[string][]byte{".zip": packed.Bytes(), ".mod": manifest, ".info": []byte(`{"Version":"` + p.version + `"}`)} {
		if err := os.WriteFile(p.file(extension), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p published) file(extension string) string {
	return filepath.Join(p.proxy, modulePath, "@v", p.version+extension)
}

// sources is where the go command unpacks it.
func (p published) sources() string { return filepath.Join(p.cache, modulePath+"@"+p.version) }

// env lets the go command take this module from the proxy, and the others from
// what this machine has.
func (p published) env(t *testing.T) []string {
	t.Helper()
	have := filepath.Join(goEnvironment(t, "GOMODCACHE"), "cache", "download")
	return []string{
		"GOMODCACHE=" + p.cache, "GONOSUMDB=" + modulePath,
		"GOPROXY=file://" + p.proxy + ",file://" + have + "," + goEnvironment(t, "GOPROXY"),
	}
}

// synthesizeExample runs an app in the directory of the module that it belongs
// to, and returns the template.
func synthesizeExample(t *testing.T, directory, app string, env ...string) string {
	t.Helper()
	r := newRun(t, directory, app)
	r.Env = append(r.Env, env...)
	if code, said := r.finish(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	text, err := os.ReadFile(filepath.Join(r.output, "Notes.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Another team gets the same stack, functions included, whether they have a
// checkout or what the module proxy gives them.
func TestExampleFromCheckoutAndFromModuleCache(t *testing.T) {
	app := filepath.Join(t.TempDir(), "app")
	goIn(t, exampleRoot, nil, "build", "-o", app, ".")
	fromCheckout := synthesizeExample(t, exampleRoot, app)
	compareGolden(t, "embed", fromCheckout)

	p := publish(t)
	team := t.TempDir()
	if err := os.CopyFS(team, os.DirFS(exampleRoot)); err != nil {
		t.Fatal(err)
	}
	goIn(t, team, nil, "mod", "edit", "-dropreplace="+modulePath, "-require="+modulePath+"@"+p.version)

	t.Run("which must have been downloaded", func(t *testing.T) {
		r := newRun(t, team, app)
		r.Env = append(r.Env, p.env(t)...)
		const want = "finding the sources of " + modulePath + ": the module cache doesn't hold them: run go mod download " + modulePath
		if code, said := r.finish(t); code == 0 || !strings.Contains(said, want) {
			t.Errorf("exit code %d, it says %s\nwant %s", code, said, want)
		}
	})

	goIn(t, team, p.env(t), "mod", "download", modulePath)
	// The app is compiled from there too. The other modules stay where they were
	// compiled before, which takes a replacement that the team itself doesn't have.
	for _, extension := range []string{".mod", ".sum"} {
		text, err := os.ReadFile(filepath.Join(team, "go"+extension))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(team, "build"+extension), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goIn(t, team, nil, "mod", "edit", "-replace="+modulePath+"="+p.sources(), "build.mod")
	goIn(t, team, nil, "build", "-modfile=build.mod", "-o", app, ".")
	cache := "XDG_CACHE_HOME=" + t.TempDir() // nothing was built yet
	if diff := cmp.Diff(fromCheckout, synthesizeExample(t, team, app, append(p.env(t), cache)...)); diff != "" {
		t.Errorf("the template (-from the checkout +from the module cache):\n%s", diff)
	}
}

func TestModuleIsSmallAndWhole(t *testing.T) {
	const (
		largest = 150_000 // bytes of a file: no binary, no package of npm
		all     = 5_000_000
	)
	packed, err := zip.OpenReader(publish(t).file(".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close() //nolint:errcheck // it was only read
	missing := map[string]bool{"LICENSE": true, "README.md": true, "go.mod": true, "go.sum": true, "infra/passkeys/build.go": true}
	functions, err := filepath.Glob("../functions/*/main.go")
	if err != nil || len(functions) == 0 {
		t.Fatalf("%d functions, %v", len(functions), err)
	}
	for _, function := range functions {
		missing[filepath.ToSlash(strings.TrimPrefix(function, ".."+string(filepath.Separator)))] = true
	}
	var size uint64
	for _, file := range packed.File {
		name := strings.TrimPrefix(file.Name, modulePath+"@v0.1.0/")
		delete(missing, name)
		size += file.UncompressedSize64
		if file.UncompressedSize64 > largest || strings.Contains(name, "node_modules/") {
			t.Errorf("it holds %s of %d bytes", name, file.UncompressedSize64)
		}
	}
	if size > all || len(missing) != 0 {
		t.Errorf("it holds %d bytes and lacks %v", size, slices.Collect(maps.Keys(missing)))
	}
}
