//go:build vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/vendors"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func vendorCheckers(s settings.Vendors, env settings.AWS) ([]customauth.Checker, customauth.Checker, error) {
	v, err := vendors.New(s, env)
	return v.Checkers, v.Opaque, err
}
