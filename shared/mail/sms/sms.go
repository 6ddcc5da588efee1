// Package sms sends letters as text messages, by AWS End User Messaging.
package sms

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
)

// Post implements the Post of package sent. It is safe for concurrent use.
type Post struct {
	Client               *pinpointsmsvoicev2.Client
	Words                *words.TextMessages
	OriginationIdentity  string // ARN of a phone number, a pool or a sender id
	ProtectConfiguration string // id; may be empty
	MaxPrice             string // of one text message, in US dollars, such as "0.20"
}

// Send sends a letter. AWS takes it or the error says why not; whether it arrives,
// only AWS's own events tell. One whose code has expired is no longer delivered.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
func (p Post) Send(ctx context.Context, letter mail.Letter) error {
	message, err := p.Words.Write(letter)
	if err != nil {
		return err
	}
	input := &pinpointsmsvoicev2.SendTextMessageInput{
		DestinationPhoneNumber: &letter.To,
		OriginationIdentity:    &p.OriginationIdentity,
		MessageBody:            &message,
		MessageType:            types.MessageTypeTransactional,
		MaxPrice:               &p.MaxPrice,
	}
	if letter.Lifetime > 0 {
		input.TimeToLive = aws.Int32(int32(letter.Lifetime.Seconds()))
	}
	if p.ProtectConfiguration != "" {
		input.ProtectConfigurationId = &p.ProtectConfiguration
	}
	_, err = p.Client.SendTextMessage(ctx, input)
	return err
}
