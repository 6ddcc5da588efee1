// Package emaillink is signing in by a link that is mailed to the user's verified
// address. The token in it is for one use, in the browser that asked unless the
// pool's owner allows others, and only its hash is stored. It stands in the
// link's fragment, which no browser sends and no mail scanner's visit uses up.
package emaillink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const (
	challenge      = "MAGIC_LINK" // as clients ask for it
	privateSession = "s"
)

// ClientMetadata that goes with the request for a link.
const (
	askRedirect = "redirectUri" // page that the link opens; absent: the first that is allowed
	askBrowser  = "browser"     // unpadded base64url SHA-256 of what the browser keeps
)

// withheldRedirect is why nothing was sent: the page is none of those allowed.
const withheldRedirect = "redirect_refused"

var encoding = base64.RawURLEncoding.Strict()

// Issuer implements customauth.Issuer.
type Issuer struct {
	Desk      sent.Desk
	Lifetime  time.Duration
	Redirects []string // pages that links may open, without fragments, compared byte by byte; at least one
}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return customauth.MethodLink }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{sent.ParameterChallenge} }

// payload is what the clients of the AWS passwordless sample read in a link.
type payload struct {
	UserName string `json:"userName"`
	Issued   int64  `json:"iat"` // seconds
	Expires  int64  `json:"exp"` // seconds
	Session  string `json:"jti"`
}

// Issue implements customauth.Issuer. It mails a link, once in a session, which
// replaces the one that was outstanding.
func (i Issuer) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	public := map[string]string{sent.ParameterChallenge: challenge}
	redirect, asked := issue.Ask[askRedirect]
	if !asked {
		redirect = i.Redirects[0]
	}
	if !slices.Contains(i.Redirects, redirect) { // which says nothing of the user
		return customauth.Issued{Public: public, Withheld: withheldRedirect}, nil
	}
	return i.Desk.Ask(ctx, issue, sent.Request{
		Method:   customauth.MethodLink,
		Public:   public,
		SortKey:  table.LinkSK,
		Lifetime: i.Lifetime,
		Write: func(key secret.Key, expires time.Time) (mail.Letter, credentials.Mailing) {
			token := mint(key, issue, expires.Add(-i.Lifetime), expires)
			return mail.Letter{Kind: mail.KindLink, Link: redirect + "#" + token},
				credentials.Mailing{Token: hash(token), Browser: browserOf(issue.Ask)}
		},
		Private: func(secret.Key) map[string]string { return map[string]string{privateSession: issue.Session} },
	}), nil
}

// mint makes the token of a link.
func mint(key secret.Key, issue customauth.Issue, issued, expires time.Time) string {
	text, err := json.Marshal(payload{issue.User.Name, issued.Unix(), expires.Unix(), issue.Session})
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	head := encoding.EncodeToString(text)
	return head + separator + encoding.EncodeToString(key.MAC("link", issue.User.PoolID, issue.User.ClientID, head))
}

// browserOf is the hash of what the browser that asks keeps, or nothing.
func browserOf(ask map[string]string) []byte {
	browser, err := encoding.DecodeString(ask[askBrowser])
	if err != nil || len(browser) != sha256.Size {
		return nil
	}
	return browser
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
