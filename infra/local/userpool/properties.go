package userpool

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// poolProperties are the properties of AWS::Cognito::UserPool that this package knows.
type poolProperties struct {
	AccountRecoverySetting struct{ RecoveryMechanisms []recoveryMechanism }
	AdminCreateUserConfig  struct {
		AllowAdminCreateUserOnly  bool
		InviteMessageTemplate     json.RawMessage // without effect: messages are in this package's words
		UnusedAccountValidityDays int             // superseded by TemporaryPasswordValidityDays
	}
	AliasAttributes        []string
	AutoVerifiedAttributes []string
	EnabledMfas            []string
	IssuerConfiguration    struct{ Type string }
	LambdaConfig           lambdaConfig
	MfaConfiguration       string
	Policies               struct {
		PasswordPolicy *passwordPolicy
		SignInPolicy   struct{ AllowedFirstAuthFactors []string }
	}
	Schema                      []schemaAttribute
	UserAttributeUpdateSettings struct {
		AttributesRequireVerificationBeforeUpdate []string
	}
	UsernameAttributes          []string
	UsernameConfiguration       struct{ CaseSensitive *bool }
	UserPoolTier                string
	WebAuthnFactorConfiguration string
	WebAuthnRelyingPartyID      string
	WebAuthnUserVerification    string

	poolPropertiesWithoutEffect
}

// poolPropertiesWithoutEffect are accepted and not looked at, for the reason beside each.
type poolPropertiesWithoutEffect struct {
	DeletionProtection          json.RawMessage // nothing here deletes a pool
	DeviceConfiguration         json.RawMessage // no device is remembered
	EmailConfiguration          json.RawMessage // mail goes to Options.Mail
	EmailVerificationMessage    json.RawMessage // messages are in this package's words
	EmailVerificationSubject    json.RawMessage // the same
	KeyConfiguration            json.RawMessage // there is nothing at rest but the state folder
	SmsAuthenticationMessage    json.RawMessage // messages are in this package's words
	SmsConfiguration            json.RawMessage // text messages go to Options.Mail
	SmsVerificationMessage      json.RawMessage // messages are in this package's words
	UserPoolAddOns              json.RawMessage // threat protection has no API that the stack calls
	UserPoolName                json.RawMessage // for people
	UserPoolTags                json.RawMessage // for billing
	VerificationMessageTemplate json.RawMessage // messages are in this package's words
}

// lambdaConfig holds the ARNs of the triggers that this package calls. The other triggers of Cognito are unknown to it.
type lambdaConfig struct {
	CreateAuthChallenge         string
	DefineAuthChallenge         string
	VerifyAuthChallengeResponse string
	PreSignUp                   string
	PostConfirmation            string
	PreAuthentication           string
	PostAuthentication          string
	PreTokenGeneration          string
}

type recoveryMechanism struct {
	Name     string
	Priority int // 1 comes first
}

// recoveredBy: recovery mechanism → attribute that the code goes to; none for admin_only.
var recoveredBy = map[string]string{"verified_email": attrEmail, "verified_phone_number": attrPhone, "admin_only": ""}

type passwordPolicy struct {
	MinimumLength                 int
	RequireLowercase              bool
	RequireNumbers                bool
	RequireSymbols                bool
	RequireUppercase              bool
	TemporaryPasswordValidityDays int
	PasswordHistorySize           int
}

const (
	mfaOff           = "OFF"
	mfaOn            = "ON"
	mfaOptional      = "OPTIONAL"
	softwareTokenMFA = "SOFTWARE_TOKEN_MFA"
)

// Values of UserPoolTier. A pool without the property is in ESSENTIALS.
const (
	tierLite       = "LITE"
	tierEssentials = "ESSENTIALS"
	tierPlus       = "PLUS"
)

