package httpprovider_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
)

// FuzzReply: whatever a service replies, an answer is right only by a yes for
// the session's user; what is neither a yes nor a no is a fault.
func FuzzReply(f *testing.F) {
	const email = "ann@example.com"
	f.Add(200, `{"data":{"status":"approved","subject":{"email":"ann@example.com","email_verified":true}}}`)
	f.Add(201, `{"data":{"status":"approved","subject":{"email":"bob@example.com"}}}`)
	f.Add(200, `{"data":{"status":"approved","subject":{"email":"bob@example.com","email":"ann@example.com"}}}`)
	f.Add(200, `{"data":{"status":"denied","subject":{"email":"ann@example.com"}}}`)
	f.Add(401, `{"data":{"status":"approved","subject":{"email":"ann@example.com"}}}`)
	f.Add(200, `[{"data":null}]`)
	f.Add(204, ``)
	var reply atomic.Pointer[canned]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reply.Load().ServeHTTP(w, r) }))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		reply.Store(&canned{status, body})
		method := newMethod(t, exampleID(server.URL))
		verdict, err := method.Check(t.Context(), customauth.Answer{
			User: customauth.User{Sub: "sub", VerifiedEmail: email}, Text: "token", Started: time.Now(),
			Sealed: customauth.Sealed{Expires: time.Now(), Private: map[string]string{"t": "transaction"}},
		})
		var said struct{ Data struct{ Status, Subject any } }
		_ = json.Unmarshal([]byte(body), &said)
		subject, _ := said.Data.Subject.(map[string]any)
		switch {
		case err != nil:
			if !errors.Is(err, provider.ErrUnavailable) || verdict.Correct || verdict.Reason != "" {
				t.Errorf("verdict %+v, error %v", verdict, err)
			}
		case verdict.Correct:
			if status > 299 || said.Data.Status != "approved" || subject["email"] != email || subject["email_verified"] == false {
				t.Errorf("%d %s is right", status, body)
			}
		case verdict.Reason != "answer_refused" && verdict.Reason != "user_mismatch":
			t.Errorf("refused for %q", verdict.Reason)
		}
	})
}
