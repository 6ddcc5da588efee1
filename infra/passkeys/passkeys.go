// Package passkeys is an AWS CDK construct that adds passkeys to an Amazon
// Cognito user pool, on any of Cognito's plans: the pool, its app clients, the
// three triggers of custom authentication, the table of credentials, their
// secrets, and the HTTP API that registers and lists passkeys.
//
//	passkeys.New(stack, jsii.String("Passkeys"), &passkeys.Props{
//		RelyingPartyID: "example.com",
//		Origins:        []string{"https://example.com"},
//	})
//
// The functions are built from this module's own sources when the stack is
// synthesized, so the go command must be on the PATH then.
//
// Construct ids, and with them the logical ids of the pool, the table and the
// secrets, stay the same within a major version.
package passkeys

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Passkeys is the construct. It is made of parts that can be used alone too:
// NewCredentialTable, NewKeys, NewTriggers, NewAPI, NewAccounts and NewMonitoring.
type Passkeys struct {
	constructs.Construct

	props    Props
	table    awsdynamodb.ITable
	keys     *Keys
	triggers *Triggers
	pool     awscognito.IUserPool
	clients  []awscognito.IUserPoolClient
	backend  awscognito.UserPoolClient // nil unless asked for

	passwordClients []awscognito.IUserPoolClient

	api      *API
	accounts *Accounts                 // nil unless asked for
	login    awscognito.UserPoolDomain // nil unless asked for
	emits    emitted
	watch    *Monitoring
}

// New adds the construct to scope. It panics with an *InvalidPropsError that
// holds every problem of props, or with a *BuildError if the functions can't be built.
func New(scope constructs.Construct, id *string, props *Props) *Passkeys {
	if props == nil {
		props = &Props{}
	}
	must(props.Validate())
	p := &Passkeys{props: props.withDefaults()}
	p.props.tag(slices.Concat(p.props.buildTags(), p.props.fallbackTags())...) // of all functions, so that they are built at once
	constructs.NewConstruct_Override(p, scope, id)
	setDefault(&p.props.ParameterPath, defaultParameterPath(p))
	setDefault(&p.props.Instance, instanceOf(p))
	p.emits = emitted{p.props.Instance}

	if p.props.custom() {
		p.addTable()
		p.addTriggers()
	}
	p.addPool()
	p.addFirewall()
	p.addClients()
	p.addPasswordClients()
	if p.props.custom() {
		p.addAPI()
		p.addAccounts()
		p.addMonitoring()
	}
	p.addManagedLogin()
	return p
}

func (p *Passkeys) addTable() {
	p.table = p.props.Table
	if p.table == nil {
		p.table = NewCredentialTable(p, jsii.String("Table"), &p.props.CommonProps)
	}
}

func (p *Passkeys) addTriggers() {
	p.keys = NewKeys(p, jsii.String("Keys"), &KeysProps{
		CommonProps:   p.props.CommonProps,
		ParameterPath: p.props.ParameterPath,
		StampRotation: p.props.StampRotation,
		DecoyRotation: p.props.DecoyRotation,
		StampKey:      p.props.StampKey,
		DecoyKey:      p.props.DecoyKey,
	})
	p.triggers = NewTriggers(p, jsii.String("Triggers"), &TriggersProps{
		CommonProps:            p.props.CommonProps,
		VendorProps:            p.props.VendorProps,
		MailProps:              p.props.MailProps,
		AccountProps:           p.props.AccountProps,
		Table:                  p.table,
		Keys:                   p.keys,
		RelyingPartyID:         p.props.RelyingPartyID,
		Origins:                p.props.Origins,
		RelatedOrigins:         p.props.RelatedOrigins,
		UserVerification:       p.props.UserVerification,
		CounterPolicy:          p.props.CounterPolicy,
		CaseSensitiveUserNames: p.props.CaseSensitiveUserNames,
		SignIn:                 p.props.SignIn,
		Tickets:                p.props.Tickets,
	})
}

func (p *Passkeys) addPool() {
	p.pool = p.props.UserPool
	if p.pool == nil {
		p.pool = p.newPool()
	}
	if p.triggers == nil {
		return
	}
	p.triggers.Attach(p.pool, &AttachOptions{
		Clients:         p.props.Clients,
		PasswordClients: p.props.PasswordClients,
		Attributes:      []string{p.props.MarkerAttribute},
		Replace:         p.props.ReplaceTriggers,
		Attachment:      p.props.Attachment,
		SMSRole:         p.props.SMSRole,
		SenderKey:       p.props.SenderKey,
	})
}

