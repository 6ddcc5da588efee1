//go:build !vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func vendorCheckers(settings.Vendors, settings.AWS, once.Store) ([]customauth.Checker, customauth.Checker, error) {
	return nil, nil, nil
}
