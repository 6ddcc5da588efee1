package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// mails is what the context says of signing in by mail.
type mails struct {
	codes             bool
	code              passkeys.EmailCode
	link              passkeys.EmailLink
	mail              passkeys.Mail
	requiredClientIDs []string
}

// addTo completes props, or notes settings that say something of what is off.
func (m mails) addTo(r *reader, props *passkeys.Props) {
	wants := func(there bool, is string, set bool, key string) {
		if set && !there {
			r.add(key, "set", "set "+is+" too, or leave it out")
		}
	}
	links := len(m.link.RedirectURLs) > 0
	wants(m.codes, "emailCode", m.code != (passkeys.EmailCode{}), "emailCodeLifetime")
	wants(links, "emailLinkUrls", m.link.Lifetime != 0 || m.link.AnyBrowser, "emailLinkLifetime or emailLinkAnyBrowser")
	wants(m.codes || links || props.SMSCode != nil, "emailCode, emailLinkUrls or smsCode", m.requiredClientIDs != nil, "passkeyRequiredClientIds")
	if m.codes {
		props.EmailCode = &m.code
	}
	if links {
		props.EmailLink = &m.link
	}
	if m.mail != (passkeys.Mail{}) {
		props.Mail = &m.mail
	}
}

// addClients completes props once its clients are imported.
func (m mails) addClients(props *passkeys.Props) {
	if m.requiredClientIDs == nil {
		return
	}
	props.PasskeyRequiredClients = slices.DeleteFunc(slices.Clone(props.Clients), func(client awscognito.IUserPoolClient) bool {
		return !slices.Contains(m.requiredClientIDs, *client.UserPoolClientId())
	})
}
