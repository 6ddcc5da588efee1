//go:build mail

package main

import (
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emailcode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emaillink"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// mailCheckers are those of the methods that are on, because another service's
// answers could have the form of what is mailed, and of the tickets for whoever
// proved an address by a mail.
func mailCheckers(s settings.Verify, store credentials.Store) ([]customauth.Checker, error) {
	keys, err := secret.ParsePublicKeys(s.AccountKeys)
	if err != nil {
		return nil, err
	}
	checkers := []customauth.Checker{ticket.Checker{Kind: ticket.Account, Keys: keys, Store: store, Now: time.Now}}
	book := sent.Book{Store: store, Now: time.Now}
	if slices.Contains(s.Fallbacks, customauth.MethodLink) {
		checkers = append(checkers, emaillink.Checker{Book: book, AnyBrowser: s.LinkAnyBrowser})
	}
	if slices.Contains(s.Fallbacks, customauth.MethodCode) {
		checkers = append(checkers, emailcode.Checker{Book: book})
	}
	return checkers, nil
}
