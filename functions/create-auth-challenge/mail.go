//go:build mail

package main

import (
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/letters"
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/post"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emailcode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emaillink"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// mailIssuers are those of the fallbacks that send mail.
func mailIssuers(s settings.Create, env settings.AWS, store credentials.Store) ([]customauth.Issuer, error) {
	desk, err := newDesk(s.Mail, env, store)
	if err != nil {
		return nil, err
	}
	var issuers []customauth.Issuer
	if slices.Contains(s.Fallbacks, customauth.MethodCode) {
		issuers = append(issuers, emailcode.Issuer{Desk: desk, Lifetime: s.CodeLifetime})
	}
	if slices.Contains(s.Fallbacks, customauth.MethodLink) {
		issuers = append(issuers, emaillink.Issuer{Desk: desk, Lifetime: s.LinkLifetime, Redirects: s.LinkRedirects})
	}
	return issuers, nil
}

func newDesk(s settings.Mail, env settings.AWS, store credentials.Store) (sent.Desk, error) {
	key, err := post.Key(s, env)
	if err != nil {
		return sent.Desk{}, err
	}
	sender, err := post.New(s.Post, env)
	if err != nil {
		return sent.Desk{}, err
	}
	return sent.Desk{
		Channel: sent.Mail,
		Key:     key.Current,
		Store:   store,
		Quota:   quota.Quota{Store: store, Now: time.Now},
		Post:    sender,
		Now:     time.Now,
		Wait:    letters.Wait,
	}, nil
}
