package corbado

import (
	"encoding/json"
	"net"
	"net/http"
)

// What Corbado's scripts and pages ask in a visitor's browser. There are no
// passkeys here: whoever names a user is taken for the user.

// addPasskey spends a connect token: from then on the user has a passkey.
func (s *Service) addPasskey(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ConnectToken string `json:"connectToken"`
	}
	if !readBrowser(w, r, &in) {
		return
	}
	token, ok := s.Redeem(in.ConnectToken)
	if !ok || token.Type != typeAppend {
		writeProblem(w, noSuchToken())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enrolled[token.Data.Identifier] = true
	writeJSON(w, http.StatusOK, map[string]any{})
}

// signIn uses a passkey of the user, and returns what Corbado signs then.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Identifier string `json:"identifier"`
	}
	if !readBrowser(w, r, &in) {
		return
	}
	s.mu.Lock()
	has := s.enrolled[in.Identifier]
	s.mu.Unlock()
	if !has {
		writeProblem(w, &problem{status: http.StatusNotFound, kind: "passkey_not_found"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"signedPasskeyData": s.Sign(s.Claims(in.Identifier))})
}

// signInClassic signs in on Corbado's own page, which then sends the visitor
// back with a token.
func (s *Service) signInClassic(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Username string `json:"username"`
	}
	if !readBrowser(w, r, &in) {
		return
	}
	address, _, _ := net.SplitHostPort(r.RemoteAddr) // net/http sets it
	writeJSON(w, http.StatusOK, map[string]string{"token": s.AuthToken(in.Username, ClientInfo{address, r.UserAgent()})})
}

// readBrowser reads a request of a page of any site.
func readBrowser(w http.ResponseWriter, r *http.Request, into any) bool {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into) != nil {
		writeProblem(w, invalid("body", "must be a JSON object"))
		return false
	}
	return true
}
