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
	if v.Corbado != nil { // a nil pointer in an interface would not be nil
		h.Corbado = *v.Corbado
	}
	if v.Passage != nil {
		h.Passage = v.Passage
	}
	return nil
}
