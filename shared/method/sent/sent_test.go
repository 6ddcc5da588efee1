package sent_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emaillink"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
)

const (
	subA = "5f0c8d2e-0000-4000-8000-00000000000a"
	subB = "5f0c8d2e-0000-4000-8000-00000000000b"
)

// scene is a stack whose users sign in by mail, with one who has no passkey.
type scene struct {
	*journey.Stack
	post *journey.Postbox
	user journey.User
}

func newScene(t testing.TB) scene {
	t.Helper()
	s := journey.New(t)
	return scene{s, s.Mails(t), s.NewUser(subA)}
}

// letter is the one letter since the last look.
func (s scene) letter(t testing.TB) mail.Letter {
	t.Helper()
	letters := s.post.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters, want 1", len(letters))
	}
	return letters[0]
}

func TestCodeSignsIn(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskCode)
	if diff := cmp.Diff(map[string]string{"challenge": "EMAIL_CODE"}, session.Public); diff != "" {
		t.Errorf("the client is told (-want +got):\n%s", diff)
	}
	letter := s.letter(t)
	want := mail.Letter{Kind: mail.KindCode, To: subA + "@example.com", Code: letter.Code, Lifetime: journey.CodeLifetime}
	if diff := cmp.Diff(want, letter); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
	for _, value := range session.Private {
		if strings.Contains(value, letter.Code) {
			t.Error("the code itself travels with the session")
		}
	}
	s.WantWrong(t, session, journey.OtherCode(letter.Code), "wrong_code")
	s.WantWrong(t, session, journey.OtherCode(letter.Code), "wrong_code")
	s.WantTokens(t, session, letter.Code)
	if left := s.post.Letters(); left != nil {
		t.Errorf("wrong codes mailed %d letters", len(left))
	}
}

func TestCodeIsRefused(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskCode)
	code := s.letter(t).Code
	t.Run("rejects it in a session that asked for none", func(t *testing.T) {
		s.WantWrong(t, s.Begin(t, s.user), code, "not_mailed")
	})
	t.Run("rejects it in another session that asked", func(t *testing.T) {
		s.Advance(2 * time.Minute)
		second := s.Ask(t, s.user, journey.AskCode)
		if s.letter(t).Code == code {
			t.Fatal("two sessions have one code")
		}
		s.WantWrong(t, second, code, "wrong_code")
	})
	t.Run("rejects it when it has expired", func(t *testing.T) {
		late := *session
		s.Advance(journey.CodeLifetime)
		s.WantWrong(t, &late, code, "mail_expired")
	})
}

// Nothing is good for longer than its letter says, to the millisecond.
func TestCodeIsGoodUntilItExpires(t *testing.T) {
	for name, c := range map[string]struct {
		early time.Duration
		good  bool
	}{"just before": {time.Millisecond, true}, "at that moment": {0, false}} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			asked := s.Now()
			session := s.Ask(t, s.user, journey.AskCode)
			code := s.letter(t).Code
			s.Advance(asked.Add(journey.CodeLifetime - c.early).Sub(s.Now()))
			if !c.good {
				s.WantWrong(t, session, code, "mail_expired")
				return
			}
			s.WantTokens(t, session, code)
		})
	}
}

// A Session that Cognito lets somebody use again starts Define's count anew, and
// not the table's.
func TestWrongCodesAreCountedInTheTable(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskCode)
	code := s.letter(t).Code
	for range credentials.MaxWrongTries {
		again := *session
		s.WantWrong(t, &again, journey.OtherCode(code), "wrong_code")
	}
	s.WantWrong(t, session, code, "too_many_tries")
}

func TestCodeCountsOnce(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskCode)
	code := s.letter(t).Code
	s.Advance(time.Microsecond) // answers that begin within one millisecond overlap
	var right int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			verified, err := s.Verify(t.Context(), session, code, nil)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && verified.Response.AnswerCorrect {
				right++
			}
		})
	}
	all.Wait()
	if right != 1 {
		t.Errorf("%d of 20 answers at once are right, want 1", right)
	}
	repeat := func() bool {
		verified, err := s.Verify(t.Context(), session, code, nil)
		return err == nil && verified.Response.AnswerCorrect
	}
	s.Advance(time.Second)
	for i, want := range []bool{true, true, false} {
		if got := repeat(); got != want {
			t.Errorf("repeat %d of the trigger is right: %t", i+1, got)
		}
	}
	s.Advance(time.Minute)
	if repeat() {
		t.Error("a repeat after the grace is right")
	}
}

