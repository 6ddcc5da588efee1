package smscode_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

const (
	subA, subB = "5f0c8d2e-0000-4000-8000-00000000000a", "5f0c8d2e-0000-4000-8000-00000000000b"
	number     = "+4915112345678"
)

// public is what every client is told that asks.
var public = map[string]string{"challenge": "SMS_OTP", "phoneNumber": "+***********"}

// scene is a stack whose users sign in by text message, with one who has no passkey.
type scene struct {
	*journey.Stack
	phone *journey.Postbox
	user  journey.User
}

func newScene(t testing.TB) scene {
	t.Helper()
	s := journey.New(t)
	return scene{s, s.Texts(t), s.NewPhoneUser(subA, number)}
}

// code is that of the one letter since the last look.
func (s scene) code(t testing.TB) string {
	t.Helper()
	letters := s.phone.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters, want 1", len(letters))
	}
	return letters[0].Code
}

func TestCodeSignsIn(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskText)
	if diff := cmp.Diff(public, session.Public); diff != "" {
		t.Errorf("the client is told (-want +got):\n%s", diff)
	}
	letters := s.phone.Letters()
	if len(letters) != 1 || !cmp.Equal(letters[0], mail.Letter{Kind: mail.KindCode, To: number, Code: letters[0].Code, Lifetime: journey.CodeLifetime}) {
		t.Fatalf("letters are %v", letters)
	}
	code := letters[0].Code
	s.WantWrong(t, session, journey.OtherCode(code), "wrong_code")
	s.WantWrong(t, session, journey.OtherCode(code), "wrong_code")
	s.WantTokens(t, session, code)
	if left := s.phone.Letters(); left != nil {
		t.Errorf("wrong codes sent %d letters", len(left))
	}
	s.Advance(journey.CodeLifetime)
	session = s.Ask(t, s.user, journey.AskText)
	again := s.code(t)
	s.Advance(journey.CodeLifetime)
	s.WantWrong(t, session, again, "mail_expired")
}

// A code of one channel is none of the other, whichever of them the stack has
// first, and each answer goes to the channel that was asked for.
func TestChannelsAreApart(t *testing.T) {
	s := journey.New(t)
	post, phone := s.Mails(t), s.Texts(t)
	both := scene{s, phone, s.NewPhoneUser(subA, number)}
	texted := s.Ask(t, both.user, journey.AskText)
	mailed := s.Ask(t, both.user, journey.AskCode)
	inText, inMail := both.code(t), post.Letters()[0].Code
	if inText == inMail {
		t.Fatal("two sessions have one code")
	}
	both.WantWrong(t, texted, inMail, "wrong_code")
	both.WantWrong(t, mailed, inText, "wrong_code")
	both.WantTokens(t, texted, inText)
	both.WantTokens(t, mailed, inMail)
	if method := s.Log.Last(t, "verified")["method"]; method != customauth.MethodCode {
		t.Errorf("the last sign-in is by %v", method)
	}
}

// A session that another channel has a code in sends no second one.
func TestOneSessionHasOneCode(t *testing.T) {
	s := journey.New(t)
	post, phone := s.Mails(t), s.Texts(t)
	u := s.NewPhoneUser(subA, number)
	session := s.Begin(t, u)
	again := *session
	for _, ask := range []map[string]string{journey.AskCode, journey.AskText} {
		s.Answer(t, &again, journey.AskAnswer, ask)
		again = *session
	}
	if mails, texts := len(post.Letters()), len(phone.Letters()); mails != 1 || texts != 0 {
		t.Errorf("one session sent %d mails and %d text messages", mails, texts)
	}
}

