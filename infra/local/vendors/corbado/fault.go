package corbado

import (
	"io"
	"net/http"
)

// Fault is a way in which a service fails its callers.
type Fault string

// The faults.
const (
	NoFault           Fault = ""
	Slow              Fault = "slow"                // takes the request and never answers
	Unavailable       Fault = "unavailable"         // answers 503
	HangUp            Fault = "hang up"             // closes the connection without an answer
	LyingContentType  Fault = "lying content type"  // calls its JSON text/html
	Garbage           Fault = "garbage"             // calls text JSON that is none
	HugeBody          Fault = "huge body"           // answers without end
	SuccessForAnother Fault = "success for another" // says yes to every genuine token, and means somebody else
)

// Break has the service answer every request that follows with a fault, and
// with [NoFault] as it should.
func (s *Service) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Service) isBroken(f Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault == f
}

// spoilers: fault → what answers in place of next.
var spoilers = map[Fault]func(w http.ResponseWriter, r *http.Request, next http.Handler){
	Slow: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client has gone
		<-r.Context().Done()
	},
	Unavailable: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		writeProblem(w, &problem{status: http.StatusServiceUnavailable, kind: "service_unavailable"})
	},
	HangUp: func(http.ResponseWriter, *http.Request, http.Handler) {
		panic(http.ErrAbortHandler)
	},
	LyingContentType: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(mislabeled{w}, r)
	},
	Garbage: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"verificationResult": "success"`)
	},
	HugeBody: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		page := make([]byte, 64<<10)
		for i := range page {
			page[i] = ' '
		}
		for {
			if _, err := w.Write(page); err != nil {
				return // the client has had enough
			}
		}
	},
}

type mislabeled struct{ http.ResponseWriter }

func (m mislabeled) WriteHeader(status int) {
	m.Header().Set("Content-Type", "text/html; charset=utf-8")
	m.ResponseWriter.WriteHeader(status)
}
