package corbado

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// PasskeyDataLifetime is how long signed passkey data may be verified.
const PasskeyDataLifetime = 300 * time.Second

// Claims are those of signed passkey data. WebauthnID is the customer's own
// identifier of the user: with Amazon Cognito, the user name.
type Claims struct {
	jwt.RegisteredClaims
	ProcessID   string `json:"processId"`
	Username    string `json:"username"` // empty
	Credential  string `json:"credential"`
	ChallengeID string `json:"challengeId"`
	WebauthnID  string `json:"webauthnId"`
	IsCUI       bool   `json:"isCUI"` // whether the passkey came by autofill
}

// Claims returns what Corbado says of a user who has just used a passkey.
func (s *Service) Claims(userName string) Claims {
	now := s.options.Now()
	return Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    s.options.ProjectID,
			Subject:   newID("usr-"),
			ExpiresAt: jwt.NewNumericDate(now.Add(PasskeyDataLifetime)),
			NotBefore: jwt.NewNumericDate(now.Add(-10 * time.Second)),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        rand.Text(),
		},
		ProcessID:   rand.Text(),
		Credential:  newID("cre-"),
		ChallengeID: newID("was-"),
		WebauthnID:  userName,
	}
}

// Sign returns claims as signed passkey data.
func (s *Service) Sign(c Claims) string { return signed(c, s.key) }

// Forge returns claims as signed passkey data that Corbado did not sign.
func (s *Service) Forge(c Claims) string {
	key, err := newKey()
	if err != nil {
		panic(err) // the system's random source never fails
	}
	return signed(c, key)
}

func signed(c Claims, key any) string {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = "pki-1"
	text, err := token.SignedString(key)
	if err != nil {
		panic(err) // the key is one of our own
	}
	return text
}

// Results of a verification.
const (
	resultSuccess      = "success"
	resultSignature    = "invalid_signature"
	resultChallenge    = "invalid_challenge"
	resultUserMismatch = "user_mismatch"
	resultGeneric      = "generic_error"
)

type verification struct {
	VerificationResult string `json:"verificationResult"`
}

func (s *Service) verifySignedData(_ *http.Request, body []byte) (any, *problem) {
	var in struct {
		SignedPasskeyData string `json:"signedPasskeyData"`
		Username          string `json:"username"`
	}
	switch {
	case json.Unmarshal(body, &in) != nil:
		return nil, invalid("body", "must be a JSON object")
	case in.SignedPasskeyData == "":
		return nil, invalid("signedPasskeyData", "cannot be blank")
	case in.Username == "":
		return nil, invalid("username", "cannot be blank")
	}
	return verification{s.verify(in.SignedPasskeyData, in.Username)}, nil
}

func (s *Service) verify(data, userName string) string {
	var c Claims
	_, err := jwt.ParseWithClaims(data, &c, func(*jwt.Token) (any, error) { return &s.key.PublicKey, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Name}), jwt.WithTimeFunc(s.options.Now),
		jwt.WithIssuer(s.options.ProjectID), jwt.WithExpirationRequired())
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return resultChallenge
	case errors.Is(err, jwt.ErrTokenInvalidClaims):
		return resultGeneric
	case err != nil:
		return resultSignature
	case s.Is(fault.SuccessForAnother):
		return resultSuccess
	case c.WebauthnID != userName:
		return resultUserMismatch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID == "" || s.spent[c.ID] {
		return resultChallenge
	}
	s.spent[c.ID] = true
	return resultSuccess
}
