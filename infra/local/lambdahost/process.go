package lambdahost

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// bootstrapFile is the executable of a function on an OS-only runtime.
const bootstrapFile = "bootstrap"

// outputTail is how much of a process's output is kept for a failed start.
const outputTail = 4 << 10

// process is one running bootstrap.
type process struct {
	function   *function
	token      string // the unguessable part of its Runtime API's path
	command    *exec.Cmd
	output     *outputLog
	events     chan *invocation
	ready      chan struct{}       // takes one when the process asks for an event
	initFailed chan *FunctionError // takes the process's own report
	exited     chan struct{}       // closed when the process is gone

	mu      sync.Mutex
	current *invocation // delivered and not yet answered
}

// start launches a process of f.
func (h *Host) start(f *function) (*process, error) {
	p := &process{
		function:   f,
		token:      randomBase32(32),
		output:     &outputLog{prefix: "[" + f.Name + "] ", lines: h.log, line: func(line []byte) { h.options.Line(f.ARN, line) }},
		events:     make(chan *invocation, 1),
		ready:      make(chan struct{}, 1),
		initFailed: make(chan *FunctionError, 1),
		exited:     make(chan struct{}),
	}
	p.command = exec.Command(filepath.Join(f.Directory, bootstrapFile)) //nolint:gosec,noctx // to run it is the purpose; it lives until it is killed
	p.command.Dir = f.Directory
	p.command.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + h.address + "/" + p.token}, f.environment...)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	p.command.SysProcAttr = endWithParent()
	p.command.WaitDelay = time.Second // for output that a child of the process still holds open

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if err := h.launcher.start(p.command); err != nil {
		return nil, fmt.Errorf("starting %s: %w", f.Name, err)
	}
	h.processes[p.token] = p
	go h.await(p)
	return p, nil
}

// await reaps p.
func (h *Host) await(p *process) {
	_ = p.command.Wait() // the state is read by exitText
	p.output.flush()
	h.mu.Lock()
	delete(h.processes, p.token)
	h.mu.Unlock()
	close(p.exited)
}

func (p *process) kill() {
	_ = p.command.Process.Kill() // it fails only if the process is gone already
}

// exitText says how an exited process ended, such as "exit status 1".
func (p *process) exitText() string { return p.command.ProcessState.String() }

// deliver hands an event to a process that has asked for one.
func (p *process) deliver(call *invocation) {
	p.mu.Lock()
	p.current = call
	p.mu.Unlock()
	p.events <- call
}

// answer settles the invocation under way, if it has this request id. Only the
// first answer counts.
func (p *process) answer(requestID string, result outcome) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.requestID != requestID {
		return false
	}
	p.current.answer <- result
	p.current = nil
	return true
}

// launcher starts processes from one OS thread that lives as long as the host:
// Linux ends a process whose parent death signal is set when the thread that
// started it ends, not only when the whole parent does.
type launcher struct {
	commands chan *exec.Cmd
	results  chan error
	end      sync.Once
}

func newLauncher() *launcher {
	l := &launcher{commands: make(chan *exec.Cmd), results: make(chan error)}
	go func() {
		runtime.LockOSThread()
		for command := range l.commands {
			l.results <- command.Start()
		}
	}()
	return l
}

// start must not be called concurrently.
func (l *launcher) start(command *exec.Cmd) error {
	l.commands <- command
	return <-l.results
}

func (l *launcher) close() { l.end.Do(func() { close(l.commands) }) }

// lineWriter keeps lines of several writers apart.
type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lineWriter) write(prefix string, line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = fmt.Fprintf(w.out, "%s%s\n", prefix, line) // there is nowhere to tell that the log fails
}

// outputLog passes on what a process writes, line by line, and keeps the end of it.
type outputLog struct {
	prefix string
	lines  *lineWriter
	line   func([]byte) // takes each line too

	mu      sync.Mutex
	partial []byte
	last    []byte
}

// Write implements io.Writer.
func (o *outputLog) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = append(o.last, b...)
	if excess := len(o.last) - outputTail; excess > 0 {
		o.last = bytes.Clone(o.last[excess:])
	}
	o.partial = append(o.partial, b...)
	for {
		line, rest, found := bytes.Cut(o.partial, []byte("\n"))
		if !found {
			return len(b), nil
		}
		o.pass(line)
		o.partial = rest
	}
}

func (o *outputLog) pass(line []byte) {
	o.line(line)
	o.lines.write(o.prefix, line)
}

// flush passes on a last line that has no end.
func (o *outputLog) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.partial) > 0 {
		o.pass(o.partial)
		o.partial = nil
	}
}

func (o *outputLog) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.last))
}
