package journey

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emailcode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emaillink"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
)

// What links and codes are set up with.
const (
	Page         = "https://example.com/sign-in"
	OtherPage    = "https://example.com/elsewhere"
	CodeLifetime = 10 * time.Minute
	LinkLifetime = 15 * time.Minute
)

// Postbox keeps the letters of a stack. It is safe for concurrent use.
type Postbox struct {
	mu      sync.Mutex
	letters []mail.Letter
	err     error
}

// Send implements sent.Post.
func (p *Postbox) Send(_ context.Context, letter mail.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.letters = append(p.letters, letter)
	return nil
}

// Fail makes the post fail, or work again with nil.
func (p *Postbox) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// Letters returns the letters since the last call, oldest first.
func (p *Postbox) Letters() []mail.Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	letters := p.letters
	p.letters = nil
	return letters
}

// Mails lets users of a stack sign in by links and codes over its store as it is
// now, and returns where they are mailed to. The time that a request for a mail
// takes passes on the stack's clock.
func (s *Stack) Mails(t testing.TB) *Postbox {
	t.Helper()
	post := &Postbox{}
	desk := sent.Desk{
		Channel: sent.Mail, Key: s.MailRing.current, Store: s.Store, Quota: quota.Quota{Store: s.Store, Now: s.Now}, Post: post,
		Now: s.Now, Wait: s.wait,
	}
	book := sent.Book{Store: s.Store, Now: s.Now}
	s.Fallbacks = []customauth.Issuer{
		emailcode.Issuer{Desk: desk, Lifetime: CodeLifetime},
		emaillink.Issuer{Desk: desk, Lifetime: LinkLifetime, Redirects: []string{Page, OtherPage}},
	}
	s.Checkers = append(s.Checkers, emaillink.Checker{Book: book}, emailcode.Checker{Book: book})
	s.Client.Methods = append(s.Client.Methods, customauth.MethodCode, customauth.MethodLink)
	return post
}

// wait lets time pass on the stack's clock.
func (s *Stack) wait(_ context.Context, d time.Duration) { s.Advance(max(d, 0)) }

// Proofs has addresses proved by codes that are mailed to post, over the stack's
// store as it is now. Their key is that of Mails, and so are their limits.
func (s *Stack) Proofs(post *Postbox) proof.Desk {
	return proof.Desk{
		Key: s.MailRing.current, Store: s.Store, Quota: quota.Quota{Store: s.Store, Now: s.Now}, Post: post,
		Lifetime: CodeLifetime, Now: s.Now, Wait: s.wait,
	}
}

// Notifies tells users of a stack of changes, over its store as it is now, and
// returns where they are mailed to.
func (s *Stack) Notifies() *Postbox {
	post := &Postbox{}
	s.Notices = &notice.Teller{Post: post, Store: s.Store}
	return post
}

// What clients send to ask for a mail, beside the answer AskAnswer.
var (
	AskCode = map[string]string{"signInMethod": "EMAIL_CODE"}
	AskLink = map[string]string{"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "no", "redirectUri": Page}
)

// AskAnswer is the answer of a client that asks for another method.
const AskAnswer = "__dummy__"

// Ask begins a session and asks for a mail in it.
func (s *Stack) Ask(t testing.TB, u User, ask map[string]string) *Session {
	t.Helper()
	session := s.Begin(t, u)
	if s.Answer(t, session, AskAnswer, ask) || session.Failed {
		t.Fatalf("asking for a mail ends the session")
	}
	return session
}

// Token is the token of a link that opens Page.
func Token(t testing.TB, letter mail.Letter) string {
	t.Helper()
	token, ok := strings.CutPrefix(letter.Link, Page+"#")
	if !ok || !regexp.MustCompile(`^[\w-]+\.[\w-]+$`).MatchString(token) {
		t.Fatalf("the link is %q", letter.Link)
	}
	return token
}
