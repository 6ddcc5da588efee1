//go:build !mail

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func mailIssuers(settings.Create, settings.AWS, credentials.Store) ([]customauth.Issuer, error) {
	return nil, nil
}
