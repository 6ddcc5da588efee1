package passkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
)

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

// binaries is where the functions lie, built or not.
type binaries struct {
	directory string // holds one directory per function
}

// code is the asset of one function.
func (b binaries) code(name string) awslambda.Code {
	return awslambda.Code_FromAsset(jsii.String(filepath.Join(b.directory, name)), nil)
}

// goArchitectures: Lambda's name → Go's
var goArchitectures = map[string]string{"arm64": "arm64", "x86_64": "amd64"}

// build compiles all functions at once, which shares the work between them. The
// CDK CLI synthesizes also to list or destroy stacks and says then that bundling
// is not required: the sources stand in for the binaries, because nothing is deployed.
func build(architecture awslambda.Architecture, required bool) (binaries, error) {
	module, err := moduleDirectory()
	if err != nil {
		return binaries{}, err
	}
	if !required {
		return binaries{filepath.Join(module, "functions")}, nil
	}
	goarch := goArchitectures[*architecture.Name()]
	directory, err := outputDirectory(module, goarch)
	if err != nil {
		return binaries{}, err
	}
	once, _ := compiled.LoadOrStore(directory, sync.OnceValue(func() error { return compile(module, goarch, directory) }))
	return binaries{directory}, once.(func() error)()
}

// compiled: output directory → func() error, so that an app that holds the
// construct twice compiles once.
var compiled sync.Map

// moduleDirectory asks the go command where this module's sources are: in this
// checkout, in a replaced directory, or in the module cache.
func moduleDirectory() (string, error) {
	output, err := runGo("finding the sources of "+modulePath, "run the app inside the Go module that requires it",
		nil, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", modulePath)
	return strings.TrimSpace(output), err
}

// outputDirectory is the same for the same sources and architecture, so that
// syntheses leave no more than one set of binaries behind.
func outputDirectory(module, goarch string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", &BuildError{Doing: "choosing where to build", Err: err, Remedy: "set HOME"}
	}
	sum := sha256.Sum256([]byte(module))
	return filepath.Join(cache, "cognito-passkeys", hex.EncodeToString(sum[:8])+"-"+goarch), nil
}

// compile builds in a directory of its own and then moves each binary to its
// place in one step, so that syntheses that run at once don't disturb each other.
// Its flags leave nothing in a binary that depends on where or when it was built.
func compile(module, goarch, directory string) error {
	started := time.Now()
	fmt.Fprintf(os.Stderr, "Building the functions for linux/%s...\n", goarch)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return &BuildError{Doing: "making room for the binaries", Err: err, Remedy: "make it writable"}
	}
	work, err := os.MkdirTemp(directory, "build-")
	if err != nil {
		return &BuildError{Doing: "making room for the binaries", Err: err, Remedy: "make it writable"}
	}
	defer func() { _ = os.RemoveAll(work) }()

	names := []string{defineFunction, createFunction, verifyFunction, apiFunction, provisionFunction}
	arguments := []string{
		"build", "-C", module, "-mod=readonly", "-trimpath", "-buildvcs=false",
		"-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", work + string(filepath.Separator),
	}
	for _, name := range names {
		arguments = append(arguments, "./functions/"+name)
	}
	environment := []string{"GOOS=linux", "GOARCH=" + goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}
	if _, err := runGo("building the functions",
		"mend what the go command reports; modules that are missing need the network once",
		environment, arguments...); err != nil {
		return err
	}
	for _, name := range names {
		if err := place(filepath.Join(work, name), filepath.Join(directory, name)); err != nil {
			return &BuildError{Doing: "placing " + name, Err: err, Remedy: "make it writable"}
		}
	}
	fmt.Fprintf(os.Stderr, "Built the functions in %s.\n", time.Since(started).Round(100*time.Millisecond))
	return nil
}

func place(binary, directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	return os.Rename(binary, filepath.Join(directory, bootstrap))
}

// runGo runs the go command and returns what it printed.
func runGo(doing, remedy string, environment []string, arguments ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.Command("go", arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if errors.Is(err, exec.ErrNotFound) {
		remedy = "install Go and put it on the PATH: the functions are built at synthesis"
	}
	if err != nil {
		return "", &BuildError{Doing: doing, Err: err, Remedy: remedy, Output: strings.TrimSpace(stderr.String())}
	}
	return stdout.String(), nil
}
