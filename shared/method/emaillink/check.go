package emaillink

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"strings"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// separator stands between the two parts of a token.
const separator = "."

// Reasons of refusals.
const (
	reasonBrowser = "another_browser"
	reasonClient  = "wrong_app_client"
)

// Checker implements customauth.Checker. A link is found correct once.
type Checker struct {
	Book sent.Book

	// AnyBrowser takes a link in another browser than the one that asked for it.
	// The page must then ask its visitor whether to sign in: whoever sends a link
	// to somebody else may otherwise get that person's session.
	AnyBrowser bool
}

// given is an answer: the token alone, or with what the browser kept.
type given struct {
	Link  string `json:"link"`
	Nonce string `json:"nonce"`
}

// Method implements customauth.Checker.
func (Checker) Method() string { return customauth.MethodLink }

// Recognizes implements customauth.Checker: a link's token is two parts of
// unpadded base64url, joined by a dot, by itself or as an object's "link" beside
// its "nonce".
func (Checker) Recognizes(answer string) bool {
	_, ok := parse(answer)
	return ok
}

// parse takes an answer apart, or reports that it is not a link.
func parse(answer string) (given, bool) {
	g := given{Link: answer}
	if strings.HasPrefix(answer, "{") {
		g = given{}
		decoder := json.NewDecoder(strings.NewReader(answer))
		decoder.DisallowUnknownFields()
		if decoder.Decode(&g) != nil || decoder.InputOffset() != int64(len(answer)) || g.Nonce == "" {
			return given{}, false
		}
	}
	head, tail, _ := strings.Cut(g.Link, separator)
	return g, isPart(head) && isPart(tail)
}

func isPart(text string) bool {
	_, err := encoding.DecodeString(text)
	return err == nil && text != ""
}

// Check implements customauth.Checker.
func (c Checker) Check(ctx context.Context, answer customauth.Answer) (customauth.Verdict, error) {
	g, _ := parse(answer.Text)
	return c.Book.Check(ctx, answer, sent.Claim{
		Method:  c.Method(),
		SortKey: table.LinkSK,
		Token:   hash(g.Link),
		Right:   true,
		Refuse: func(m credentials.Mailing) string {
			switch {
			case m.ClientID != answer.User.ClientID:
				return reasonClient
			case !c.AnyBrowser && m.Session != answer.Sealed.Private[privateSession] && !isOf(g.Nonce, m.Browser):
				return reasonBrowser
			default:
				return ""
			}
		},
	})
}

// isOf reports whether a nonce is the one that a browser keeps whose hash is given.
func isOf(nonce string, browser []byte) bool {
	return nonce != "" && subtle.ConstantTimeCompare(hash(nonce), browser) == 1
}
