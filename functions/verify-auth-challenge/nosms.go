//go:build !sms

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func smsCheckers(settings.Verify, settings.AWS, credentials.Store) ([]customauth.Checker, error) {
	return nil, nil
}
