// Package fault makes the stand-ins for vendors' services fail their callers, in
// the ways in which services do.
package fault

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Fault is a way in which a service fails.
type Fault string

// The faults.
const (
	None              Fault = ""
	Slow              Fault = "slow"                // takes the request and never answers
	Unavailable       Fault = "unavailable"         // answers 503
	HangUp            Fault = "hang up"             // closes the connection without an answer
	Redirect          Fault = "redirect"            // sends the caller elsewhere on the service
	LyingContentType  Fault = "lying content type"  // calls its JSON text/html
	Garbage           Fault = "garbage"             // calls text JSON that is none
	HugeBody          Fault = "huge body"           // answers without end
	SuccessForAnother Fault = "success for another" // says yes to every answer, and names somebody else
)

// Parse returns the fault of that name.
func Parse(name string) (Fault, error) {
	f := Fault(name)
	if _, ok := spoilers[f]; !ok && f != None && f != SuccessForAnother {
		return None, fmt.Errorf("there is no fault %q", name)
	}
	return f, nil
}

// Elsewhere is the path to which Redirect sends.
const Elsewhere = "/elsewhere"

// Switch counts the requests to a service and fails those that come while it is
// broken. Only SuccessForAnother is left to the service itself. The zero value
// is a service that works; it is safe for concurrent use.
type Switch struct {
	mu    sync.Mutex
	fault Fault
	calls int
}

// Break has the service answer every request that follows with a fault, and with
// None as it should.
func (s *Switch) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Is reports whether the service is broken in that way.
func (s *Switch) Is(f Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault == f
}

// Calls returns how many requests came so far.
func (s *Switch) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Serve answers a request with the fault, or has next answer it.
func (s *Switch) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	s.mu.Lock()
	s.calls++
	fault := s.fault
	s.mu.Unlock()
	if spoil, ok := spoilers[fault]; ok {
		spoil(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

// spoilers: fault → what answers in place of next.
var spoilers = map[Fault]func(w http.ResponseWriter, r *http.Request, next http.Handler){
	Slow: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client has gone
		<-r.Context().Done()
	},
	Unavailable: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		answer(w, http.StatusServiceUnavailable, `{}`)
	},
	HangUp: func(http.ResponseWriter, *http.Request, http.Handler) {
		panic(http.ErrAbortHandler)
	},
	Redirect: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, Elsewhere, http.StatusTemporaryRedirect)
	},
	LyingContentType: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(mislabelled{w}, r)
	},
	Garbage: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		answer(w, http.StatusOK, `{"success": true`)
	},
	HugeBody: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		answer(w, http.StatusOK, "")
		page := bytes.Repeat([]byte(" "), 64<<10)
		for {
			if _, err := w.Write(page); err != nil {
				return // the client has had enough
			}
		}
	},
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone
}

// mislabelled calls whatever is written HTML.
type mislabelled struct{ http.ResponseWriter }

func (m mislabelled) WriteHeader(status int) {
	m.Header().Set("Content-Type", "text/html; charset=utf-8")
	m.ResponseWriter.WriteHeader(status)
}
