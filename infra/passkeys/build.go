package passkeys

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// Directories of the functions, below functions/.
const (
	defineFunction    = "define-auth-challenge"
	createFunction    = "create-auth-challenge"
	verifyFunction    = "verify-auth-challenge"
	apiFunction       = "api"
	provisionFunction = "provision"
	auditFunction     = "audit"
	accountsFunction  = "accounts"

	corbadoActionsFunction = "corbado-actions"

	preSignUpFunction         = "pre-sign-up"
	postConfirmationFunction  = "post-confirmation"
	preAuthenticationFunction = "pre-authentication"
)

var functionNames = []string{
	defineFunction, createFunction, verifyFunction, apiFunction, provisionFunction, auditFunction, accountsFunction, corbadoActionsFunction,
	preSignUpFunction, postConfirmationFunction, preAuthenticationFunction,
}

const (
	modulePath = "github.com/cognito-passkeys/cognito-passkeys"
	bootstrap  = "bootstrap" // what the provided.al2023 runtime starts
)

// BuildError is why the functions could not be built.
type BuildError struct {
	Doing  string // the step that failed
	Remedy string
	Output string // what the go command said
	Err    error
}

func (e *BuildError) Error() string {
	text := fmt.Sprintf("%s: %v: %s", e.Doing, e.Err, e.Remedy)
	if e.Output != "" {
		text += "\n" + e.Output
	}
	return text
}

func (e *BuildError) Unwrap() error { return e.Err }

// binaries is where the functions lie: directory below functions/ → directory
// that holds its binary, or its sources if nothing was built.
type binaries map[string]string

// code is the asset of one function, with the folders of files beside its binary.
// It panics with a *BuildError if they can't be put together.
func (b binaries) code(name string, files map[string]string) awslambda.Code {
	folders := maps.Clone(files)
	maps.DeleteFunc(folders, func(_, from string) bool { return from == "" })
	if len(folders) == 0 {
		return awslambda.Code_FromAsset(jsii.String(b[name]), nil)
	}
	work, err := os.MkdirTemp("", "passkeys-")
	if err == nil {
		err = os.CopyFS(work, os.DirFS(b[name]))
	}
	for folder, from := range folders {
		if err == nil {
			err = os.CopyFS(filepath.Join(work, folder), os.DirFS(from))
		}
	}
	if err != nil {
		panic(&BuildError{Doing: "putting templates beside " + name, Err: err, Remedy: "make them readable"})
	}
	return awslambda.Code_FromAsset(jsii.String(work), nil) // copied from there when the function is made
}

// goArchitectures: Lambda's name → Go's
var goArchitectures = map[string]string{"arm64": "arm64", "x86_64": "amd64"}

// build makes the binaries of all functions, with the given build tags. The CDK
// CLI synthesizes also to list or destroy stacks and says then that bundling is
// not required: the sources stand in for the binaries, because nothing is deployed.
func build(architecture awslambda.Architecture, tags []string, required bool) (binaries, error) {
	module, err := moduleDirectory()
	if err != nil {
		return nil, err
	}
	if !required {
		sources := binaries{}
		for _, name := range functionNames {
			sources[name] = filepath.Join(module, "functions", name)
		}
		return sources, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, &BuildError{Doing: "choosing where to keep the binaries", Err: err, Remedy: "set HOME"}
	}
	t := target{
		module: module,
		goarch: goArchitectures[*architecture.Name()],
		tags:   strings.Join(slices.Sorted(slices.Values(append([]string{"lambda.norpc"}, tags...))), ","),
		cache:  filepath.Join(cache, "cognito-passkeys"),
		log:    os.Stderr,
	}
	once, _ := builds.LoadOrStore(t, sync.OnceValues(t.build))
	return once.(func() (binaries, error))()
}

// builds: target → func() (binaries, error), so that an app that holds the
// construct twice builds once.
var builds sync.Map

// moduleDirectory asks the go command where this module's sources are: in this
// checkout, in a replaced directory, or in the module cache.
func moduleDirectory() (string, error) {
	const doing = "finding the sources of " + modulePath
	output, err := exec.Command("go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", modulePath).Output()
	directory := strings.TrimSpace(string(output))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return "", goError(doing, err, "run the app inside the Go module that requires it", strings.TrimSpace(string(exit.Stderr)))
	case err != nil:
		return "", &BuildError{Doing: doing, Err: err, Remedy: "install Go and put it on the PATH: the functions are built at synthesis"}
	case directory == "": // the app was built from vendored sources, or elsewhere
		return "", &BuildError{Doing: doing, Err: errors.New("the module cache doesn't hold them"), Remedy: "run go mod download " + modulePath}
	}
	return directory, nil
}

// missingModule matches a line in which the go command says of a module that it can't get it.
var missingModule = regexp.MustCompile(`.*(@v[^ /]*: |GOPROXY=off).*`)

// goError is the error of a go command that failed with the given output.
func goError(doing string, err error, remedy, output string) *BuildError {
	if missing := missingModule.FindString(output); missing != "" {
		remedy = "connect to the network, which is needed once, or set GOPROXY to a proxy that answers"
		output = missing // the lines for the other modules are alike
	}
	return &BuildError{Doing: doing, Err: err, Remedy: remedy, Output: output}
}

