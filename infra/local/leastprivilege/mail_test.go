package leastprivilege_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
)

const sender = "sign-in@example.com"

// mailbox is where the functions of a stack mail to. It is safe for concurrent use.
type mailbox struct {
	mu    sync.Mutex
	mails []awsapi.Mail
	texts []awsapi.TextMessage
}

func (m *mailbox) put(mail awsapi.Mail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, mail)
}

// take returns the one mail that has come since the last call.
func (m *mailbox) take() (awsapi.Mail, error) { return m.takeFor(address) }

// takeFor is take for somebody else.
func (m *mailbox) takeFor(address string) (awsapi.Mail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails := m.mails
	m.mails = nil
	if len(mails) != 1 || mails[0].To != address || !strings.Contains(mails[0].From, "<"+sender+">") {
		return awsapi.Mail{}, fmt.Errorf("mailed is %+v, want one mail to %s", mails, address)
	}
	return mails[0], nil
}

// mailJourney takes every step in which something is mailed, and those for which
// other functions then have other permissions.
func mailJourney(ctx context.Context, v *visitor) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"getting an account", v.join},
		{"registering a passkey", v.told(v.register)},
		{"signing in with a name", v.signInByName},
		{"signing in by a code", v.signInByCode},
		{"listing, renaming and removing the passkey", v.told(v.manage)},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// told is a step of which the user is told by mail.
func (v *visitor) told(step func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := step(ctx); err != nil {
			return err
		}
		_, err := v.received.take()
		return err
	}
}

var mailedCode = regexp.MustCompile(`(?m)^\d{8}$`)

func (v *visitor) signInByCode(ctx context.Context) error {
	begun, err := v.ask(ctx, "EMAIL_CODE")
	if err != nil {
		return err
	}
	mail, err := v.received.take()
	if err != nil {
		return err
	}
	code := mailedCode.FindString(mail.Text)
	if code == "" {
		return errors.New("no code in " + mail.Text)
	}
	return v.respond(ctx, begun, code)
}

// ask begins a sign-in and asks for a fallback.
func (v *visitor) ask(ctx context.Context, fallback string) (*cognito.InitiateAuthOutput, error) {
	begun, err := v.begin(ctx, address)
	if err != nil {
		return nil, err
	}
	asked, err := v.pool.RespondToAuthChallenge(ctx, &cognito.RespondToAuthChallengeInput{
		ClientId: aws.String(v.stack.Outputs()["UserPoolClientId"]), ChallengeName: begun.ChallengeName, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": begun.ChallengeParameters["USERNAME"], "ANSWER": "__dummy__"},
		ClientMetadata:     map[string]string{"signInMethod": fallback},
	})
	if err != nil {
		return nil, err
	}
	begun.Session = asked.Session
	return begun, nil
}
