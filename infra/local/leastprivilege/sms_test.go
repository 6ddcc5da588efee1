package leastprivilege_test

import (
	"context"
	"fmt"
	"regexp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
)

// bySMS are the settings of codes in text messages, with all that has a permission.
const bySMS = " -c smsCode=true -c smsCountryCodes=+49 -c smsProtectConfiguration=protect-0123456789abcdef" +
	" -c smsOriginationIdentity=arn:aws:sms-voice:us-east-1:000000000000:pool/pool-0123456789abcdef"

func (m *mailbox) putText(text awsapi.TextMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts = append(m.texts, text)
}

// takeText returns the one text message that has come since the last call.
func (m *mailbox) takeText() (awsapi.TextMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	texts := m.texts
	m.texts = nil
	if len(texts) != 1 || texts[0].To != number {
		return awsapi.TextMessage{}, fmt.Errorf("texted is %+v, want one message to %s", texts, number)
	}
	return texts[0], nil
}

// textJourney takes every step in which a text message is sent, and those for which
// other functions then have other permissions.
func textJourney(ctx context.Context, v *visitor) error {
	if err := v.join(ctx); err != nil {
		return fmt.Errorf("getting an account: %w", err)
	}
	if err := v.register(ctx); err != nil {
		return fmt.Errorf("registering a passkey: %w", err)
	}
	if err := v.signInByName(ctx); err != nil {
		return fmt.Errorf("signing in with a name: %w", err)
	}
	if err := v.stepUp(ctx); err != nil {
		return fmt.Errorf("stepping up by a text message: %w", err)
	}
	return nil
}

var textedCode = regexp.MustCompile(`^\d{8}`)

func (v *visitor) stepUp(ctx context.Context) error {
	begun, err := v.ask(ctx, "SMS_OTP_STEPUP")
	if err != nil {
		return err
	}
	text, err := v.received.takeText()
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, fmt.Sprintf(`{"jwt":%q,"secretCode":%q}`, v.token, textedCode.FindString(text.Body)))
}
