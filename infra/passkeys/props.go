package passkeys

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// Props configures the construct. Only RelyingPartyID and Origins are required.
type Props struct {
	CommonProps
	MonitoringOptions
	VendorProps
	MailProps
	AccountProps

	// RelyingPartyID is the domain that passkeys belong to, for example
	// "example.com": the host of every web origin or a parent domain of it.
	// Passkeys can't move to another one later. Required.
	// https://www.w3.org/TR/webauthn-3/#relying-party-identifier
	RelyingPartyID string

	// Origins are the pages and apps that may ask for passkeys, compared byte by
	// byte: "https://example.com", "android:apk-key-hash:<hash>", "ios:bundle-id:<id>", and
	// "http://localhost:8080" while RelyingPartyID is "localhost". Required,
	// except with NativeOnly.
	Origins []string

	// RelatedOrigins are web origins outside the domain of RelyingPartyID that may
	// ask for its passkeys too, such as "https://example.co.uk". Browsers allow it
	// while https://<RelyingPartyID>/.well-known/webauthn serves what
	// Passkeys.RelatedOriginsDocument returns, which is for the domain's owner to
	// do, and are bound to honour five names before public suffixes.
	// https://www.w3.org/TR/webauthn-3/#sctn-related-origins
	RelatedOrigins []string

	// RelyingPartyName is what authenticators show to the user. Empty means RelyingPartyID.
	RelyingPartyName string

	// UserVerification says whether an authenticator must check a fingerprint,
	// a face or a PIN. Empty means UserVerificationRequired, because a passkey
	// stands for a whole sign-in.
	UserVerification UserVerification

	// CounterPolicy says what a signature counter means that did not increase.
	// Empty means CounterByBackup.
	CounterPolicy CounterPolicy

	// MaxPasskeys is how many passkeys one user may have, from 1 to 50. Zero means 20.
	MaxPasskeys int

	// RecentAuthentication is how long after a sign-in a user may add or remove
	// passkeys, from a minute to an hour. Zero means five minutes.
	RecentAuthentication time.Duration

	// UserPool is a pool that exists. One that the same stack makes gets the
	// triggers there; an imported one, from another stack or made by hand, gets
	// them from a custom resource, which puts back what it found when it is
	// deleted. Nothing else of it is changed, and its other triggers stay its
	// owner's. Nil makes a pool.
	UserPool awscognito.IUserPool

	// Clients are the app clients of UserPool whose users may sign in with
	// passkeys; each must allow custom authentication and prevent user existence
	// errors. Empty makes a public app client. Only with UserPool.
	Clients []awscognito.IUserPoolClient

	// ReplaceTriggers lists triggers of UserPool that may be replaced. A trigger
	// that is taken and not listed here is refused. Only with UserPool.
	ReplaceTriggers []Trigger

	// Attachment attaches the triggers to an imported UserPool again, once for
	// each increase: whenever the stack that owns the pool changes it,
	// CloudFormation takes away the triggers that the stack doesn't know of.
	Attachment int

	// SMSRole is the role by which an imported UserPool sends text messages, and
	// SenderKey is the key of its custom senders of e-mail or text messages, if it
	// has such: whoever updates a pool must be allowed to use them.
	SMSRole   awsiam.IRole
	SenderKey awskms.IKey

	// CaseSensitiveUserNames says that UserPool tells "Ann" from "ann". Only with
	// UserPool: a pool that the construct makes doesn't.
	CaseSensitiveUserNames bool

	// Table is a table of the account's own, as NewCredentialTable makes it. Nil makes one.
	Table awsdynamodb.ITable

	// Native adds the passkeys that Cognito itself keeps, beside the construct's
	// own or instead of them. Nil means none. Not with UserPool.
	Native *Native

	// SignIn says what users type. Empty means SignInEmail. Cognito can't change
	// it on a pool that exists: with UserPool it says what that one has.
	SignIn SignIn

	// SelfSignUp says whether users may create their own accounts at Cognito. Nil
	// means true, unless SignUp or Passwords closes that way. Not with UserPool.
	SelfSignUp *bool

	// MFA says whether users may add an authenticator app (TOTP) as a second
	// factor to their password. Empty means MFAOff. A passkey takes none: it is
	// two factors already while UserVerification is required. Not with UserPool.
	MFA MFA

	// Plan is the pool's feature plan. Empty means LITE, because custom
	// authentication needs no more, or ESSENTIALS with Native. Not with UserPool.
	Plan awscognito.FeaturePlan

	// Email is who sends the pool's mail. Nil means Cognito itself, which is
	// limited to 50 messages a day: use an SES identity in production. Not with UserPool.
	Email awscognito.UserPoolEmail

	// Firewall limits what one source address may ask of the pool, for about $7 a
	// month. Nil leaves it to Cognito's quotas, which all users share. Not with
	// UserPool.
	Firewall *Firewall

	// BackendClient adds a confidential app client, with a secret, for servers
	// that sign users in on their behalf.
	BackendClient bool

	// MarkerAttribute is the custom attribute, without "custom:", that marks who
	// created a user. No app client may write it. Empty means "created_by".
	// Cognito can't rename or remove it later.
	MarkerAttribute string

	// MarkerValue is what a backend that creates users for passkeys sets the
	// attribute to. Empty means "passkeys".
	MarkerValue string

	// ParameterPath is the path in SSM's Parameter Store below which the secrets
	// lie. Empty means "/passkeys/<stack name>/<construct path>". Another path
	// makes new secrets.
	ParameterPath string

	// StampRotation, DecoyRotation, StampKey and DecoyKey are as in KeysProps.
	StampRotation, DecoyRotation int
	StampKey, DecoyKey           *ExistingKey

	// Tickets let a trusted backend sign in users whom it has authenticated
	// itself. Nil takes none.
	Tickets *Tickets

	// Domain is where the HTTP API answers. Nil means the address that API Gateway gives it.
	Domain *Domain

	// Throttle limits the whole HTTP API. Nil means 100 requests a second with
	// bursts of 200, about what Cognito lets sign in.
	Throttle *awsapigatewayv2.ThrottleSettings
}

