package lambdahost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Headers of the Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
const (
	headerRequestID   = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline    = "Lambda-Runtime-Deadline-Ms"
	headerFunctionARN = "Lambda-Runtime-Invoked-Function-Arn"
	headerTraceID     = "Lambda-Runtime-Trace-Id"
	headerErrorType   = "Lambda-Runtime-Function-Error-Type"
)

// runtimeError is the body of an error that a runtime reports.
type runtimeError struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType"`
}

// runtimeAPI serves all processes; each has a path of its own.
func (h *Host) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	const base = "/{process}/2018-06-01/runtime"
	mux.HandleFunc("GET "+base+"/invocation/next", h.forProcess((*process).serveNext))
	mux.HandleFunc("POST "+base+"/invocation/{request}/response", h.forProcess((*process).serveResponse))
	mux.HandleFunc("POST "+base+"/invocation/{request}/error", h.forProcess((*process).serveError))
	mux.HandleFunc("POST "+base+"/init/error", h.forProcess((*process).serveInitError))
	return mux
}

func (h *Host) forProcess(serve func(*process, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		p := h.processes[r.PathValue("process")]
		h.mu.Unlock()
		if p == nil {
			refuse(w, http.StatusForbidden, "InvalidProcess", "the path names no running process")
			return
		}
		serve(p, w, r)
	}
}

func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case p.ready <- struct{}{}:
	default: // it asks again without having answered
	}
	select {
	case call := <-p.events:
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set(headerRequestID, call.requestID)
		header.Set(headerDeadline, strconv.FormatInt(call.deadline.UnixMilli(), 10))
		header.Set(headerFunctionARN, p.function.ARN)
		header.Set(headerTraceID, "Root="+traceRoot(call)+";Sampled=0")
		_, _ = w.Write(call.payload) // a process that is gone is seen by its exit
	case <-r.Context().Done():
	}
}

// traceRoot makes an X-Ray trace id of an invocation's deadline and request id.
func traceRoot(call *invocation) string {
	return fmt.Sprintf("1-%08x-%s", call.deadline.Unix(), call.requestID[:8]+call.requestID[9:13]+call.requestID[24:])
}

func (p *process) serveResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, PayloadLimit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		p.answer(r.PathValue("request"), outcome{err: &FunctionError{
			Type:    errorTypeTooBig,
			Message: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", PayloadLimit),
		}})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the response exceeds the payload limit")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "the response can't be read")
		return
	}
	result := outcome{response: body}
	if r.Trailer.Get(headerErrorType) != "" { // a streaming response that broke off
		result = outcome{err: &FunctionError{Type: r.Trailer.Get(headerErrorType), Message: "the response broke off"}}
	}
	p.settle(w, r, result)
}

func (p *process) serveError(w http.ResponseWriter, r *http.Request) {
	p.settle(w, r, outcome{err: reported(w, r)})
}

func (p *process) settle(w http.ResponseWriter, r *http.Request, result outcome) {
	if !p.answer(r.PathValue("request"), result) {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "no invocation with this request id waits for an answer")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (p *process) serveInitError(w http.ResponseWriter, r *http.Request) {
	select {
	case p.initFailed <- reported(w, r):
	default: // only the first report counts
	}
	w.WriteHeader(http.StatusAccepted)
}

// reported reads the error that a runtime reports.
func reported(w http.ResponseWriter, r *http.Request) *FunctionError {
	failure := &FunctionError{Type: r.Header.Get(headerErrorType), Message: "the function reported an error without a message"}
	var body runtimeError
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, PayloadLimit)).Decode(&body); err != nil {
		return failure
	}
	if body.ErrorType != "" {
		failure.Type = body.ErrorType
	}
	if body.ErrorMessage != "" {
		failure.Message = body.ErrorMessage
	}
	return failure
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(runtimeError{ErrorMessage: message, ErrorType: errorType}) // see serveNext
}
