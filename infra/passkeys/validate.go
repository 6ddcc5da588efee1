package passkeys

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
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
)

var (
	domain          = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	androidOrigin   = regexp.MustCompile(`^android:apk-key-hash:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$`) // 32 bytes end so
	iosOrigin       = regexp.MustCompile(`^ios:bundle-id:[A-Za-z0-9.-]+$`)
	markerAttribute = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)       // Cognito allows 20 characters
	parameterPath   = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+){1,13}$`) // SSM allows 15 levels
	reservedPath    = regexp.MustCompile(`(?i)^/(aws|ssm)`)            // SSM keeps these for AWS
)

const localhost = "localhost"

// Validate returns an *InvalidPropsError that holds every problem of p, or nil.
// Values that are known only at deployment (unresolved tokens) are not checked.
func (p Props) Validate() error {
	var c check
	c.relyingParty(p)
	c.origins(p)
	oneOf(&c, "UserVerification", p.UserVerification, "", UserVerificationRequired, UserVerificationPreferred, UserVerificationDiscouraged)
	oneOf(&c, "CounterPolicy", p.CounterPolicy, CounterByBackup, CounterReject, CounterFlag, CounterIgnore)
	oneOf(&c, "SignIn", p.SignIn, "", SignInEmail, SignInPhone, SignInUserName)
	c.mfa(p)
	oneOf(&c, "Plan", p.Plan, "", awscognito.FeaturePlan_LITE, awscognito.FeaturePlan_ESSENTIALS, awscognito.FeaturePlan_PLUS)
	oneOf(&c, "RemovalPolicy", p.RemovalPolicy, "", awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_DESTROY)
	c.limits(p)
	c.names(p)
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidPropsError{c.problems}
}

// check gathers problems.
type check struct{ problems []Problem }

func (c *check) add(property string, received any, remedy string, args ...any) {
	c.problems = append(c.problems, Problem{property, fmt.Sprintf("%#v", received), fmt.Sprintf(remedy, args...)})
}

func (c *check) relyingParty(p Props) {
	const property = "RelyingPartyID"
	switch id := p.RelyingPartyID; {
	case unresolved(id), id == localhost, domain.MatchString(id) && len(id) <= 253:
	case id == "":
		c.add(property, id, `set it to the domain that passkeys belong to, such as "example.com"`)
	default:
		c.add(property, id, `use a domain name in lower case, such as "example.com": no scheme, port, path or IP address`)
	}
}

func (c *check) origins(p Props) {
	const property = "Origins"
	if len(p.Origins) == 0 {
		c.add(property, p.Origins, `list at least one, such as "https://example.com"`)
	}
	for i, origin := range p.Origins {
		switch {
		case slices.Contains(p.Origins[:i], origin):
			c.add(property, origin, "list it once")
		case unresolved(origin), androidOrigin.MatchString(origin), iosOrigin.MatchString(origin):
		case strings.HasPrefix(origin, "android:"):
			c.add(property, origin, `use "android:apk-key-hash:" and the unpadded base64url SHA-256 of the app's signing certificate`)
		case strings.HasPrefix(origin, "ios:"):
			c.add(property, origin, `use "ios:bundle-id:" and the app's bundle id`)
		default:
			c.webOrigin(property, origin, p.RelyingPartyID)
		}
	}
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

func (c *check) mfa(p Props) {
	if strings.EqualFold(string(p.MFA), "required") {
		c.add("MFA", string(p.MFA), "use %q: Cognito skips MFA in custom authentication, so that a sign-in with a passkey would not keep what this promises", MFAOptional)
		return
	}
	oneOf(c, "MFA", p.MFA, "", MFAOff, MFAOptional)
}

func (c *check) limits(p Props) {
	if p.MaxPasskeys < 0 || p.MaxPasskeys > maxPasskeys {
		c.add("MaxPasskeys", p.MaxPasskeys, "use 1 to %d", maxPasskeys)
	}
	if r := p.RecentAuthentication; r != 0 && (r < minRecentAuthentication || r > maxRecentAuthentication) {
		c.add("RecentAuthentication", r.String(), "use %s to %s", minRecentAuthentication, maxRecentAuthentication)
	}
	if p.StampRotation < 0 {
		c.add("StampRotation", p.StampRotation, "start at 0 and increase it by one to rotate")
	}
	if p.DecoyRotation < 0 {
		c.add("DecoyRotation", p.DecoyRotation, "start at 0 and increase it by one to rotate")
	}
}

func (c *check) names(p Props) {
	if m := p.MarkerAttribute; m != "" && !markerAttribute.MatchString(m) {
		c.add("MarkerAttribute", m, `use 1 to 20 letters, digits or underscores, without "custom:"`)
	}
	switch path := p.ParameterPath; {
	case path == "" || unresolved(path):
	case !parameterPath.MatchString(path):
		c.add("ParameterPath", path, `use a path such as "/login/passkeys": up to 13 levels of letters, digits, ".", "-" and "_", no slash at the end`)
	case reservedPath.MatchString(path):
		c.add("ParameterPath", path, `start it with another name: SSM reserves "/aws" and "/ssm"`)
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
