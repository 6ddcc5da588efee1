package attacks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

// decide asks Define about a history of one session.
func decide(t testing.TB, s *journey.Stack, u journey.User, history ...events.CognitoEventUserPoolsChallengeResult) (tokens, challenge, fails bool) {
	t.Helper()
	session := &journey.Session{User: u, ClientID: journey.ClientID}
	for _, entry := range history {
		session.History = append(session.History, &entry)
	}
	defined, err := s.Define(t.Context(), session, nil)
	if err != nil {
		t.Fatal(err)
	}
	return defined.Response.IssueTokens, defined.Response.ChallengeName != "", defined.Response.FailAuthentication
}

func right(challenge, metadata string) events.CognitoEventUserPoolsChallengeResult {
	return events.CognitoEventUserPoolsChallengeResult{ChallengeName: challenge, ChallengeResult: true, ChallengeMetadata: metadata}
}

// Cognito's own challenges have no place in the conversation, however they ended.
func TestRejectsCognitosOwnChallenges(t *testing.T) {
	s, victim, _ := cast(t)
	metadata := s.Begin(t, victim.User).Metadata
	ours := right("CUSTOM_CHALLENGE", metadata)
	for _, name := range []string{
		"SRP_A", "PASSWORD_VERIFIER", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
		"NEW_PASSWORD_REQUIRED", "WEB_AUTHN", "PASSWORD", "", "custom_challenge",
	} {
		for _, history := range [][]events.CognitoEventUserPoolsChallengeResult{
			{right(name, "")}, {right(name, metadata)}, {right(name, metadata), ours}, {ours, right(name, metadata)},
		} {
			t.Run(fmt.Sprintf("rejects %q as %v", name, history), func(t *testing.T) {
				if tokens, challenge, fails := decide(t, s, victim.User, history...); tokens || challenge || !fails {
					t.Errorf("tokens %t, challenge %t, fails %t", tokens, challenge, fails)
				}
			})
		}
	}
	if tokens, _, _ := decide(t, s, victim.User, ours); !tokens {
		t.Error("no tokens for the right one alone")
	}
}

// A right answer counts only if what was answered was this stack's passkey challenge.
func TestRejectsARightAnswerToAnotherKindOfChallenge(t *testing.T) {
	s, victim, _ := cast(t)
	metadata := s.Begin(t, victim.User).Metadata
	sid := strings.TrimPrefix(metadata, "cp1:passkey:")
	for _, other := range []string{
		"", "PROVIDE_AUTH_PARAMETERS", "CAPTCHA_CHALLENGE", "passkey", "cp1:passkey:", "cp1:passkey", "cp2:passkey:" + sid,
		"cp1:Passkey:" + sid, "cp1:captcha:" + sid, "cp1:code:" + sid, "cp1:link:" + sid, "cp1:passkey:" + sid + ":x", " " + metadata, metadata + "A",
	} {
		t.Run(fmt.Sprintf("rejects %q", other), func(t *testing.T) {
			if tokens, challenge, fails := decide(t, s, victim.User, right("CUSTOM_CHALLENGE", other)); tokens || challenge || !fails {
				t.Errorf("tokens %t, challenge %t, fails %t", tokens, challenge, fails)
			}
		})
	}
	t.Run("rejects entries of two sessions", func(t *testing.T) {
		wrong := right("CUSTOM_CHALLENGE", metadata)
		wrong.ChallengeResult = false
		if tokens, challenge, fails := decide(t, s, victim.User, wrong, right("CUSTOM_CHALLENGE", s.Begin(t, victim.User).Metadata)); tokens || challenge || !fails {
			t.Errorf("tokens %t, challenge %t, fails %t", tokens, challenge, fails)
		}
	})
}

// metadatas are what a client may put into ClientMetadata in the hope of something.
var metadatas = []map[string]string{
	nil,
	{"signInMethod": "FIDO2"}, {"signInMethod": "MAGIC_LINK"}, {"signInMethod": "MAGIC_LINK", "alreadyHaveMagicLink": "yes"},
	{"signInMethod": "EMAIL_CODE"}, {"signInMethod": "SMS_OTP_STEPUP"}, {"signInMethod": "none"},
	{"answerCorrect": "true", "issueTokens": "true"}, {"userVerification": "discouraged", "uv": "discouraged"},
	{"acc": "passkey,link,code,sms"}, {"userNotFound": "false", "sub": victimSub},
}

