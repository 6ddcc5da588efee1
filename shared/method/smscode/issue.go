// Package smscode is signing in by a code of eight digits in a text message to the
// user's verified number, and stepping up by one beside a live access token, as
// the clients of the AWS passwordless sample do.
//
// Whoever moves a number to a phone of theirs reads its text messages, and each
// costs money, to the profit of whoever has it sent to a number that pays: so they
// go to listed countries only, and few altogether.
package smscode

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// challenge is what a client is told, whether it asked for a sign-in or a step-up.
const challenge = "SMS_OTP"

// parameterPhone is the public parameter that clients of the AWS passwordless
// sample show. Whoever asks has proved nothing yet, so that it shows no digit, and
// the same for a user who has no number.
const (
	parameterPhone = "phoneNumber"
	maskedPhone    = "+***********"
)

// withheldCountry is why nothing was sent: the number is of no listed country.
const withheldCountry = "country_not_listed"

// toOne is the limit of text messages to one user, and to one number.
var toOne = credentials.Limit{Pause: time.Minute, PerDay: 5}

// Channel returns the way to the user's verified phone number, if that begins with
// one of countryCodes, such as "+49". perDay is how many text messages there may
// be in a day, to all users.
func Channel(countryCodes []string, perDay int) sent.Channel {
	return sent.Channel{
		Address: func(user customauth.User) (number, withheld string) {
			number = user.VerifiedPhone
			isIn := func(code string) bool { return strings.HasPrefix(number, code) }
			switch {
			case number == "":
				return "", sent.WithheldAddress
			case !slices.ContainsFunc(countryCodes, isIn):
				return "", withheldCountry
			}
			return number, ""
		},
		Counts: func(key secret.Key, sub, number string) []quota.Count {
			return []quota.Count{
				quota.NewCount(key, "texts to user", sub, toOne),
				quota.NewCount(key, "texts to number", number, toOne),
				quota.NewCount(key, "texts", "", credentials.Limit{PerDay: perDay}),
			}
		},
	}
}

// Issuer implements customauth.Issuer.
type Issuer struct {
	Desk     sent.Desk
	Lifetime time.Duration
}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return customauth.MethodSMS }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{sent.ParameterChallenge, parameterPhone} }

// Issue implements customauth.Issuer. It sends a code, once in a session.
func (i Issuer) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	return i.Desk.AskCode(ctx, issue, sent.Request{
		Method:   i.Method(),
		Public:   map[string]string{sent.ParameterChallenge: challenge, parameterPhone: maskedPhone},
		Lifetime: i.Lifetime,
	}), nil
}