func TestLinkSignsIn(t *testing.T) {
	s := newScene(t)
	session := s.Ask(t, s.user, journey.AskLink)
	letter := s.letter(t)
	token := journey.Token(t, letter)
	var payload struct {
		UserName string
		Iat, Exp int64
		Jti      string
	}
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || json.Unmarshal(text, &payload) != nil || payload.UserName != s.user.Name || payload.Exp-payload.Iat != 900 {
		t.Errorf("clients of the sample read %s", text)
	}
	stored, err := s.Store.Mailing(t.Context(), subA, "LINK")
	if err != nil || strings.Contains(string(stored.Token), token) || len(stored.Token) != sha256.Size {
		t.Errorf("stored is %q", stored.Token)
	}
	s.WantTokens(t, session, token)
	s.WantWrong(t, s.Begin(t, s.user), token, "answer_spent")
}

// hashOf is what a browser says of what it keeps.
func hashOf(nonce string) string {
	sum := sha256.Sum256([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func withNonce(t testing.TB, token, nonce string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"link": token, "nonce": nonce})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A link works in the session, or in the browser, that asked for it.
func TestLinkIsBoundToTheBrowser(t *testing.T) {
	s := newScene(t)
	ask := map[string]string{"signInMethod": "MAGIC_LINK", "browser": hashOf("nonce")}
	s.Ask(t, s.user, ask)
	token := journey.Token(t, s.letter(t))
	for name, answer := range map[string]string{
		"rejects it elsewhere":               token,
		"rejects it with another nonce":      withNonce(t, token, "another"),
		"rejects the hash for what it is of": withNonce(t, token, hashOf("nonce")),
	} {
		t.Run(name, func(t *testing.T) { s.WantWrong(t, s.Begin(t, s.user), answer, "another_browser") })
	}
	s.WantTokens(t, s.Begin(t, s.user), withNonce(t, token, "nonce"))
}

func TestLinkInAnyBrowserIsAnOption(t *testing.T) {
	s := newScene(t)
	s.Checkers[0] = emaillink.Checker{Book: sent.Book{Store: s.Store, Now: s.Now}, AnyBrowser: true}
	s.Ask(t, s.user, journey.AskLink)
	token := journey.Token(t, s.letter(t))
	s.WantWrong(t, s.Begin(t, s.NewUser(subB)), token, "not_mailed")
	s.WantTokens(t, s.Begin(t, s.user), token)
}

func TestLinkIsRefused(t *testing.T) {
	s := newScene(t)
	first := s.Ask(t, s.user, journey.AskLink)
	old := journey.Token(t, s.letter(t))
	s.Advance(2 * time.Minute)
	second := s.Ask(t, s.user, journey.AskLink)
	token := journey.Token(t, s.letter(t))
	last := token[len(token)-2:]
	changed := token[:len(token)-2] + map[bool]string{true: "AA", false: "QA"}[last != "AA"]
	t.Run("rejects the one that a newer one replaced", func(t *testing.T) { s.WantWrong(t, first, old, "not_mailed") })
	t.Run("rejects a changed one", func(t *testing.T) { s.WantWrong(t, s.Begin(t, s.user), changed, "not_mailed") })
	t.Run("rejects another user's", func(t *testing.T) {
		s.WantWrong(t, s.Begin(t, s.NewUser(subB)), token, "not_mailed")
	})
	t.Run("rejects it for a name that nobody has", func(t *testing.T) {
		s.WantWrong(t, s.Begin(t, journey.User{Name: "ghost", NotFound: true}), token, "not_mailed")
	})
	t.Run("rejects it when it has expired", func(t *testing.T) {
		s.Advance(journey.LinkLifetime)
		s.WantWrong(t, second, token, "mail_expired")
	})
}

func TestLinksOpenListedPagesOnly(t *testing.T) {
	s := newScene(t)
	for redirect, page := range map[string]string{
		journey.OtherPage: journey.OtherPage, journey.Page + "/": "", journey.Page + "?x": "", "https://evil.example/": "",
		"javascript:alert(1)": "", "": "", "HTTPS://EXAMPLE.COM/sign-in": "",
	} {
		s.Advance(2 * time.Minute)
		session := s.Ask(t, s.user, map[string]string{"signInMethod": "MAGIC_LINK", "redirectUri": redirect})
		letters := s.post.Letters()
		if page == "" && (len(letters) != 0 || session.Public["challenge"] != "MAGIC_LINK") {
			t.Errorf("for %q %d letters were sent", redirect, len(letters))
		}
		if page != "" && (len(letters) != 1 || !strings.HasPrefix(letters[0].Link, page+"#")) {
			t.Errorf("for %q letters are %v", redirect, letters)
		}
	}
}

// Whoever asks is told the same, as fast, and gets a mail or not.
func TestRequestsLookAlike(t *testing.T) {
	s := newScene(t)
	s.Client.Policy = provisioning.PolicyRequired
	unverified := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000c")
	unverified.Attributes["email_verified"] = "false"
	federated := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000d")
	federated.Attributes["cognito:user_status"] = "EXTERNAL_PROVIDER"
	holder := s.NewUser(subB)
	s.Register(t, holder, passkeytest.NewSynced(journey.Origin))
	limited := s.NewUser("5f0c8d2e-0000-4000-8000-00000000000e")
	s.Ask(t, limited, journey.AskCode)
	s.post.Letters()
	for _, ask := range []map[string]string{journey.AskCode, journey.AskLink} {
		s.Advance(30 * time.Second)
		for _, c := range []struct {
			name     string
			user     journey.User
			withheld any
			letters  []mail.Kind
		}{
			{"a user", s.NewUser(subA + ask["signInMethod"]), nil, []mail.Kind{map[string]mail.Kind{"EMAIL_CODE": mail.KindCode}[ask["signInMethod"]]}},
			{"nobody", journey.User{Name: "ghost", NotFound: true}, "no_such_user", nil},
			{"a user whose address is not verified", unverified, "address_not_verified", nil},
			{"a user of another provider", federated, "address_not_verified", nil},
			{"a user who has a passkey", holder, "policy", []mail.Kind{mail.KindRefused}},
			{"a user who asks too often", limited, "rate_limited", nil},
		} {
			if c.withheld == nil && ask["signInMethod"] == "MAGIC_LINK" {
				c.letters = []mail.Kind{mail.KindLink}
			}
			if c.name == "a user who has a passkey" {
				s.Advance(2 * time.Minute)
				s.Ask(t, limited, journey.AskCode) // so that it is again
				s.post.Letters()
			}
			before := s.Now()
			session := s.Ask(t, c.user, ask)
			if took := s.Now().Sub(before); took != sent.MinimumTime {
				t.Errorf("%s: it took %s", c.name, took)
			}
			if len(session.Public) != 1 || session.Public["challenge"] != ask["signInMethod"] {
				t.Errorf("%s: the client is told %v", c.name, session.Public)
			}
			if got := s.Log.Last(t, "created")["withheld"]; got != c.withheld {
				t.Errorf("%s: withheld for %v, want %v", c.name, got, c.withheld)
			}
			var kinds []mail.Kind
			for _, letter := range s.post.Letters() {
				kinds = append(kinds, letter.Kind)
			}
			if !slices.Equal(kinds, c.letters) {
				t.Errorf("%s: letters are %v, want %v", c.name, kinds, c.letters)
			}
			if sealed := len(session.Private) > 8; sealed != (c.withheld == nil) {
				t.Errorf("%s: something that verifies: %t", c.name, sealed)
			}
		}
	}
}

// What fails shows in the log alone: a mail that SES refuses to one address would
// tell that it is somebody's.
func TestFaultsLookLikeMails(t *testing.T) {
	s := newScene(t)
	s.post.Fail(errors.New("MessageRejected"))
	session := s.Ask(t, s.user, journey.AskCode)
	if len(session.Public) != 1 || session.Public["challenge"] != "EMAIL_CODE" {
		t.Errorf("the client is told %v", session.Public)
	}
	if logged, _ := s.Log.Last(t, "created")["error"].(string); !strings.Contains(logged, "sending the letter: MessageRejected") {
		t.Errorf("logged is %q", logged)
	}
}

// Cognito repeats a trigger whose reply was lost: no second mail, and the same code.
func TestRepeatedCreateMailsOnce(t *testing.T) {
	for name, ask := range map[string]map[string]string{"a code": journey.AskCode, "a link": journey.AskLink} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			session := s.Ask(t, s.user, ask)
			letter := s.letter(t)
			created, err := s.Create(t.Context(), session, ask)
			if err != nil {
				t.Fatal(err)
			}
			if left := s.post.Letters(); left != nil {
				t.Errorf("the repeat mailed %v", left)
			}
			session.Private, session.Metadata = created.Response.PrivateChallengeParameters, created.Response.ChallengeMetadata
			answer := letter.Code
			if letter.Kind == mail.KindLink {
				answer = journey.Token(t, letter)
			}
			s.WantTokens(t, session, answer)
		})
	}
}

