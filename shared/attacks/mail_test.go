package attacks_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// mailCast is a cast on a stack whose users may also sign in by mail, with a
// victim who has a passkey and one who has none.
func mailCast(t testing.TB, policy string) (s *journey.Stack, post *journey.Postbox, holder person, without journey.User) {
	t.Helper()
	s = journey.New(t)
	post = s.Mails(t)
	s.Client.Policy = policy
	return s, post, join(t, s, victimSub), s.NewUser(attackerSub)
}

// answersOf are the answers that a letter's reader can give.
func answersOf(t testing.TB, letters []mail.Letter) []string {
	t.Helper()
	var answers []string
	for _, letter := range letters {
		switch letter.Kind {
		case mail.KindCode:
			answers = append(answers, letter.Code)
		case mail.KindLink:
			answers = append(answers, journey.Token(t, letter))
		}
	}
	return answers
}

// Where a passkey is required, a mail signs in who has none, and nobody who has one.
func TestRejectsAMailWhereAPasskeyIsRequired(t *testing.T) {
	for name, ask := range map[string]map[string]string{"a code": journey.AskCode, "a link": journey.AskLink} {
		t.Run("rejects "+name, func(t *testing.T) {
			s, post, holder, without := mailCast(t, provisioning.PolicyRequired)
			before := s.Now()
			session := s.Ask(t, holder.User, ask)
			took := s.Now().Sub(before)
			letters := post.Letters()
			if len(letters) != 1 || letters[0].Kind != mail.KindRefused {
				t.Fatalf("the owner is mailed %v", letters)
			}
			before = s.Now()
			allowed := s.Ask(t, without, ask)
			if s.Now().Sub(before) != took || session.Public["challenge"] != allowed.Public["challenge"] || len(session.Public) != len(allowed.Public) {
				t.Errorf("who has a passkey is told %v after %s, who has none %v", session.Public, took, allowed.Public)
			}
			answers := answersOf(t, post.Letters())
			if len(answers) != 1 {
				t.Fatalf("who has none is mailed %v", answers)
			}
			wantOut(t, s, s.Begin(t, holder.User), []byte(answers[0]), "method_refused")
			if s.Answer(t, session, answers[0], nil) || session.Tokens {
				t.Error("somebody else's mail signs in")
			}
			if !s.Answer(t, allowed, answers[0], nil) || !allowed.Tokens {
				t.Error("who has no passkey can't sign in")
			}
			session = s.Begin(t, holder.User)
			wantIn(t, s, session, holder.sign(t, session.Options()).JSON())
		})
	}
}

// A mail that was allowed when it was asked for is not, once there is a passkey.
func TestRejectsAnOldLinkOnceAPasskeyIsRequired(t *testing.T) {
	s, post, _, without := mailCast(t, provisioning.PolicyRequired)
	nonce := "kept by the browser"
	ask := map[string]string{"signInMethod": "MAGIC_LINK", "browser": sha256Of(nonce)}
	s.Ask(t, without, ask)
	token := answersOf(t, post.Letters())[0]
	s.Register(t, without, passkeytest.NewSynced(journey.Origin))
	wantOut(t, s, s.Begin(t, without), marshal(t, map[string]string{"link": token, "nonce": nonce}), "method_refused")
}

// Where a passkey is preferred, a mail may stand in for it.
func TestMailStandsInForAPreferredPasskey(t *testing.T) {
	s, post, holder, _ := mailCast(t, provisioning.PolicyPreferred)
	session := s.Ask(t, holder.User, journey.AskCode)
	wantIn(t, s, session, []byte(answersOf(t, post.Letters())[0]))
}

// A policy that this version does not know is not the weaker one.
func TestRejectsAMailUnderAnUnknownPolicy(t *testing.T) {
	s, post, holder, _ := mailCast(t, "passkey-always")
	s.Ask(t, holder.User, journey.AskCode)
	if answers := answersOf(t, post.Letters()); answers != nil {
		t.Errorf("mailed is %v", answers)
	}
}

