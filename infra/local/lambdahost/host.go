// Package lambdahost runs the bootstrap files of Lambda functions on this
// machine, behind a Lambda Runtime API on loopback.
//
// A process serves one invocation at a time and is kept for the next one; more
// are started while all are busy, up to a limit, and one that exits is replaced
// at the next invocation. A process sees the environment that Lambda would give
// it and nothing of this machine's.
package lambdahost

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PayloadLimit is the size in bytes up to which an event or a response may go.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const PayloadLimit = 6 << 20

// defaultMaxProcesses is that of [Options].
const defaultMaxProcesses = 10

// initTimeout bounds the time from a process's start until it asks for its first
// event, as Lambda does.
const initTimeout = 10 * time.Second

// Errors that Invoke wraps when no function was called.
var (
	// ErrNoFunction says that no function has the ARN.
	ErrNoFunction = errors.New("function not found")
	// ErrPayloadTooLarge says that an event exceeds [PayloadLimit].
	ErrPayloadTooLarge = errors.New("payload too large")
	// ErrClosed says that the host was closed.
	ErrClosed = errors.New("the function host is closed")
)

// Options are the settings of a [Host].
type Options struct {
	// Region is what functions see as AWS_REGION. Required.
	Region string
	// Environment is handed to every function, after AWS's own variables and
	// before the function's: name → value.
	Environment map[string]string
	// Log receives what functions write, each line after the function's name. Required.
	Log io.Writer
	// Line receives each line that a function writes, before Log does; it must
	// not wait and not keep the line. Nil means nobody wants to know.
	Line func(functionARN string, line []byte)
	// MaxProcesses bounds the processes of one function; zero means 10.
	MaxProcesses int
}

// Function is one function's configuration.
type Function struct {
	Name        string
	ARN         string
	Directory   string            // the folder that holds the bootstrap file
	Timeout     time.Duration     // of one invocation, without the initialization
	MemoryMB    int               // told to the function, not enforced
	LogFormat   string            // Text or JSON, as LoggingConfig has it; empty means Text
	LogLevel    string            // ApplicationLogLevel; empty if LogFormat is Text
	Environment map[string]string // the function's own variables: name → value
}

// FunctionError is a failed invocation: the function returned an error, crashed,
// or didn't answer in time. Type and Message are what a caller of Lambda sees.
type FunctionError struct {
	Type    string
	Message string
	// Output is the end of what a process wrote that failed to start.
	Output string
}

// Error implements error.
func (e *FunctionError) Error() string {
	text := e.Type + ": " + e.Message
	if e.Output != "" {
		text += "\n" + e.Output
	}
	return text
}

// Host runs functions. It is safe for concurrent use.
type Host struct {
	options  Options
	server   *http.Server
	address  string // host:port of the Runtime API
	launcher *launcher
	log      *lineWriter

	mu        sync.Mutex
	functions map[string]*function // ARN → function
	callers   map[string]string    // access key id → function's ARN
	processes map[string]*process  // path token → process
	closed    bool
	running   sync.WaitGroup // invocations under way
}

// New starts the Runtime API on a loopback port of its own.
func New(ctx context.Context, o Options) (*Host, error) {
	if o.MaxProcesses == 0 {
		o.MaxProcesses = defaultMaxProcesses
	}
	if o.Line == nil {
		o.Line = func(string, []byte) {}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the Lambda Runtime API: %w", err)
	}
	h := &Host{
		options:   o,
		address:   listener.Addr().String(),
		launcher:  newLauncher(),
		log:       &lineWriter{out: o.Log},
		functions: map[string]*function{},
		callers:   map[string]string{},
		processes: map[string]*process{},
	}
	h.server = &http.Server{Handler: h.runtimeAPI(), ReadHeaderTimeout: 10 * time.Second}
	go h.server.Serve(listener) //nolint:errcheck // it ends with http.ErrServerClosed, by Close
	return h, nil
}

