// Package webauthn is the relying party: it makes the options of both WebAuthn
// ceremonies and judges what comes back.
//
// A registration is [RelyingParty.CreationOptions], then [ParseRegistration],
// then [RelyingParty.VerifyRegistration]. A sign-in is
// [RelyingParty.RequestOptions], then [ParseAssertion], then
// [RelyingParty.VerifyAssertion] for a known credential or
// [RelyingParty.RefuseUnknown] for one that nobody has.
//
// The package keeps no state: that a challenge is fresh, counts once and
// belongs to the user is its caller's to hold.
//
// go-webauthn verifies both ceremonies: it reads authenticator data and COSE
// keys, checks signatures and judges every attestation format. What is done
// here comes before it, and is what it leaves to its caller: JSON with exactly
// the known members, bounds on sizes, origins compared byte for byte, sound
// public keys in canonical form, backup flags, user handles, extension outputs,
// sign counts, and a [Reason] for each refusal that holds nothing secret, which
// go-webauthn's own errors may. It adds 0.66 MB and 0.2 ms of start-up to the
// trigger that verifies, where judging a sign-in takes 1.3 times as long as
// the ES256 signature check in it.
//
// Section numbers refer to Web Authentication Level 3, https://www.w3.org/TR/webauthn-3/.
package webauthn

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Localhost is the only relying party id that is no domain name, and the only
// host that may have http origins.
const Localhost = "localhost"

// Prefixes of the origins that apps state in place of a web origin.
const (
	androidOrigin = "android:apk-key-hash:"
	iosOrigin     = "ios:bundle-id:"
)

// RelyingParty is who the passkeys are made for. The zero value accepts
// nothing.
type RelyingParty struct {
	// ID is the domain that passkeys are scoped to. Required.
	ID string
	// Name is shown by some authenticators. Required.
	Name string
	// Origins that may use the passkeys, compared byte for byte: web origins
	// at the ID or below it, and app origins (android:apk-key-hash:…,
	// ios:bundle-id:…). At least one is required.
	Origins []string
	// RelatedOrigins are web origins outside the ID's domain that the ID
	// permits in its /.well-known/webauthn document (§5.11). Optional.
	RelatedOrigins []string
	// Counter says what a sign count that does not increase means. The zero
	// value is [CounterByBackup].
	Counter CounterPolicy
}

// CounterPolicy says what happens when the sign count of an answer is not
// higher than the stored one (§6.1.1). Both being zero never counts as such.
type CounterPolicy string

const (
	// CounterByBackup refuses for device-bound keys and flags for synced ones,
	// because providers of synced passkeys do regress.
	CounterByBackup CounterPolicy = ""
	// CounterReject refuses for every key.
	CounterReject CounterPolicy = "reject"
	// CounterFlag accepts and sets [Verdict.CounterRegressed].
	CounterFlag CounterPolicy = "flag"
	// CounterIgnore accepts and says nothing.
	CounterIgnore CounterPolicy = "ignore"
)

// UserVerification is the demand that the authenticator verify its user, by
// biometrics or a PIN (§5.8.6).
type UserVerification string

// The demands. Only UserVerificationRequired refuses an answer.
const (
	UserVerificationRequired    UserVerification = "required"
	UserVerificationPreferred   UserVerification = "preferred"
	UserVerificationDiscouraged UserVerification = "discouraged"
)

// Validate reports every problem at once, or nil.
func (rp RelyingParty) Validate() error {
	problems := []error{validateID(rp.ID)}
	if rp.Name == "" {
		problems = append(problems, errors.New("the relying party needs a name"))
	}
	if len(rp.Origins) == 0 {
		problems = append(problems, errors.New("the relying party needs at least one origin"))
	}
	for _, origin := range rp.Origins {
		problems = append(problems, rp.validateOrigin(origin))
	}
	for _, origin := range rp.RelatedOrigins {
		_, err := webOriginHost(origin)
		problems = append(problems, err)
	}
	switch rp.Counter {
	case CounterByBackup, CounterReject, CounterFlag, CounterIgnore:
	default:
		problems = append(problems, fmt.Errorf("counter policy %q: use reject, flag, ignore or nothing", rp.Counter))
	}
	return errors.Join(problems...)
}

func validateID(id string) error {
	_, notIP := netip.ParseAddr(id)
	if id == Localhost || isDomain(id) && notIP != nil {
		return nil
	}
	return fmt.Errorf("relying party id %q: use a lower-case domain such as example.com, without scheme or port", id)
}

// isDomain reports whether name is a lower-case name of two or more labels.
func isDomain(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-"
	labels := strings.Split(name, ".")
	malformed := func(label string) bool {
		return label == "" || len(label) > 63 || strings.Trim(label, allowed) != "" ||
			strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-")
	}
	return len(name) <= 253 && len(labels) > 1 && !slices.ContainsFunc(labels, malformed)
}

func (rp RelyingParty) validateOrigin(origin string) error {
	if hash, ok := strings.CutPrefix(origin, androidOrigin); ok {
		if sum, err := decodeBase64URL([]byte(hash)); err != nil || len(sum) != 32 {
			return fmt.Errorf("origin %q: the key hash is a SHA-256 in unpadded base64url, 43 characters", origin)
		}
		return nil
	}
	if bundle, ok := strings.CutPrefix(origin, iosOrigin); ok {
		if bundle == "" {
			return fmt.Errorf("origin %q: name the bundle id", origin)
		}
		return nil
	}
	host, err := webOriginHost(origin)
	if err != nil {
		return err
	}
	if host != rp.ID && !strings.HasSuffix(host, "."+rp.ID) {
		return fmt.Errorf("origin %q: its host must be %q or below it; list it as a related origin otherwise", origin, rp.ID)
	}
	return nil
}

// webOriginHost returns the host of an origin spelled as browsers serialize it.
func webOriginHost(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.ToLower(origin) != origin {
		return "", fmt.Errorf("origin %q: use a lower-case scheme://host[:port], without a path", origin)
	}
	host := u.Hostname()
	if host != Localhost && !isDomain(host) {
		return "", fmt.Errorf("origin %q: its host must be a domain", origin)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || host != Localhost) {
		return "", fmt.Errorf("origin %q: use https; http is for localhost only", origin)
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" || strings.HasSuffix(u.Host, ":") {
		return "", fmt.Errorf("origin %q: leave the default port out, as browsers do", origin)
	}
	return host, nil
}

func (rp RelyingParty) allowsOrigin(origin string) bool {
	return slices.Contains(rp.origins(), origin)
}

func (rp RelyingParty) origins() []string { return slices.Concat(rp.Origins, rp.RelatedOrigins) }
