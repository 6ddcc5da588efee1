package passkeys

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"
)

// Native switches on the passkeys that Cognito itself keeps, and choice-based
// sign-in (USER_AUTH), which asks for them. They take the plan ESSENTIALS or
// PLUS, a user name before each sign-in, and another sign-in before each
// registration; a user may have 20 of them.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html#amazon-cognito-user-pools-authentication-flow-methods-passkey
type Native struct {
	// Mode says whether this construct's own passkeys go on beside them. Empty
	// means NativeBeside.
	Mode NativeMode

	// RelyingPartyID is the domain that Cognito's passkeys belong to. It takes
	// them from any page at this domain or below it: there is no list of origins.
	// Empty means Props.RelyingPartyID.
	RelyingPartyID string

	// UserVerification says whether an authenticator must check a fingerprint, a
	// face or a PIN: UserVerificationRequired or UserVerificationPreferred. Empty
	// means Props.UserVerification.
	UserVerification UserVerification

	// FactorConfiguration says whether a passkey stands for MFA too. Empty means FactorSingle.
	FactorConfiguration FactorConfiguration

	// AllowedFirstAuthFactors are what users may begin a choice-based sign-in
	// with. Password must be true, as Cognito demands. Nil means passwords and passkeys.
	AllowedFirstAuthFactors *awscognito.AllowedFirstAuthFactors

	// ManagedLogin adds Cognito's own sign-in pages, for the public app client. Nil means none.
	ManagedLogin *ManagedLogin
}

// NativeMode says what goes on beside Cognito's own passkeys.
type NativeMode string

// Values of NativeMode.
const (
	// NativeBeside keeps both kinds of passkeys. A user registers each kind
	// separately, and a client chooses by the flow: USER_AUTH or CUSTOM_AUTH.
	NativeBeside NativeMode = "beside"
	// NativeOnly leaves this construct's own passkeys out, with their triggers,
	// table, secrets and HTTP API. The pool and its clients stay the same.
	NativeOnly NativeMode = "only"
)

// FactorConfiguration is Cognito's WebAuthnFactorConfiguration.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_WebAuthnConfigurationType.html
type FactorConfiguration string

// Values of FactorConfiguration.
const (
	FactorSingle FactorConfiguration = "SINGLE_FACTOR"                       // one factor
	FactorMulti  FactorConfiguration = "MULTI_FACTOR_WITH_USER_VERIFICATION" // passkeys verify the user and satisfy MFA
)

// ManagedLogin is the domain of Cognito's own sign-in pages, in Cognito's default
// style, which its branding editor can change. One of DomainPrefix and
// CustomDomain is required.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html
type ManagedLogin struct {
	// DomainPrefix makes the domain <prefix>.auth.<region>.amazoncognito.com: 1 to
	// 63 lower-case letters, digits and hyphens. Browsers offer passkeys there
	// only if Native.RelyingPartyID is that very domain, and then nowhere else.
	DomainPrefix string

	// CustomDomain is a domain of yours, with its certificate from us-east-1.
	// Native.RelyingPartyID must be the same, as Cognito demands.
	CustomDomain *awscognito.CustomDomainOptions

	// CallbackURLs are where the pages may send a user who has signed in. Required.
	CallbackURLs []string

	// LogoutURLs are where they may send a user who has signed out.
	LogoutURLs []string
}

// withDefaults returns a copy of n in which no zero value is left to interpret, except ManagedLogin.
func (n Native) withDefaults(p Props) *Native {
	setDefault(&n.Mode, NativeBeside)
	setDefault(&n.RelyingPartyID, p.RelyingPartyID)
	setDefault(&n.UserVerification, p.UserVerification)
	setDefault(&n.FactorConfiguration, FactorSingle)
	if n.AllowedFirstAuthFactors == nil {
		n.AllowedFirstAuthFactors = &awscognito.AllowedFirstAuthFactors{Password: jsii.Bool(true), Passkey: jsii.Bool(true)}
	}
	return &n
}