func TestStepUp(t *testing.T) {
	s := newScene(t)
	token := s.AccessToken(t, s.user, nil)
	session := s.Ask(t, s.user, journey.AskStepUp)
	if diff := cmp.Diff(public, session.Public); diff != "" {
		t.Errorf("the client is told (-want +got):\n%s", diff)
	}
	code := s.code(t)
	s.WantWrong(t, session, journey.StepUp(t, token, journey.OtherCode(code)), "wrong_code")
	s.WantTokens(t, session, journey.StepUp(t, token, code))
	s.WantWrong(t, s.Begin(t, s.user), journey.StepUp(t, token, code), "not_mailed")
}

// The access token must be live, of the same user, app client and pool.
func TestStepUpRefuses(t *testing.T) {
	s := newScene(t)
	token, elsewhere := s.AccessToken(t, s.user, nil), s.NewUser(subB)
	session := s.Ask(t, s.user, journey.AskStepUp)
	code := s.code(t)
	for name, c := range map[string]struct{ answer, reason string }{
		"rejects an ID token":                       {journey.StepUp(t, s.AccessToken(t, s.user, map[string]any{"token_use": "id"}), code), "wrong_access_token"},
		"rejects a token of another app client":     {journey.StepUp(t, s.AccessToken(t, s.user, map[string]any{"client_id": "other"}), code), "wrong_access_token"},
		"rejects a token of another pool":           {journey.StepUp(t, s.AccessToken(t, s.user, map[string]any{"iss": "https://example.com/us-east-1_Other0000"}), code), "wrong_access_token"},
		"rejects a token whose claims come twice":   {journey.StepUp(t, twice(t, s.AccessToken(t, s.user, nil)), code), "wrong_access_token"},
		"rejects what is no token":                  {journey.StepUp(t, "a.b", code), "wrong_access_token"},
		"rejects another user's token":              {journey.StepUp(t, s.AccessToken(t, elsewhere, nil), code), "wrong_user"},
		"rejects another user's with the sub of it": {journey.StepUp(t, s.AccessToken(t, elsewhere, map[string]any{"sub": subA}), code), "wrong_user"},
		"rejects a token that the pool never gave":  {journey.StepUp(t, token[:len(token)-4]+"AAAA", code), "access_token_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			again := *session
			s.WantWrong(t, &again, c.answer, c.reason)
		})
	}
	t.Run("rejects a token that was revoked", func(t *testing.T) {
		s.Accounts.Revoke(s.user)
		again := *session
		s.WantWrong(t, &again, journey.StepUp(t, token, code), "access_token_refused")
		s.Accounts.Put(s.user)
	})
	t.Run("a pool that is down is no verdict", func(t *testing.T) {
		s.Accounts.Fail(errors.New("outage"))
		again := *session
		if correct, err := s.TryAnswer(t.Context(), &again, journey.StepUp(t, token, code), nil); correct || err == nil {
			t.Errorf("correct is %t, error %v", correct, err)
		}
		s.Accounts.Fail(nil)
	})
	s.WantTokens(t, session, journey.StepUp(t, token, code))
}

// twice is a token with its claims in a form that reads differently from one
// parser to the next.
func twice(t testing.TB, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	return parts[0] + "." + "eyJ0b2tlbl91c2UiOiJpZCIsInRva2VuX3VzZSI6ImFjY2VzcyJ9" + "." + parts[2]
}

// A stack may take codes beside an access token only.
func TestStepUpOnly(t *testing.T) {
	s := newScene(t)
	checker := s.TextChecker()
	checker.StepUpOnly = true
	s.Checkers[len(s.Checkers)-1] = checker
	session := s.Ask(t, s.user, journey.AskText)
	code := s.code(t)
	s.WantWrong(t, session, code, "no_access_token")
	s.WantTokens(t, session, journey.StepUp(t, s.AccessToken(t, s.user, nil), code))
}

