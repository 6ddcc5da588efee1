package passkeys

import (
	"cmp"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	mailwords "github.com/cognito-passkeys/cognito-passkeys/shared/mail/words"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// MailProps are the ways in for those who have no passkey at hand: after a
// passkey challenge that they didn't answer, they may ask for a mail to their
// verified address, or a text message to their verified phone number. Nobody can
// tell from outside who gets one. With any mail, users are also told of every
// passkey that is added or removed.
type MailProps struct {
	// EmailCode mails codes of eight digits. Nil mails none.
	EmailCode *EmailCode

	// EmailLink mails links. Nil mails none.
	EmailLink *EmailLink

	// Mail is how both are sent. Required with either.
	Mail *Mail

	// SMSCode sends codes in text messages. Nil sends none.
	SMSCode *SMSCode

	// SignInPolicy says whether a mail or a text message may stand in for a
	// passkey. Empty means PasskeyPreferred. Only with EmailCode, EmailLink or SMSCode.
	SignInPolicy SignInPolicy

	// PasskeyRequiredClients are app clients with PasskeyRequired whatever
	// SignInPolicy is. Only with EmailCode, EmailLink or SMSCode.
	PasskeyRequiredClients []awscognito.IUserPoolClient
}

// SignInPolicy says which method may stand in for which.
type SignInPolicy string

// Values of SignInPolicy.
const (
	PasskeyPreferred SignInPolicy = provisioning.PolicyPreferred // everybody may ask for a mail
	PasskeyRequired  SignInPolicy = provisioning.PolicyRequired  // nobody who has a passkey gets more than a mail that says no
)

// EmailCode signs in by a code.
type EmailCode struct {
	// Lifetime of a code, from 1 to 15 minutes. Zero means 10 minutes.
	Lifetime time.Duration
}

// EmailLink signs in by a link, once.
type EmailLink struct {
	// RedirectURLs are the pages that links may open, compared byte by byte; the
	// token stands in the fragment. The first is for clients that name none. Required.
	RedirectURLs []string

	// Lifetime of a link, from 1 to 15 minutes. Zero means 15 minutes.
	Lifetime time.Duration

	// AnyBrowser takes a link in another browser than the one that asked, for
	// users who read mail elsewhere. It can be phished: who talks somebody into
	// opening a link signs them in where they are, and who gets at the link signs
	// in as its owner. The page must ask before it signs in.
	AnyBrowser bool
}

// Mail is how links and codes are mailed, by Amazon SES.
type Mail struct {
	// From is the sender. Required.
	From string

	// FromName stands beside it. Empty means RelyingPartyName.
	FromName string

	// Identity is the identity that SES has verified: the domain of From, or a
	// domain above it. Empty means the address From itself.
	Identity string

	// ConfigurationSet of SES, for its events. Empty means none.
	ConfigurationSet string

	// Templates is a folder of templates that replace the construct's own;
	// package shared/mail/words says what is in it. Empty means English, German,
	// French and Spanish.
	Templates string

	// Language is for users whose attribute "locale" names none that is there.
	// Empty means "en".
	Language string

	// Rotation replaces the key that codes, links and limits derive from, once
	// for each increase. Links that were mailed stay good, and limits begin anew.
	Rotation int

	// Key is a key ring of the account's own. Nil makes one.
	Key *ExistingKey
}

// Limits of mails.
const (
	minMailLifetime = time.Minute
	maxMailLifetime = 15 * time.Minute // Cognito's longest session
)

// templatesFolder is where templates lie beside the function's binary.
const templatesFolder = "templates"

// The partitions of what was mailed, as patterns of an IAM condition.
var (
	mailItems = table.MailPK("*")
	rateItems = table.RatePK("*")
)

// withDefaults returns a copy of m in which nothing is left to interpret.
func (m MailProps) withDefaults(relyingPartyName string) MailProps {
	if m.Mail != nil {
		mail := *m.Mail
		setDefault(&mail.FromName, relyingPartyName)
		setDefault(&mail.Identity, mail.From)
		setDefault(&mail.Language, "en")
		m.Mail = &mail
	}
	if m.EmailCode != nil {
		m.EmailCode = &EmailCode{Lifetime: cmp.Or(m.EmailCode.Lifetime, 10*time.Minute)}
	}
	if m.EmailLink != nil {
		link := *m.EmailLink
		setDefault(&link.Lifetime, maxMailLifetime)
		m.EmailLink = &link
	}
	if m.SMSCode != nil {
		m.SMSCode = m.SMSCode.withDefaults(relyingPartyName)
	}
	if len(m.fallbacks()) > 0 {
		setDefault(&m.SignInPolicy, PasskeyPreferred)
	}
	return m
}

// mailMethods are the methods that send mail.
func (m MailProps) mailMethods() []string {
	var methods []string
	if m.EmailCode != nil {
		methods = append(methods, provisioning.MethodCode)
	}
	if m.EmailLink != nil {
		methods = append(methods, provisioning.MethodLink)
	}
	return methods
}

// sends reports whether any method sends mail.
func (m MailProps) sends() bool { return len(m.mailMethods()) > 0 }

// fallbacks are the methods that users may ask for who have no passkey at hand.
func (m MailProps) fallbacks() []string {
	methods := m.mailMethods()
	if m.SMSCode != nil {
		methods = append(methods, provisioning.MethodSMS)
	}
	return methods
}

// fallbackTags are the build tags of functions that know them.
func (m MailProps) fallbackTags() (tags []string) {
	if m.sends() {
		tags = append(tags, "mail")
	}
	if m.SMSCode != nil {
		tags = append(tags, "sms")
	}
	return tags
}

func (m MailProps) mailSettings(parameter string, origins []string) settings.Mail {
	s := settings.Mail{MailParameter: parameter, Post: m.postSettings(origins)}
	if m.EmailCode != nil {
		s.CodeLifetime = m.EmailCode.Lifetime
	}
	if m.EmailLink != nil {
		s.LinkLifetime, s.LinkRedirects = m.EmailLink.Lifetime, m.EmailLink.RedirectURLs
	}
	return s
}

// postSettings are those of every function that sends mail; none if none is sent.
func (m MailProps) postSettings(origins []string) settings.Post {
	if !m.sends() {
		return settings.Post{}
	}
	s := settings.Post{
		MailFrom: m.Mail.From, MailFromName: m.Mail.FromName, MailConfigurationSet: m.Mail.ConfigurationSet,
		MailSite: m.Mail.FromName, MailLanguage: m.Mail.Language,
	}
	if i := slices.IndexFunc(origins, isWeb); i >= 0 {
		s.MailPage = origins[i]
	}
	if m.Mail.Templates != "" {
		s.MailTemplates = templatesFolder
	}
	return s
}

// mailFiles is the folder that goes with every function that sends mail, as in
// definition.
func (m MailProps) mailFiles() map[string]string {
	if !m.sends() {
		return nil
	}
	return map[string]string{templatesFolder: m.Mail.Templates}
}

// fallbackFiles are the folders that go with the function that sends what users
// ask for, as in definition.
func (m MailProps) fallbackFiles() map[string]string {
	folders := map[string]string{}
	maps.Copy(folders, m.mailFiles())
	if m.SMSCode != nil {
		folders[textsFolder] = m.SMSCode.Templates
	}
	return folders
}

// allowMail allows sending mail from the one address; nothing if none is sent.
func (m MailProps) allowMail(scope constructs.Construct) []awsiam.PolicyStatement {
	if !m.sends() {
		return nil
	}
	arn := func(resource, name string) *string {
		return awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ses"), Resource: jsii.String(resource), ResourceName: jsii.String(name),
		})
	}
	resources := []*string{arn("identity", m.Mail.Identity)}
	if m.Mail.ConfigurationSet != "" {
		resources = append(resources, arn("configuration-set", m.Mail.ConfigurationSet))
	}
	return []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("ses:SendEmail"),
		Resources:  &resources,
		Conditions: &map[string]any{"StringEquals": map[string]any{"ses:FromAddress": m.Mail.From}},
	})}
}

