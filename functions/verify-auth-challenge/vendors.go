//go:build vendors

package main

import (
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/vendors"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/once"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// vendorCheckers keep their verdict when Cognito repeats the trigger, because a
// vendor takes an answer once.
func vendorCheckers(s settings.Vendors, env settings.AWS, store once.Store) (checkers []customauth.Checker, opaque customauth.Checker, err error) {
	v, err := vendors.New(s, env)
	if err != nil {
		return nil, nil, err
	}
	all, opaque, err := v.Checkers()
	for _, checker := range all {
		checkers = append(checkers, once.Checker{Checker: checker, Store: store, Now: time.Now})
	}
	if opaque != nil {
		opaque = once.Checker{Checker: opaque, Store: store, Now: time.Now}
	}
	return checkers, opaque, err
}
