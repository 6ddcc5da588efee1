package corbado_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
)

// Even a service that vouches for everything gets nobody in by an answer that
// does not name the session's user.
func FuzzAnswerNamesTheUser(f *testing.F) {
	vouching := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"verificationResult":"success"}`)
	}))
	f.Cleanup(vouching.Close)
	checker := corbado.Checker{Service: clientOf(f, vouching, "a:b")}
	const head = "eyJhbGciOiJSUzI1NiJ9."
	for _, claims := range []string{
		`{"webauthnId":"` + alice + `","exp":1790000300}`,
		`{"webauthnId":"` + alice + `","webauthnId":"` + mallory + `","exp":1790000300}`,
		`{"webauthnID":"` + alice + `","exp":1790000300}`,
		`{"webauthnId":"` + mallory + `","exp":1e9}`,
		`null`,
	} {
		f.Add(head + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln")
	}
	f.Fuzz(func(t *testing.T, answer string) {
		verdict, err := checker.Check(t.Context(), answerOf(answer))
		if err != nil {
			t.Fatal(err)
		}
		if !verdict.Correct {
			return
		}
		if !checker.Recognizes(answer) || !names(answer, customauth.User{Name: alice}) {
			t.Errorf("%q is taken for alice's", answer)
		}
	})
}

// names reads an answer's claims in the way of another library.
func names(answer string, user customauth.User) bool {
	var c struct {
		WebauthnID string `json:"webauthnId"`
		Expires    int64  `json:"exp"`
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(answer, ".")[1])
	return err == nil && json.Unmarshal(text, &c) == nil && c.WebauthnID == user.Name && !time.Unix(c.Expires, 0).Before(now.Add(-30*time.Second))
}
