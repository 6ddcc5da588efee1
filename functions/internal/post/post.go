// Package post sets up what functions need that send mail.
package post

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/letters"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/ses"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// New returns the sender, with the templates that lie beside the binary or with
// the module's own.
func New(s settings.Post, env settings.AWS) (ses.Post, error) {
	config, err := awsclient.Config(env, env.SES)
	if err != nil {
		return ses.Post{}, err
	}
	inWords, err := readWords(s)
	if err != nil {
		return ses.Post{}, err
	}
	return ses.Post{
		Client: sesv2.NewFromConfig(awsclient.Once(config, letters.SendTimeout)), Words: inWords,
		From: s.MailFrom, FromName: s.MailFromName, ConfigurationSet: s.MailConfigurationSet,
	}, nil
}

func readWords(s settings.Post) (*words.Words, error) {
	site := words.Site{Name: s.MailSite, Page: s.MailPage}
	if s.MailTemplates == "" {
		return words.Default(site, s.MailLanguage)
	}
	files, err := letters.Folder(s.MailTemplates)
	if err != nil {
		return nil, err
	}
	return words.Load(files, site, s.MailLanguage)
}

// Key returns what reads the mail key, which is under way already.
func Key(s settings.Mail, env settings.AWS) (*secret.Parameter, error) {
	config, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	key := secret.NewParameter(parameterstore.New(config), s.MailParameter, time.Now)
	key.Prefetch()
	return key, nil
}