// Values of WebAuthnFactorConfiguration and WebAuthnUserVerification.
const (
	singleFactor          = "SINGLE_FACTOR"
	multiFactor           = "MULTI_FACTOR_WITH_USER_VERIFICATION"
	verificationPreferred = "preferred"
	verificationRequired  = "required"
)

func parsePoolProperties(data json.RawMessage) (poolProperties, error) {
	var p poolProperties
	if err := decodeStrictly(data, &p); err != nil {
		return p, fmt.Errorf("AWS::Cognito::UserPool properties: %w", err)
	}
	p.MfaConfiguration = cmp.Or(p.MfaConfiguration, mfaOff)
	if p.Policies.PasswordPolicy == nil {
		// What Cognito takes for a pool without a policy.
		p.Policies.PasswordPolicy = &passwordPolicy{
			RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true,
		}
	}
	policy := p.Policies.PasswordPolicy
	policy.MinimumLength = cmp.Or(policy.MinimumLength, 8)
	policy.TemporaryPasswordValidityDays = cmp.Or(
		policy.TemporaryPasswordValidityDays, p.AdminCreateUserConfig.UnusedAccountValidityDays, 7)
	if policy.PasswordHistorySize != 0 {
		return p, fmt.Errorf("PasswordHistorySize %d: the local pool keeps no old passwords; want 0", policy.PasswordHistorySize)
	}
	if len(p.UsernameAttributes) > 0 && len(p.AliasAttributes) > 0 {
		return p, fmt.Errorf("UsernameAttributes and AliasAttributes exclude each other")
	}
	for _, m := range p.AccountRecoverySetting.RecoveryMechanisms {
		if _, known := recoveredBy[m.Name]; !known {
			return p, fmt.Errorf("RecoveryMechanisms %q: unknown", m.Name)
		}
	}
	return p, cmp.Or(
		p.checkSignIn(),
		only("EnabledMfas", p.EnabledMfas, softwareTokenMFA),
		only("MfaConfiguration", []string{p.MfaConfiguration}, mfaOff, mfaOn, mfaOptional),
		only("IssuerConfiguration.Type", []string{p.IssuerConfiguration.Type}, "", "ORIGINAL"),
		only("UsernameAttributes", p.UsernameAttributes, attrEmail, attrPhone),
		only("AliasAttributes", p.AliasAttributes, attrEmail, attrPhone, attrPreferredUsername),
		only("AutoVerifiedAttributes", p.AutoVerifiedAttributes, attrEmail, attrPhone),
		only("AttributesRequireVerificationBeforeUpdate",
			p.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate, attrEmail, attrPhone),
	)
}

// checkSignIn reports what USER_AUTH can't work by.
func (p *poolProperties) checkSignIn() error {
	factors := p.Policies.SignInPolicy.AllowedFirstAuthFactors
	if factors != nil && !slices.Contains(factors, factorPassword) {
		return fmt.Errorf("AllowedFirstAuthFactors %q: want %s among them", factors, factorPassword)
	}
	if p.UserPoolTier == tierLite && (len(factors) > 1 || p.WebAuthnRelyingPartyID != "") {
		return fmt.Errorf("UserPoolTier %s has passwords only: AllowedFirstAuthFactors %q and WebAuthnRelyingPartyID %q take %s or %s",
			tierLite, factors, p.WebAuthnRelyingPartyID, tierEssentials, tierPlus)
	}
	return cmp.Or(
		only("AllowedFirstAuthFactors", factors, factorPassword, factorEmailOTP, factorWebAuthn),
		only("UserPoolTier", []string{p.UserPoolTier}, "", tierLite, tierEssentials, tierPlus),
		only("WebAuthnFactorConfiguration", []string{p.WebAuthnFactorConfiguration}, "", singleFactor, multiFactor),
		only("WebAuthnUserVerification", []string{p.WebAuthnUserVerification}, "", verificationPreferred, verificationRequired),
	)
}

