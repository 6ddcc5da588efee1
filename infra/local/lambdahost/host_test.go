package lambdahost_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/lambdahost"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const actorARN = "arn:aws:lambda:us-east-1:000000000000:function:actor"

// actorDirectory holds the built bootstrap of testdata/actor.
var actorDirectory string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	directory, err := os.MkdirTemp("", "actor")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory) //nolint:errcheck // the system clears its temporary folder
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(directory, "bootstrap"), "./testdata/actor")
	if output, err := build.CombinedOutput(); err != nil {
		panic(string(output))
	}
	actorDirectory = directory
	return m.Run()
}

type description struct {
	PID         int      `json:"pid"`
	Environment []string `json:"environment"`
	ARN         string   `json:"arn"`
	RequestID   string   `json:"requestID"`
	Deadline    int64    `json:"deadline"`
}

func newHost(t *testing.T, log *passkeytest.Log, change func(*lambdahost.Function)) *lambdahost.Host {
	t.Helper()
	host, err := lambdahost.New(t.Context(), lambdahost.Options{
		Region:      "us-east-1",
		Environment: map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"},
		Log:         log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	f := lambdahost.Function{
		Name: "actor", ARN: actorARN, Directory: actorDirectory, Timeout: 20 * time.Second, MemoryMB: 256,
		LogFormat: "JSON", LogLevel: "INFO", Environment: map[string]string{"COLOR": "red"},
	}
	if change != nil {
		change(&f)
	}
	if err := host.Add(f); err != nil {
		t.Fatal(err)
	}
	return host
}

func describe(t *testing.T, host *lambdahost.Host) description {
	t.Helper()
	response, err := host.Invoke(t.Context(), actorARN, []byte(`{"Do":"describe"}`))
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(response, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func functionError(t *testing.T, err error) *lambdahost.FunctionError {
	t.Helper()
	var failure *lambdahost.FunctionError
	if !errors.As(err, &failure) {
		t.Fatalf("received %v, want a function error", err)
	}
	return failure
}

func TestEnvironmentIsLambdasOwnAndNothingOfTheMachine(t *testing.T) {
	t.Setenv("SECRET_OF_THE_MACHINE", "1")
	host := newHost(t, &passkeytest.Log{}, nil)
	d := describe(t, host)

	for _, want := range []string{
		"COLOR=red", "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_NAME=actor",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_LEVEL=INFO", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1",
	} {
		if !slices.Contains(d.Environment, want) {
			t.Errorf("%s is missing in %q", want, d.Environment)
		}
	}
	for _, variable := range d.Environment {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "SECRET_OF_THE_MACHINE", "HOME", "USER":
			t.Errorf("the function sees the machine's %s", variable)
		case "AWS_ACCESS_KEY_ID":
			if caller, ok := host.Caller(value); !ok || caller != actorARN {
				t.Errorf("the caller with the access key id %s is %q", value, caller)
			}
		}
	}
	if _, ok := host.Caller("ASIAUNKNOWN"); ok {
		t.Error("an unknown access key id has a caller")
	}
	if d.ARN != actorARN || len(d.RequestID) != 36 || time.UnixMilli(d.Deadline).Before(time.Now()) {
		t.Errorf("invocation headers: %+v", d)
	}
}

func TestProcessIsKeptWarm(t *testing.T) {
	host := newHost(t, &passkeytest.Log{}, nil)
	first, second := describe(t, host), describe(t, host)
	if first.PID != second.PID {
		t.Errorf("processes %d and %d served two invocations in a row", first.PID, second.PID)
	}
	if first.RequestID == second.RequestID {
		t.Error("two invocations have one request id")
	}
}

func TestConcurrentInvocationsHaveProcessesOfTheirOwn(t *testing.T) {
	const together = 3
	var arrived sync.WaitGroup
	arrived.Add(together)
	meeting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived.Done()
		arrived.Wait() // nobody leaves before all are here
	}))
	defer meeting.Close()
	host := newHost(t, &passkeytest.Log{}, nil)

	pids := make(chan int, together)
	var invocations sync.WaitGroup
	for range together {
		invocations.Go(func() {
			response, err := host.Invoke(t.Context(), actorARN, []byte(`{"Do":"meet","URL":"`+meeting.URL+`"}`))
			if err != nil {
				t.Error(err)
				return
			}
			var d description
			if err := json.Unmarshal(response, &d); err != nil {
				t.Error(err)
			}
			pids <- d.PID
		})
	}
	invocations.Wait()
	close(pids)
	seen := map[int]bool{}
	for pid := range pids {
		seen[pid] = true
	}
	if len(seen) != together {
		t.Errorf("%d processes served %d overlapping invocations", len(seen), together)
	}
}

