package httpprovider_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// A user signs in with the service or with a passkey, on one and the same app client.
func TestSignInBesidePasskeys(t *testing.T) {
	w := newWorld(t)
	w.Register(t, w.ann, w.passkey)

	session := w.Begin(t, w.ann)
	token := w.approve(t, session)
	w.WantTokens(t, session, token)
	w.wantQuietLog(t, token, session.Public[parameter])

	session = w.Begin(t, w.ann)
	w.WantTokens(t, session, journey.Assert(t, w.passkey, session.Options()))
}

func TestSignInWithTheServiceAlone(t *testing.T) {
	w := newWorld(t)
	w.Client.Methods = []string{"http"}
	session := w.Begin(t, w.ann)
	if len(session.Options()) > 0 || !strings.HasPrefix(session.Metadata, "cp1:http:") {
		t.Errorf("opened %q with %v", session.Metadata, session.Public)
	}
	w.WantTokens(t, session, w.approve(t, session))
}

// The clocks of two functions may differ a little.
func TestAnswerAtTheLastMoment(t *testing.T) {
	w := newWorld(t)
	session := w.Begin(t, w.ann)
	token := w.approve(t, session)
	w.Advance(customauth.ChallengeLifetime + 29*time.Second)
	if !w.Answer(t, session, token, nil) {
		t.Error("refused")
	}
}

func TestRejects(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*service.Description)
		answer func(*testing.T, world, *journey.Session) string // in a session of ann
		reason string
	}{
		{"rejects an answer that is made up", nil, func(*testing.T, world, *journey.Session) string { return "token" }, "answer_refused"},
		{"rejects an answer to another transaction of the user", nil, func(t *testing.T, w world, _ *journey.Session) string {
			return w.approve(t, w.Begin(t, w.ann))
		}, "answer_refused"},
		{"rejects another user's answer, at the service", nil, func(t *testing.T, w world, _ *journey.Session) string {
			return w.approve(t, w.Begin(t, w.bob))
		}, "answer_refused"},
		{"rejects a replay", nil, func(t *testing.T, w world, session *journey.Session) string {
			again, token := *session, w.approve(t, session)
			if !w.Answer(t, &again, token, nil) {
				t.Fatal("refused the first time")
			}
			return token
		}, "answer_refused"},
		{"rejects a yes for somebody else", nil, func(t *testing.T, w world, session *journey.Session) string {
			w.service.Break(fault.SuccessForAnother)
			return w.approve(t, session)
		}, "user_mismatch"},
		{"rejects an address that the service has not verified", nil, func(t *testing.T, w world, session *journey.Session) string {
			w.service.Enrol(w.ann.Attributes["email"], false)
			return w.approve(t, session)
		}, "answer_refused"},
		{"rejects an answer after the challenge expired", nil, func(t *testing.T, w world, session *journey.Session) string {
			token := w.approve(t, session)
			w.Advance(customauth.ChallengeLifetime + 31*time.Second)
			return token
		}, "challenge_expired"},
		{"rejects control characters without a call", nil, func(_ *testing.T, w world, _ *journey.Session) string {
			w.server.Close()
			return "token\n"
		}, customauth.ReasonNoMethod},
		{"rejects a dummy without a call", nil, func(_ *testing.T, w world, _ *journey.Session) string {
			w.server.Close()
			return "__dummy__"
		}, customauth.ReasonDummyAnswer},
		{"rejects a round without its transaction", nil, func(t *testing.T, w world, session *journey.Session) string {
			delete(session.Private, "http.t")
			return w.approve(t, session)
		}, "no_transaction"},
		{"rejects another user whatever the service compares", func(c *service.Description) { c.Identifier = service.Sub },
			func(t *testing.T, w world, session *journey.Session) string {
				w.service.Enrol(w.ann.Sub, true)
				w.service.Break(fault.SuccessForAnother)
				return "token"
			}, "user_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var changes []func(*service.Description)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := newWorld(t, changes...)
			session := w.Begin(t, w.ann)
			answer := c.answer(t, w, session)
			w.WantRefused(t, session, answer, c.reason)
			w.wantQuietLog(t)
		})
	}
}

