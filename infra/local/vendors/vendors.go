// Package vendors makes the stand-ins for vendors' services that run beside a
// stack on this machine.
package vendors

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// What a stand-in's customer has from it.
const (
	project            = "pro-1"
	secret             = "stand-in"
	passageApp         = "app-1"
	corbadoCredentials = "corbado:" + secret // of requests for Corbado's actions
)

// FaultPath is where PUT takes the name of a fault, with which the stand-in
// answers from then on, or nothing, to have it work again.
const FaultPath = "/fault"

// service is what a stand-in serves.
type service interface {
	http.Handler
	Break(f fault.Fault)
}

// makers: name → what makes the stand-in
var makers = map[string]func(now func() time.Time) (*StandIn, error){
	"corbado":     newCorbado,
	"passageflex": newPassageFlex,
	"example":     newExample,
}

// StandIn is a running stand-in.
type StandIn struct {
	mux     *http.ServeMux
	secrets func(settings.Vendors) (parameter, text string)
}

// New makes the stand-in of that name.
func New(name string, now func() time.Time) (*StandIn, error) {
	newStandIn, ok := makers[name]
	if !ok {
		return nil, fmt.Errorf("there is no stand-in for %q, but for %s", name, strings.Join(slices.Sorted(maps.Keys(makers)), ", "))
	}
	return newStandIn(now)
}

func newCorbado(now func() time.Time) (*StandIn, error) {
	s, err := corbado.New(corbado.Options{ProjectID: project, APISecret: secret, Now: now})
	return standIn(s, func(v settings.Vendors) (string, string) {
		return v.CorbadoParameter, base64.StdEncoding.EncodeToString([]byte(project + ":" + secret))
	}), err
}

func newPassageFlex(now func() time.Time) (*StandIn, error) {
	s := passageflex.New(passageflex.Options{AppID: passageApp, APIKey: secret, Now: now})
	return standIn(s, func(v settings.Vendors) (string, string) { return v.PassageParameter, secret }), nil
}

func newExample(now func() time.Time) (*StandIn, error) {
	s := httpprovider.New(httpprovider.Options{APIKey: secret, Now: now})
	return standIn(s, func(v settings.Vendors) (string, string) { return v.ProviderParameter, secret }), nil
}

func standIn(s service, secrets func(settings.Vendors) (string, string)) *StandIn {
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.HandleFunc("PUT "+FaultPath, func(w http.ResponseWriter, r *http.Request) {
		const longest = 100 // bytes
		name, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
		how, unknown := fault.Parse(string(name))
		if err != nil || unknown != nil {
			http.Error(w, "the body must be the name of a fault", http.StatusBadRequest)
			return
		}
		s.Break(how)
		w.WriteHeader(http.StatusNoContent)
	})
	return &StandIn{mux, secrets}
}

// ServeHTTP implements http.Handler.
func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Secrets returns what a function with those settings needs to speak to the
// stand-in: name of a SecureString parameter → text.
func (s *StandIn) Secrets(environment map[string]string) map[string]string {
	lookup := func(name string) (string, bool) { value, ok := environment[name]; return value, ok }
	needed := map[string]string{}
	var vendors settings.Vendors
	if err := settings.Parse(lookup, &vendors); err == nil { // else it asks no vendor
		parameter, text := s.secrets(vendors)
		needed[parameter] = text
	}
	var actions settings.CorbadoActions
	if err := settings.Parse(lookup, &actions); err == nil { // else it is another function
		needed[actions.CredentialsParameter] = corbadoCredentials
	}
	delete(needed, "")
	return needed
}
