// Package ses sends letters by Amazon Simple Email Service.
package ses

import (
	"context"
	"errors"
	"net/mail"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	letters "github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

// Post implements the Post of package sent. It is safe for concurrent use.
type Post struct {
	Client           *sesv2.Client
	Words            *words.Words
	From             string // address of an identity that SES has verified
	FromName         string // beside it; may be empty
	ConfigurationSet string // may be empty
}

// Send sends a letter. SES takes it or the error says why not, without the
// addresses that SES names in it, because errors are logged. Whether the mail
// arrives, only SES's own events tell.
func (p Post) Send(ctx context.Context, letter letters.Letter) error {
	message, err := p.Words.Write(letter)
	if err != nil {
		return err
	}
	from := p.From
	if p.FromName != "" {
		from = (&mail.Address{Name: p.FromName, Address: p.From}).String()
	}
	input := &sesv2.SendEmailInput{
		FromEmailAddress: &from,
		Destination:      &types.Destination{ToAddresses: []string{letter.To}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content(message.Subject),
			Body:    &types.Body{Text: content(message.Text), Html: content(message.HTML)},
		}},
	}
	if p.ConfigurationSet != "" {
		input.ConfigurationSetName = &p.ConfigurationSet
	}
	if _, err = p.Client.SendEmail(ctx, input); err != nil {
		return errors.New(address.ReplaceAllString(err.Error(), "(an address)"))
	}
	return nil
}

// address matches an e-mail address, and the end of an ARN that is one.
var address = regexp.MustCompile(`[^\s<>"'` + "`" + `,;:/]+@[^\s<>"'` + "`" + `,;:/]+`)

func content(text string) *types.Content {
	return &types.Content{Data: &text, Charset: aws.String("UTF-8")}
}