// The method is fixed when the challenge is made; metadata changes no verdict.
func TestMetadataOfTheClientDecidesNothing(t *testing.T) {
	s, victim, attacker := cast(t)
	for _, metadata := range metadatas {
		t.Run(fmt.Sprint("with ", metadata), func(t *testing.T) {
			s.Advance(time.Second)
			session := s.Begin(t, victim.User)
			if !s.Answer(t, session, string(victim.sign(t, session.Options()).JSON()), metadata) || !session.Tokens {
				t.Error("a right answer gives no tokens")
			}
			session = s.Begin(t, victim.User)
			if s.Answer(t, session, string(attacker.sign(t, session.Options()).JSON()), metadata) || session.Tokens || !session.Failed {
				t.Error("a wrong answer gives tokens or another try")
			}
			session = s.Begin(t, journey.User{Name: "ghost", NotFound: true})
			if s.Answer(t, session, string(attacker.sign(t, session.Options()).JSON()), metadata) || session.Tokens || !session.Failed {
				t.Error("an answer for nobody gives tokens or another try")
			}
		})
	}
}

// Where no weaker way is switched on, asking for one ends the session, whether
// the user has a passkey or not.
func TestRejectsADowngrade(t *testing.T) {
	s, victim, _ := cast(t)
	without := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000c")
	for _, u := range []journey.User{victim.User, without, {Name: "ghost", NotFound: true}} {
		for _, metadata := range metadatas {
			session := s.Begin(t, u)
			if s.Answer(t, session, "__dummy__", metadata) || session.Tokens || !session.Failed || len(session.History) != 1 {
				t.Errorf("%s with %v: the session goes on", u.Name, metadata)
			}
			if got := s.Log.Last(t, "verified")["reason"]; got != "dummy_answer" {
				t.Errorf("refused for %v", got)
			}
		}
	}
}

func TestRejectsASecondTry(t *testing.T) {
	s, victim, attacker := cast(t)
	session := s.Begin(t, victim.User)
	right := victim.sign(t, session.Options()).JSON()
	wantOut(t, s, session, attacker.sign(t, session.Options()).JSON(), "unknown_credential")
	// The challenge itself could still be answered; the session can't.
	if correct, err := s.TryAnswer(t.Context(), session, string(right), nil); !correct || err != nil || session.Tokens {
		t.Errorf("correct is %t, tokens %t, error %v; want a session that has ended", correct, session.Tokens, err)
	}
}

func TestRejectsHugeAndDeepAnswers(t *testing.T) {
	s, victim, _ := cast(t)
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct{ answer, reason string }{
		"rejects a megabyte":             {`{"id":"` + strings.Repeat("A", 1<<20) + `"}`, "answer_too_big"},
		"rejects one byte too many":      {"{" + strings.Repeat(" ", 16<<10-1) + "}", "answer_too_big"},
		"rejects 2,000 nested objects":   {nested(2000), "malformed"},
		"rejects 15,000 nested brackets": {`{"a":` + strings.Repeat("[", 15_000), "malformed"},
		"rejects many members":           {`{"a0":0` + strings.Repeat(`,"a":0`, 2000) + "}", "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			wantOut(t, s, s.Begin(t, victim.User), []byte(c.answer), c.reason)
		})
	}
}

// The forms of answers do not mix: what has the marks of two is of none.
func TestRejectsMixedForms(t *testing.T) {
	s, victim, _ := cast(t)
	for name, c := range map[string]struct {
		answer func(session *journey.Session) []byte
		reason string
	}{
		"rejects both forms of an assertion": {func(session *journey.Session) []byte {
			assertion := victim.sign(t, session.Options())
			members := assertion.Members()
			for name, value := range assertion.SampleMembers() {
				members[name] = value
			}
			return marshal(t, members)
		}, "malformed"},
		"rejects an assertion with a link": {func(session *journey.Session) []byte {
			members := victim.sign(t, session.Options()).Members()
			members["link"], members["nonce"] = "x.y", "z"
			return marshal(t, members)
		}, "malformed"},
		"rejects an assertion with an SMS code": {func(session *journey.Session) []byte {
			members := victim.sign(t, session.Options()).SampleMembers()
			members["jwt"], members["secretCode"] = "x.y.z", "12345678"
			return marshal(t, members)
		}, "malformed"},
		"rejects two assertions": {func(session *journey.Session) []byte {
			one := victim.sign(t, session.Options()).JSON()
			return append(one, one...)
		}, "malformed"},
		"rejects a list of assertions": {func(session *journey.Session) []byte {
			return marshal(t, []any{victim.sign(t, session.Options()).Members()})
		}, "no_method"},
		"rejects a link where links are off": {func(*journey.Session) []byte { return []byte("eyJ4IjoxfQ.c2ln") }, "no_method"},
		"rejects a code where codes are off": {func(*journey.Session) []byte { return []byte("12345678") }, "no_method"},
		"rejects a ticket where none are on": {func(*journey.Session) []byte { return []byte("tk1.eyJ4IjoxfQ.c2ln") }, "no_method"},
		"rejects an assertion inside a string": {func(session *journey.Session) []byte {
			return marshal(t, string(victim.sign(t, session.Options()).JSON()))
		}, "no_method"},
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, victim.User)
			wantOut(t, s, session, c.answer(session), c.reason)
		})
	}
}
