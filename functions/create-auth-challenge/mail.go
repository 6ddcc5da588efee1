//go:build mail

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/ses"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emailcode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/emaillink"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
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
	secretConfig, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return sent.Desk{}, err
	}
	mailConfig, err := awsclient.Config(env, env.SES)
	if err != nil {
		return sent.Desk{}, err
	}
	letters, err := readWords(s)
	if err != nil {
		return sent.Desk{}, err
	}
	key := secret.NewParameter(parameterstore.New(secretConfig), s.MailParameter, time.Now)
	key.Prefetch()
	return sent.Desk{
		Channel: sent.Mail,
		Key:     key.Current,
		Store:   store,
		Quota:   quota.Quota{Store: store, Now: time.Now},
		Post: ses.Post{
			Client: sesv2.NewFromConfig(awsclient.Once(mailConfig, sendTimeout)), Words: letters,
			From: s.MailFrom, FromName: s.MailFromName, ConfigurationSet: s.MailConfigurationSet,
		},
		Now:  time.Now,
		Wait: wait,
	}, nil
}

// sendTimeout is how long SES may take.
const sendTimeout = 1500 * time.Millisecond

// readWords reads the templates that lie beside the binary, or its own.
func readWords(s settings.Mail) (*words.Words, error) {
	if s.MailTemplates == "" {
		return words.Default(s.MailSite, s.MailLanguage)
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return words.Load(os.DirFS(filepath.Join(filepath.Dir(binary), s.MailTemplates)), s.MailSite, s.MailLanguage)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