// Add makes a function callable. Its folder must hold an executable bootstrap.
func (h *Host) Add(f Function) error {
	bootstrap := filepath.Join(f.Directory, bootstrapFile)
	info, err := os.Stat(bootstrap)
	if err != nil {
		return fmt.Errorf("function %s: %w", f.Name, err)
	}
	if info.Mode()&0o111 == 0 {
		return fmt.Errorf("function %s: %s is not executable (mode %s)", f.Name, bootstrap, info.Mode())
	}
	if f.Directory, err = filepath.Abs(f.Directory); err != nil {
		return fmt.Errorf("function %s: %w", f.Name, err)
	}
	accessKeyID := "ASIA" + randomBase32(16)
	added := &function{
		Function:    f,
		host:        h,
		environment: h.environment(f, accessKeyID),
		slots:       make(chan struct{}, h.options.MaxProcesses),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.functions[f.ARN] = added
	h.callers[accessKeyID] = f.ARN
	return nil
}

// Caller returns the ARN of the function that was given an access key id.
func (h *Host) Caller(accessKeyID string) (functionARN string, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	functionARN, ok = h.callers[accessKeyID]
	return functionARN, ok
}

// Invoke calls a function with an event and returns its response. A failure of
// the function is a [*FunctionError]. When ctx ends first, Invoke returns its
// error and the invocation goes on until it is done or times out, as on AWS.
func (h *Host) Invoke(ctx context.Context, functionARN string, payload []byte) ([]byte, error) {
	if len(payload) > PayloadLimit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrPayloadTooLarge, len(payload), PayloadLimit)
	}
	f, err := h.begin(functionARN)
	if err != nil {
		return nil, err
	}
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		h.running.Done()
		return nil, fmt.Errorf("waiting for a free process of %s: %w", f.Name, context.Cause(ctx))
	}
	answered := make(chan outcome, 1)
	go func() {
		defer h.running.Done()
		defer func() { <-f.slots }()
		answered <- f.invoke(payload)
	}()
	select {
	case result := <-answered:
		return result.response, result.err
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for %s: %w", f.Name, context.Cause(ctx))
	}
}

// begin counts an invocation as running, so that Close waits for it.
func (h *Host) begin(functionARN string) (*function, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.functions[functionARN]
	switch {
	case h.closed:
		return nil, ErrClosed
	case f == nil:
		return nil, fmt.Errorf("%w: %s", ErrNoFunction, functionARN)
	}
	h.running.Add(1)
	return f, nil
}

// End ends the processes of functions, and waits until they are gone and all
// that they wrote is passed on.
func (h *Host) End(functionARNs ...string) {
	h.mu.Lock()
	processes := slices.DeleteFunc(slices.Collect(maps.Values(h.processes)), func(p *process) bool {
		return !slices.Contains(functionARNs, p.function.ARN)
	})
	h.mu.Unlock()
	for _, p := range processes {
		p.kill()
		<-p.exited
	}
}

// Close ends all processes and waits until they are gone.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	processes := maps.Clone(h.processes)
	h.mu.Unlock()
	for _, p := range processes {
		p.kill()
	}
	h.running.Wait()
	for _, p := range processes {
		<-p.exited
	}
	h.launcher.close()
	if err := h.server.Close(); err != nil {
		return fmt.Errorf("closing the Lambda Runtime API: %w", err)
	}
	return nil
}

// environment is what a function's processes see. The reserved variables are
// set last, as Lambda lets no function override them.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (h *Host) environment(f Function, accessKeyID string) []string {
	variables := map[string]string{
		"LANG":                      "en_US.UTF-8",
		"PATH":                      "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TZ":                        ":UTC",
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	maps.Copy(variables, h.options.Environment)
	maps.Copy(variables, f.Environment)
	maps.Copy(variables, map[string]string{
		"_HANDLER":                        bootstrapFile,
		"AWS_ACCESS_KEY_ID":               accessKeyID,
		"AWS_SECRET_ACCESS_KEY":           randomBase32(40),
		"AWS_SESSION_TOKEN":               randomBase32(40),
		"AWS_REGION":                      h.options.Region,
		"AWS_DEFAULT_REGION":              h.options.Region,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "local",
		"LAMBDA_TASK_ROOT":                f.Directory,
	})
	if f.LogFormat != "" {
		variables["AWS_LAMBDA_LOG_FORMAT"] = f.LogFormat
	}
	if f.LogLevel != "" {
		variables["AWS_LAMBDA_LOG_LEVEL"] = f.LogLevel
	}
	list := make([]string, 0, len(variables))
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	return list
}

// randomBase32 returns length unguessable characters A–Z and 2–7.
func randomBase32(length int) string {
	random := make([]byte, length)
	_, _ = rand.Read(random) // it never fails: the program ends instead
	return strings.TrimRight(base32.StdEncoding.EncodeToString(random), "=")[:length]
}
