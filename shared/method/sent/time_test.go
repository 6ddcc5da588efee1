package sent_test

import (
	"context"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// slowStore takes time for each operation that is about letters.
type slowStore struct {
	credentials.Store
	stack *journey.Stack
}

func (s slowStore) Mailing(ctx context.Context, sub, sk string) (credentials.Mailing, error) {
	s.stack.Advance(50 * time.Millisecond)
	return s.Store.Mailing(ctx, sub, sk)
}

func (s slowStore) Rate(ctx context.Context, key string) (credentials.Rate, error) {
	s.stack.Advance(50 * time.Millisecond)
	return s.Store.Rate(ctx, key)
}

func (s slowStore) PutMailing(ctx context.Context, sub, sk string, m credentials.Mailing) error {
	s.stack.Advance(50 * time.Millisecond)
	return s.Store.PutMailing(ctx, sub, sk, m)
}

// What is done for a letter takes time, and a request for one takes none of it
// longer than a request for nobody's.
func TestTimeTellsNothing(t *testing.T) {
	stack := journey.New(t)
	stack.Store = slowStore{stack.Store, stack}
	s := scene{stack, stack.Mails(t), stack.NewUser(subA)}
	for name, user := range map[string]journey.User{"a user": s.user, "nobody": {Name: "ghost", NotFound: true}} {
		before := s.Now()
		s.Ask(t, user, journey.AskCode)
		if took := s.Now().Sub(before); took != time.Second {
			t.Errorf("%s: it took %s, want a second", name, took)
		}
	}
	if s.letter(t).Code == "" {
		t.Error("nothing was mailed")
	}
}

// post notes how long it is given, and what it is given.
type post struct {
	left    time.Duration
	letters []mail.Letter
}

func (p *post) Send(ctx context.Context, letter mail.Letter) error {
	at, _ := ctx.Deadline()
	p.left, p.letters = time.Until(at), append(p.letters, letter)
	return ctx.Err()
}

// ask asks a desk for a code of a method in one and the same session.
func (p *post) ask(t *testing.T, method string) {
	t.Helper()
	store := &passkeytest.Memory{}
	desk := sent.Desk{
		Channel: sent.Mail, Key: func(context.Context) (secret.Key, error) { return secret.Key{}, nil },
		Store: store, Quota: quota.Quota{Store: store, Now: time.Now}, Post: p, Now: time.Now, Wait: func(context.Context, time.Duration) {},
	}
	issued := desk.AskCode(t.Context(), customauth.Issue{
		User: customauth.User{Sub: subA, VerifiedEmail: "ann@example.com", Locale: "de-CH"}, Session: "session", Sealed: customauth.Sealed{Accepted: []string{method}},
	}, sent.Request{Method: method})
	if issued.Fault != nil || !issued.Sent {
		t.Fatalf("issued is %+v", issued)
	}
}

// A trigger has 4 s, Cognito waits 5: the letter takes 2 of them at most.
func TestLetterHasADeadline(t *testing.T) {
	p := &post{}
	p.ask(t, customauth.MethodCode)
	if p.left <= 0 || p.left > 2*time.Second {
		t.Errorf("the post has %s", p.left)
	}
}

func TestLetterIsInTheUsersLanguage(t *testing.T) {
	p := &post{}
	p.ask(t, customauth.MethodCode)
	if p.letters[0].Locale != "de-CH" {
		t.Errorf("letter is %+v", p.letters[0])
	}
}

// Where two methods share a key, a code that came by one way says nothing of the other's.
func TestCodesOfTwoMethodsDiffer(t *testing.T) {
	p := &post{}
	for _, method := range []string{customauth.MethodCode, customauth.MethodSMS} {
		p.ask(t, method)
	}
	if p.letters[0].Code == p.letters[1].Code || len(p.letters[0].Code) != 8 {
		t.Errorf("codes are %s and %s", p.letters[0].Code, p.letters[1].Code)
	}
}