// A flood of requests costs what is counted here, for each request: calls of
// functions that end within the minimum time, reads, and for one address a mail
// a minute and ten a day, with three writes each.
func TestCostOfAFlood(t *testing.T) {
	const requests = 300
	s, table := journey.New(t), passkeytest.NewTable(t)
	s.Store = dynamo.New(table.Client, table.Name)
	post, u := s.Mails(t), s.NewUser(subA)
	table.Operations()
	counts := map[string]int{} // operation → how often
	started := s.Now()
	for range requests {
		s.Ask(t, u, journey.AskCode)
		for _, operation := range table.Operations() {
			counts[operation]++
		}
	}
	minutes := int(s.Now().Sub(started).Minutes()) + 1
	mails := len(post.Letters())
	t.Logf("%d requests in %d minutes: %d mails, %v", requests, minutes, mails, counts)
	if mails > minutes || mails > quota.Mails.PerDay || mails == 0 {
		t.Errorf("%d mails in %d minutes", mails, minutes)
	}
	if counts["PutItem"] != mails || counts["UpdateItem"] != 2*mails {
		t.Errorf("writes are %v for %d mails, want 1 and 2 for each", counts, mails)
	}
	if reads := counts["GetItem"]; reads > 5*requests {
		t.Errorf("%d reads for %d requests, want 5 for each at most: two of the user, one of the mailing, two of limits", reads, requests)
	}
	if more := s.Ask(t, journey.User{Name: "ghost", NotFound: true}, journey.AskCode); more.Failed || len(table.Operations()) != 2 {
		t.Error("a name that nobody has costs more than the reads of a user")
	}
}