// letCreateMail lets Create send mail.
func (t *Triggers) letCreateMail() {
	t.create.allow(t.mail.read...)
	t.create.allow(t.props.allowMail(t)...)
}

// letCreateKeep lets Create keep what it sent, and count it.
func (t *Triggers) letCreateKeep() {
	t.create.allow(allowItems(t.props.Table, []string{mailItems, rateItems}, "dynamodb:GetItem")...)
	t.create.allow(allowItems(t.props.Table, []string{mailItems}, "dynamodb:PutItem")...)
	t.create.allow(allowItems(t.props.Table, []string{rateItems}, "dynamodb:UpdateItem")...)
}

// LinksInAnyBrowser reports whether a mailed link is good in another browser than
// the one that asked for it.
func (p *Passkeys) LinksInAnyBrowser() bool {
	return p.props.EmailLink != nil && p.props.EmailLink.AnyBrowser
}

// MailMethods are the ways to sign in by mail that are on, as an app client's
// item names them: "code" and "link".
func (p *Passkeys) MailMethods() []string { return p.props.mailMethods() }

// policyOn is the policy of an app client.
func (m MailProps) policyOn(client awscognito.IUserPoolClient) SignInPolicy {
	if slices.ContainsFunc(m.PasskeyRequiredClients, func(c awscognito.IUserPoolClient) bool { return isSame(c, client) }) {
		return PasskeyRequired
	}
	return m.SignInPolicy
}

