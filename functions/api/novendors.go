//go:build !vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func addVendors(*api.Handler, settings.Vendors, settings.AWS) error { return nil }
