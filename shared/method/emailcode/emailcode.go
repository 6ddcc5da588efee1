// Package emailcode is signing in by a code of eight digits that is mailed to the
// user's verified address.
package emailcode

import (
	"context"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
)

const challenge = "EMAIL_CODE" // as clients ask for it

// Issuer implements customauth.Issuer.
type Issuer struct {
	Desk     sent.Desk
	Lifetime time.Duration
}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return customauth.MethodCode }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{sent.ParameterChallenge} }

// Issue implements customauth.Issuer. It mails a code, once in a session.
func (i Issuer) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	return i.Desk.AskCode(ctx, issue, sent.Request{
		Method: i.Method(), Public: map[string]string{sent.ParameterChallenge: challenge}, Lifetime: i.Lifetime,
	}), nil
}

// Checker implements customauth.Checker. A code is found correct once.
type Checker struct{ Book sent.Book }

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodCode }

// Recognizes implements customauth.Checker.
func (Checker) Recognizes(answer string) bool { return sent.IsCode(answer) }

// Check implements customauth.Checker.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	return c.Book.CheckCode(ctx, answer, c.Method(), answer.Text)
}
