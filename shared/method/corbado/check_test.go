package corbado_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	service "github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// check checks an answer in a session of alice.
func (f fixture) check(text string) customauth.Verdict {
	f.Helper()
	verdict, err := corbado.Checker{Service: f.client}.Check(f.Context(), answerOf(text))
	if err != nil {
		f.Fatal(err)
	}
	if verdict.Method != corbado.Method {
		f.Errorf("the verdict is of method %q", verdict.Method)
	}
	return verdict
}

func TestAnswerIsRightOnce(t *testing.T) {
	f := newFixture(t)
	answer := f.service.Sign(f.service.Claims(alice))
	if verdict := f.check(answer); !verdict.Correct {
		t.Fatalf("refused: %+v", verdict)
	}
	if verdict := f.check(answer); verdict.Correct || verdict.Reason != "invalid_challenge" {
		t.Errorf("a replay: %+v", verdict)
	}
}

func TestAnswerRefused(t *testing.T) {
	f := newFixture(t)
	of := func(change func(*service.Claims)) string {
		c := f.service.Claims(alice)
		change(&c)
		return f.service.Sign(c)
	}
	const head = "eyJhbGciOiJSUzI1NiJ9." // {"alg":"RS256"}
	claims := func(text string) string {
		return head + base64.RawURLEncoding.EncodeToString([]byte(text)) + ".c2ln"
	}
	for name, test := range map[string]struct {
		answer, reason string
		calls          int // of the service
	}{
		"rejects another user's answer without a call": {f.service.Sign(f.service.Claims(mallory)), "user_mismatch", 0},
		"rejects a name in another case":               {f.service.Sign(f.service.Claims(strings.ToUpper(alice))), "user_mismatch", 0},
		"rejects an answer for nobody":                 {of(func(c *service.Claims) { c.WebauthnID = "" }), "user_mismatch", 0},
		"rejects an expired answer without a call": {of(func(c *service.Claims) {
			c.ExpiresAt = jwt.NewNumericDate(now.Add(-31 * time.Second))
		}), "answer_expired", 0},
		"asks about one that expired by less than clocks differ": {of(func(c *service.Claims) {
			c.ExpiresAt = jwt.NewNumericDate(now.Add(-29 * time.Second))
		}), "invalid_challenge", 1},
		"rejects an answer that never expires": {of(func(c *service.Claims) { c.ExpiresAt = nil }), "answer_expired", 0},
		"rejects one that others signed":       {f.service.Forge(f.service.Claims(alice)), "invalid_signature", 1},
		"rejects one of another project":       {of(func(c *service.Claims) { c.Issuer = "pro-2" }), "generic_error", 1},
		"rejects one with the user twice":      {claims(`{"webauthnId":"` + mallory + `","webauthnId":"` + alice + `","exp":9999999999}`), "answer_malformed", 0},
		"rejects a claim spelled differently":  {claims(`{"WebauthnID":"` + alice + `","exp":9999999999}`), "user_mismatch", 0},
		"rejects an expiry that is no number":  {claims(`{"webauthnId":"` + alice + `","exp":"9999999999"}`), "answer_malformed", 0},
		"rejects claims that are no object":    {claims(`[]`), "answer_malformed", 0},
		"rejects claims that are not base64":   {head + "§.c2ln", "answer_malformed", 0},
		"rejects what is no JWT":               {"x", "answer_malformed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := f.service.Calls()
			if verdict := f.check(test.answer); verdict.Correct || verdict.Reason != test.reason {
				t.Errorf("verdict %+v, want %s", verdict, test.reason)
			}
			if calls := f.service.Calls() - before; calls != test.calls {
				t.Errorf("the service was asked %d times, want %d", calls, test.calls)
			}
		})
	}
}

func TestServiceThatVouchesForAnybodyIsNotAsked(t *testing.T) {
	f := newFixture(t)
	f.service.Break(fault.SuccessForAnother)
	if verdict := f.check(f.service.Sign(f.service.Claims(mallory))); verdict.Correct || verdict.Reason != "user_mismatch" {
		t.Errorf("mallory's answer in alice's session: %+v", verdict)
	}
}

func TestFaultOfTheServiceIsNoVerdict(t *testing.T) {
	for how, words := range serviceFaults {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			answer := f.service.Sign(f.service.Claims(alice))
			f.service.Break(how)
			verdict, err := corbado.Checker{Service: f.client}.Check(t.Context(), answerOf(answer))
			if !errors.Is(err, provider.ErrUnavailable) || !strings.Contains(err.Error(), words) || verdict.Correct {
				t.Errorf("verdict %+v, error %v, want %q", verdict, err, words)
			}
			if err != nil && (strings.Contains(err.Error(), answer) || strings.Contains(err.Error(), alice)) {
				t.Errorf("the error tells the answer or the user: %v", err)
			}
			f.service.Break(fault.None)
			if verdict := f.check(f.service.Sign(f.service.Claims(alice))); !verdict.Correct {
				t.Errorf("after the fault a right answer is refused: %+v", verdict)
			}
		})
	}
}

func TestServiceThatIsDownIsNoVerdict(t *testing.T) {
	f := newFixture(t)
	f.server.Close()
	_, err := corbado.Checker{Service: f.client}.Check(t.Context(), answerOf(f.service.Sign(f.service.Claims(alice))))
	if !errors.Is(err, provider.ErrUnavailable) || !strings.Contains(err.Error(), "connection failed") {
		t.Errorf("error %v", err)
	}
}

func TestReplyIsReadStrictly(t *testing.T) {
	f := newFixture(t)
	answer := f.service.Sign(f.service.Claims(alice))
	for name, test := range map[string]struct {
		status       int
		body         string
		reason, says string // of the verdict; of the error
	}{
		"a server that could not read it": {400, `{"error":{"type":"validation_error","links":[]}}`, "answer_rejected", ""},
		"success with another status":     {404, `{"verificationResult":"success"}`, "", "status 404"},
		"success for strangers":           {401, `{"verificationResult":"success"}`, "", "the secret must be the base64 text of"},
		"a word that is not documented":   {200, `{"verificationResult":"successful"}`, "", "none of the documented words"},
		"no word":                         {200, `{}`, "", "none of the documented words"},
		"nothing":                         {204, ``, "", "another form"},
	} {
		t.Run(name, func(t *testing.T) {
			odd := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			verdict, err := corbado.Checker{Service: clientOf(t, serve(t, odd), "a:b")}.Check(t.Context(), answerOf(answer))
			if verdict.Correct || verdict.Reason != test.reason {
				t.Errorf("verdict %+v, want %q", verdict, test.reason)
			}
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("error %v, want %q", err, test.says)
			}
		})
	}
}

func TestRecognizesJWTsOnly(t *testing.T) {
	f := newFixture(t)
	for answer, want := range map[string]bool{
		f.service.Sign(f.service.Claims(alice)):  true,
		"tk1.eyJraWQiOiJhIn0.c2ln":               false, // a ticket
		"eyJ1c2VyTmFtZSI6ImEifQ.c2ln":            false, // a link
		`{"id":"a","type":"public-key"}`:         false, // an assertion
		"12345678":                               false, // a code
		"eyJhbGciOiJSUzI1NiJ9.a.b.c":             false,
		"eyJhbGciOiJSUzI1NiJ9==.eyJhIjoiYiJ9.c2": false,
	} {
		if got := (corbado.Checker{}).Recognizes(answer); got != want {
			t.Errorf("%q: %t, want %t", answer, got, want)
		}
	}
}
