package passkeys

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	mailwords "github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// SMSCode signs in by a code in a text message to the user's verified phone number,
// sent by AWS End User Messaging. Numbers change hands, and each text message costs
// money, to the gain of whoever has it sent to a number that pays: prefer mail.
type SMSCode struct {
	// OriginationIdentity is the ARN of what text messages come from: a phone
	// number, a pool or a sender id of AWS End User Messaging, of this account or
	// shared with it, in the stack's region. Required.
	OriginationIdentity string

	// CountryCodes are the beginnings of the phone numbers that get text messages,
	// such as "+49". "+1" is the United States and Canada, and some twenty islands where
	// text messages cost several times as much: name area codes too, or block those
	// by ProtectConfiguration. Required.
	CountryCodes []string

	// MaxPerDay is how many text messages there may be in a day, to all users, so
	// that a flood costs at most MaxPerDay times MaxPrice a day. Each user, and each
	// number, gets five at most. Zero means 100.
	MaxPerDay int

	// MaxPrice of one text message in US dollars. AWS refuses to send one that is
	// dearer. Empty means "0.20".
	MaxPrice string

	// ProtectConfiguration is the id of rules of AWS End User Messaging that allow
	// and block countries. Empty means those of the account, if it has any.
	ProtectConfiguration string

	// StepUpOnly takes a code only beside a live access token of the same user and
	// app client, as stepUpAuthenticationWithSmsOtp of the AWS passwordless
	// sample's client sends it: nobody signs in by a phone alone.
	StepUpOnly bool

	// Lifetime of a code, from 1 to 15 minutes. Zero means 5 minutes.
	Lifetime time.Duration

	// SiteName names the service in text messages. Empty means RelyingPartyName.
	SiteName string

	// Templates is a folder of templates that replace the construct's own;
	// LoadTextMessages in package shared/mail/words says what is in it. Empty means
	// English, German, French and Spanish.
	Templates string

	// Language is for users whose attribute "locale" names none that is there.
	// Empty means "en".
	Language string

	// Rotation replaces the key that codes and limits derive from, once for each
	// increase. Limits begin anew.
	Rotation int

	// Key is a key ring of the account's own. Nil makes one.
	Key *ExistingKey
}

// textsFolder is where templates of text messages lie beside the function's binary.
const textsFolder = "texts"

// withDefaults returns a copy of s in which nothing is left to interpret.
func (s SMSCode) withDefaults(relyingPartyName string) *SMSCode {
	setDefault(&s.MaxPerDay, 100)
	setDefault(&s.MaxPrice, "0.20")
	setDefault(&s.Lifetime, 5*time.Minute)
	setDefault(&s.SiteName, relyingPartyName)
	setDefault(&s.Language, "en")
	return &s
}

func (s SMSCode) settings(parameter, domain string) settings.SMS {
	of := settings.SMS{
		SMSParameter:           parameter,
		SMSOriginationIdentity: s.OriginationIdentity, SMSProtectConfiguration: s.ProtectConfiguration,
		SMSCountryCodes: s.CountryCodes, SMSPerDay: s.MaxPerDay, SMSMaxPrice: s.MaxPrice,
		SMSSite: s.SiteName, SMSDomain: domain, SMSLanguage: s.Language, SMSCodeLifetime: s.Lifetime,
	}
	if s.Templates != "" {
		of.SMSTemplates = textsFolder
	}
	return of
}

// letCreateText lets Create send text messages from the one identity. AWS knows no
// condition of that action but the tags of what it is on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsendusermessagingsmsandvoicev2.html
func (t *Triggers) letCreateText() {
	sms := t.props.SMSCode
	t.create.allow(t.sms.read...)
	resources := []*string{&sms.OriginationIdentity}
	if sms.ProtectConfiguration != "" {
		resources = append(resources, awscdk.Stack_Of(t).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("sms-voice"), Resource: jsii.String("protect-configuration"), ResourceName: &sms.ProtectConfiguration,
		}))
	}
	t.create.allow(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("sms-voice:SendTextMessage"), Resources: &resources,
	}))
}

// addSMSKey makes the key of codes in text messages. It is none of the mail key,
// which other functions read.
func (t *Triggers) addSMSKey() {
	sms := t.props.SMSCode
	t.sms = t.props.Keys.newKeyRing("SMSKey", "sms", provisioning.KindSymmetric, sms.Rotation, sms.Key)
}

var (
	originationIdentity  = regexp.MustCompile(`^arn:[a-z-]+:sms-voice:[a-z0-9-]+:\d{12}:(phone-number/phone-[0-9a-f]+|pool/pool-[0-9a-f]+|sender-id/[A-Za-z0-9_-]{1,11}/[A-Z]{2})$`)
	protectConfiguration = regexp.MustCompile(`^protect-[0-9a-f]+$`)
	countryCode          = regexp.MustCompile(`^\+[1-9]\d{0,6}$`)
	price                = regexp.MustCompile(`^\d{1,2}\.\d{1,5}$`) // as AWS takes it
)

func (c *check) sms(s *SMSCode, relyingPartyID string) {
	if s == nil {
		return
	}
	if id := s.OriginationIdentity; !unresolved(id) && !originationIdentity.MatchString(id) {
		c.add("SMSCode.OriginationIdentity", id, `use the ARN of a phone number, a pool or a sender id of AWS End User Messaging, such as "arn:aws:sms-voice:eu-central-1:111122223333:pool/pool-0123456789abcdef0123456789abcdef"`)
	}
	if len(s.CountryCodes) == 0 {
		c.add("SMSCode.CountryCodes", s.CountryCodes, `list the beginnings of the phone numbers that get text messages, such as "+49"`)
	}
	for _, code := range s.CountryCodes {
		if !unresolved(code) && !countryCode.MatchString(code) {
			c.add("SMSCode.CountryCodes", code, `use the beginning of a phone number with its plus sign, such as "+49" or "+1212"`)
		}
	}
	if s.MaxPerDay < 0 {
		c.add("SMSCode.MaxPerDay", s.MaxPerDay, "use a number from 1, or 0 for 100")
	}
	if p := s.MaxPrice; p != "" && (!price.MatchString(p) || strings.Trim(p, "0.") == "") {
		c.add("SMSCode.MaxPrice", p, `use US dollars with a decimal point, such as "0.20"`)
	}
	if id := s.ProtectConfiguration; id != "" && !unresolved(id) && !protectConfiguration.MatchString(id) {
		c.add("SMSCode.ProtectConfiguration", id, `use the id of a protect configuration, such as "protect-0123456789abcdef0123456789abcdef"`)
	}
	c.mailLifetime("SMSCode.Lifetime", s.Lifetime)
	if s.Rotation < 0 {
		c.add("SMSCode.Rotation", s.Rotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey("SMSCode.Key", s.Key)
	c.textMessages(*s, relyingPartyID)
}

func (c *check) textMessages(s SMSCode, domain string) {
	var err error
	if s.Templates != "" {
		_, err = mailwords.LoadTextMessages(os.DirFS(s.Templates), s.SiteName, domain, cmp.Or(s.Language, "en"))
	} else {
		_, err = mailwords.DefaultTextMessages(s.SiteName, domain, cmp.Or(s.Language, "en"))
	}
	if err != nil {
		c.add("SMSCode.Templates", s.Templates, "mend its templates:\n    %v", err)
	}
}

// TextsCodes reports whether users may sign in by a code in a text message.
func (p *Passkeys) TextsCodes() bool { return p.props.SMSCode != nil && !p.props.SMSCode.StepUpOnly }
