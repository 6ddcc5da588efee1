//go:build vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/vendors"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func vendorIssuers(s settings.Vendors, env settings.AWS) ([]customauth.Issuer, error) {
	v, err := vendors.New(s, env)
	if err != nil {
		return nil, err
	}
	return v.Issuers()
}
