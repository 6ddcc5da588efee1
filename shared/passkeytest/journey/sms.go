package journey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/smscode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// TextsPerDay is how many text messages a stack sends to all users.
const TextsPerDay = 12

// What clients send to ask for a text message, beside the answer AskAnswer.
var (
	AskText   = map[string]string{"signInMethod": "SMS_OTP"}
	AskStepUp = map[string]string{"signInMethod": "SMS_OTP_STEPUP"}
)

// Texts lets users of a stack sign in by codes in text messages to German numbers
// over its store as it is now, and returns where they are sent to. The time that a
// request takes passes on the stack's clock.
func (s *Stack) Texts(t testing.TB) *Postbox {
	t.Helper()
	phone, ring := &Postbox{}, NewRing(t, secret.Symmetric)
	desk := sent.Desk{
		Channel: smscode.Channel([]string{"+49"}, TextsPerDay),
		Key:     ring.current, Store: s.Store, Quota: quota.Quota{Store: s.Store, Now: s.Now}, Post: phone,
		Now: s.Now, Wait: func(_ context.Context, d time.Duration) { s.Advance(d) },
	}
	s.Fallbacks = append(s.Fallbacks, smscode.Issuer{Desk: desk, Lifetime: CodeLifetime})
	s.Checkers = append(s.Checkers, s.TextChecker())
	s.Client.Methods = append(s.Client.Methods, customauth.MethodSMS)
	return phone
}

// TextChecker checks codes in text messages over the stack's store as it is now.
func (s *Stack) TextChecker() smscode.Checker {
	return smscode.Checker{Book: sent.Book{Store: s.Store, Now: s.Now}, Sub: s.subOf}
}

// NewPhoneUser is NewUser with a verified German phone number.
func (s *Stack) NewPhoneUser(sub, number string) User {
	u := s.NewUser(sub)
	u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = number, "true"
	return u
}

// AccessToken is an access token of a user that the pool honours, with other claims
// if there are.
func (s *Stack) AccessToken(t testing.TB, u User, changed map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"sub": u.Sub, "iss": "https://cognito-idp.us-east-1.amazonaws.com/" + PoolID, "client_id": ClientID, "token_use": "access",
	}
	for name, value := range changed {
		claims[name] = value
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(text) + "." + base64.RawURLEncoding.EncodeToString([]byte(u.token()))
}

// subOf is the pool's GetUser, of tokens that AccessToken made.
func (s *Stack) subOf(ctx context.Context, token string) (string, error) {
	_, signature, _ := strings.Cut(strings.TrimPrefix(token, "e30."), ".")
	text, _ := base64.RawURLEncoding.DecodeString(signature)
	account, err := s.Accounts.Account(ctx, string(text))
	if errors.Is(err, httpapi.ErrTokenRefused) {
		return "", nil
	}
	return account.Attributes["sub"], err
}

// StepUp is the answer of clients of the AWS passwordless sample that step up.
func StepUp(t testing.TB, token, code string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"jwt": token, "secretCode": code})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
