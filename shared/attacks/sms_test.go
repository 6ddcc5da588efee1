package attacks_test

import (
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

const phoneNumber = "+4915112345678"

// textCast is a cast on a stack whose users may also sign in by text message and by
// mail, with a victim who has a passkey and one who has none.
func textCast(t testing.TB, policy string) (s *journey.Stack, phone *journey.Postbox, holder person, without journey.User) {
	t.Helper()
	s = journey.New(t)
	s.Mails(t)
	phone = s.Texts(t)
	s.Client.Policy = policy
	holder = join(t, s, victimSub)
	holder.Attributes["phone_number"], holder.Attributes["phone_number_verified"] = phoneNumber, "true"
	return s, phone, holder, s.NewPhoneUser(attackerSub, "+4915187654321")
}

// asksForTexts are the ways to ask for a text message.
var asksForTexts = map[string]map[string]string{"a sign-in": journey.AskText, "a step-up": journey.AskStepUp}

// Where a passkey is required, a text message signs in who has none, and nobody who
// has one, not even beside a live access token; and the replies are alike.
func TestRejectsATextMessageWhereAPasskeyIsRequired(t *testing.T) {
	for name, ask := range asksForTexts {
		t.Run("rejects "+name, func(t *testing.T) {
			s, phone, holder, without := textCast(t, provisioning.PolicyRequired)
			before := s.Now()
			session := s.Ask(t, holder.User, ask)
			took := s.Now().Sub(before)
			letters := phone.Letters()
			if len(letters) != 1 || letters[0].Kind != mail.KindRefused || letters[0].Code != "" {
				t.Fatalf("the owner is sent %v", letters)
			}
			before = s.Now()
			allowed := s.Ask(t, without, ask)
			if s.Now().Sub(before) != took || marshalled(t, session.Public) != marshalled(t, allowed.Public) {
				t.Errorf("who has a passkey is told %v after %s, who has none %v", session.Public, took, allowed.Public)
			}
			code := phone.Letters()[0].Code
			again := *session
			wantWrong(t, s, &again, code, "method_refused")
			wantWrong(t, s, session, journey.StepUp(t, s.AccessToken(t, holder.User, nil), code), "method_refused")
			wantIn(t, s, allowed, []byte(journey.StepUp(t, s.AccessToken(t, without, nil), code)))
		})
	}
}

func marshalled(t testing.TB, value any) string { return string(marshal(t, value)) }

// Where a passkey is preferred, and so under no policy, a text message may stand in
// for it; under a policy that this version does not know, it may not.
func TestTextMessageStandsInForAPreferredPasskey(t *testing.T) {
	for policy, accepted := range map[string]bool{provisioning.PolicyPreferred: true, "": true, "passkey-always": false} {
		s, phone, holder, _ := textCast(t, policy)
		session := s.Ask(t, holder.User, journey.AskText)
		code := phone.Letters()[0].Code
		if (code != "") != accepted {
			t.Fatalf("%q: a code was sent: %t", policy, code != "")
		}
		if accepted {
			wantIn(t, s, session, []byte(code))
		}
	}
}

// What a client says while it answers changes neither the method nor what is
// accepted, and a step-up in name only is none.
func TestMethodOfATextMessageIsFixed(t *testing.T) {
	for _, metadata := range append(metadatas, journey.AskText, journey.AskStepUp, journey.AskCode) {
		s, phone, holder, _ := textCast(t, provisioning.PolicyPreferred)
		session := s.Ask(t, holder.User, journey.AskText)
		code := phone.Letters()[0].Code
		if s.Answer(t, session, journey.AskAnswer, metadata); session.Failed || !strings.HasPrefix(session.Metadata, "cp1:sms:") {
			t.Errorf("%v: the next challenge is %q", metadata, session.Metadata)
		}
		if letters := phone.Letters(); letters != nil {
			t.Errorf("%v: it sent %v", metadata, letters)
		}
		if !s.Answer(t, session, code, metadata) || !session.Tokens {
			t.Errorf("%v: the code was refused", metadata)
		}
	}
}

func TestRejectsTooManyCodesInTextMessages(t *testing.T) {
	s, phone, holder, _ := textCast(t, "")
	token := s.AccessToken(t, holder.User, nil)
	session := s.Ask(t, holder.User, journey.AskText)
	reused := *session
	code := phone.Letters()[0].Code
	wrong := strings.Map(func(digit rune) rune { return '9' - (digit - '0') }, code)
	for i := range 3 {
		if s.Answer(t, session, wrong, nil) || session.Failed != (i == 2) {
			t.Errorf("after %d wrong codes the session has ended: %t", i+1, session.Failed)
		}
	}
	for range 2 { // a Session that somebody uses again starts Define's count anew, and not the table's
		again := reused
		wantWrong(t, s, &again, journey.StepUp(t, token, wrong), "wrong_code")
	}
	wantWrong(t, s, &reused, code, "too_many_tries")
}

// The forms of answers do not mix: a step-up has exactly its two members.
func TestRejectsMixedStepUps(t *testing.T) {
	s, phone, holder, _ := textCast(t, "")
	token := s.AccessToken(t, holder.User, nil)
	session := s.Ask(t, holder.User, journey.AskStepUp)
	code := phone.Letters()[0].Code
	for name, c := range map[string]struct{ answer, reason string }{
		"rejects members of a passkey":     {`{"jwt":"` + token + `","secretCode":"` + code + `","id":"x"}`, "malformed"},
		"rejects members of a link":        {`{"jwt":"` + token + `","secretCode":"` + code + `","link":"a.b","nonce":"c"}`, "malformed"},
		"rejects a code twice":             {`{"jwt":"` + token + `","secretCode":"00000000","secretCode":"` + code + `"}`, "malformed"},
		"rejects names in other case":      {`{"JWT":"` + token + `","SecretCode":"` + code + `"}`, "malformed"},
		"rejects no token":                 {`{"secretCode":"` + code + `"}`, "malformed"},
		"rejects an empty token":           {`{"jwt":"","secretCode":"` + code + `"}`, "malformed"},
		"rejects a number for a code":      {`{"jwt":"` + token + `","secretCode":` + "1" + code + `}`, "malformed"},
		"rejects more behind it":           {`{"jwt":"` + token + `","secretCode":"` + code + `"}{}`, "malformed"},
		"rejects a code with its binding":  {"@example.com #" + code, "no_method"},
		"rejects an ID token":              {journey.StepUp(t, s.AccessToken(t, holder.User, map[string]any{"token_use": "id"}), code), "wrong_access_token"},
		"rejects another app client's":     {journey.StepUp(t, s.AccessToken(t, holder.User, map[string]any{"client_id": "other"}), code), "wrong_access_token"},
		"rejects a code that isn't digits": {journey.StepUp(t, token, code[:4]), "wrong_code"},
	} {
		t.Run(name, func(t *testing.T) {
			again := *session
			wantWrong(t, s, &again, c.answer, c.reason)
		})
	}
	wantIn(t, s, session, []byte(journey.StepUp(t, token, code)))
}

// Somebody else's token and one's own code, or the other way round, sign nobody in.
func TestRejectsAStepUpOfTwoUsers(t *testing.T) {
	s, phone, holder, other := textCast(t, "")
	session := s.Ask(t, holder.User, journey.AskStepUp)
	code := phone.Letters()[0].Code
	theirs := s.Ask(t, other, journey.AskStepUp)
	wantWrong(t, s, session, journey.StepUp(t, s.AccessToken(t, other, nil), code), "wrong_user")
	wantWrong(t, s, theirs, journey.StepUp(t, s.AccessToken(t, other, nil), code), "wrong_code")
	s.Accounts.Revoke(holder.User)
	wantWrong(t, s, session, journey.StepUp(t, s.AccessToken(t, holder.User, nil), code), "access_token_refused")
}

// Nothing that a text message or a step-up holds, nor where it goes, is logged.
func TestTextMessagesAreNotLogged(t *testing.T) {
	s, phone, holder, _ := textCast(t, "")
	token := s.AccessToken(t, holder.User, nil)
	session := s.Ask(t, holder.User, journey.AskStepUp)
	code := phone.Letters()[0].Code
	wantIn(t, s, session, []byte(journey.StepUp(t, token, code)))
	for _, secret := range []string{code, phoneNumber, phoneNumber[3:], token, strings.Split(token, ".")[1]} {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// wantWrong checks that an answer in a round with a code is wrong, and why: another
// may follow.
func wantWrong(t testing.TB, s *journey.Stack, session *journey.Session, answer, reason string) {
	t.Helper()
	if s.Answer(t, session, answer, nil) || session.Tokens {
		t.Error("the answer signs in")
	}
	if got := s.Log.Last(t, "verified")["reason"]; got != reason {
		t.Errorf("refused for %v, want %s", got, reason)
	}
}