// Users that the service does not know, and nobody, are given a transaction that
// looks like others, and can't sign in by it.
func TestUnknownUsersGetATransaction(t *testing.T) {
	w := newWorld(t)
	form := regexp.MustCompile(`^[0-9A-Za-z]{26}$`)
	unverified := w.NewUser("5f0c8d2e-0000-4000-8000-00000000000c")
	unverified.Attributes["email"], unverified.Attributes["email_verified"] = w.ann.Attributes["email"], "false"
	for name, user := range map[string]journey.User{
		"a user that the service knows":         w.ann,
		"a user that the service does not know": w.NewUser("5f0c8d2e-0000-4000-8000-00000000000d"),
		"a user with an unverified address":     unverified,
		"a name that nobody has":                {Name: "11111111-2222-4333-8444-555555555555", NotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.service.Calls()
			session, other := w.Begin(t, user), w.Begin(t, user)
			if id := session.Public[parameter]; !form.MatchString(id) || id == other.Public[parameter] {
				t.Errorf("transaction ids are %q and %q", id, other.Public[parameter])
			}
			if n := w.service.Calls() - before; n != 2 {
				t.Errorf("the service was asked %d times for 2 challenges", n)
			}
			if _, err := w.service.Approve(session.Public[parameter]); (err == nil) != (user.Sub == w.ann.Sub) {
				t.Errorf("approving: %v", err)
			}
			if user.Sub != w.ann.Sub {
				w.WantRefused(t, session, w.approve(t, w.Begin(t, w.ann)), "answer_refused")
				w.service.Break(fault.SuccessForAnother)
				w.WantRefused(t, w.reopen(t, session), "token", "user_mismatch")
				w.service.Break(fault.None)
			}
		})
	}
}

// A name that nobody has is not asked about, even if it is one that the service
// knows: Cognito makes these names up.
func TestNobodyIsNotAskedAbout(t *testing.T) {
	w := newWorld(t, func(c *service.Description) { c.Identifier = service.UserName })
	nobody := journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true}
	w.service.Enrol(nobody.Name, true)
	if _, err := w.service.Approve(w.Begin(t, nobody).Public[parameter]); err == nil {
		t.Error("the service made a transaction for nobody")
	}
}

// A service that names nobody has not named a user without an identifier.
func TestEmptyIdentifierIsNobodys(t *testing.T) {
	method := cannedMethod(t, canned{http.StatusOK, `{"data":{"status":"approved","subject":{"email":""}}}`})
	verdict, err := method.Check(t.Context(), customauth.Answer{
		User: customauth.User{Sub: "sub"}, Text: "token", Sealed: customauth.Sealed{Private: map[string]string{"t": "transaction"}},
	})
	if err != nil || verdict.Correct || verdict.Reason != "user_mismatch" {
		t.Errorf("verdict %+v, error %v", verdict, err)
	}
}

// A transaction is not taken from a reply that is no yes.
func TestTransactionNeedsAYes(t *testing.T) {
	method := cannedMethod(t, canned{http.StatusConflict, `{"data":{"sessions":[{"id":"transaction"}]}}`})
	issued, err := method.Issue(t.Context(), customauth.Issue{User: customauth.User{VerifiedEmail: "ann@example.com"}})
	if !errors.Is(err, provider.ErrUnavailable) || issued.Public != nil {
		t.Errorf("issued %+v, error %v", issued, err)
	}
}

// reopen is the session once more, before it was answered.
func (w world) reopen(t *testing.T, session *journey.Session) *journey.Session {
	t.Helper()
	again := *session
	again.History, again.Failed = nil, false
	return &again
}

// serviceFaults: fault of the service → what the log tells of it.
var serviceFaults = map[fault.Fault]string{
	fault.Slow:             "no answer in time",
	fault.Unavailable:      "status 503",
	fault.HangUp:           "connection broken",
	fault.Redirect:         "status 307",
	fault.LyingContentType: "not JSON",
	fault.Garbage:          "not JSON",
	fault.HugeBody:         "more than",
}

