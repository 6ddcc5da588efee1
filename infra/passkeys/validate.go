package passkeys

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"golang.org/x/net/publicsuffix"
)

// Problem is one thing that is wrong with Props.
type Problem struct {
	Property string // the field of Props
	Received string // its value, in Go syntax
	Remedy   string // what to do
}

func (p Problem) String() string {
	return fmt.Sprintf("%s is %s: %s", p.Property, p.Received, p.Remedy)
}

// InvalidPropsError holds every problem of Props, not just the first.
type InvalidPropsError struct{ Problems []Problem }

func (e *InvalidPropsError) Error() string {
	lines := []string{"the passkeys construct can't be made from these properties:"}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// Limits of what can be configured.
const (
	maxPasskeys             = 50 // as many descriptors of the longest credential ids as Cognito passes on
	minRecentAuthentication = time.Minute
	maxRecentAuthentication = time.Hour
	minMemory               = 128 // MB
	maxMemory               = 10240
)

var (
	domain          = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	accountID       = regexp.MustCompile(`^\d{12}$`)
	androidOrigin   = regexp.MustCompile(`^android:apk-key-hash:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$`) // 32 bytes end so
	iosOrigin       = regexp.MustCompile(`^ios:bundle-id:[A-Za-z0-9.-]+$`)
	markerAttribute = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)       // Cognito allows 20 characters
	parameterPath   = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+){1,13}$`) // SSM allows 15 levels
	basePath        = regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+(/[A-Za-z0-9$_.+!*'()-]+)*$`)
	reservedPath    = regexp.MustCompile(`(?i)^/(aws|ssm)`) // SSM keeps these for AWS
)

const localhost = "localhost"

// Validate returns an *InvalidPropsError that holds every problem of p, or nil.
// Values that are known only at deployment (unresolved tokens) are not checked.
func (p Props) Validate() error {
	var c check
	if p.custom() || len(p.Origins) > 0 {
		c.ceremonies(p.RelyingPartyID, p.Origins, p.UserVerification, p.CounterPolicy)
	} else {
		c.relyingParty("RelyingPartyID", p.RelyingPartyID)
	}
	c.relatedOrigins(p.RelatedOrigins, p.RelyingPartyID)
	oneOf(&c, "SignIn", p.SignIn, "", SignInEmail, SignInPhone, SignInUserName)
	c.mfa(p.MFA)
	oneOf(&c, "Plan", p.Plan, "", awscognito.FeaturePlan_LITE, awscognito.FeaturePlan_ESSENTIALS, awscognito.FeaturePlan_PLUS)
	c.common(p.CommonProps)
	c.limits(p.MaxPasskeys, p.RecentAuthentication)
	if m := p.MarkerAttribute; m != "" && !markerAttribute.MatchString(m) {
		c.add("MarkerAttribute", m, `use 1 to 20 letters, digits or underscores, without "custom:"`)
	}
	c.keys(p.ParameterPath, p.StampRotation, p.DecoyRotation, p.StampKey, p.DecoyKey)
	c.domain(p.Domain)
	c.firewall(p.Firewall)
	c.userPool(p)
	c.native(p)
	c.vendors(p.VendorProps)
	c.mail(p.MailProps, p.RelyingPartyID)
	c.mailBesideVendors(p.MailProps, p.VendorProps)
	c.tickets(p)
	c.accounts(p.AccountProps, p.MailProps, p.SignIn)
	c.passwords(p)
	return c.err()
}

func (p KeysProps) validate() error {
	var c check
	c.common(p.CommonProps)
	c.keys(p.ParameterPath, p.StampRotation, p.DecoyRotation, p.StampKey, p.DecoyKey)
	return c.err()
}

func (p TriggersProps) validate() error {
	var c check
	c.required("Table", p.Table)
	c.required("Keys", p.Keys)
	c.ceremonies(p.RelyingPartyID, p.Origins, p.UserVerification, p.CounterPolicy)
	c.relatedOrigins(p.RelatedOrigins, p.RelyingPartyID)
	c.common(p.CommonProps)
	c.vendors(p.VendorProps)
	if p.Tickets != nil && p.Keys != nil {
		c.ticketKey(*p.Tickets, p.Keys.props.StampKey)
	}
	c.mail(p.MailProps, p.RelyingPartyID)
	c.mailBesideVendors(p.MailProps, p.VendorProps)
	return c.err()
}

