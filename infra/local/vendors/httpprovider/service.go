// Package httpprovider is a stand-in on loopback for a service that signs people
// in over HTTPS, such as an authenticator app: a session is opened for an e-mail
// address, the person approves it, and the browser has a token that the service
// takes once.
package httpprovider

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// SessionLifetime is how long a session may be approved and its token be used.
const SessionLifetime = 5 * time.Minute

const maxBody = 64 << 10 // bytes of a request

// another is who gave an answer while the service is broken in that way.
const another = "somebody.else@example.com"

// Options are the settings of a Service. Every field is required.
type Options struct {
	APIKey string
	Now    func() time.Time
}

// Service is a customer's account at the service. It is safe for concurrent use.
type Service struct {
	fault.Switch
	options Options
	mux     *http.ServeMux

	mu       sync.Mutex
	people   map[string]bool    // e-mail address → whether it is theirs beyond doubt
	sessions map[string]session // id → session
}

type session struct {
	email   string
	expires time.Time
	token   string // empty until the person approves
}

// New makes an account in which nobody is enrolled.
func New(o Options) *Service {
	s := &Service{options: o, mux: http.NewServeMux(), people: map[string]bool{}, sessions: map[string]session{}}
	s.mux.HandleFunc("POST /v1/sessions", s.customer(s.open))
	s.mux.HandleFunc("POST /v1/sessions/verify", s.customer(s.verify))
	s.mux.HandleFunc("POST /browser/people", s.enrol)
	s.mux.HandleFunc("POST /browser/sessions/{id}", s.browser)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

// Enrol adds a person.
func (s *Service) Enrol(email string, verified bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[email] = verified
}

// enrol is what its app asks whose owner has just proved an address.
func (s *Service) enrol(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var in struct{ Email string }
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in) != nil || in.Email == "" {
		write(w, http.StatusBadRequest, refusal("malformed"))
		return
	}
	s.Enrol(in.Email, true)
	write(w, http.StatusCreated, data(map[string]any{}))
}

// Approve is the person's approval of a session. It returns the token that the
// service's script hands to the page.
func (s *Service) Approve(id string) (token string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened, ok := s.sessions[id]
	if !ok || s.options.Now().After(opened.expires) {
		return "", fmt.Errorf("there is no session %q", id)
	}
	opened.token = rand.Text()
	s.sessions[id] = opened
	return opened.token, nil
}

// browser is what the service's script on a page asks.
func (s *Service) browser(w http.ResponseWriter, r *http.Request) {
	token, err := s.Approve(r.PathValue("id"))
	if err != nil {
		write(w, http.StatusNotFound, refusal("unknown_session"))
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	write(w, http.StatusOK, map[string]string{"token": token})
}

func (s *Service) customer(serve func(w http.ResponseWriter, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(s.options.APIKey)) == 0 {
			write(w, http.StatusUnauthorized, refusal("unknown_key"))
			return
		}
		var body json.RawMessage
		if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body) != nil {
			write(w, http.StatusBadRequest, refusal("malformed"))
			return
		}
		serve(w, body)
	}
}

func (s *Service) open(w http.ResponseWriter, body []byte) {
	var in struct {
		Subject struct{ Email string } `json:"subject"`
		Kind    string                 `json:"kind"`
	}
	if json.Unmarshal(body, &in) != nil || in.Kind != "login" {
		write(w, http.StatusBadRequest, refusal("malformed"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, enrolled := s.people[in.Subject.Email]; !enrolled {
		write(w, http.StatusUnprocessableEntity, refusal("unknown_subject"))
		return
	}
	id := rand.Text()
	s.sessions[id] = session{email: in.Subject.Email, expires: s.options.Now().Add(SessionLifetime)}
	write(w, http.StatusCreated, data(map[string]any{"sessions": []any{map[string]string{"id": id}}}))
}

func (s *Service) verify(w http.ResponseWriter, body []byte) {
	var in struct {
		Session struct{ ID string } `json:"session"`
		Token   string              `json:"token"`
	}
	if json.Unmarshal(body, &in) != nil || in.Token == "" {
		write(w, http.StatusBadRequest, refusal("malformed"))
		return
	}
	if s.Is(fault.SuccessForAnother) {
		write(w, http.StatusOK, verified(another, true))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	opened, ok := s.sessions[in.Session.ID]
	if !ok || opened.token != in.Token || s.options.Now().After(opened.expires) {
		write(w, http.StatusOK, data(map[string]any{"status": "denied"}))
		return
	}
	delete(s.sessions, in.Session.ID)
	write(w, http.StatusOK, verified(opened.email, s.people[opened.email]))
}

func verified(email string, beyondDoubt bool) any {
	return data(map[string]any{"status": "approved", "subject": map[string]any{"email": email, "email_verified": beyondDoubt}})
}

func data(v any) any { return map[string]any{"data": v} }

func refusal(code string) any { return map[string]any{"error": map[string]string{"code": code}} }

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
