package passageflex_test

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	fake "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// Both kinds of passkeys sign in on one app client, so that users can move.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	w.Register(t, w.ann, w.passkey)
	session := w.Begin(t, w.ann)
	nonce := w.nonce(t, session)
	w.WantTokens(t, session, nonce)
	w.wantQuietLog(t, nonce, session.Public[passageflex.ParameterTransaction])

	session = w.Begin(t, w.ann)
	w.WantTokens(t, session, journey.Assert(t, w.passkey, session.Options()))
}

func TestRejects(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(*testing.T, world, *journey.Session) string // in a session of ann
		reason string
	}{
		{"rejects another user's nonce", func(t *testing.T, w world, _ *journey.Session) string {
			return w.nonce(t, w.Begin(t, w.bob))
		}, "user_mismatch"},
		{"rejects a replay", func(t *testing.T, w world, session *journey.Session) string {
			again, nonce := *session, w.nonce(t, session)
			if !w.Answer(t, &again, nonce, nil) {
				t.Fatal("refused the first time")
			}
			return nonce
		}, "answer_refused"},
		{"rejects a nonce that is made up", func(*testing.T, world, *journey.Session) string { return "nonce" }, "answer_refused"},
		{"rejects an old nonce", func(t *testing.T, w world, session *journey.Session) string {
			nonce := w.nonce(t, session)
			w.Advance(fake.NonceLifetime + time.Second)
			return nonce
		}, "answer_refused"},
		{"rejects a transaction for a nonce", func(_ *testing.T, _ world, session *journey.Session) string {
			return session.Public[passageflex.ParameterTransaction]
		}, "answer_refused"},
		{"rejects a yes for somebody else", func(t *testing.T, w world, session *journey.Session) string {
			w.service.Break(fault.SuccessForAnother)
			return w.nonce(t, session)
		}, "user_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			session := w.Begin(t, w.ann)
			w.wantRefused(t, session, c.answer(t, w, session), c.reason)
		})
	}
}

// The service spends a nonce once, however many sessions bring it at a time.
func TestNonceCountsOnce(t *testing.T) {
	w := newWorld(t)
	sessions := make([]*journey.Session, 20)
	for i := range sessions {
		sessions[i] = w.Begin(t, w.ann)
	}
	nonce := w.nonce(t, sessions[0])
	var right atomic.Int32
	var all sync.WaitGroup
	for _, session := range sessions {
		all.Go(func() {
			if correct, err := w.TryAnswer(t.Context(), session, nonce, nil); err != nil {
				t.Error(err)
			} else if correct {
				right.Add(1)
			}
		})
	}
	all.Wait()
	if n := right.Load(); n != 1 {
		t.Errorf("%d answers were right, want 1", n)
	}
}

// Cognito repeats a trigger whose reply was lost, when the service has spent the
// nonce already.
func TestRepeatedTriggerKeepsTheVerdict(t *testing.T) {
	w := newWorld(t)
	w.Opaque = once.Checker{Checker: w.Opaque, Store: w.Store, Now: w.Now}
	session := w.Begin(t, w.ann)
	nonce := w.nonce(t, session)
	if lost, err := w.Verify(t.Context(), session, nonce, nil); err != nil || !lost.Response.AnswerCorrect {
		t.Fatal("refused", err)
	}
	w.Advance(5 * time.Second)
	w.WantTokens(t, session, nonce)
	w.wantRefused(t, w.Begin(t, w.ann), nonce, "answer_spent")
}

// Whether a user exists, or has passkeys at the service, stands in no parameter.
func TestUnknownUsersGetATransaction(t *testing.T) {
	w := newWorld(t)
	for name, user := range map[string]journey.User{
		"a user with a passkey":    w.ann,
		"a user without a passkey": w.NewUser("5f0c8d2e-0000-4000-8000-00000000000c"),
		"a name that nobody has":   {Name: "11111111-2222-4333-8444-555555555555", NotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.service.Calls()
			session := w.Begin(t, user)
			if id := session.Public[passageflex.ParameterTransaction]; !regexp.MustCompile(`^[0-9A-Za-z]{24}$`).MatchString(id) {
				t.Errorf("transaction id is %q", id)
			}
			if n := w.service.Calls() - before; n != 1 {
				t.Errorf("the service was asked %d times", n)
			}
			if user.Sub != w.ann.Sub {
				w.wantRefused(t, session, w.nonce(t, w.Begin(t, w.ann)), "user_mismatch")
			}
		})
	}
}

// An outage is no verdict: own passkeys go on, and the user may try again.
func TestOutage(t *testing.T) {
	for _, broken := range []fault.Fault{fault.Slow, fault.Unavailable, fault.HangUp, fault.Redirect, fault.LyingContentType, fault.Garbage, fault.HugeBody} {
		t.Run(string(broken), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Register(t, w.ann, w.passkey)
			pending := w.Begin(t, w.ann)
			nonce := w.nonce(t, pending)
			w.service.Break(broken)
			_, err := w.TryAnswer(t.Context(), pending, nonce, nil)
			journey.WantTryAgain(t, err)
			session := w.Begin(t, w.ann)
			if w.Log.Last(t, "created")["error"] == nil || session.Public[passageflex.ParameterTransaction] != "" {
				t.Errorf("opened %v without a word", session.Public)
			}
			w.WantTokens(t, session, journey.Assert(t, w.passkey, session.Options()))
			w.wantQuietLog(t, nonce)
		})
	}
}

func TestCircuitOpens(t *testing.T) {
	w := newWorld(t)
	w.Register(t, w.ann, w.passkey)
	w.service.Break(fault.Unavailable)
	before := w.service.Calls()
	for range 2 * provider.FaultsToOpen {
		w.Begin(t, w.ann)
	}
	if n := w.service.Calls() - before; n != provider.FaultsToOpen {
		t.Errorf("the service was asked %d times, want %d", n, provider.FaultsToOpen)
	}
	session := w.Begin(t, w.ann)
	if !w.Answer(t, session, journey.Assert(t, w.passkey, session.Options()), nil) {
		t.Error("the passkey was refused")
	}
}

// A key or an app that the service does not take is a fault of this stack, not
// an unknown user or a wrong answer.
func TestMisconfiguredApp(t *testing.T) {
	for name, change := range map[string]func(*fake.Options){
		"another key": func(o *fake.Options) { o.APIKey = "another" },
		"another app": func(o *fake.Options) { o.AppID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			session := w.Begin(t, w.ann)
			options := fake.Options{AppID: appID, APIKey: apiKey, Now: w.Now}
			change(&options)
			w.server.Config.Handler = fake.New(options)
			_, err := w.TryAnswer(t.Context(), session, "nonce", nil)
			journey.WantTryAgain(t, err)
			if got, _ := w.Log.Last(t, "fault")["error"].(string); !strings.Contains(got, "means nothing here") {
				t.Errorf("logged %q", got)
			}
			if w.Begin(t, w.ann).Public[passageflex.ParameterTransaction] != "" {
				t.Error("a transaction was made up for a fault")
			}
		})
	}
}
