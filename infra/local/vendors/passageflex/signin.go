package passageflex

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// another is the external id of whoever gave an answer while the service is
// broken in that way.
const another = "5f0c8d2e-0000-4000-8000-0000000000ff"

// ErrTransaction is returned to a browser for a transaction that does not exist
// (any more).
var ErrTransaction = errors.New("there is no such transaction")

// ErrNoPasskey is returned to a browser that has no passkey for the transaction.
var ErrNoPasskey = errors.New("this browser has no passkey of that user")

type transaction struct {
	externalID  string
	displayName string // of the passkey to add
	adds        bool   // a passkey is added, not used
	expires     time.Time
}

type nonce struct {
	externalID string
	expires    time.Time
}

// register serves the beginning of the registration of a passkey.
func (s *Service) register(r *http.Request) (any, *problem) {
	var in struct {
		ExternalID  string `json:"external_id"`
		DisplayName string `json:"passkey_display_name"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.ExternalID == "" || in.DisplayName == "" {
		return nil, invalidRequest
	}
	return s.begin(transaction{externalID: in.ExternalID, displayName: in.DisplayName, adds: true}), nil
}

// authenticate serves the beginning of a sign-in.
func (s *Service) authenticate(r *http.Request) (any, *problem) {
	var in struct {
		ExternalID string `json:"external_id"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.ExternalID == "" {
		return nil, invalidRequest
	}
	if s.userOf(in.ExternalID) == nil {
		return nil, userNotFound
	}
	return s.begin(transaction{externalID: in.ExternalID}), nil
}

func (s *Service) begin(t transaction) any {
	id := newID()
	t.expires = s.options.Now().Add(TransactionLifetime)
	s.transactions[id] = t
	return map[string]string{"transaction_id": id}
}

// verify serves the end of a sign-in. A nonce counts once.
func (s *Service) verify(r *http.Request) (any, *problem) {
	var in struct {
		Nonce string `json:"nonce"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Nonce == "" {
		return nil, invalidRequest
	}
	n, ok := s.nonces[in.Nonce]
	delete(s.nonces, in.Nonce)
	switch {
	case s.Is(fault.SuccessForAnother):
		n.externalID = another
	case !ok, s.options.Now().After(n.expires):
		return nil, invalidNonce
	}
	return map[string]string{"external_id": n.externalID}, nil
}

// Complete does what the service's script does in a browser that holds the
// user's passkeys, and returns the nonce: it adds a passkey or uses the one that
// was added last, as the transaction says.
func (s *Service) Complete(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.transactions[id]
	delete(s.transactions, id)
	now := s.options.Now()
	if !ok || now.After(t.expires) {
		return "", ErrTransaction
	}
	u := s.userOf(t.externalID)
	if u == nil {
		u = &user{ID: newID(), ExternalID: t.externalID}
		s.users = append(s.users, u)
	}
	if t.adds {
		u.Devices = append(u.Devices, Device{ID: newID(), FriendlyName: t.displayName, Type: "passkey", CreatedAt: now})
	}
	if len(u.Devices) == 0 {
		return "", ErrNoPasskey
	}
	used := &u.Devices[len(u.Devices)-1]
	used.UsageCount++
	used.LastLoginAt = now
	text := newID()
	s.nonces[text] = nonce{t.externalID, now.Add(NonceLifetime)}
	return text, nil
}

// browser serves Complete to a page.
func (s *Service) browser(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	text, err := s.Complete(r.PathValue("id"))
	if err != nil {
		answer(w, nil, invalidRequest)
		return
	}
	answer(w, map[string]string{"nonce": text}, nil)
}

func (s *Service) userOf(externalID string) *user {
	i := slices.IndexFunc(s.users, func(u *user) bool { return u.ExternalID == externalID })
	if i < 0 {
		return nil
	}
	return s.users[i]
}
