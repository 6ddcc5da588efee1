package passkeys

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
)

var (
	domainPrefix  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	reservedWords = regexp.MustCompile(`aws|amazon|cognito`) // Cognito refuses them in a prefix
)

// native checks what Native asks for, by the defaults that it takes from p.
func (c *check) native(p Props) {
	if p.Native == nil {
		return
	}
	n := p.Native
	oneOf(c, "Native.Mode", n.Mode, "", NativeBeside, NativeOnly)
	if n.RelyingPartyID != "" {
		c.relyingParty("Native.RelyingPartyID", n.RelyingPartyID)
	}
	if p.Plan == awscognito.FeaturePlan_LITE {
		c.add("Plan", string(p.Plan), "use ESSENTIALS or PLUS, or leave Native out: Cognito's own passkeys and choice-based sign-in are not part of Lite")
	}
	c.nativeVerification(p)
	c.firstFactors(p)
	if n.ManagedLogin != nil {
		c.managedLogin(*n.ManagedLogin, n.withDefaults(p).RelyingPartyID)
	}
	if n.Mode == NativeOnly {
		c.withoutEffect(p)
	}
}

func (c *check) nativeVerification(p Props) {
	n := p.Native.withDefaults(p)
	oneOf(c, "Native.UserVerification", n.UserVerification, "", UserVerificationRequired, UserVerificationPreferred)
	oneOf(c, "Native.FactorConfiguration", n.FactorConfiguration, "", FactorSingle, FactorMulti)
	if n.FactorConfiguration == FactorMulti && n.UserVerification == UserVerificationPreferred {
		c.add("Native.UserVerification", string(n.UserVerification), "use %q: a passkey that didn't verify its user is no second factor", UserVerificationRequired)
	}
}

func (c *check) firstFactors(p Props) {
	const property = "Native.AllowedFirstAuthFactors"
	factors := p.Native.AllowedFirstAuthFactors
	if factors == nil {
		return
	}
	allowed := func(b *bool) bool { return b != nil && *b }
	if !allowed(factors.Password) {
		c.add(property, factorNames(factors), "allow the password: Cognito takes no list without it")
	}
	if !allowed(factors.Passkey) {
		c.add(property, factorNames(factors), "allow passkeys, or leave Native out")
	}
	if allowed(factors.SmsOtp) && p.SignIn != SignInPhone {
		c.add(property, factorNames(factors), "leave out SmsOtp, or set SignIn to %q: no other pool sends text messages", SignInPhone)
	}
}

func factorNames(factors *awscognito.AllowedFirstAuthFactors) []string {
	names := []string{}
	for _, f := range []struct {
		name    string
		allowed *bool
	}{{"Password", factors.Password}, {"EmailOtp", factors.EmailOtp}, {"Passkey", factors.Passkey}, {"SmsOtp", factors.SmsOtp}} {
		if f.allowed != nil && *f.allowed {
			names = append(names, f.name)
		}
	}
	return names
}

func (c *check) managedLogin(login ManagedLogin, relyingPartyID string) {
	const prefix, custom = "Native.ManagedLogin.DomainPrefix", "Native.ManagedLogin.CustomDomain"
	switch d := login.DomainPrefix; {
	case d == "" && login.CustomDomain == nil:
		c.add(prefix, d, "set it, or CustomDomain: managed login needs a domain")
	case d != "" && login.CustomDomain != nil:
		c.add(prefix, d, "leave it out, as CustomDomain is set")
	case d != "" && !unresolved(d) && (!domainPrefix.MatchString(d) || reservedWords.MatchString(d)):
		c.add(prefix, d, `use 1 to 63 lower-case letters, digits and hyphens, without "aws", "amazon" and "cognito"`)
	}
	if own := login.CustomDomain; own != nil {
		switch name := deref(own.DomainName); {
		case name == "" || own.Certificate == nil:
			c.add(custom, name, "set DomainName and Certificate")
		case !unresolved(name) && !unresolved(relyingPartyID) && name != relyingPartyID:
			c.add(custom, name, "set Native.RelyingPartyID to it: with a custom domain, Cognito takes no other relying party than %q", name)
		}
	}
	if len(login.CallbackURLs) == 0 {
		c.add("Native.ManagedLogin.CallbackURLs", login.CallbackURLs, `list at least one, such as "https://example.com/signed-in"`)
	}
	c.redirects("Native.ManagedLogin.CallbackURLs", login.CallbackURLs)
	c.redirects("Native.ManagedLogin.LogoutURLs", login.LogoutURLs)
}

// redirects checks addresses by Cognito's rules: absolute, without a fragment,
// http for localhost only; apps may have schemes of their own.
func (c *check) redirects(property string, addresses []string) {
	for _, address := range addresses {
		if unresolved(address) {
			continue
		}
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Scheme == "" || strings.Contains(address, "#"):
			c.add(property, address, "use an absolute address without a fragment")
		case u.Scheme == "http" && u.Hostname() != localhost:
			c.add(property, address, `use https: http is for "http://localhost" only`)
		}
	}
}

// withoutEffect refuses what is for custom authentication, where there is none.
func (c *check) withoutEffect(p Props) {
	for _, property := range []string{
		"RelyingPartyName", "CounterPolicy", "MaxPasskeys", "RecentAuthentication", "Table", "ParameterPath",
		"StampRotation", "DecoyRotation", "StampKey", "DecoyKey", "Domain", "Throttle", "Tickets",
		"Corbado", "PassageFlex", "HTTPProvider", "EmailCode", "EmailLink", "SMSCode", "SignUp", "Recovery", "MailThrottle", "Passwords", "PasswordClients", "Alarms", "AlarmTopic", "Thresholds", "Dashboard", "AuditBus",
	} {
		if !reflect.ValueOf(p).FieldByName(property).IsZero() {
			c.problems = append(c.problems, Problem{property, "set", fmt.Sprintf("leave it out, or set Native.Mode to %q: with %q nothing heeds it", NativeBeside, NativeOnly)})
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