func (p *Passkeys) addAPI() {
	p.api = NewAPI(p, jsii.String("Api"), &APIProps{
		CommonProps:          p.props.CommonProps,
		VendorProps:          p.props.VendorProps,
		MailProps:            p.props.MailProps,
		UserPool:             p.pool,
		Clients:              slices.Concat(p.clients, p.passwordClients),
		Table:                p.table,
		Keys:                 p.keys,
		RelyingPartyID:       p.props.RelyingPartyID,
		RelyingPartyName:     p.props.RelyingPartyName,
		Origins:              p.props.Origins,
		RelatedOrigins:       p.props.RelatedOrigins,
		UserVerification:     p.props.UserVerification,
		CounterPolicy:        p.props.CounterPolicy,
		MaxPasskeys:          p.props.MaxPasskeys,
		RecentAuthentication: p.props.RecentAuthentication,
		SignIn:               p.props.SignIn,
		Passwords:            p.props.Passwords,
		Domain:               p.props.Domain,
		Throttle:             p.props.Throttle,
	})
}

func (p *Passkeys) addAccounts() {
	if !p.props.hasAccounts() {
		return
	}
	p.accounts = NewAccounts(p, jsii.String("Accounts"), &AccountsProps{
		CommonProps:     p.props.CommonProps,
		AccountProps:    p.props.AccountProps,
		MailProps:       p.props.MailProps,
		API:             p.api,
		Triggers:        p.triggers,
		UserPool:        p.pool,
		Clients:         p.clients,
		Table:           p.table,
		SignIn:          p.props.SignIn,
		MarkerAttribute: p.props.MarkerAttribute,
	})
}

func (p *Passkeys) addMonitoring() {
	p.watch = NewMonitoring(p, jsii.String("Monitoring"), &MonitoringProps{
		CommonProps:       p.props.CommonProps,
		MonitoringOptions: p.props.MonitoringOptions,
		Triggers:          p.triggers,
		API:               p.api,
		Accounts:          p.accounts,
		Table:             p.table,
	})
}

// UserPool is the pool that users sign in to.
func (p *Passkeys) UserPool() awscognito.IUserPool { return p.pool }

// Client is the public app client that the construct made, or else the first of Props.Clients.
func (p *Passkeys) Client() awscognito.IUserPoolClient { return p.clients[0] }

// BackendClient is the confidential app client, or nil unless Props.BackendClient asked for it.
func (p *Passkeys) BackendClient() awscognito.UserPoolClient { return p.backend }

// LoginDomain is the domain of managed login, or nil unless Native.ManagedLogin asked for it.
func (p *Passkeys) LoginDomain() awscognito.UserPoolDomain { return p.login }

// Table holds the passkeys. With NativeOnly it is nil.
func (p *Passkeys) Table() awsdynamodb.ITable { return p.table }

// Keys makes the secrets. With NativeOnly it is nil.
func (p *Passkeys) Keys() *Keys { return p.keys }

// Triggers are the functions of custom authentication. With NativeOnly it is nil.
func (p *Passkeys) Triggers() *Triggers { return p.triggers }

// API is the HTTP API that registers, lists, renames and deletes passkeys. With
// NativeOnly it is nil: the user-pool API does so.
func (p *Passkeys) API() *API { return p.api }

// Accounts creates, recovers and changes accounts, or is nil unless SignUp or
// Recovery asks for it.
func (p *Passkeys) Accounts() *Accounts { return p.accounts }

// Monitoring watches the other parts. With NativeOnly it is nil.
func (p *Passkeys) Monitoring() *Monitoring { return p.watch }

// RelyingPartyID is the domain that passkeys belong to: the construct's own, or
// with NativeOnly those that Cognito keeps.
func (p *Passkeys) RelyingPartyID() string {
	if !p.props.custom() {
		return p.props.Native.RelyingPartyID
	}
	return p.props.RelyingPartyID
}

// RelatedOriginsDocument is what https://<RelyingPartyID>/.well-known/webauthn
// must serve, as application/json. It is empty if there are no Props.RelatedOrigins.
func (p *Passkeys) RelatedOriginsDocument() string {
	if len(p.props.RelatedOrigins) == 0 {
		return ""
	}
	document, err := json.Marshal(map[string][]string{"origins": p.props.RelatedOrigins})
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	return string(document)
}

// Marker is the attribute, as Cognito names it, and the value by which a
// backend marks the users that it creates for passkeys.
func (p *Passkeys) Marker() (attribute, value string) {
	return customAttribute(p.props.MarkerAttribute), p.props.MarkerValue
}

// customAttribute is a custom attribute as Cognito names it.
func customAttribute(name string) string { return "custom:" + name }

// GrantSignIn lets a backend sign users in with AdminInitiateAuth and
// AdminRespondToAuthChallenge.
func (p *Passkeys) GrantSignIn(grantee awsiam.IGrantable) awsiam.Grant {
	return p.pool.Grant(grantee,
		jsii.String("cognito-idp:AdminInitiateAuth"), jsii.String("cognito-idp:AdminRespondToAuthChallenge"))
}

// must panics with a problem of the props, as CDK constructs do.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