// A fault of the service is never an answer; own passkeys go on, and so does the
// service's method when the fault is over.
func TestFaultsOfTheService(t *testing.T) {
	for broken, words := range serviceFaults {
		t.Run(string(broken), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Register(t, w.ann, w.passkey)
			pending := w.Begin(t, w.ann)
			token := w.approve(t, pending)

			w.service.Break(broken)
			_, err := w.TryAnswer(t.Context(), pending, token, nil)
			journey.WantTryAgain(t, err)
			if got, _ := w.Log.Last(t, "fault")["error"].(string); !strings.Contains(got, "Example ID: verifying an answer: ") || !strings.Contains(got, words) {
				t.Errorf("logged %q, want %q", got, words)
			}
			session := w.Begin(t, w.ann)
			created := w.Log.Last(t, "created")
			if got, _ := created["error"].(string); !strings.Contains(got, "issuing a http challenge: Example ID: creating a transaction: ") || !strings.Contains(got, words) {
				t.Errorf("logged %v, want %q", created, words)
			}
			if session.Public[parameter] != "" || strings.Contains(session.Private["acc"], "http") {
				t.Errorf("opened %v", session.Private)
			}
			w.WantTokens(t, session, journey.Assert(t, w.passkey, session.Options()))
			w.wantQuietLog(t, token)

			w.service.Break(fault.None)
			session = w.Begin(t, w.ann)
			w.WantTokens(t, session, w.approve(t, session))
		})
	}
}

// Where there is no other method, a fault is an error that the user may retry.
func TestFaultOfTheOnlyMethod(t *testing.T) {
	w := newWorld(t)
	w.Client.Methods = []string{"http"}
	w.server.Close()
	_, err := w.Create(t.Context(), &journey.Session{User: w.ann, ClientID: journey.ClientID}, nil)
	journey.WantTryAgain(t, err)
	if got, _ := w.Log.Last(t, "fault")["error"].(string); !strings.Contains(got, "connection failed: dial") {
		t.Errorf("logged %q", got)
	}
}

// A service that keeps failing is not asked for a while, and passkeys go on.
func TestCircuitOpens(t *testing.T) {
	w := newWorld(t)
	w.Register(t, w.ann, w.passkey)
	w.service.Break(fault.Unavailable)
	for range 2 * provider.FaultsToOpen {
		session := w.Begin(t, w.ann)
		if !w.Answer(t, session, journey.Assert(t, w.passkey, session.Options()), nil) {
			t.Error("the passkey was refused")
		}
		w.Advance(time.Second)
	}
	if n := w.service.Calls(); n != provider.FaultsToOpen {
		t.Errorf("the service was asked %d times, want %d", n, provider.FaultsToOpen)
	}
	if got, _ := w.Log.Last(t, "created")["error"].(string); !strings.Contains(got, "not asked, after 3 faults in a row") {
		t.Errorf("logged %q", got)
	}
}

// A secret that nobody has put there yet is no obstacle for passkeys.
func TestMissingSecret(t *testing.T) {
	w := newWorld(t)
	method, err := httpprovider.New(exampleID(w.server.URL), func(context.Context) (secret.Text, error) { return secret.Text{}, errMissing })
	if err != nil {
		t.Fatal(err)
	}
	w.uses(method)
	w.Register(t, w.ann, w.passkey)
	session := w.Begin(t, w.ann)
	if got, _ := w.Log.Last(t, "created")["error"].(string); !strings.Contains(got, "parameter /stack/http-secret") {
		t.Errorf("logged %q, want the parameter's name", got)
	}
	if !w.Answer(t, session, journey.Assert(t, w.passkey, session.Options()), nil) || w.service.Calls() != 0 {
		t.Errorf("the passkey was refused, or the service asked: %d calls", w.service.Calls())
	}
}

// A reply that means nothing is a fault, not a no: it could be the service's.
func TestUnexpectedReplies(t *testing.T) {
	for name, change := range map[string]func(*service.Description){
		"the key is not accepted":            func(c *service.Description) { c.Header = "X-Other-Key" },
		"no such member in the reply":        func(c *service.Description) { c.Verification.Returned = "/data/subject/name" },
		"the member is no string":            func(c *service.Description) { c.Verification.Returned = "/data/subject/email_verified" },
		"an accepted status that is another": func(c *service.Description) { c.Verification.Accepted.Value = "yes" },
		"a request that is malformed":        func(c *service.Description) { c.Verification.Answer = "/code" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			session := w.Begin(t, w.ann)
			token := w.approve(t, session)
			config := exampleID(w.server.URL)
			change(&config)
			method := newMethod(t, config)
			answer := customauth.Answer{
				User: customauth.User{Name: w.ann.Name, Sub: w.ann.Sub, VerifiedEmail: w.ann.Attributes["email"]}, Text: token, Started: w.Now(),
				Sealed: customauth.Sealed{Expires: w.Now(), Private: map[string]string{"t": session.Public[parameter]}},
			}
			verdict, err := method.Check(t.Context(), answer)
			if err == nil || verdict.Correct || !strings.Contains(err.Error(), "means nothing here") {
				t.Errorf("verdict %+v, error %v", verdict, err)
			}
		})
	}
	t.Run("no transaction in the reply", func(t *testing.T) {
		w := newWorld(t, func(c *service.Description) { c.Transaction.ID = "/data/sessions/1/id" })
		w.Begin(t, w.ann)
		if got, _ := w.Log.Last(t, "created")["error"].(string); !strings.Contains(got, "status 201 with a body that means nothing here") {
			t.Errorf("logged %q", got)
		}
	})
}

