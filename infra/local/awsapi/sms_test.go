package awsapi_test

import (
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/sms"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

const (
	smsPool = "arn:aws:sms-voice:us-east-1:000000000000:pool/pool-1"
	rules   = "arn:aws:sms-voice:us-east-1:000000000000:protect-configuration/protect-1"
	phone   = "+4915112345678"
)

// newSMS makes a server that allows text messages from one pool under one set of
// rules, and returns its client and what it took.
func newSMS(t *testing.T) (*pinpointsmsvoicev2.Client, *[]awsapi.TextMessage) {
	t.Helper()
	policy, err := iam.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sms-voice:SendTextMessage", "Resource": ["` + smsPool + `", "` + rules + `"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var taken []awsapi.TextMessage
	s := awsapi.New(awsapi.Options{
		Region: "us-east-1", AccountID: "000000000000",
		Caller:      func(string) (string, bool) { return "function", true },
		Authorize:   func(_ string, call iam.Call) error { return iam.Judge(principal, []iam.Policy{policy}, call) },
		TextMessage: func(m awsapi.TextMessage) { taken = append(taken, m) },
		Log:         log.New(io.Discard, "", 0),
		Now:         func() time.Time { return start },
	})
	return pinpointsmsvoicev2.NewFromConfig(config(t, s)), &taken
}

// What the functions send is taken, in the user's language, with its code in the
// last line.
func TestSendTextMessage(t *testing.T) {
	client, taken := newSMS(t)
	inWords, err := words.DefaultTextMessages("Example", "example.com", "en")
	if err != nil {
		t.Fatal(err)
	}
	post := sms.Post{Client: client, Words: inWords, OriginationIdentity: smsPool, ProtectConfiguration: "protect-1", MaxPrice: "0.20"}
	letter := mail.Letter{Kind: mail.KindCode, To: phone, Locale: "de", Code: "01234567", Lifetime: 5 * time.Minute}
	if err := post.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	want := []awsapi.TextMessage{{
		To: phone, At: start,
		Body: "01234567 ist Ihr Code für Example. Er gilt 5 Minuten. Sagen Sie ihn niemandem.\n\n@example.com #01234567",
	}}
	if diff := cmp.Diff(want, *taken, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

func TestSendTextMessageRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pinpointsmsvoicev2.SendTextMessageInput)
		want   string
	}{
		"an identity that isn't allowed": {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.OriginationIdentity = aws.String(smsPool + "2") }, "AccessDeniedException"},
		"rules that aren't allowed":      {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.ProtectConfigurationId = aws.String("protect-2") }, "AccessDeniedException"},
		"no number":                      {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.DestinationPhoneNumber = aws.String("0151") }, "ValidationException"},
		"no text":                        {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.MessageBody = nil }, "ValidationException"},
		"a long text": {func(i *pinpointsmsvoicev2.SendTextMessageInput) {
			i.MessageBody = aws.String(strings.Repeat("a", 1601))
		}, "ValidationException"},
		"no type":              {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.MessageType = "" }, "ValidationException"},
		"a price in words":     {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.MaxPrice = aws.String("cheap") }, "ValidationException"},
		"a second to live":     {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.TimeToLive = aws.Int32(1) }, "ValidationException"},
		"what it doesn't know": {func(i *pinpointsmsvoicev2.SendTextMessageInput) { i.Keyword = aws.String("JOIN") }, "ValidationException"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			client, taken := newSMS(t)
			input := &pinpointsmsvoicev2.SendTextMessageInput{
				DestinationPhoneNumber: aws.String(phone), MessageBody: aws.String("Hello"), MessageType: types.MessageTypeTransactional,
				OriginationIdentity: aws.String(smsPool),
			}
			c.change(input)
			if _, err := client.SendTextMessage(t.Context(), input); err == nil || !strings.Contains(err.Error(), c.want) || len(*taken) != 0 {
				t.Errorf("error %v, %d text messages; want %s and none", err, len(*taken), c.want)
			}
		})
	}
}
