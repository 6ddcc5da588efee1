package lambdahost

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// Error types of an invocation that has no answer of the function, as Lambda
// reports them.
const (
	errorTypeExit    = "Runtime.ExitError"
	errorTypeInit    = "Runtime.InitError"
	errorTypeTimeout = "Sandbox.Timedout"
	errorTypeTooBig  = "Function.ResponseSizeTooLarge"
)

// function is one function and its processes.
type function struct {
	Function
	host        *Host
	environment []string      // NAME=value
	slots       chan struct{} // one for each process that is busy or starting

	mu   sync.Mutex
	idle []*process // the last one was used last
}

// outcome is an invocation's response or error.
type outcome struct {
	response []byte
	err      error
}

// invocation is an event on its way to a process.
type invocation struct {
	requestID string
	payload   []byte
	deadline  time.Time
	answer    chan outcome // takes one
}

// invoke runs one invocation to its end: it returns when the process has asked
// for its next event or is gone, so that no process is counted as free that
// isn't.
func (f *function) invoke(payload []byte) outcome {
	p, err := f.acquire()
	if err != nil {
		return outcome{err: err}
	}
	requestID := newUUID()
	call := &invocation{
		requestID: requestID,
		payload:   payload,
		deadline:  time.Now().Add(f.Timeout),
		answer:    make(chan outcome, 1),
	}
	timeout := time.NewTimer(f.Timeout)
	defer timeout.Stop()
	p.deliver(call)

	var result outcome
	select {
	case result = <-call.answer:
	case <-p.exited:
		return exitedOutcome(call, p)
	case <-timeout.C:
		p.kill()
		<-p.exited
		return outcome{err: &FunctionError{
			Type:    errorTypeTimeout,
			Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", requestID, f.Timeout.Seconds()),
		}}
	}

	select {
	case <-p.ready:
		f.release(p)
	case <-p.exited:
	case <-timeout.C: // it answered and never asked for more
		p.kill()
		<-p.exited
	}
	return result
}

// exitedOutcome prefers the answer that a process gave just before it exited.
func exitedOutcome(call *invocation, p *process) outcome {
	select {
	case result := <-call.answer:
		return result
	default:
		return outcome{err: &FunctionError{
			Type:    errorTypeExit,
			Message: fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", call.requestID, p.exitText()),
		}}
	}
}

// acquire takes an idle process or starts one and waits until it is ready.
func (f *function) acquire() (*process, error) {
	for {
		p := f.popIdle()
		if p == nil {
			break
		}
		select {
		case <-p.exited: // it died while idle
		default:
			return p, nil
		}
	}
	p, err := f.host.start(f)
	if err != nil {
		return nil, &FunctionError{Type: errorTypeInit, Message: "the bootstrap file can't be started", Output: err.Error()}
	}
	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-p.ready:
		return p, nil
	case failure := <-p.initFailed:
		p.kill()
		<-p.exited
		failure.Output = p.output.tail()
		return nil, failure
	case <-p.exited:
		return nil, &FunctionError{
			Type:    errorTypeInit,
			Message: "Error: Runtime exited with error: " + p.exitText(),
			Output:  p.output.tail(),
		}
	case <-timeout.C:
		p.kill()
		<-p.exited
		return nil, &FunctionError{
			Type:    errorTypeInit,
			Message: fmt.Sprintf("no event was asked for within %s", initTimeout),
			Output:  p.output.tail(),
		}
	}
}

func (f *function) popIdle() *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.idle) == 0 {
		return nil
	}
	p := f.idle[len(f.idle)-1]
	f.idle = f.idle[:len(f.idle)-1]
	return p
}

func (f *function) release(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, p)
}

// newUUID returns a random UUID (RFC 9562, version 4), the form of a request id.
func newUUID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // it never fails: the program ends instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
