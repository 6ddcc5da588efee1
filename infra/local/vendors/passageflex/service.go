// Package passageflex is a stand-in on loopback for Passage Flex, whose hosted
// service ended on 16 January 2026: its API with its errors and single-use
// rules, and what its script on a page does with a passkey.
package passageflex

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// How long what the service hands out may be used.
const (
	TransactionLifetime = 5 * time.Minute
	NonceLifetime       = time.Minute
)

// Options are the settings of a Service. Every field is required.
type Options struct {
	AppID  string
	APIKey string
	Now    func() time.Time
}

// Service is one app at Passage. It is safe for concurrent use.
type Service struct {
	fault.Switch
	options Options
	mux     *http.ServeMux

	mu           sync.Mutex
	users        []*user
	transactions map[string]transaction // id → transaction
	nonces       map[string]nonce       // nonce → who may spend it
}

type user struct {
	ID         string   `json:"id"`
	ExternalID string   `json:"external_id"`
	Devices    []Device `json:"webauthn_devices"`
}

// Device is a passkey as the API shows it.
type Device struct {
	ID           string    `json:"id"`
	FriendlyName string    `json:"friendly_name"`
	Type         string    `json:"type"`
	UsageCount   int       `json:"usage_count"`
	CreatedAt    time.Time `json:"created_at"`
	LastLoginAt  time.Time `json:"last_login_at"`
}

// New makes an app without users.
func New(o Options) *Service {
	s := &Service{options: o, mux: http.NewServeMux(), transactions: map[string]transaction{}, nonces: map[string]nonce{}}
	for pattern, serve := range map[string]func(*http.Request) (any, *problem){
		"POST /apps/{app}/transactions/register":           s.register,
		"POST /apps/{app}/transactions/authenticate":       s.authenticate,
		"POST /apps/{app}/authenticate/verify":             s.verify,
		"GET /apps/{app}/users":                            s.findUsers,
		"GET /apps/{app}/users/{user}":                     s.showUser,
		"GET /apps/{app}/users/{user}/devices":             s.listDevices,
		"DELETE /apps/{app}/users/{user}/devices/{device}": s.deleteDevice,
	} {
		s.mux.HandleFunc(pattern, s.customer(serve))
	}
	s.mux.HandleFunc("POST /browser/transactions/{id}", s.browser)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

// problem is a request that the API refuses.
type problem struct {
	status int
	Code   string `json:"code"`
	Error  string `json:"error"`
}

// The refusals.
var (
	invalidAccessToken = &problem{http.StatusUnauthorized, "invalid_access_token", "the access token is missing or invalid"}
	invalidNonce       = &problem{http.StatusUnauthorized, "invalid_nonce", "nonce is invalid, expired, or cannot be found"}
	appNotFound        = &problem{http.StatusNotFound, "app_not_found", "the app was not found"}
	userNotFound       = &problem{http.StatusNotFound, "user_not_found", "the user was not found"}
	deviceNotFound     = &problem{http.StatusNotFound, "device_not_found", "the device was not found"}
	invalidRequest     = &problem{http.StatusBadRequest, "invalid_request", "the request is invalid"}
)

// customer wraps what serves a call of the app's backend.
func (s *Service) customer(serve func(*http.Request) (any, *problem)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var result any
		var p *problem
		switch {
		case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+s.options.APIKey)) == 0:
			p = invalidAccessToken
		case r.PathValue("app") != s.options.AppID:
			p = appNotFound
		default:
			const maxBody = 64 << 10 // bytes
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			s.mu.Lock()
			result, p = serve(r)
			s.mu.Unlock()
		}
		answer(w, result, p)
	}
}

func answer(w http.ResponseWriter, result any, p *problem) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch {
	case p != nil:
		w.WriteHeader(p.status)
		result = p
	case result == nil:
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusOK)
		return
	default:
		w.WriteHeader(http.StatusOK)
	}
	_ = json.NewEncoder(w).Encode(result) // the client may have gone
}

// newID returns an id as the service makes them.
func newID() string { return rand.Text()[:24] }
