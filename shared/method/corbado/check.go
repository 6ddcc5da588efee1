package corbado

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// clockSkew is how far Corbado's clock may be ahead or behind.
const clockSkew = 30 * time.Second

// Reasons of refusals. Those of the service are its own words.
const (
	reasonMalformed = "answer_malformed"
	reasonExpired   = "answer_expired"
	reasonRejected  = "answer_rejected" // the service could not read it
	reasonSignature = "invalid_signature"
	reasonChallenge = "invalid_challenge" // so are answers that were verified before
	reasonUser      = "user_mismatch"
	reasonGeneric   = "generic_error"
)

const resultSuccess = "success"

// Checker implements customauth.Checker. An answer is a JWT that Corbado has
// signed. Corbado takes each one once: a once.Checker around this one keeps the
// verdict of an answer when Cognito repeats the trigger.
type Checker struct {
	Service *provider.Client
}

// Method implements customauth.Checker.
func (Checker) Method() string { return Method }

// Recognizes implements customauth.Checker: a JWT is three parts of base64url,
// the first of which is a JSON object.
func (Checker) Recognizes(answer string) bool {
	_, ok := payload(answer)
	return ok
}

// payload returns the second part of a JWT, still encoded.
func payload(answer string) (string, bool) {
	parts := strings.Split(answer, ".")
	if len(parts) != 3 {
		return "", false
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	return parts[1], err == nil && jsontext.Value(header).Kind() == '{'
}

// claims are the part of an answer that can refuse it before Corbado is asked.
type claims struct {
	WebauthnID string `json:"webauthnId"` // the Cognito user name
	Expires    int64  `json:"exp"`        // seconds since 1970
}

// readClaims reads the claims of an answer without a look at its signature:
// they can speak against it, not for it.
func readClaims(answer string) (c claims, ok bool) {
	encoded, ok := payload(answer)
	if !ok {
		return claims{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	return c, err == nil && json.Unmarshal(text, &c) == nil
}

// Check implements customauth.Checker. Corbado is asked about users that do not
// exist as about others, so that the time tells nobody who does.
func (c Checker) Check(ctx context.Context, a customauth.Answer) (customauth.Verdict, error) {
	said, ok := readClaims(a.Text)
	switch {
	case !ok:
		return refused(reasonMalformed), nil
	case said.WebauthnID != a.User.Name:
		return refused(reasonUser), nil
	case a.Started.After(time.Unix(said.Expires, 0).Add(clockSkew)):
		return refused(reasonExpired), nil
	}
	reply, err := c.Service.Do(ctx, provider.Request{
		Operation: "verifying signed passkey data",
		Method:    http.MethodPost,
		Path:      []string{"passkey", "verifySignedData"},
		Body:      verifyRequest{a.Text, a.User.Name},
	})
	if err != nil {
		return customauth.Verdict{}, err
	}
	return verdict(reply)
}

type verifyRequest struct {
	SignedPasskeyData string `json:"signedPasskeyData"`
	Username          string `json:"username"`
}

// verdict reads a reply: nothing but 2xx and success is a yes.
func verdict(reply provider.Reply) (customauth.Verdict, error) {
	if reply.Status == http.StatusBadRequest {
		return refused(reasonRejected), nil
	}
	if !reply.OK() {
		return customauth.Verdict{}, unexpected(reply)
	}
	var said struct {
		Result string `json:"verificationResult"`
	}
	if err := reply.Decode(&said); err != nil {
		return customauth.Verdict{}, err
	}
	switch said.Result {
	case resultSuccess:
		return customauth.Verdict{Correct: true, Method: Method}, nil
	case reasonSignature, reasonChallenge, reasonUser, reasonGeneric:
		return refused(said.Result), nil
	default:
		return customauth.Verdict{}, fmt.Errorf("%w: verificationResult is none of the documented words", reply.Unexpected())
	}
}

func refused(reason string) customauth.Verdict {
	return customauth.Verdict{Method: Method, Reason: reason}
}
