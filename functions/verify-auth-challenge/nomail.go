//go:build !mail

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func mailCheckers(settings.Verify, credentials.Store) ([]customauth.Checker, error) { return nil, nil }
