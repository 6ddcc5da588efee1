package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const (
	parameter = "/passkeys/Accounts/Passkeys/corbado"
	typed     = "pro-123:corbado1_Sécret"
)

// parameter reads the parameter.
func (w *world) parameter() *types.Parameter {
	w.Helper()
	read, err := w.secrets.GetParameter(w.Context(), &ssm.GetParameterInput{Name: aws.String(parameter), WithDecryption: aws.Bool(true)})
	if err != nil {
		w.Fatal(err)
	}
	return read.Parameter
}

// put types a secret into the command.
func (w *world) put(secret string, flags ...string) result {
	w.Helper()
	w.taken()
	command := w.command(append([]string{"put-secret", "-parameter", parameter}, flags...)...)
	command.Stdin = strings.NewReader(secret)
	r := start(w.T, command)
	if strings.Contains(r.out+r.err, typed) {
		w.Errorf("the secret was printed:\n%s%s", r.out, r.err)
	}
	return r
}

func TestPutSecret(t *testing.T) {
	for name, input := range map[string]string{"alone": typed, "with a line break": typed + "\n", "with that of Windows": typed + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.put(input)
			r.want(t, 0, "")
			w.wantActions("put-secret", "ssm:PutParameter")
			if p := w.parameter(); p.Type != types.ParameterTypeSecureString || aws.ToString(p.Value) != typed {
				t.Errorf("the parameter is a %s of %q", p.Type, aws.ToString(p.Value))
			}
			if !strings.Contains(r.out, "Put into "+parameter+", version 1.") {
				t.Errorf("it said %q", r.out)
			}
		})
	}
}

func TestPutSecretOverwritesOnlyWhenTold(t *testing.T) {
	w := newWorld(t)
	w.put("first").want(t, 0, "")
	w.put("second").want(t, 1, "repeat the command with -replace")
	if got := aws.ToString(w.parameter().Value); got != "first" {
		t.Errorf("the parameter is %q", got)
	}
	w.put("second", "-replace").want(t, 0, "")
	if got := aws.ToString(w.parameter().Value); got != "second" {
		t.Errorf("the parameter is %q", got)
	}
}

// A parameter that is replaced is encrypted with the key that is named, or with
// AWS's own: Parameter Store doesn't keep the one that it had.
func TestPutSecretEncryptsWithTheKeyThatIsNamed(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"", "alias/accounts"} {
		var put struct{ Name, KeyID, Value string }
		store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&put); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(rw, `{"Version":1}`)
		}))
		t.Cleanup(store.Close)
		w.endpoint = store.URL
		w.put(typed, "-key", key).want(t, 0, "")
		if put.Name != parameter || put.KeyID != key || put.Value != typed {
			t.Errorf("with the key %q it put %+v", key, put)
		}
	}
}

func TestPutSecretRefuses(t *testing.T) {
	for _, c := range []struct{ name, input, message string }{
		{"rejects nothing", "", "the secret is empty"},
		{"rejects a line break alone", "\n", "the secret is empty"},
		{"rejects blanks", "   \n", "the secret is empty"},
		{"rejects two lines", typed + "\nmore\n", "another character that can't be seen"},
		{"rejects a second line break", typed + "\n\n", "another character that can't be seen"},
		{"rejects a control character", typed + "\x1b", "another character that can't be seen"},
		{"rejects what is no UTF-8", typed + "\xff", "another character that can't be seen"},
		{"rejects more than a parameter holds", strings.Repeat("x", 4097), "more than 4096 bytes"},
		{"rejects a whole file", strings.Repeat("x", 1<<20), "more than 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.put(c.input).want(t, 1, c.message)
			if taken := w.taken(); len(taken) > 0 {
				t.Errorf("it asked for %v", taken)
			}
		})
	}
}

func TestPutSecretTakesAsMuchAsAParameterHolds(t *testing.T) {
	w := newWorld(t)
	w.put(strings.Repeat("x", 4096)+"\r\n").want(t, 0, "")
}
