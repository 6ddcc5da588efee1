//go:build sms

package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/letters"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/sms"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/smscode"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// smsIssuers are those of the fallbacks that send text messages.
func smsIssuers(s settings.SMS, env settings.AWS, store credentials.Store) ([]customauth.Issuer, error) {
	secretConfig, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	smsConfig, err := awsclient.Config(env, env.SMS)
	if err != nil {
		return nil, err
	}
	messages, err := readTextMessages(s)
	if err != nil {
		return nil, err
	}
	key := secret.NewParameter(parameterstore.New(secretConfig), s.SMSParameter, time.Now)
	key.Prefetch()
	desk := sent.Desk{
		Channel: smscode.Channel(s.SMSCountryCodes, s.SMSPerDay),
		Key:     key.Current,
		Store:   store,
		Quota:   quota.Quota{Store: store, Now: time.Now},
		Post: sms.Post{
			Client: pinpointsmsvoicev2.NewFromConfig(awsclient.Once(smsConfig, letters.SendTimeout)), Words: messages,
			OriginationIdentity: s.SMSOriginationIdentity, ProtectConfiguration: s.SMSProtectConfiguration, MaxPrice: s.SMSMaxPrice,
		},
		Now:  time.Now,
		Wait: letters.Wait,
	}
	return []customauth.Issuer{smscode.Issuer{Desk: desk, Lifetime: s.SMSCodeLifetime}}, nil
}

// readTextMessages reads the templates that lie beside the binary, or its own.
func readTextMessages(s settings.SMS) (*words.TextMessages, error) {
	if s.SMSTemplates == "" {
		return words.DefaultTextMessages(s.SMSSite, s.SMSDomain, s.SMSLanguage)
	}
	files, err := letters.Folder(s.SMSTemplates)
	if err != nil {
		return nil, err
	}
	return words.LoadTextMessages(files, s.SMSSite, s.SMSDomain, s.SMSLanguage)
}