// The limits hold for one address under many users, for one user with many
// addresses, for requests at once, and when the clock jumps.
func TestLimits(t *testing.T) {
	ask := func(t *testing.T, s scene, u journey.User) int {
		t.Helper()
		s.Ask(t, u, journey.AskCode)
		return len(s.post.Letters())
	}
	with := func(s scene, sub, address string) journey.User {
		u := s.NewUser(sub)
		u.Attributes["email"] = address
		return u
	}
	t.Run("one address", func(t *testing.T) {
		s := newScene(t)
		if ask(t, s, with(s, subA, "Ann@Example.com")) != 1 || ask(t, s, with(s, subB, "ann@example.COM")) != 0 {
			t.Error("an address gets two mails in a minute")
		}
	})
	t.Run("one user", func(t *testing.T) {
		s := newScene(t)
		if ask(t, s, with(s, subA, "one@example.com")) != 1 || ask(t, s, with(s, subA, "two@example.com")) != 0 {
			t.Error("a user gets two mails in a minute")
		}
	})
	t.Run("at once", func(t *testing.T) {
		s := newScene(t)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { s.Ask(t, s.user, journey.AskCode) })
		}
		all.Wait()
		if n := len(s.post.Letters()); n != 1 {
			t.Errorf("20 requests at once send %d mails, want 1", n)
		}
	})
	t.Run("a clock that jumps back", func(t *testing.T) {
		s := newScene(t)
		sent := ask(t, s, s.user)
		for range 50 {
			s.Advance(-time.Hour)
			sent += ask(t, s, s.user)
		}
		if sent != 1 {
			t.Errorf("%d mails while the clock went back, want 1", sent)
		}
	})
	t.Run("a clock that jumps about", func(t *testing.T) {
		s, sent := newScene(t), 0
		for i := range 40 {
			s.Advance(time.Duration(i%3-1) * 2 * time.Hour)
			sent += ask(t, s, s.user)
		}
		if sent > quota.Mails.PerDay {
			t.Errorf("%d mails in a day, want %d at most", sent, quota.Mails.PerDay)
		}
	})
	t.Run("one day", func(t *testing.T) {
		s, sent := newScene(t), 0
		s.Advance(24*time.Hour - time.Duration(s.Now().Unix()%86400)*time.Second) // its beginning
		for range 30 {
			s.Advance(10 * time.Minute)
			sent += ask(t, s, s.user)
		}
		s.Advance(24 * time.Hour)
		if next := ask(t, s, s.user); sent != quota.Mails.PerDay || next != 1 {
			t.Errorf("%d mails in a day, and %d on the next; want %d and 1", sent, next, quota.Mails.PerDay)
		}
	})
}

// Whatever the text, only what was mailed signs in.
func FuzzCheck(f *testing.F) {
	s := newScene(f)
	s.Ask(f, s.user, journey.AskLink)
	token := journey.Token(f, s.letter(f))
	for _, seed := range []string{token, "12345678", "a.b", `{"link":"a.b","nonce":"c"}`, `{"link":"` + token + `"}`, token + ".", "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, checker := range s.Checkers {
			if !checker.Recognizes(text) {
				continue
			}
			verdict, err := checker.Check(t.Context(), customauth.Answer{
				User: customauth.User{Sub: subA, ClientID: journey.ClientID}, Text: text, Started: s.Now(),
			})
			if err != nil || verdict.Correct {
				t.Errorf("%q in no session of its own: %+v and %v", text, verdict, err)
			}
		}
	})
}