// firstFactors are the factors that users may begin with.
func (p *poolProperties) firstFactors() []string {
	if factors := p.Policies.SignInPolicy.AllowedFirstAuthFactors; factors != nil {
		return factors
	}
	return []string{factorPassword}
}

// only reports the first of a property's values that is not one of those served.
func only(property string, values []string, served ...string) error {
	for _, v := range values {
		if !slices.Contains(served, v) {
			return fmt.Errorf("%s %q: the local pool serves %q", property, v, served)
		}
	}
	return nil
}

// caseSensitive reports whether user names and aliases that differ in case differ. A pool without the property is
// case-sensitive.
func (p *poolProperties) caseSensitive() bool {
	return p.UsernameConfiguration.CaseSensitive == nil || *p.UsernameConfiguration.CaseSensitive
}

// clientProperties are the properties of AWS::Cognito::UserPoolClient that this package knows.
type clientProperties struct {
	AccessTokenValidity        int
	AuthSessionValidity        int // minutes
	EnableTokenRevocation      *bool
	ExplicitAuthFlows          []string
	GenerateSecret             bool
	IdTokenValidity            int
	PreventUserExistenceErrors string
	ReadAttributes             []string
	RefreshTokenRotation       struct {
		Feature                 string
		RetryGracePeriodSeconds json.RawMessage // without effect: rotation is refused
	}
	RefreshTokenValidity int
	TokenValidityUnits   struct{ AccessToken, IdToken, RefreshToken string }
	UserPoolId           string
	WriteAttributes      []string

	clientPropertiesWithoutEffect
}

// clientPropertiesWithoutEffect are accepted and not looked at, for the reason beside each.
type clientPropertiesWithoutEffect struct {
	AllowedOAuthFlows                        json.RawMessage // there is no managed login here
	AllowedOAuthFlowsUserPoolClient          json.RawMessage // the same
	AllowedOAuthScopes                       json.RawMessage // the same
	AnalyticsConfiguration                   json.RawMessage // no analytics
	CallbackURLs                             json.RawMessage // there is no managed login here
	ClientName                               json.RawMessage // for people
	DefaultRedirectURI                       json.RawMessage // there is no managed login here
	EnablePropagateAdditionalUserContextData json.RawMessage // no threat protection
	LogoutURLs                               json.RawMessage // there is no managed login here
	SupportedIdentityProviders               json.RawMessage // users of this pool only
}

// client is an app client.
type client struct {
	id            string
	properties    json.RawMessage // of the template
	hasSecret     bool
	revocation    bool
	hidesUsers    bool            // PreventUserExistenceErrors
	flows         map[string]bool // ALLOW_… → granted
	read, write   map[string]bool // attribute name → granted; nil grants all
	accessTokens  time.Duration
	idTokens      time.Duration
	refreshTokens time.Duration
	sessions      time.Duration // how long a challenge may take
}

const (
	allowAdminPassword = "ALLOW_ADMIN_USER_PASSWORD_AUTH"
	allowCustom        = "ALLOW_CUSTOM_AUTH"
	allowPassword      = "ALLOW_USER_PASSWORD_AUTH"
	allowRefresh       = "ALLOW_REFRESH_TOKEN_AUTH"
	allowSRP           = "ALLOW_USER_SRP_AUTH"
	allowUserAuth      = "ALLOW_USER_AUTH"
)

