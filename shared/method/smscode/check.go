package smscode

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
)

// Reasons of refusals.
const (
	reasonNoToken      = "no_access_token" // and a code alone is not enough
	reasonWrongToken   = "wrong_access_token"
	reasonTokenRefused = "access_token_refused"
	reasonUser         = "wrong_user"
)

// Checker implements customauth.Checker. A code is found correct once.
type Checker struct {
	Book sent.Book

	// Sub asks the user pool whose access token it is: "" if the pool doesn't
	// honour it.
	Sub func(ctx context.Context, accessToken string) (string, error)

	// StepUpOnly takes no code without an access token.
	StepUpOnly bool
}

// stepUp is an answer with the access token of the session that steps up.
type stepUp struct {
	Token string `json:"jwt"`
	Code  string `json:"secretCode"`
}

// parse reads an answer with an access token: exactly these members.
func parse(answer string) (s stepUp, ok bool) {
	err := json.Unmarshal([]byte(answer), &s, json.RejectUnknownMembers(true))
	return s, err == nil && s.Token != "" && s.Code != ""
}

// claims are the part of an access token that is compared with the session.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
type claims struct {
	Issuer   string `json:"iss"` // ends with the pool's id
	ClientID string `json:"client_id"`
	Use      string `json:"token_use"`
}

const accessToken = "access"

// readClaims reads a token without a look at its signature: the claims count once
// the pool honours that very token.
func readClaims(token string) (c claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	return c, err == nil && json.Unmarshal(text, &c) == nil
}

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodSMS }

// Recognizes implements customauth.Checker: a code, or an object with a code and
// an access token.
func (Checker) Recognizes(answer string) bool {
	_, ok := parse(answer)
	return ok || sent.IsCode(answer)
}

// Check implements customauth.Checker.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	code := answer.Text
	if s, ok := parse(answer.Text); ok {
		reason, err := c.refuse(ctx, answer.User, s.Token)
		if err != nil || reason != "" {
			return customauth.Verdict{Method: c.Method(), Reason: reason}, err
		}
		code = s.Code
	} else if c.StepUpOnly {
		return customauth.Verdict{Method: c.Method(), Reason: reasonNoToken}, nil
	}
	return c.Book.CheckCode(ctx, answer, c.Method(), code)
}

// refuse returns why an access token is none of the user's on this app client, or
// "". The pool is asked before the user is compared, and also where no code was
// sent, so that the time tells nobody who has an account.
func (c Checker) refuse(ctx context.Context, user customauth.User, token string) (reason string, err error) {
	said, ok := readClaims(token)
	if !ok || said.Use != accessToken || said.ClientID != user.ClientID || !strings.HasSuffix(said.Issuer, "/"+user.PoolID) {
		return reasonWrongToken, nil
	}
	sub, err := c.Sub(ctx, token)
	switch {
	case err != nil:
		return "", fmt.Errorf("asking the user pool whose access token it is: %w", err)
	case sub == "":
		return reasonTokenRefused, nil
	case sub != user.Sub:
		return reasonUser, nil
	}
	return "", nil
}
