//go:build sms

package main

import (
	"context"
	"errors"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/smscode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// smsCheckers are those of the fallbacks that send text messages.
func smsCheckers(s settings.Verify, env settings.AWS, store credentials.Store) ([]customauth.Checker, error) {
	config, err := awsclient.Config(env, env.Cognito)
	if err != nil {
		return nil, err
	}
	pool := httpapi.NewUserPool(config)
	subOf := func(ctx context.Context, accessToken string) (string, error) {
		account, err := pool.Account(ctx, accessToken)
		if errors.Is(err, httpapi.ErrTokenRefused) {
			return "", nil
		}
		return account.Attributes["sub"], err
	}
	return []customauth.Checker{smscode.Checker{
		Book: sent.Book{Store: store, Now: time.Now}, Sub: subOf, StepUpOnly: s.SMSStepUpOnly,
	}}, nil
}
