package passkeys

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// TriggersProps configures Triggers.
type TriggersProps struct {
	CommonProps
	VendorProps
	MailProps
	AccountProps

	// Table holds the passkeys, as NewCredentialTable makes it. Required.
	Table awsdynamodb.ITable

	// Keys of the stack. Required.
	Keys *Keys

	// RelyingPartyID, Origins, RelatedOrigins, UserVerification and CounterPolicy
	// are as in Props.
	RelyingPartyID   string
	Origins          []string
	RelatedOrigins   []string
	UserVerification UserVerification
	CounterPolicy    CounterPolicy

	// CaseSensitiveUserNames says that the pool tells "Ann" from "ann".
	CaseSensitiveUserNames bool

	// SignIn is as in Props.
	SignIn SignIn

	// Tickets are taken on the app clients that Serve is told so of. Nil takes
	// none; its Clients mean nothing here.
	Tickets *Tickets
}

// MethodTicket lets an app client's users sign in by a one-time ticket of a trusted backend.
const MethodTicket = provisioning.MethodTicket

// Triggers are the three functions of custom authentication, and with Passwords
// those before an account and before a password. A pool refers to its triggers,
// and CloudFormation allows no cycle: they refer neither to a pool nor to an app
// client. What they must know of a client they read from the table.
type Triggers struct {
	constructs.Construct

	props                  TriggersProps
	define, create, verify function
	preSignUp              function // zero unless it decides who may sign up at Cognito
	postConfirmation       function // zero unless known people may sign up at Cognito
	preAuthentication      function // zero unless there are app clients for passwords
	ticket                 keyRing  // for trusted backends alone; empty unless Props.Tickets
	account                keyRing  // for the accounts function alone; empty unless it signs users in
	mail                   keyRing  // for Create and the accounts function; empty unless mail is sent
	sms                    keyRing  // for Create alone; empty unless Props.SMSCode
}

// NewTriggers adds the functions to scope. No pool has them before Attach, and
// no app client is served before Serve. It panics with an *InvalidPropsError or
// a *BuildError.
func NewTriggers(scope constructs.Construct, id *string, props *TriggersProps) *Triggers {
	if props == nil {
		props = &TriggersProps{}
	}
	must(props.validate())
	t := &Triggers{props: *props}
	t.props.CommonProps = props.CommonProps.withDefaults()
	t.props.VendorProps = props.VendorProps.withDefaults(props.Keys.props.ParameterPath)
	t.props.MailProps = props.MailProps.withDefaults(t.props.RelyingPartyID)
	t.props.tag(slices.Concat(t.props.buildTags(), t.props.fallbackTags())...)
	setDefault(&t.props.UserVerification, UserVerificationRequired)
	constructs.NewConstruct_Override(t, scope, id)
	setDefault(&t.props.Instance, instanceOf(t))
	t.addDefine()
	t.addCreate()
	t.addVerify()
	t.addGates()
	return t
}

func (t *Triggers) addDefine() {
	t.define = t.newTrigger("DefineAuthChallenge", defineFunction, settings.Define{
		Openers: t.props.methods(), Fallbacks: t.props.fallbacks(),
	})
}

func (t *Triggers) addCreate() {
	vendors := t.props.settings()
	s := settings.Create{
		Table:          *t.props.Table.TableName(),
		DecoyParameter: t.props.Keys.decoy.parameter,
		Openers:        t.props.methods(),
		Fallbacks:      t.props.fallbacks(),
		FoldUserNames:  !t.props.CaseSensitiveUserNames,
		Vendors:        vendors,
	}
	if mail := t.props.Mail; mail != nil {
		t.mail = t.props.Keys.newKeyRing("MailKey", "mail", provisioning.KindSymmetric, mail.Rotation, mail.Key)
		s.Mail = t.props.mailSettings(t.mail.parameter, t.props.Origins)
	}
	if sms := t.props.SMSCode; sms != nil {
		t.addSMSKey()
		s.SMS = sms.settings(t.sms.parameter, t.props.RelyingPartyID)
	}
	t.create = t.newTrigger("CreateAuthChallenge", createFunction, s)
	if t.props.sends() {
		t.letCreateMail()
	}
	if t.props.SMSCode != nil {
		t.letCreateText()
	}
	if len(t.props.fallbacks()) > 0 {
		t.letCreateKeep()
	}
	t.create.allow(allowItems(t.props.Table, []string{userItems, configItems}, "dynamodb:GetItem")...)
	t.create.allow(t.props.Keys.decoy.read...)
	t.create.allow(secretsOf(t.props.Keys, vendors.PassageParameter, vendors.ProviderParameter)...)
}

