package ses_test

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/ses"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// newPost is a post over the local run's SES, which judges each call by
// authorize, and what was mailed.
func newPost(t *testing.T, authorize func(iam.Call) error) (ses.Post, *[]awsapi.Mail) {
	t.Helper()
	var taken []awsapi.Mail
	service := httptest.NewServer(awsapi.New(awsapi.Options{
		Region: "us-east-1", AccountID: "000000000000",
		Caller:    func(string) (string, bool) { return "function", true },
		Authorize: func(_ string, call iam.Call) error { return authorize(call) },
		Mail:      func(m awsapi.Mail) { taken = append(taken, m) },
		Log:       log.New(io.Discard, "", 0),
	}))
	t.Cleanup(service.Close)
	config, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "TEST", SecretAccessKey: "test"}, service.URL)
	if err != nil {
		t.Fatal(err)
	}
	letters, err := words.Default(words.Site{Name: "Example"}, "en")
	if err != nil {
		t.Fatal(err)
	}
	return ses.Post{
		Client: sesv2.NewFromConfig(awsclient.Once(config, time.Minute)), Words: letters, From: "sign-in@example.com",
	}, &taken
}

func allow(iam.Call) error { return nil }

var code = mail.Letter{Kind: mail.KindCode, To: "ann@example.com", Code: "01234567", Lifetime: time.Minute}

func TestSenderIsNamed(t *testing.T) {
	for name, from := range map[string]string{
		"":                  "sign-in@example.com",
		"Example":           `"Example" <sign-in@example.com>`,
		`Ann & "Bob", Inc.`: `"Ann & \"Bob\", Inc." <sign-in@example.com>`,
		"Müller":            "=?utf-8?q?M=C3=BCller?= <sign-in@example.com>",
		"boss@example.org":  `"boss@example.org" <sign-in@example.com>`,
		"a\r\nBcc: b@c.org": "=?utf-8?b?YQ0KQmNjOiBiQGMub3Jn?= <sign-in@example.com>",
	} {
		post, taken := newPost(t, allow)
		post.FromName = name
		if err := post.Send(t.Context(), code); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		got := (*taken)[0]
		if got.From != from || got.To != code.To || !strings.Contains(got.Subject, code.Code) || !strings.Contains(got.HTML, code.Code) {
			t.Errorf("%q: mailed is %+v, want it from %s", name, got, from)
		}
	}
}

// SES is told of the configuration set, for its events.
func TestConfigurationSet(t *testing.T) {
	var asked []string
	post, _ := newPost(t, func(call iam.Call) error {
		asked = append(asked, call.Resource)
		return nil
	})
	post.ConfigurationSet = "sign-in"
	if err := post.Send(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:ses:us-east-1:000000000000:"
	if diff := cmp.Diff([]string{arn + "configuration-set/sign-in", arn + "identity/com"}, asked); diff != "" {
		t.Errorf("SES asks for permission of (-want +got):\n%s", diff)
	}
}

// What SES says of a mail that it refuses is logged, and names addresses there.
func TestErrorsNameNoAddress(t *testing.T) {
	for name, said := range map[string]string{
		"the sandbox":  "Email address is not verified. The following identities failed the check in region US-EAST-1: ann@example.com, Sign in <sign-in@example.com>",
		"a permission": "User `arn:aws:sts::1:assumed-role/a/b' is not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:us-east-1:1:identity/ann@example.com'",
	} {
		t.Run(name, func(t *testing.T) {
			post, _ := newPost(t, func(iam.Call) error { return errors.New(said) })
			err := post.Send(t.Context(), code)
			if err == nil || strings.Contains(err.Error(), "@") {
				t.Fatalf("error is %v", err)
			}
			if begin, _, _ := strings.Cut(said, "ann@"); !strings.Contains(err.Error(), begin+"(an address)") {
				t.Errorf("error is %v, want the rest of what SES said", err)
			}
		})
	}
}

func TestLetterWithoutWords(t *testing.T) {
	post, taken := newPost(t, allow)
	letter := code
	letter.Kind = "nonsense"
	if err := post.Send(t.Context(), letter); err == nil || !strings.Contains(err.Error(), "nonsense") || *taken != nil {
		t.Errorf("error is %v, mailed is %v", err, *taken)
	}
}
