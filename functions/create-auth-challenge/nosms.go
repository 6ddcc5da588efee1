//go:build !sms

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func smsIssuers(settings.SMS, settings.AWS, credentials.Store) ([]customauth.Issuer, error) {
	return nil, nil
}