func (p APIProps) validate() error {
	var c check
	c.required("UserPool", p.UserPool)
	c.required("Clients", p.Clients)
	c.required("Table", p.Table)
	c.required("Keys", p.Keys)
	c.required("RelyingPartyName", p.RelyingPartyName)
	c.required("UserVerification", p.UserVerification)
	c.required("MaxPasskeys", p.MaxPasskeys)
	c.required("RecentAuthentication", p.RecentAuthentication)
	c.required("SignIn", p.SignIn)
	c.ceremonies(p.RelyingPartyID, p.Origins, p.UserVerification, p.CounterPolicy)
	c.relatedOrigins(p.RelatedOrigins, p.RelyingPartyID)
	oneOf(&c, "SignIn", p.SignIn, "", SignInEmail, SignInPhone, SignInUserName)
	c.common(p.CommonProps)
	c.limits(p.MaxPasskeys, p.RecentAuthentication)
	c.domain(p.Domain)
	c.vendors(p.VendorProps)
	c.mail(p.MailProps, p.RelyingPartyID)
	c.mailBesideVendors(p.MailProps, p.VendorProps)
	return c.err()
}

// check gathers problems.
type check struct{ problems []Problem }

func (c *check) add(property string, received any, remedy string, args ...any) {
	c.problems = append(c.problems, Problem{property, fmt.Sprintf("%#v", received), fmt.Sprintf(remedy, args...)})
}

func (c *check) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidPropsError{c.problems}
}

func (c *check) required(property string, value any) {
	if v := reflect.ValueOf(value); !v.IsValid() || v.IsZero() {
		c.add(property, value, "it is required")
	}
}

func (c *check) ceremonies(relyingPartyID string, origins []string, verification UserVerification, counter CounterPolicy) {
	c.relyingParty("RelyingPartyID", relyingPartyID)
	c.origins(origins, relyingPartyID)
	oneOf(c, "UserVerification", verification, "", UserVerificationRequired, UserVerificationPreferred, UserVerificationDiscouraged)
	oneOf(c, "CounterPolicy", counter, CounterByBackup, CounterReject, CounterFlag, CounterIgnore)
}

func (c *check) relyingParty(property, id string) {
	switch {
	case unresolved(id), id == localhost, domain.MatchString(id) && len(id) <= 253:
	case id == "":
		c.add(property, id, `set it to the domain that passkeys belong to, such as "example.com"`)
	default:
		c.add(property, id, `use a domain name in lower case, such as "example.com": no scheme, port, path or IP address`)
	}
}

func (c *check) origins(origins []string, relyingPartyID string) {
	const property = "Origins"
	if len(origins) == 0 {
		c.add(property, origins, `list at least one, such as "https://example.com"`)
	}
	for i, origin := range origins {
		switch {
		case slices.Contains(origins[:i], origin):
			c.add(property, origin, "list it once")
		case unresolved(origin), androidOrigin.MatchString(origin), iosOrigin.MatchString(origin):
		case strings.HasPrefix(origin, "android:"):
			c.add(property, origin, `use "android:apk-key-hash:" and the unpadded base64url SHA-256 of the app's signing certificate`)
		case strings.HasPrefix(origin, "ios:"):
			c.add(property, origin, `use "ios:bundle-id:" and the app's bundle id`)
		default:
			c.webOrigin(property, origin, relyingPartyID)
		}
	}
}

// maxRelatedLabels is how many different labels, such as "example" of
// example.co.uk, every browser honours in the document of related origins.
// https://www.w3.org/TR/webauthn-3/#sctn-validating-relation-origin
const maxRelatedLabels = 5

