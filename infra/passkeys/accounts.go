package passkeys

import (
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// AccountProps are how accounts are made and recovered without a password, and
// what becomes of passwords. What needs proof of an address asks for it by mail,
// so that EmailCode or EmailLink must be on, which is also how users get in who
// have no passkey at hand.
type AccountProps struct {
	// SignUp lets users sign up without a password: whoever proves an e-mail
	// address has an account, is signed in at once, and may add a passkey. Nil
	// leaves signing up to Cognito. Not with SignInPhone.
	SignUp *SignUp

	// Recovery lets users back in who have lost all their passkeys. Nil has none.
	// Not with SignInPhone.
	Recovery *Recovery

	PasswordProps

	// MailThrottle limits each route of the HTTP API on which anybody can have mail
	// sent, in all, beside the limits for each address and each source. Nil means 2
	// requests a second with bursts of 20. Only with SignUp or Recovery.
	MailThrottle *awsapigatewayv2.ThrottleSettings
}

// SignUp is signing up without a password.
type SignUp struct {
	// KnownOnly takes only people whose account number and e-mail address are on
	// the roster, which `go run ./infra/admin import-roster` fills.
	KnownOnly bool

	// RosterRotation replaces the pepper of the roster once for each increase. Do so
	// only after a leak, and import the roster once before the next: what only the
	// pepper before the last one finds is lost.
	RosterRotation int

	// RosterKey is a key ring of the account's own with the pepper. Nil makes one.
	RosterKey *ExistingKey
}

// Recovery is proof of the e-mail address, a delay, and proof again.
type Recovery struct {
	// Delay between the first proof and the second, in which the owner is told and
	// can void the recovery with a passkey, up to 30 days. Nil means 24 hours; none
	// at all makes the mailbox as good as any passkey.
	Delay *time.Duration

	// KeepPasskeys leaves the user's passkeys as they are.
	KeepPasskeys bool
}

// Limits of accounts.
const (
	defaultRecoveryDelay = 24 * time.Hour
	maxRecoveryDelay     = 30 * 24 * time.Hour
)

// proofItems are the partitions of proofs of an address, as a pattern of an IAM condition.
var proofItems = table.ProofPK("*")

// withDefaults returns a copy of a in which nothing is left to interpret.
func (a AccountProps) withDefaults() AccountProps {
	if a.Recovery != nil {
		recovery := *a.Recovery
		if recovery.Delay == nil {
			delay := defaultRecoveryDelay
			recovery.Delay = &delay
		}
		a.Recovery = &recovery
	}
	if a.vouches() && a.MailThrottle == nil {
		a.MailThrottle = &awsapigatewayv2.ThrottleSettings{RateLimit: jsii.Number(2), BurstLimit: jsii.Number(20)}
	}
	a.PasswordProps = a.PasswordProps.withDefaults()
	return a
}

// vouches reports whether the accounts function signs users in by tickets, once
// they proved an address.
func (a AccountProps) vouches() bool { return a.SignUp != nil || a.Recovery != nil }

// hasAccounts reports whether there is an accounts function: where an address
// makes or recovers an account, or lets its owner go without a password.
func (p Props) hasAccounts() bool {
	return p.vouches() || p.Passwords != PasswordsKeep && p.sends()
}

// asksBeforeSignUp reports whether a function decides who may sign up at Cognito itself.
func (a AccountProps) asksBeforeSignUp() bool { return a.SignUp != nil || a.areOut() }

// closesSignUp reports whether nobody may.
func (a AccountProps) closesSignUp() bool {
	return a.areOut() || a.SignUp != nil && !a.SignUp.KnownOnly
}

// accountMethods are the ways to sign in that accounts add on every app client.
func (a AccountProps) accountMethods() []string {
	if !a.vouches() {
		return nil
	}
	return []string{provisioning.MethodAccount}
}

// accountRoutes are those that the accounts function answers.
func (a AccountProps) accountRoutes() []routes.Route {
	all := []routes.Route{routes.RemovePassword}
	if a.SignUp != nil {
		all = append(all, routes.SignUps()...)
	}
	if a.Recovery != nil {
		all = append(all, routes.Recoveries()...)
	}
	all = append(all, a.rosterRoutes()...)
	return all
}

// AccountsProps configures Accounts.
type AccountsProps struct {
	CommonProps
	AccountProps
	MailProps

	// API gets the routes, and the access tokens of its Clients are taken; Triggers
	// take the tickets. Both of the same stack, with the same AccountProps and
	// MailProps. Required.
	API      *API
	Triggers *Triggers

	// UserPool is whose accounts they are, and Clients are the app clients that are
	// served. Required.
	UserPool awscognito.IUserPool
	Clients  []awscognito.IUserPoolClient

	// Table holds the passkeys, as NewCredentialTable makes it. Required.
	Table awsdynamodb.ITable

	// SignIn and MarkerAttribute are as in Props. Required.
	SignIn          SignIn
	MarkerAttribute string
}

// Accounts is the function that creates, recovers and changes accounts. It may
// call the user pool as an administrator, send mail and sign in as anybody, none
// of which the API of passkeys may.
type Accounts struct {
	constructs.Construct

	props    AccountsProps
	function function
	roster   keyRing // for the function and the operator; empty unless only known people may sign up
}

// NewAccounts adds the function to scope and its routes to the API. It panics
// with an *InvalidPropsError or a *BuildError.
func NewAccounts(scope constructs.Construct, id *string, props *AccountsProps) *Accounts {
	if props == nil {
		props = &AccountsProps{}
	}
	must(props.validate())
	a := &Accounts{props: *props}
	a.props.CommonProps = props.CommonProps.withDefaults()
	a.props.AccountProps = props.AccountProps.withDefaults()
	a.props.MailProps = props.MailProps.withDefaults(props.API.props.RelyingPartyName)
	a.props.tag(a.props.fallbackTags()...)
	constructs.NewConstruct_Override(a, scope, id)
	setDefault(&a.props.Instance, instanceOf(a))
	a.addFunction()
	a.addRoutes()
	return a
}

// addRoutes adds the routes to the API, and limits those that mail.
func (a *Accounts) addRoutes() {
	served := a.props.API.addServed("AccountsIntegration", a.function, a.props.accountRoutes(),
		"It is called before anyone is signed in. It tells nobody who has an account, mails few, and does no more before an address is proved.")
	mailing := map[string]awsapigatewayv2.HttpRoute{} // route key → route
	for _, route := range routes.Mailing() {
		if added := served[route.Key()]; added != nil {
			mailing[route.Key()] = added
		}
	}
	if len(mailing) > 0 {
		a.props.API.throttle(mailing, *a.props.MailThrottle)
	}
}

// SignUp is how users sign up without a password, or nil if they don't.
func (p *Passkeys) SignUp() *SignUp { return p.props.SignUp }

// Recovers reports whether users can get back in who have lost all their passkeys.
func (p *Passkeys) Recovers() bool { return p.props.Recovery != nil }

// Function answers the routes of accounts.
func (a *Accounts) Function() awslambda.IFunction { return a.function.live }

func (a *Accounts) addFunction() {
	triggers := a.props.Triggers
	s := settings.Accounts{
		Table:            *a.props.Table.TableName(),
		UserPoolID:       *a.props.UserPool.UserPoolId(),
		ClientIDs:        clientIDs(a.props.Clients),
		AccountParameter: triggers.account.parameter,
		NamedUsers:       a.props.SignIn == SignInUserName,
		MarkerAttribute:  customAttribute(a.props.MarkerAttribute),
		SignUp:           a.props.SignUp != nil,
		Password: settings.Password{
			TokenClientIDs:       clientIDs(a.props.API.props.Clients),
			RecentAuthentication: a.props.API.props.RecentAuthentication,
			WayBack:              a.waysBack(),
		},
		Mail: a.props.mailSettings(triggers.mail.parameter, a.props.API.props.Origins),
	}
	if recovery := a.props.Recovery; recovery != nil {
		s.Recovery = settings.Recovery{Recovers: true, RecoveryDelay: *recovery.Delay, KeepPasskeys: recovery.KeepPasskeys}
	}
	a.knowPeople(&s)
	a.function = a.props.newServing(a, definition{
		id: "Function", directory: accountsFunction, timeout: apiTimeout, files: a.props.mailFiles(), environment: settings.Environ(s),
	})
	if a.props.vouches() {
		a.letVouch()
	}
	if a.props.knowsPeople() {
		a.letKnow()
	}
	if a.props.SignUp != nil {
		a.function.allow(allowPool(a.props.UserPool, "cognito-idp:AdminCreateUser", "cognito-idp:AdminGetUser", "cognito-idp:AdminDeleteUser"))
	}
	if a.props.Recovery != nil {
		a.letRecover()
	}
	a.letTakePasswords()
}

// letTakePasswords lets the function take passwords away, and tell of it.
func (a *Accounts) letTakePasswords() {
	a.function.allow(allowPool(a.props.UserPool, "cognito-idp:AdminSetUserPassword", "cognito-idp:AdminUserGlobalSignOut"))
	a.function.allow(a.props.allowMail(a)...)
	if a.props.Recovery == nil || a.props.Recovery.KeepPasskeys { // other recoveries may do more there
		a.function.allow(allowItems(a.props.Table, []string{userItems}, "dynamodb:UpdateItem")...)
	}
}

// waysBack reports whether a mail lets a user in who has lost every passkey.
func (a *Accounts) waysBack() bool {
	return a.props.Recovery != nil || slices.ContainsFunc(a.props.Clients, func(client awscognito.IUserPoolClient) bool {
		return a.props.policyOn(client) == PasskeyPreferred
	})
}

// letVouch lets the function have addresses proved by mail, and sign who proved
// one in.
func (a *Accounts) letVouch() {
	triggers := a.props.Triggers
	a.function.allow(triggers.account.read...)
	a.function.allow(triggers.mail.read...)
	a.function.allow(allowItems(a.props.Table, []string{proofItems, rateItems}, "dynamodb:GetItem", "dynamodb:UpdateItem")...)
}

func (a AccountsProps) validate() error {
	var c check
	c.required("API", a.API)
	c.required("Triggers", a.Triggers)
	c.required("UserPool", a.UserPool)
	c.required("Clients", a.Clients)
	c.required("Table", a.Table)
	c.required("SignIn", a.SignIn)
	c.required("MarkerAttribute", a.MarkerAttribute)
	c.common(a.CommonProps)
	if a.API != nil {
		c.mail(a.MailProps, a.API.props.RelyingPartyID)
	}
	c.accounts(a.AccountProps, a.MailProps, a.SignIn)
	return c.err()
}

// accounts checks what concerns accounts.
func (c *check) accounts(a AccountProps, m MailProps, signIn SignIn) {
	journeys := []property{{"SignUp", a.SignUp != nil}, {"Recovery", a.Recovery != nil}}
	if !a.vouches() {
		c.unset("leave it out, or set SignUp or Recovery too: it limits their mail", property{"MailThrottle", a.MailThrottle != nil})
	}
	if !m.sends() {
		c.unset("set EmailCode or EmailLink too: an address is proved by mail, and users without a passkey at hand must get in", journeys...)
	}
	if signIn == SignInPhone {
		c.unset("leave it out: it is proof of an e-mail address, and users sign in by phone number", journeys...)
	}
	c.roster(a.SignUp)
	if a.Recovery != nil && a.Recovery.Delay != nil && (*a.Recovery.Delay < 0 || *a.Recovery.Delay > maxRecoveryDelay) {
		c.add("Recovery.Delay", a.Recovery.Delay.String(), "use 0s to %s", maxRecoveryDelay)
	}
}
