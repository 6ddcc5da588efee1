//go:build !vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func vendorIssuers(settings.Vendors, settings.AWS) ([]customauth.Issuer, error) { return nil, nil }