// Whoever asks is told the same, as fast, and gets a text message or not. The pool
// is asked about everybody's token.
func TestRequestsLookAlike(t *testing.T) {
	s := newScene(t)
	s.Client.Policy = provisioning.PolicyRequired
	unverified := s.NewPhoneUser("5f0c8d2e-0000-4000-8000-00000000000c", "+4915100000003")
	unverified.Attributes["phone_number_verified"] = "false"
	federated := s.NewPhoneUser("5f0c8d2e-0000-4000-8000-00000000000d", "+4915100000004")
	federated.Attributes["cognito:user_status"] = "EXTERNAL_PROVIDER"
	holder := s.NewPhoneUser(subB, "+4915100000005")
	s.Register(t, holder, passkeytest.NewSynced(journey.Origin))
	limited := s.NewPhoneUser("5f0c8d2e-0000-4000-8000-00000000000e", "+4915100000006")
	s.Ask(t, limited, journey.AskText)
	s.phone.Letters()
	for _, c := range []struct {
		name     string
		user     journey.User
		withheld any
		kinds    []mail.Kind
	}{
		{"a user", s.user, nil, []mail.Kind{mail.KindCode}},
		{"nobody", journey.User{Name: "ghost", NotFound: true}, "no_such_user", nil},
		{"a user without a number", s.NewUser("5f0c8d2e-0000-4000-8000-00000000000f"), "address_not_verified", nil},
		{"a user whose number is not verified", unverified, "address_not_verified", nil},
		{"a user of another provider", federated, "address_not_verified", nil},
		{"a user in another country", s.NewPhoneUser("5f0c8d2e-0000-4000-8000-000000000010", "+882161234567"), "country_not_listed", nil},
		{"a user who has a passkey", holder, "policy", []mail.Kind{mail.KindRefused}},
		{"a user who asks too often", limited, "rate_limited", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.Now()
			session := s.Ask(t, c.user, journey.AskText)
			if took := s.Now().Sub(before); took != sent.MinimumTime {
				t.Errorf("it took %s", took)
			}
			if diff := cmp.Diff(public, session.Public); diff != "" {
				t.Errorf("the client is told (-want +got):\n%s", diff)
			}
			if got := s.Log.Last(t, "created")["withheld"]; got != c.withheld {
				t.Errorf("withheld for %v, want %v", got, c.withheld)
			}
			var kinds []mail.Kind
			for _, letter := range s.phone.Letters() {
				kinds = append(kinds, letter.Kind)
			}
			if diff := cmp.Diff(c.kinds, kinds); diff != "" {
				t.Errorf("letters (-want +got):\n%s", diff)
			}
			s.Accounts.Fail(errors.New("outage")) // which only shows where the pool is asked
			defer s.Accounts.Fail(nil)
			if _, err := s.TryAnswer(t.Context(), session, journey.StepUp(t, s.AccessToken(t, c.user, nil), "00000000"), nil); err == nil {
				t.Error("the pool isn't asked whose the token is")
			}
		})
	}
}

// A flood of requests costs its calls and reads, and writes only for the text
// messages, of which there are few: for one user, for one number, and for all.
func TestCostOfAFlood(t *testing.T) {
	const users, rounds = 40, 10
	s, table := journey.New(t), passkeytest.NewTable(t)
	s.Store = dynamo.New(table.Client, table.Name)
	phone := s.Texts(t)
	s.Advance(24*time.Hour - time.Duration(s.Now().Unix()%86400)*time.Second) // the beginning of a day
	table.Operations()
	counts := map[string]int{} // operation → how often
	for range rounds {
		for i := range users {
			s.Ask(t, s.NewPhoneUser(fmt.Sprintf("%s%d", subA, i), fmt.Sprintf("+491510000%04d", i)), journey.AskText)
			for _, operation := range table.Operations() {
				counts[operation]++
			}
		}
	}
	texts := len(phone.Letters())
	t.Logf("%d requests for %d users: %d text messages, %v", users*rounds, users, texts, counts)
	if texts != journey.TextsPerDay {
		t.Errorf("%d text messages in a day, want all %d that there may be", texts, journey.TextsPerDay)
	}
	if counts["PutItem"] != texts || counts["UpdateItem"] != 3*texts {
		t.Errorf("writes are %v for %d text messages, want 1 and 3 for each", counts, texts)
	}
	if reads := counts["GetItem"]; reads > 6*users*rounds {
		t.Errorf("%d reads for %d requests, want 6 for each at most: two of the user, one of the mailing, three of limits", reads, users*rounds)
	}
}