// What a client says while it answers changes neither the method nor what is
// accepted, and one fallback is all that a session has.
func TestMethodOfAMailIsFixed(t *testing.T) {
	for _, metadata := range metadatas {
		s, post, holder, _ := mailCast(t, provisioning.PolicyPreferred)
		session := s.Ask(t, holder.User, journey.AskCode)
		code := answersOf(t, post.Letters())[0]
		if s.Answer(t, session, journey.AskAnswer, metadata); session.Failed || session.Metadata[:9] != "cp1:code:" {
			t.Errorf("%v: the next challenge is %q", metadata, session.Metadata)
		}
		if letters := post.Letters(); letters != nil {
			t.Errorf("%v: it mailed %v", metadata, letters)
		}
		if !s.Answer(t, session, code, metadata) || !session.Tokens {
			t.Errorf("%v: the code was refused", metadata)
		}
	}
}

func TestRejectsTooManyCodes(t *testing.T) {
	s, post, holder, _ := mailCast(t, "")
	session := s.Ask(t, holder.User, journey.AskCode)
	code := answersOf(t, post.Letters())[0]
	wrong := strings.Map(func(digit rune) rune { return '9' - (digit - '0') }, code)
	for i := range 3 {
		if s.Answer(t, session, wrong, nil) || session.Failed != (i == 2) {
			t.Errorf("after %d wrong codes the session has ended: %t", i+1, session.Failed)
		}
	}
	if s.Answer(t, s.Begin(t, holder.User), code, nil) {
		t.Error("the code is good in another session")
	}
}

// A mail scanner that opens a link requests the page alone: the token is in the
// fragment, which stays in the browser, and only an answer uses it up.
func TestScannersUseNoLinkUp(t *testing.T) {
	s, post, holder, _ := mailCast(t, "")
	session := s.Ask(t, holder.User, journey.AskLink)
	letter := post.Letters()[0]
	page, token, ok := strings.Cut(letter.Link, "#")
	if !ok || page != journey.Page || strings.Contains(page, token) {
		t.Errorf("a scanner requests %q", page)
	}
	wantIn(t, s, session, []byte(token))
	wantOut(t, s, s.Begin(t, holder.User), []byte(token), "answer_spent")
}

// The forms of what is mailed do not mix with others.
func TestRejectsMixedMails(t *testing.T) {
	s, post, holder, _ := mailCast(t, "")
	session := s.Ask(t, holder.User, journey.AskLink)
	token := answersOf(t, post.Letters())[0]
	s.Advance(time.Second)
	for name, c := range map[string]struct{ answer, reason string }{
		"rejects a link with members of a passkey":     {`{"link":"` + token + `","nonce":"n","id":"x"}`, "malformed"},
		"rejects a link without what the browser kept": {`{"link":"` + token + `"}`, "malformed"},
		"rejects a link with nothing that it kept":     {`{"link":"` + token + `","nonce":""}`, "malformed"},
		"rejects a code of seven digits":               {"1234567", "no_method"},
		"rejects a code of nine digits":                {"123456789", "no_method"},
		"rejects a link twice":                         {token + " " + token, "no_method"},
		"rejects a link in a list":                     {`["` + token + `"]`, "no_method"},
		"rejects a link with more behind it":           {`{"link":"` + token + `","nonce":"n"}{}`, "malformed"},
		"rejects a link of three parts":                {token + ".x", "no_method"},
		"rejects a link with padding":                  {token + "=", "no_method"},
		"rejects a code with a sign":                   {"+1234567", "no_method"},
		"rejects a code in other digits":               {"１２３４５６７８", "no_method"},
		"rejects a code with spaces":                   {"1234 5678", "no_method"},
	} {
		t.Run(name, func(t *testing.T) {
			again := *session
			wantOut(t, s, &again, []byte(c.answer), c.reason)
		})
	}
	wantIn(t, s, session, []byte(token))
}

// Nothing that a mail holds, nor where it goes, is logged.
func TestMailsAreNotLogged(t *testing.T) {
	s, post, holder, without := mailCast(t, "")
	session := s.Ask(t, holder.User, journey.AskCode)
	s.Ask(t, without, journey.AskLink)
	answers := answersOf(t, post.Letters())
	wantIn(t, s, session, []byte(answers[0]))
	for _, secret := range append(answers, holder.Attributes["email"], without.Attributes["email"]) {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64url(sum[:])
}