// target is one set of binaries.
type target struct {
	module string // directory of the sources
	goarch string
	tags   string // separated by commas
	cache  string // directory that keeps binaries from one synthesis to the next
	log    io.Writer
}

// build leaves it to the go command to say what has changed: it links a binary
// again only if the build id in it is another than that of the sources, flags and
// compiler of now. What it links is then copied to where it never changes.
func (t target) build() (binaries, error) {
	started := time.Now()
	linked := t.linked()
	if err := os.MkdirAll(linked, 0o755); err != nil {
		return nil, keeping(err)
	}
	if err := t.link(linked); err != nil {
		return nil, err
	}
	assets, added := binaries{}, []string{}
	for _, name := range functionNames {
		asset, isNew, err := t.keep(filepath.Join(linked, name))
		if err != nil {
			return nil, keeping(err)
		}
		if assets[name] = asset; isNew {
			added = append(added, name)
		}
	}
	t.trim()
	took := time.Since(started).Round(100 * time.Millisecond)
	switch len(added) {
	case 0:
		say(t.log, "Functions are up to date.")
	case len(functionNames):
		say(t.log, "Built the functions in %s.", took)
	default:
		say(t.log, "Built %s in %s.", strings.Join(added, ", "), took)
	}
	return assets, nil
}

// say tells the user, who may have closed the terminal, how far it is.
func say(log io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(log, format+"\n", args...) }

func keeping(err error) error {
	return &BuildError{Doing: "keeping the binaries in the user's cache directory", Err: err, Remedy: "make it writable"}
}

// linked is where the go command links, and looks for what it linked before.
func (t target) linked() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{t.module, t.goarch, t.tags}, "\n")))
	return filepath.Join(t.cache, "linked-"+hex.EncodeToString(sum[:8]))
}

// link compiles and links with flags that leave nothing in a binary that depends
// on where or when it was built, nor on this user's settings of the go command.
func (t target) link(directory string) error {
	arguments := []string{
		"build", "-v", "-trimpath", "-buildvcs=false",
		"-tags", t.tags, "-ldflags", "-s -w", "-o", directory + string(filepath.Separator),
	}
	for _, name := range functionNames {
		arguments = append(arguments, "./functions/"+name)
	}
	command := exec.Command("go", arguments...)
	command.Dir = t.module
	command.Env = append(os.Environ(),
		"GOOS=linux", "GOARCH="+t.goarch, "GOARM64=v8.0", "GOAMD64=v1", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", // empty, it would leave the user's flags in force
		"GOWORK=off",
		"GOTMPDIR="+directory, // binaries are moved from there in one step, also under a synthesis that reads them
	)
	r := report{target: t}
	command.Stderr = &r
	if err := command.Run(); err != nil {
		return goError("building the functions", err, "mend what the go command reports", strings.Join(r.problems, "\n"))
	}
	return nil
}

// report follows what the go command says while it builds.
type report struct {
	target   target
	rest     string // of a line that is not complete yet
	begun    bool
	compiled int // packages
	problems []string
}

func (r *report) Write(p []byte) (int, error) {
	lines := strings.Split(r.rest+string(p), "\n")
	for _, line := range lines[:len(lines)-1] {
		r.line(line)
	}
	r.rest = lines[len(lines)-1]
	return len(p), nil
}

// line passes on what shows that the build goes on. With -v the go command names
// each package that it compiles.
func (r *report) line(text string) {
	download := strings.HasPrefix(text, "go: downloading ")
	if !download && strings.Contains(text, " ") {
		r.problems = append(r.problems, text)
		return
	}
	if !r.begun {
		r.begun = true
		say(r.target.log, "Building the functions for linux/%s...", r.target.goarch)
	}
	if download {
		say(r.target.log, "%s", text)
		return
	}
	const step = 50
	if r.compiled++; r.compiled%step == 0 {
		say(r.target.log, "  compiled %d packages", r.compiled)
	}
}

// keep copies a binary into a directory named after its content, unless there is
// one. It appears whole and never changes, whatever other syntheses build.
func (t target) keep(binary string) (directory string, isNew bool, err error) {
	content, err := os.ReadFile(binary) //nolint:gosec // the go command wrote it
	if err != nil {
		return "", false, err
	}
	sum := sha256.Sum256(content)
	directory = filepath.Join(t.cache, hex.EncodeToString(sum[:]))
	now := time.Now()
	if os.Chtimes(directory, now, now) == nil {
		return directory, false, nil
	}
	work, err := os.MkdirTemp(t.cache, "new-")
	if err != nil {
		return "", false, err
	}
	defer func() { _ = os.RemoveAll(work) }()                                            // nothing is there after the renaming
	if err := os.WriteFile(filepath.Join(work, bootstrap), content, 0o755); err != nil { //nolint:gosec // Lambda runs it
		return "", false, err
	}
	err = os.Rename(work, directory) //nolint:gosec // both are ours
	if errors.Is(err, fs.ErrExist) { // another synthesis was first
		err = nil
	}
	return directory, true, err
}

// unused is how long a binary may lie in the cache without being asked for.
const unused = 30 * 24 * time.Hour

// trim removes what was not asked for in a long time. Whatever can't be removed now can be later.
func (t target) trim() {
	entries, err := os.ReadDir(t.cache)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > unused {
			_ = os.RemoveAll(filepath.Join(t.cache, entry.Name()))
		}
	}
}