// The limits hold for one user with many numbers, for one number under many users,
// over a day, and when the clock jumps.
func TestLimits(t *testing.T) {
	ask := func(t *testing.T, s scene, u journey.User) int {
		t.Helper()
		s.Ask(t, u, journey.AskText)
		return len(s.phone.Letters())
	}
	for name, c := range map[string]struct {
		step func(i int) time.Duration // of the clock before request i
		user func(s scene, i int) journey.User
		want int // letters for 30 requests
	}{
		"one user in a day": {
			func(int) time.Duration { return 10 * time.Minute }, func(s scene, _ int) journey.User { return s.user }, 5,
		},
		"one user with many numbers": {
			func(int) time.Duration { return 10 * time.Minute },
			func(s scene, i int) journey.User { return s.NewPhoneUser(subA, fmt.Sprintf("+4915100%06d", i)) }, 5,
		},
		"one number of many users": {
			func(int) time.Duration { return 10 * time.Minute },
			func(s scene, i int) journey.User { return s.NewPhoneUser(fmt.Sprintf("%s%d", subA, i), number) }, 5,
		},
		"one user in a minute": {
			func(int) time.Duration { return time.Second }, func(s scene, _ int) journey.User { return s.user }, 1,
		},
		"a clock that jumps back": {
			func(int) time.Duration { return -time.Hour }, func(s scene, _ int) journey.User { return s.user }, 1,
		},
		"many users and a clock that jumps back": {
			func(int) time.Duration { return -time.Hour },
			func(s scene, i int) journey.User {
				return s.NewPhoneUser(fmt.Sprintf("%s%d", subA, i), fmt.Sprintf("+4915100%06d", i))
			}, journey.TextsPerDay,
		},
		"many users and a clock that jumps about": {
			func(i int) time.Duration { return time.Duration(i%3-1) * 2 * time.Hour },
			func(s scene, i int) journey.User {
				return s.NewPhoneUser(fmt.Sprintf("%s%d", subA, i), fmt.Sprintf("+4915100%06d", i))
			}, journey.TextsPerDay,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, letters := newScene(t), 0
			s.Advance(24*time.Hour - time.Duration(s.Now().Unix()%86400)*time.Second + 2*time.Hour)
			for i := range 30 {
				s.Advance(c.step(i))
				letters += ask(t, s, c.user(s, i))
			}
			if letters != c.want {
				t.Errorf("%d text messages, want %d", letters, c.want)
			}
			s.Advance(4 * 24 * time.Hour)
			if next := ask(t, s, s.user); next != 1 {
				t.Errorf("%d text messages on another day, want 1", next)
			}
		})
	}
}

// Whatever the text, only what was sent signs in.
func FuzzCheck(f *testing.F) {
	s := newScene(f)
	s.Ask(f, s.user, journey.AskStepUp)
	code, checker := s.code(f), s.TextChecker()
	for _, seed := range []string{
		code, journey.StepUp(f, s.AccessToken(f, s.user, nil), code), `{"jwt":"a.b.c","secretCode":"12345678"}`, `{"jwt":"a","JWT":"b","secretCode":"c"}`, "{}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !checker.Recognizes(text) {
			return
		}
		verdict, err := checker.Check(t.Context(), customauth.Answer{
			User: customauth.User{Sub: subA, ClientID: journey.ClientID, PoolID: journey.PoolID}, Text: text, Started: s.Now(),
		})
		if err != nil || verdict.Correct {
			t.Errorf("%q in no session of its own: %+v and %v", text, verdict, err)
		}
	})
}