// A service may verify an answer without a transaction, for a user that it is told.
func TestVerificationWithoutATransaction(t *testing.T) {
	w := newWorld(t)
	config := exampleID(w.server.URL)
	config.Transaction, config.Verification.Transaction, config.Verification.User = nil, "", "/session/id"
	config.Identifier = service.UserName
	method := newMethod(t, config)
	w.uses(method)
	w.Client.Methods = []string{"http"}
	session := w.Begin(t, w.ann)
	if len(session.Public) != 0 || w.service.Calls() != 0 {
		t.Errorf("opened %v after %d calls", session.Public, w.service.Calls())
	}
	w.WantRefused(t, session, "token", "answer_refused")
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*service.Description){
		"Method":                   func(c *service.Description) { c.Method = "a:b" },
		"Service":                  func(c *service.Description) { c.Service = "" },
		"base URL of Example ID":   func(c *service.Description) { c.BaseURL = "http://id.example.com" },
		"Header":                   func(c *service.Description) { c.Header = "" },
		"Identifier":               func(c *service.Description) { c.Identifier = "phone" },
		"Transaction.Path":         func(c *service.Description) { c.Transaction.Path = "/v1/../admin" },
		"Transaction.User":         func(c *service.Description) { c.Transaction.User = "email" },
		"Transaction.ID":           func(c *service.Description) { c.Transaction.ID = "" },
		"Transaction.Parameter":    func(c *service.Description) { c.Transaction.Parameter = "" },
		"Transaction.Form":         func(c *service.Description) { c.Transaction.Form = "hex:0" },
		"Transaction: ":            func(c *service.Description) { c.Transaction.Unknown[0].Field = "code" },
		"Verification.Path":        func(c *service.Description) { c.Verification.Path = "v1" },
		"Verification.Answer":      func(c *service.Description) { c.Verification.Answer = "" },
		"Verification.Returned":    func(c *service.Description) { c.Verification.Returned = "" },
		"Verification.Accepted":    func(c *service.Description) { c.Verification.Accepted.Status = 404 },
		"Verification.User":        func(c *service.Description) { c.Verification.User = "u" },
		"Verification.Transaction": func(c *service.Description) { c.Transaction = nil },
		"Verification: ":           func(c *service.Description) { c.Verification.Refused[0].Field = "~2" },
	} {
		t.Run("rejects "+want, func(t *testing.T) {
			config := exampleID("https://id.example.com")
			change(&config)
			if _, err := httpprovider.New(config, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, want one about %s", err, want)
			}
		})
	}
}

// What is made up has the form that was asked for.
func TestForms(t *testing.T) {
	for form, pattern := range map[service.Form]string{
		"uuid":            `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"hex:32":          `^[0-9a-f]{32}$`,
		"digits:9":        `^[0-9]{9}$`,
		"alphanumeric:24": `^[0-9A-Za-z]{24}$`,
		"base64url:512":   `^[0-9A-Za-z_-]{512}$`,
	} {
		t.Run(string(form), func(t *testing.T) {
			w := newWorld(t, func(c *service.Description) { c.Transaction.Form = form })
			session := w.Begin(t, journey.User{Name: "11111111-2222-4333-8444-555555555555", NotFound: true})
			if id := session.Public[parameter]; !regexp.MustCompile(pattern).MatchString(id) {
				t.Errorf("made up %q, want %s", id, pattern)
			}
		})
	}
}