// custom reports whether the construct's own passkeys are there.
func (p Props) custom() bool { return p.Native == nil || p.Native.Mode != NativeOnly }

// managedLogin returns what Native asks of managed login, or nil.
func (p Props) managedLogin() *ManagedLogin {
	if p.Native == nil {
		return nil
	}
	return p.Native.ManagedLogin
}

// verifiesUsers reports whether every passkey verifies its user.
func (p Props) verifiesUsers() bool {
	return (!p.custom() || p.UserVerification == UserVerificationRequired) &&
		(p.Native == nil || p.Native.UserVerification == UserVerificationRequired)
}

// authFlows adds choice-based sign-in to a client's flows where there is any, and
// custom authentication where there are triggers.
func (p Props) authFlows(flows awscognito.AuthFlow) *awscognito.AuthFlow {
	if p.Native != nil {
		flows.User = jsii.Bool(true)
	}
	if p.custom() {
		flows.Custom = jsii.Bool(true)
	}
	return &flows
}

// loginSettings are what lets the pages of managed login sign users in to a client, or nil.
func (p Props) loginSettings() *awscognito.OAuthSettings {
	login := p.managedLogin()
	if login == nil {
		return nil
	}
	return &awscognito.OAuthSettings{
		Flows: &awscognito.OAuthFlows{AuthorizationCodeGrant: jsii.Bool(true)},
		Scopes: &[]awscognito.OAuthScope{
			awscognito.OAuthScope_OPENID(), awscognito.OAuthScope_EMAIL(), awscognito.OAuthScope_PROFILE(),
			awscognito.OAuthScope_COGNITO_ADMIN(), // the user's own passkeys and profile
		},
		CallbackUrls: jsii.Strings(login.CallbackURLs...),
		LogoutUrls:   jsii.Strings(login.LogoutURLs...),
	}
}

// withNative adds Cognito's own passkeys to a pool that is to be made.
func (p *Passkeys) withNative(pool *awscognito.UserPoolProps) *awscognito.UserPoolProps {
	if n := p.props.Native; n != nil {
		pool.PasskeyRelyingPartyId = jsii.String(n.RelyingPartyID)
		pool.PasskeyUserVerification = awscognito.PasskeyUserVerification(strings.ToUpper(string(n.UserVerification)))
		pool.SignInPolicy = &awscognito.SignInPolicy{AllowedFirstAuthFactors: n.AllowedFirstAuthFactors}
	}
	return pool
}

// setFactorConfiguration sets what the L2 construct has no property for.
func (p *Passkeys) setFactorConfiguration(pool awscognito.UserPool) {
	if n := p.props.Native; n != nil {
		pool.Node().DefaultChild().(awscognito.CfnUserPool).SetWebAuthnFactorConfiguration(jsii.String(string(n.FactorConfiguration)))
	}
}

// addManagedLogin makes the domain, and the style without which its pages show an error.
func (p *Passkeys) addManagedLogin() {
	login := p.props.managedLogin()
	if login == nil {
		return
	}
	options := &awscognito.UserPoolDomainOptions{
		CustomDomain: login.CustomDomain, ManagedLoginVersion: awscognito.ManagedLoginVersion_NEWER_MANAGED_LOGIN,
	}
	if login.DomainPrefix != "" {
		options.CognitoDomain = &awscognito.CognitoDomainOptions{DomainPrefix: jsii.String(login.DomainPrefix)}
	}
	p.login = p.pool.AddDomain(jsii.String("Domain"), options)
	awscognito.NewCfnManagedLoginBranding(p, jsii.String("Branding"), &awscognito.CfnManagedLoginBrandingProps{
		UserPoolId: p.pool.UserPoolId(), ClientId: p.Client().UserPoolClientId(), UseCognitoProvidedValues: jsii.Bool(true),
	})
}
