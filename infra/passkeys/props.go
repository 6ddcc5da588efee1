package passkeys

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

// Props configures the construct. Only RelyingPartyID and Origins are required.
type Props struct {
	// RelyingPartyID is the domain that passkeys belong to, for example
	// "example.com": the host of every web origin or a parent domain of it.
	// Passkeys can't move to another one later. Required.
	// https://www.w3.org/TR/webauthn-3/#relying-party-identifier
	RelyingPartyID string

	// Origins are the pages and apps that may ask for passkeys, compared byte by
	// byte: "https://example.com", "android:apk-key-hash:<hash>", "ios:bundle-id:<id>", and
	// "http://localhost:8080" while RelyingPartyID is "localhost". Required.
	Origins []string

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

	// SignIn says what users type. Empty means SignInEmail. Cognito can't change
	// it on a pool that exists.
	SignIn SignIn

	// SelfSignUp says whether users may create their own accounts. Nil means true.
	SelfSignUp *bool

	// MFA says whether users may add an authenticator app (TOTP) as a second
	// factor to their password. Empty means MFAOff. A passkey takes none: it is
	// two factors already while UserVerification is required.
	MFA MFA

	// Plan is the pool's feature plan. Empty means LITE: custom authentication needs no more.
	Plan awscognito.FeaturePlan

	// Email is who sends the pool's mail. Nil means Cognito itself, which is
	// limited to 50 messages a day: use an SES identity in production.
	Email awscognito.UserPoolEmail

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

	// StampRotation rotates the key that signs challenges once for each increase.
	// Sign-ins go on: the previous and the next key are known to all who verify.
	StampRotation int

	// DecoyRotation replaces the key that false passkey lists derive from, once
	// for each increase. Do so only after a leak, because the change shows which
	// lists are false.
	DecoyRotation int

	// RemovalPolicy says what happens to the pool, the table, the secrets and the
	// logs when they leave the stack. Empty means RETAIN, with deletion
	// protection; DESTROY, without it, is for try-outs.
	RemovalPolicy awscdk.RemovalPolicy

	// Architecture is what the functions are built for. Nil means ARM_64.
	Architecture awslambda.Architecture

	// LogRetention is how long logs are kept. Empty means three months.
	LogRetention awslogs.RetentionDays

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

// withDefaults returns a copy of p in which no zero value is left to interpret,
// except ParameterPath, which depends on the stack, and Email.
func (p Props) withDefaults() Props {
	setDefault(&p.RelyingPartyName, p.RelyingPartyID)
	setDefault(&p.UserVerification, UserVerificationRequired)
	setDefault(&p.MaxPasskeys, 20)
	setDefault(&p.RecentAuthentication, 5*time.Minute)
	setDefault(&p.SignIn, SignInEmail)
	setDefault(&p.SelfSignUp, jsii.Bool(true))
	setDefault(&p.MFA, MFAOff)
	setDefault(&p.Plan, awscognito.FeaturePlan_LITE)
	setDefault(&p.MarkerAttribute, "created_by")
	setDefault(&p.MarkerValue, "passkeys")
	setDefault(&p.RemovalPolicy, awscdk.RemovalPolicy_RETAIN)
	setDefault(&p.LogRetention, awslogs.RetentionDays_THREE_MONTHS)
	if p.Architecture == nil {
		p.Architecture = awslambda.Architecture_ARM_64()
	}
	if p.Throttle == nil {
		p.Throttle = &awsapigatewayv2.ThrottleSettings{RateLimit: jsii.Number(100), BurstLimit: jsii.Number(200)}
	}
	return p
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// retained reports whether data outlives the stack.
func (p Props) retained() bool { return p.RemovalPolicy != awscdk.RemovalPolicy_DESTROY }