func (p *Pool) parseClient(id string, data json.RawMessage) (*client, error) {
	var in clientProperties
	if err := decodeStrictly(data, &in); err != nil {
		return nil, fmt.Errorf("AWS::Cognito::UserPoolClient properties: %w", err)
	}
	if in.UserPoolId != p.id {
		return nil, fmt.Errorf("UserPoolId %q: want %q", in.UserPoolId, p.id)
	}
	if in.ExplicitAuthFlows == nil {
		in.ExplicitAuthFlows = []string{allowCustom, allowRefresh, allowSRP}
	}
	if err := cmp.Or(
		only("ExplicitAuthFlows", in.ExplicitAuthFlows,
			allowAdminPassword, allowCustom, allowPassword, allowRefresh, allowSRP, allowUserAuth),
		only("PreventUserExistenceErrors", []string{in.PreventUserExistenceErrors}, "", "LEGACY", "ENABLED"),
		only("RefreshTokenRotation.Feature", []string{in.RefreshTokenRotation.Feature}, "", "DISABLED"),
		p.defined("ReadAttributes", in.ReadAttributes),
		p.defined("WriteAttributes", in.WriteAttributes),
	); err != nil {
		return nil, err
	}
	if p.properties.UserPoolTier == tierLite && slices.Contains(in.ExplicitAuthFlows, allowUserAuth) {
		return nil, fmt.Errorf("ExplicitAuthFlows %s: the pool's UserPoolTier is %s, and choice-based sign-in takes %s or %s",
			allowUserAuth, tierLite, tierEssentials, tierPlus)
	}
	c := &client{
		id:         id,
		properties: data,
		hasSecret:  in.GenerateSecret,
		revocation: in.EnableTokenRevocation == nil || *in.EnableTokenRevocation,
		hidesUsers: in.PreventUserExistenceErrors == "ENABLED",
		flows:      set(in.ExplicitAuthFlows),
		read:       set(in.ReadAttributes),
		write:      set(in.WriteAttributes),
		sessions:   time.Duration(cmp.Or(in.AuthSessionValidity, 3)) * time.Minute,
	}
	if c.sessions < 3*time.Minute || c.sessions > 15*time.Minute {
		return nil, fmt.Errorf("AuthSessionValidity %d: want 3 to 15 minutes", in.AuthSessionValidity)
	}
	return c, c.setTokenValidity(in)
}

func (c *client) setTokenValidity(in clientProperties) error {
	const day = 24 * time.Hour
	for _, v := range []struct {
		property, unit    string
		value             int
		into              *time.Duration
		defaultUnit, zero time.Duration
		shortest, longest time.Duration
	}{
		{"AccessTokenValidity", in.TokenValidityUnits.AccessToken, in.AccessTokenValidity, &c.accessTokens,
			time.Hour, time.Hour, 5 * time.Minute, day},
		{"IdTokenValidity", in.TokenValidityUnits.IdToken, in.IdTokenValidity, &c.idTokens,
			time.Hour, time.Hour, 5 * time.Minute, day},
		{"RefreshTokenValidity", in.TokenValidityUnits.RefreshToken, in.RefreshTokenValidity, &c.refreshTokens,
			day, 30 * day, time.Hour, 3650 * day},
	} {
		unit, known := map[string]time.Duration{
			"": v.defaultUnit, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": day,
		}[v.unit]
		if !known {
			return fmt.Errorf("TokenValidityUnits %q: want seconds, minutes, hours or days", v.unit)
		}
		*v.into = cmp.Or(time.Duration(v.value)*unit, v.zero)
		if *v.into < v.shortest || *v.into > v.longest {
			return fmt.Errorf("%s %d %s: want %s to %s", v.property, v.value, v.unit, v.shortest, v.longest)
		}
	}
	return nil
}

// defined reports the first attribute of a client's property that the pool's schema lacks.
func (p *Pool) defined(property string, names []string) error {
	for _, name := range names {
		if _, ok := p.schema[name]; !ok {
			return fmt.Errorf("%s: the pool has no attribute %q", property, name)
		}
	}
	return nil
}

func (c *client) mayRead(attribute string) bool {
	return c.read == nil || c.read[attribute] || attribute == attrSub
}

func (c *client) mayWrite(attribute string) bool { return c.write == nil || c.write[attribute] }

// set returns names as a set, and nil for nil.
func set(names []string) map[string]bool {
	if names == nil {
		return nil
	}
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}