func (c *check) relatedOrigins(origins []string, relyingPartyID string) {
	const property = "RelatedOrigins"
	labels := map[string]bool{} // label before a public suffix → it is there
	for i, origin := range origins {
		if unresolved(origin) {
			continue
		}
		host := hostOf(origin)
		switch {
		case slices.Contains(origins[:i], origin):
			c.add(property, origin, "list it once")
		case !strings.HasPrefix(origin, "https://"):
			c.add(property, origin, "use https: only web origins are related ones")
		case host == relyingPartyID || strings.HasSuffix(host, "."+relyingPartyID):
			c.add(property, origin, "list it in Origins: it is in the relying party's own domain")
		default:
			c.webOrigin(property, origin, host)
		}
		if registered, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			label, _, _ := strings.Cut(registered, ".")
			labels[label] = true
		}
	}
	if len(labels) > maxRelatedLabels {
		c.add(property, origins, "use at most %d names, whatever their public suffixes: browsers need not honour more", maxRelatedLabels)
	}
}

// hostOf returns an empty host for what is no URL.
func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (c *check) webOrigin(property, origin, relyingPartyID string) {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) || strings.HasSuffix(origin, ":"),
		u.Hostname() != localhost && !domain.MatchString(u.Hostname()):
		c.add(property, origin, `write it as browsers do: scheme, host in lower case and port only, such as "https://example.com"`)
	case u.Scheme == "http" && (u.Hostname() != localhost || relyingPartyID != localhost):
		c.add(property, origin, `use https: http is for "http://localhost:<port>" while the relying party id is "localhost"`)
	case u.Scheme != "http" && u.Scheme != "https":
		c.add(property, origin, "use https")
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		c.add(property, origin, "leave out the port: browsers leave out %s", u.Port())
	case relyingPartyID == "" || unresolved(relyingPartyID):
	case u.Hostname() != relyingPartyID && !strings.HasSuffix(u.Hostname(), "."+relyingPartyID):
		c.add(property, origin, "use the relying party id %q or a host below it: browsers refuse the passkeys elsewhere", relyingPartyID)
	}
}

func (c *check) mfa(mfa MFA) {
	if strings.EqualFold(string(mfa), "required") {
		c.add("MFA", string(mfa), "use %q: Cognito skips MFA in custom authentication, so that a sign-in with a passkey would not keep what this promises", MFAOptional)
		return
	}
	oneOf(c, "MFA", mfa, "", MFAOff, MFAOptional)
}

func (c *check) common(p CommonProps) {
	oneOf(c, "RemovalPolicy", p.RemovalPolicy, "", awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_DESTROY)
	if m := p.MemorySize; m != 0 && (m < minMemory || m > maxMemory) {
		c.add("MemorySize", m, "use %d to %d MB", minMemory, maxMemory)
	}
	if p.ReservedConcurrency < 0 {
		c.add("ReservedConcurrency", p.ReservedConcurrency, "use a number from 1, or 0 for none")
	}
	if p.ProvisionedConcurrency < 0 {
		c.add("ProvisionedConcurrency", p.ProvisionedConcurrency, "use a number from 1, or 0 for none")
	}
	if p.ReservedConcurrency > 0 && p.ProvisionedConcurrency > p.ReservedConcurrency {
		c.add("ProvisionedConcurrency", p.ProvisionedConcurrency, "use at most ReservedConcurrency, which is %d", p.ReservedConcurrency)
	}
}

func (c *check) limits(passkeys int, recent time.Duration) {
	if passkeys < 0 || passkeys > maxPasskeys {
		c.add("MaxPasskeys", passkeys, "use 1 to %d", maxPasskeys)
	}
	if recent != 0 && (recent < minRecentAuthentication || recent > maxRecentAuthentication) {
		c.add("RecentAuthentication", recent.String(), "use %s to %s", minRecentAuthentication, maxRecentAuthentication)
	}
}

