// Package corbado is a stand-in on loopback for Corbado's backend API, of
// Corbado Connect (/v2) and of the classic product (/v1), with its single-use
// rules and its errors. It also calls a customer's webhook and actions as
// Corbado does.
package corbado

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// Paths under which the two versions of the API are served.
const (
	ConnectPath = "/v2"
	ClassicPath = "/v1"
)

// Options are the settings of a [Service]. Every field is required.
type Options struct {
	ProjectID string // such as pro-1
	APISecret string
	Now       func() time.Time
}

// Service is one project at Corbado. It is safe for concurrent use.
type Service struct {
	fault.Switch
	options Options
	key     *rsa.PrivateKey
	mux     *http.ServeMux

	mu         sync.Mutex
	spent      map[string]bool         // jti of signed passkey data → whether it was verified once
	tokens     map[string]ConnectToken // id → connect token
	authTokens map[string]authToken    // token → the classic sign-in that it stands for
	enrolled   map[string]bool         // identifier → whether the user has added a passkey
}

// New makes a project without users.
func New(o Options) (*Service, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	s := &Service{
		options:    o,
		key:        key,
		mux:        http.NewServeMux(),
		spent:      map[string]bool{},
		tokens:     map[string]ConnectToken{},
		authTokens: map[string]authToken{},
		enrolled:   map[string]bool{},
	}
	for pattern, serve := range map[string]func(*http.Request, []byte) (any, *problem){
		"POST " + ConnectPath + "/passkey/verifySignedData": s.verifySignedData,
		"POST " + ConnectPath + "/connectTokens":            s.createToken,
		"GET " + ConnectPath + "/connectTokens":             s.listTokens,
		"PATCH " + ConnectPath + "/connectTokens/{id}":      s.updateToken,
		"DELETE " + ConnectPath + "/connectTokens/{id}":     s.deleteToken,
		"POST " + ClassicPath + "/authTokens/validate":      s.validateAuthToken,
	} {
		s.mux.HandleFunc(pattern, s.answer(serve))
	}
	s.mux.HandleFunc("POST /browser/passkeys", s.addPasskey)
	s.mux.HandleFunc("POST /browser/sign-in", s.signIn)
	s.mux.HandleFunc("POST /browser/auth-tokens", s.signInClassic)
	return s, nil
}

func newKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	return key, nil
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

// maxBody bounds what is read of a request, in bytes.
const maxBody = 1 << 20

// answer wraps what serves an operation: HTTP Basic before, the envelope after.
func (s *Service) answer(serve func(*http.Request, []byte) (any, *problem)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isOurs(r) {
			writeProblem(w, &problem{status: http.StatusUnauthorized, kind: "unauthorized", details: "Invalid project ID or API secret"})
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeProblem(w, invalid("body", "could not be read"))
			return
		}
		result, p := serve(r, body)
		if p != nil {
			writeProblem(w, p)
			return
		}
		writeJSON(w, http.StatusOK, result)
	}
}

func (s *Service) isOurs(r *http.Request) bool {
	project, secret, _ := r.BasicAuth()
	both := subtle.ConstantTimeCompare([]byte(project), []byte(s.options.ProjectID)) &
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.options.APISecret))
	return both == 1
}

// problem is a request that the API refuses.
type problem struct {
	status     int
	kind       string
	details    string
	validation []invalidField
}

type invalidField struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func invalid(field, message string) *problem {
	return &problem{
		status:     http.StatusBadRequest,
		kind:       "validation_error",
		validation: []invalidField{{field, message}},
	}
}

// requestData names a request for Corbado's support.
type requestData struct {
	RequestID string `json:"requestID"`
	Link      string `json:"link"`
}

func newRequestData() requestData {
	id := newID("req-")
	return requestData{id, "https://console.corbado.com/requests/" + id}
}

type errorEnvelope struct {
	HTTPStatusCode int         `json:"httpStatusCode"`
	Message        string      `json:"message"`
	RequestData    requestData `json:"requestData"`
	Runtime        float64     `json:"runtime"` // seconds
	Error          errorDetail `json:"error"`
}

type errorDetail struct {
	Type       string         `json:"type"`
	Details    string         `json:"details,omitempty"`
	Validation []invalidField `json:"validation,omitempty"`
	Links      []string       `json:"links"`
}

func writeProblem(w http.ResponseWriter, p *problem) {
	writeJSON(w, p.status, errorEnvelope{
		HTTPStatusCode: p.status,
		Message:        http.StatusText(p.status),
		RequestData:    newRequestData(),
		Error:          errorDetail{p.kind, p.details, p.validation, []string{}},
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