func (t *Triggers) addVerify() {
	vendors := t.props.settings()
	var ticketKeys, accountKeys []string
	if tickets := t.props.Tickets; tickets != nil {
		t.ticket = t.props.Keys.newKeyRing("TicketKey", "ticket", provisioning.KindSigning, tickets.Rotation, tickets.Key)
		ticketKeys = []string{t.ticket.publicKeys()}
	}
	if t.props.vouches() {
		t.account = t.props.Keys.newKeyRing("AccountKey", "account", provisioning.KindSigning, 0, nil)
		accountKeys = []string{t.account.publicKeys()}
	}
	t.verify = t.newTrigger("VerifyAuthChallenge", verifyFunction, settings.Verify{
		Table:          *t.props.Table.TableName(),
		RelyingPartyID: t.props.RelyingPartyID,
		Origins:        t.props.Origins,
		RelatedOrigins: t.props.RelatedOrigins,
		StampKeys:      []string{t.props.Keys.stamp.publicKeys()},
		CounterPolicy:  string(t.props.CounterPolicy),
		TicketKeys:     ticketKeys,
		AccountKeys:    accountKeys,
		Fallbacks:      t.props.fallbacks(),
		LinkAnyBrowser: t.props.EmailLink != nil && t.props.EmailLink.AnyBrowser,
		SMSStepUpOnly:  t.props.SMSCode != nil && t.props.SMSCode.StepUpOnly,
		Vendors:        vendors,
	})
	t.verify.allow(allowItems(t.props.Table, t.spends(), "dynamodb:GetItem", "dynamodb:UpdateItem")...)
	t.verify.allow(secretsOf(t.props.Keys, vendors.CorbadoParameter, vendors.PassageParameter, vendors.ProviderParameter)...)
}

// spends are the partitions in which Verify records what was used.
func (t *Triggers) spends() []string {
	if len(t.props.fallbacks()) > 0 {
		return []string{userItems, mailItems}
	}
	return []string{userItems}
}

func (t *Triggers) newTrigger(id, directory string, s any) function {
	d := definition{id: id, directory: directory, environment: settings.Environ(s), timeout: triggerTimeout}
	if directory == createFunction {
		d.files = t.props.fallbackFiles()
	}
	return t.props.newServing(t, d)
}

// DefineFunction is the Define Auth Challenge trigger.
func (t *Triggers) DefineFunction() awslambda.IFunction { return t.define.live }

// CreateFunction is the Create Auth Challenge trigger.
func (t *Triggers) CreateFunction() awslambda.IFunction { return t.create.live }

// VerifyFunction is the Verify Auth Challenge Response trigger.
func (t *Triggers) VerifyFunction() awslambda.IFunction { return t.verify.live }

// PreSignUpFunction is the Pre Sign-up trigger, or nil where SignUp is open.
func (t *Triggers) PreSignUpFunction() awslambda.IFunction { return t.preSignUp.live }

// PostConfirmationFunction is the Post Confirmation trigger, or nil unless known people may sign up at Cognito.
func (t *Triggers) PostConfirmationFunction() awslambda.IFunction { return t.postConfirmation.live }

// PreAuthenticationFunction is the Pre Authentication trigger, or nil without app clients for passwords.
func (t *Triggers) PreAuthenticationFunction() awslambda.IFunction { return t.preAuthentication.live }

// Serve lets the users of an app client sign in with passkeys: Create refuses
// every client that it finds no item of. Users who are with a vendor sign in
// there too; further methods are those of the client alone, such as MethodTicket.
func (t *Triggers) Serve(client awscognito.IUserPoolClient, further ...string) {
	keys := t.props.Keys
	keys.provision.allow(allowItems(t.props.Table, []string{configItems}, "dynamodb:PutItem", "dynamodb:DeleteItem")...)
	properties := map[string]any{
		provisioning.TableName:        t.props.Table.TableName(),
		provisioning.ClientID:         client.UserPoolClientId(),
		provisioning.RelyingPartyID:   t.props.RelyingPartyID,
		provisioning.UserVerification: t.props.UserVerification,
		provisioning.Methods:          slices.Concat([]string{provisioning.MethodPasskey}, t.props.methods(), t.props.fallbacks(), t.props.accountMethods(), further),
	}
	if len(t.props.fallbacks()) > 0 {
		properties[provisioning.Policy] = t.props.policyOn(client)
	}
	keys.newCustomResource(t, servedID(client), provisioning.ClientType, properties)
}

// servedID is the construct id of what serves a client. A new one would serve
// the client anew and then not at all: the old one goes last. So it is the
// client's id, or where that is known only at deployment, the place of its
// declaration, which the client itself depends on.
func servedID(client awscognito.IUserPoolClient) string {
	if id := *client.UserPoolClientId(); !unresolved(id) {
		return id
	}
	return *client.Node().Id() + (*client.Node().Addr())[:8]
}

// part is one of the functions, under the names that Cognito has for it.
type part struct {
	trigger   Trigger
	operation awscognito.UserPoolOperation
	function  awslambda.IFunction
}

func (t *Triggers) parts() []part {
	parts := []part{
		{TriggerDefine, awscognito.UserPoolOperation_DEFINE_AUTH_CHALLENGE(), t.define.live},
		{TriggerCreate, awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE(), t.create.live},
		{TriggerVerify, awscognito.UserPoolOperation_VERIFY_AUTH_CHALLENGE_RESPONSE(), t.verify.live},
		{TriggerPreSignUp, awscognito.UserPoolOperation_PRE_SIGN_UP(), t.preSignUp.live},
		{TriggerPostConfirmation, awscognito.UserPoolOperation_POST_CONFIRMATION(), t.postConfirmation.live},
		{TriggerPreAuthentication, awscognito.UserPoolOperation_PRE_AUTHENTICATION(), t.preAuthentication.live},
	}
	return slices.DeleteFunc(parts, func(p part) bool { return p.function == nil })
}