func (c *check) keys(path string, stampRotation, decoyRotation int, stamp, decoy *ExistingKey) {
	switch {
	case path == "" || unresolved(path):
	case !parameterPath.MatchString(path):
		c.add("ParameterPath", path, `use a path such as "/login/passkeys": up to 13 levels of letters, digits, ".", "-" and "_", no slash at the end`)
	case reservedPath.MatchString(path):
		c.add("ParameterPath", path, `start it with another name: SSM reserves "/aws" and "/ssm"`)
	}
	if stampRotation < 0 {
		c.add("StampRotation", stampRotation, "start at 0 and increase it by one to rotate")
	}
	if decoyRotation < 0 {
		c.add("DecoyRotation", decoyRotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey("StampKey", stamp)
	c.existingKey("DecoyKey", decoy)
}

func (c *check) existingKey(property string, key *ExistingKey) {
	switch {
	case key == nil:
	case (key.Parameter == "") == (key.Secret == nil):
		c.add(property, key.Parameter, "set either Parameter or Secret")
	case key.Secret == nil:
		c.secretParameter(property+".Parameter", key.Parameter)
	}
}

// secretParameter checks the name of a parameter that an operator puts; empty is
// the default.
func (c *check) secretParameter(property, name string) {
	if name != "" && !unresolved(name) && (!parameterPath.MatchString(name) || reservedPath.MatchString(name)) {
		c.add(property, name, `use the full name of a SecureString parameter, such as "/login/vendor"`)
	}
}

// vendorURL checks the address of a vendor; empty is the default where there is one.
func (c *check) vendorURL(property, address string) {
	u, err := url.Parse(address)
	if address == "" || unresolved(address) || err == nil && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
		return
	}
	c.add(property, address, `use https://host[/path], without query and credentials`)
}

// isLoopback reports whether the host is this machine, where the local run's vendors are.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func (c *check) domain(d *Domain) {
	if d == nil {
		return
	}
	c.required("Domain.Name", d.Name)
	if d.BasePath != "" && !basePath.MatchString(d.BasePath) {
		c.add("Domain.BasePath", d.BasePath, `use a path such as "auth" or "v1/auth", with no slash at its ends`)
	}
}

// property is a property that may be set.
type property struct {
	name string
	set  bool
}

// unset notes the properties that are set and must not be.
func (c *check) unset(remedy string, properties ...property) {
	for _, p := range properties {
		if p.set {
			c.problems = append(c.problems, Problem{p.name, "set", remedy})
		}
	}
}

// userPool checks that nothing is asked of a pool that is somebody else's, or
// said of one that isn't there.
func (c *check) userPool(p Props) {
	ofNew := []property{
		{"SelfSignUp", p.SelfSignUp != nil}, {"MFA", p.MFA != ""}, {"Plan", p.Plan != ""}, {"Email", p.Email != nil},
		{"Native", p.Native != nil}, {"Firewall", p.Firewall != nil},
	}
	ofExisting := []property{
		{"Clients", len(p.Clients) > 0}, {"ReplaceTriggers", len(p.ReplaceTriggers) > 0},
		{"Attachment", p.Attachment != 0}, {"SMSRole", p.SMSRole != nil}, {"SenderKey", p.SenderKey != nil},
		{"CaseSensitiveUserNames", p.CaseSensitiveUserNames},
	}
	wrong, remedy := ofExisting, "leave it out, or set UserPool too: it says something of a pool that exists"
	if p.UserPool != nil {
		wrong, remedy = ofNew, "leave it out: it is for the owner of UserPool to set there"
	}
	c.unset(remedy, wrong...)
	for _, t := range p.ReplaceTriggers {
		oneOf(c, "ReplaceTriggers", t, TriggerDefine, TriggerCreate, TriggerVerify, TriggerPreSignUp, TriggerPostConfirmation, TriggerPreAuthentication)
	}
	if p.Attachment < 0 {
		c.add("Attachment", p.Attachment, "start at 0 and increase it by one to attach the triggers again")
	}
}

func oneOf[T ~string](c *check, property string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	var names []string
	for _, a := range allowed {
		if a != "" {
			names = append(names, fmt.Sprintf("%q", string(a)))
		}
	}
	c.add(property, string(value), "use one of %s", strings.Join(names, ", "))
}

func unresolved(s string) bool { return *awscdk.Token_IsUnresolved(s) }