// UserVerification is the relying party's user verification requirement.
// https://www.w3.org/TR/webauthn-3/#enum-userVerificationRequirement
type UserVerification string

// Values of UserVerification.
const (
	UserVerificationRequired    UserVerification = "required"
	UserVerificationPreferred   UserVerification = "preferred"
	UserVerificationDiscouraged UserVerification = "discouraged"
)

// CounterPolicy says what a signature counter means that did not increase, the
// sign of a cloned authenticator.
// https://www.w3.org/TR/webauthn-3/#sctn-sign-counter
type CounterPolicy string

// Values of CounterPolicy.
const (
	CounterByBackup CounterPolicy = ""       // refuse device-bound passkeys; accept and report synced ones, which some providers count wrong
	CounterReject   CounterPolicy = "reject" // refuse
	CounterFlag     CounterPolicy = "flag"   // accept and report
	CounterIgnore   CounterPolicy = "ignore" // accept
)

// SignIn says what users type to sign in.
type SignIn string

// Values of SignIn.
const (
	SignInEmail    SignIn = "email"    // the e-mail address; the user name is the sub
	SignInPhone    SignIn = "phone"    // the phone number; the user name is the sub
	SignInUserName SignIn = "username" // a user name, or the verified e-mail address or preferred user name as its alias
)

// MFA is the pool's multi-factor authentication, which Cognito applies to
// sign-ins by password only: custom authentication, and so a passkey, skips it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa.html
type MFA string

// Values of MFA. There is no "required", because sign-ins with a passkey would not keep it.
const (
	MFAOff      MFA = "off"      // passwords alone
	MFAOptional MFA = "optional" // each user may add an authenticator app
)

// Trigger is a trigger of a user pool, as Cognito names it.
type Trigger string

// Values of Trigger: the three of custom authentication, and those that come with Passwords.
const (
	TriggerDefine            Trigger = provisioning.TriggerDefine
	TriggerCreate            Trigger = provisioning.TriggerCreate
	TriggerVerify            Trigger = provisioning.TriggerVerify
	TriggerPreSignUp         Trigger = provisioning.TriggerPreSignUp
	TriggerPostConfirmation  Trigger = provisioning.TriggerPostConfirmation
	TriggerPreAuthentication Trigger = provisioning.TriggerPreAuthentication
)

// withDefaults returns a copy of p in which no zero value is left to interpret,
// except what depends on the stack or means that something is not there.
func (p Props) withDefaults() Props {
	p.CommonProps = p.CommonProps.withDefaults()
	setDefault(&p.RelyingPartyName, p.RelyingPartyID)
	p.MailProps = p.MailProps.withDefaults(p.RelyingPartyName)
	p.AccountProps = p.AccountProps.withDefaults()
	setDefault(&p.UserVerification, UserVerificationRequired)
	setDefault(&p.MaxPasskeys, 20)
	setDefault(&p.RecentAuthentication, 5*time.Minute)
	setDefault(&p.SignIn, SignInEmail)
	setDefault(&p.SelfSignUp, jsii.Bool(!p.closesSignUp()))
	setDefault(&p.MFA, MFAOff)
	if p.Firewall != nil {
		p.Firewall = p.Firewall.withDefaults()
	}
	if p.Native != nil {
		p.Native = p.Native.withDefaults(p)
		setDefault(&p.Plan, awscognito.FeaturePlan_ESSENTIALS)
	}
	setDefault(&p.Plan, awscognito.FeaturePlan_LITE)
	setDefault(&p.MarkerAttribute, "created_by")
	setDefault(&p.MarkerValue, "passkeys")
	return p
}