func isSame(a, b awscognito.IUserPoolClient) bool { return *a.Node().Path() == *b.Node().Path() }

var mailAddress = regexp.MustCompile(`^[^@\s<>,;"]+@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (c *check) mail(m MailProps, relyingPartyID string) {
	oneOf(c, "SignInPolicy", m.SignInPolicy, "", PasskeyPreferred, PasskeyRequired)
	c.sms(m.SMSCode, relyingPartyID)
	if len(m.fallbacks()) == 0 {
		c.unset("set EmailCode, EmailLink or SMSCode too, or leave it out",
			property{"SignInPolicy", m.SignInPolicy != ""}, property{"PasskeyRequiredClients", m.PasskeyRequiredClients != nil})
	}
	if !m.sends() {
		c.unset("set EmailCode or EmailLink too, or leave it out", property{"Mail", m.Mail != nil})
		return
	}
	if m.EmailCode != nil {
		c.mailLifetime("EmailCode.Lifetime", m.EmailCode.Lifetime)
	}
	if m.EmailLink != nil {
		c.mailLifetime("EmailLink.Lifetime", m.EmailLink.Lifetime)
		c.linkPages(m.EmailLink.RedirectURLs, relyingPartyID)
	}
	if m.Mail == nil {
		c.add("Mail.From", "", "set it to the address that links and codes are mailed from")
		return
	}
	c.sender(*m.Mail)
}

// mailBesideVendors refuses vendors whose answers may look like a code or a link.
func (c *check) mailBesideVendors(m MailProps, v VendorProps) {
	if len(m.fallbacks()) > 0 {
		c.unset("leave it out, or EmailCode, EmailLink and SMSCode: an answer may look like a code or a link, which never reach a vendor",
			property{"PassageFlex", v.PassageFlex != nil}, property{"HTTPProvider", v.HTTPProvider != nil})
	}
}

func (c *check) mailLifetime(property string, lifetime time.Duration) {
	if lifetime != 0 && (lifetime < minMailLifetime || lifetime > maxMailLifetime) {
		c.add(property, lifetime.String(), "use %s to %s", minMailLifetime, maxMailLifetime)
	}
}

func (c *check) linkPages(addresses []string, relyingPartyID string) {
	const property = "EmailLink.RedirectURLs"
	if len(addresses) == 0 {
		c.add(property, addresses, `list at least one page, such as "https://example.com/sign-in"`)
	}
	for _, address := range addresses {
		origin, path, found := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
		switch {
		case unresolved(address):
		case !found || strings.ContainsAny(path, "#, ") || origin == "":
			c.add(property, address, `write out the page, with its path and without a fragment or a comma, such as "https://example.com/sign-in"`)
		default:
			c.webOrigin(property, strings.TrimSuffix(address, "/"+path), relyingPartyID)
		}
	}
}

func (c *check) sender(m Mail) {
	if !unresolved(m.From) && !mailAddress.MatchString(m.From) {
		c.add("Mail.From", m.From, `use an address such as "sign-in@example.com", its domain in lower case`)
	}
	if d := m.Identity; d != "" && !unresolved(d) && d != m.From && !strings.HasSuffix(m.From, "@"+d) && !strings.HasSuffix(m.From, "."+d) {
		c.add("Mail.Identity", d, "use the domain of Mail.From, or one above it")
	}
	if strings.ContainsAny(m.FromName, "\r\n") {
		c.add("Mail.FromName", m.FromName, "use one line")
	}
	if m.Rotation < 0 {
		c.add("Mail.Rotation", m.Rotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey("Mail.Key", m.Key)
	var err error
	site, language := mailwords.Site{Name: m.FromName}, cmp.Or(m.Language, "en")
	if m.Templates != "" {
		_, err = mailwords.Load(os.DirFS(m.Templates), site, language)
	} else {
		_, err = mailwords.Default(site, language)
	}
	if err != nil {
		c.add("Mail.Templates", m.Templates, "mend its templates:\n    %v", err)
	}
}
