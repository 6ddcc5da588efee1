//go:build vendors

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/vendors"
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func addVendors(h *api.Handler, s settings.Vendors, env settings.AWS) error {
	v, err := vendors.New(s, env)
	if err != nil {
		return err
	}
	tokens, err := v.Tokens()
	if err != nil {
		return err
	}
	devices, err := v.Devices()
	if tokens != nil { // a nil pointer in an interface would not be nil
		h.Corbado = tokens
	}
	if devices != nil {
		h.Passage = devices
	}
	return err
}
