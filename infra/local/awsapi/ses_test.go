package awsapi_test

import (
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

const (
	sender   = "sign-in@mail.example.com"
	identity = "arn:aws:ses:us-east-1:000000000000:identity/"
	mailSet  = "arn:aws:ses:us-east-1:000000000000:configuration-set/sign-in"
)

// newSES makes a server that allows mail from the sender, of identities and with
// configuration sets that the ARNs name. It returns its client and what was mailed.
func newSES(t *testing.T, arns ...string) (*sesv2.Client, *[]awsapi.Mail) {
	t.Helper()
	policy, err := iam.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": ["` + strings.Join(arns, `", "`) + `"],
		"Condition": {"StringEquals": {"ses:FromAddress": "` + sender + `"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var taken []awsapi.Mail
	s := awsapi.New(awsapi.Options{
		Region: "us-east-1", AccountID: "000000000000",
		Caller:    func(string) (string, bool) { return "function", true },
		Authorize: func(_ string, call iam.Call) error { return iam.Judge(principal, []iam.Policy{policy}, call) },
		Mail:      func(m awsapi.Mail) { taken = append(taken, m) },
		Log:       log.New(io.Discard, "", 0),
		Now:       func() time.Time { return start },
	})
	return sesv2.NewFromConfig(config(t, s)), &taken
}

func content(text string) *types.Content {
	return &types.Content{Data: &text, Charset: aws.String("UTF-8")}
}

// simple is a mail from the sender, changed.
func simple(change func(*sesv2.SendEmailInput)) *sesv2.SendEmailInput {
	mail := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(`"Example" <` + sender + `>`),
		Destination:      &types.Destination{ToAddresses: []string{"ann@example.com"}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content("Code"), Body: &types.Body{Text: content("01234567"), Html: content("<p>01234567")},
		}},
	}
	if change != nil {
		change(mail)
	}
	return mail
}

func TestSendEmail(t *testing.T) {
	for name, c := range map[string]struct {
		arns   []string
		change func(*sesv2.SendEmailInput)
	}{
		"an address that is verified":     {[]string{identity + sender}, nil},
		"its domain":                      {[]string{identity + "mail.example.com"}, nil},
		"a domain above that":             {[]string{identity + "example.com"}, nil},
		"beside a configuration set":      {[]string{identity + sender, mailSet}, func(m *sesv2.SendEmailInput) { m.ConfigurationSetName = aws.String("sign-in") }},
		"an address without a name to it": {[]string{identity + sender}, func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String(sender) }},
	} {
		t.Run(name, func(t *testing.T) {
			client, taken := newSES(t, c.arns...)
			mail := simple(c.change)
			sent, err := client.SendEmail(t.Context(), mail)
			if err != nil || aws.ToString(sent.MessageId) == "" {
				t.Fatalf("error is %v", err)
			}
			want := []awsapi.Mail{{
				From: *mail.FromEmailAddress, To: "ann@example.com", Subject: "Code", Text: "01234567", HTML: "<p>01234567", At: start,
			}}
			if diff := cmp.Diff(want, *taken); diff != "" {
				t.Errorf("mailed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSendEmailRefuses(t *testing.T) {
	const denied, bad = "AccessDeniedException", "BadRequestException"
	for name, c := range map[string]struct {
		change     func(*sesv2.SendEmailInput)
		code, want string
	}{
		"another sender":               {func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String("boss@mail.example.com") }, denied, "ses:SendEmail"},
		"another sender behind a name": {func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String(sender + " <boss@mail.example.com>") }, bad, "FromEmailAddress"},
		"a sender of another domain":   {func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String("sign-in@example.org") }, denied, "ses:SendEmail"},
		"a sender that is none":        {func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String("sign-in") }, bad, "FromEmailAddress"},
		"a sender with a header":       {func(m *sesv2.SendEmailInput) { m.FromEmailAddress = aws.String("a\r\nBcc: b <" + sender + ">") }, bad, "FromEmailAddress"},
		"another configuration set":    {func(m *sesv2.SendEmailInput) { m.ConfigurationSetName = aws.String("other") }, denied, "ses:SendEmail"},
		"two recipients": {func(m *sesv2.SendEmailInput) {
			m.Destination.ToAddresses = []string{"ann@example.com", "bob@example.com"}
		}, bad, "one address"},
		"a copy":                   {func(m *sesv2.SendEmailInput) { m.Destination.CcAddresses = []string{"bob@example.com"} }, "ValidationException", "CcAddresses"},
		"no recipient":             {func(m *sesv2.SendEmailInput) { m.Destination.ToAddresses = nil }, bad, "one address"},
		"a recipient that is none": {func(m *sesv2.SendEmailInput) { m.Destination.ToAddresses[0] = "ann" }, bad, "recipient"},
		"a recipient with a header": {func(m *sesv2.SendEmailInput) {
			m.Destination.ToAddresses[0] = "ann@example.com\r\nBcc: bob@example.com"
		}, bad, "recipient"},
		"a recipient that isn't in ASCII": {func(m *sesv2.SendEmailInput) { m.Destination.ToAddresses[0] = "änn@example.com" }, bad, "recipient"},
		"a subject of two lines":          {func(m *sesv2.SendEmailInput) { m.Content.Simple.Subject = content("Code\r\nBcc: bob@example.com") }, bad, "subject"},
		"no subject":                      {func(m *sesv2.SendEmailInput) { m.Content.Simple.Subject = content("") }, bad, "subject"},
		"no body":                         {func(m *sesv2.SendEmailInput) { m.Content.Simple.Body = &types.Body{} }, bad, "body"},
		"a template that SES keeps":       {func(m *sesv2.SendEmailInput) { m.Content = &types.EmailContent{Template: &types.Template{}} }, "ValidationException", "Template"},
	} {
		t.Run(name, func(t *testing.T) {
			client, taken := newSES(t, identity+"mail.example.com", mailSet)
			_, err := client.SendEmail(t.Context(), simple(c.change))
			wantCode(t, err, c.code, c.want)
			if *taken != nil {
				t.Errorf("mailed is %v", *taken)
			}
		})
	}
}