func TestProcessesAreBounded(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	meeting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-leave
	}))
	defer meeting.Close()
	host, err := lambdahost.New(t.Context(), lambdahost.Options{Region: "us-east-1", Log: &passkeytest.Log{}, MaxProcesses: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close() //nolint:errcheck // another test looks at it
	if err := host.Add(lambdahost.Function{Name: "actor", ARN: actorARN, Directory: actorDirectory, Timeout: 20 * time.Second}); err != nil {
		t.Fatal(err)
	}
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := host.Invoke(t.Context(), actorARN, []byte(`{"Do":"meet","URL":"`+meeting.URL+`"}`)); err != nil {
			t.Error(err)
		}
	})
	<-arrived
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = host.Invoke(impatient, actorARN, []byte(`{"Do":"describe"}`))
	if err == nil || !strings.Contains(err.Error(), "waiting for a free process of actor") {
		t.Errorf("a second invocation beside the only process: %v", err)
	}
	close(leave)
	first.Wait()
	describe(t, host)
}

func TestFailedInvocations(t *testing.T) {
	tests := []struct {
		name, do, wantType, wantMessage string
		timeout                         time.Duration
		sameProcess                     bool // the next invocation finds the process alive
	}{
		{name: "an error that the function returns", do: "fail", wantType: "errorString", wantMessage: "no such colour", sameProcess: true},
		{name: "a panic", do: "panic", wantType: "string", wantMessage: "out of paint"},
		{name: "a crash", do: "exit", wantType: "Runtime.ExitError", wantMessage: "Runtime exited with error: exit status 7"},
		{name: "no answer in time", do: "hang", timeout: 300 * time.Millisecond, wantType: "Sandbox.Timedout", wantMessage: "Task timed out after 0.30 seconds"},
		{name: "a response over the limit", do: "flood", wantType: "Function.ResponseSizeTooLarge", wantMessage: "6291456 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			host := newHost(t, &passkeytest.Log{}, func(f *lambdahost.Function) {
				if test.timeout != 0 {
					f.Timeout = test.timeout
				}
			})
			before := describe(t, host)
			_, err := host.Invoke(t.Context(), actorARN, []byte(`{"Do":"`+test.do+`"}`))
			failure := functionError(t, err)
			if failure.Type != test.wantType || !strings.Contains(failure.Message, test.wantMessage) {
				t.Errorf("received %+v, want %s: … %s", failure, test.wantType, test.wantMessage)
			}
			after := describe(t, host)
			if test.sameProcess && before.PID != after.PID {
				t.Error("the process was replaced")
			}
			if test.do != "flood" && !test.sameProcess && before.PID == after.PID {
				t.Error("the process was not replaced")
			}
		})
	}
}

func TestFailedStartShowsWhatTheProcessWrote(t *testing.T) {
	host := newHost(t, &passkeytest.Log{}, func(f *lambdahost.Function) { f.Environment = map[string]string{"FAIL_INIT": "1"} })
	_, err := host.Invoke(t.Context(), actorARN, []byte(`{}`))
	failure := functionError(t, err)
	if failure.Type != "Runtime.InitError" || !strings.Contains(failure.Message, "exit status 3") {
		t.Errorf("received %+v", failure)
	}
	if failure.Output != "the setting COLOR is missing" {
		t.Errorf("output: %q", failure.Output)
	}
}

func TestLogLinesCarryTheFunctionsName(t *testing.T) {
	log := &passkeytest.Log{}
	host := newHost(t, log, nil)
	if _, err := host.Invoke(t.Context(), actorARN, []byte(`{"Do":"sing"}`)); err != nil {
		t.Fatal(err)
	}
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "[actor] asked to sing\n") {
		t.Errorf("log: %q", log)
	}
}

func TestInvokeRefuses(t *testing.T) {
	host := newHost(t, &passkeytest.Log{}, nil)
	if _, err := host.Invoke(t.Context(), actorARN+"2", nil); !errors.Is(err, lambdahost.ErrNoFunction) {
		t.Errorf("an unknown function: %v", err)
	}
	if _, err := host.Invoke(t.Context(), actorARN, make([]byte, lambdahost.PayloadLimit+1)); !errors.Is(err, lambdahost.ErrPayloadTooLarge) {
		t.Errorf("a payload over the limit: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := host.Invoke(gone, actorARN, []byte(`{"Do":"describe"}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone: %v", err)
	}
}

func TestCloseEndsTheProcesses(t *testing.T) {
	host := newHost(t, &passkeytest.Log{}, nil)
	pid := describe(t, host).PID
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Close: %v", pid, err)
	}
	if _, err := host.Invoke(t.Context(), actorARN, nil); !errors.Is(err, lambdahost.ErrClosed) {
		t.Errorf("an invocation after Close: %v", err)
	}
}

func TestAddRefuses(t *testing.T) {
	host := newHost(t, &passkeytest.Log{}, nil)
	empty := t.TempDir()
	if err := host.Add(lambdahost.Function{Name: "empty", Directory: empty}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without a bootstrap: %v", err)
	}
	if err := os.WriteFile(filepath.Join(empty, "bootstrap"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := host.Add(lambdahost.Function{Name: "empty", Directory: empty}); err == nil || !strings.Contains(err.Error(), "not executable") {
		t.Errorf("a bootstrap that can't be run: %v", err)
	}
}
