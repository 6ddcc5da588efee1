package passkeys

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// VendorProps are sign-in systems of others whose users sign in side by side
// with those who have passkeys here, on every app client that is served. The
// secret of each is put by its operator, from standard input, with
// `go run ./infra/admin put-secret`; until then a sign-in through the vendor
// fails with a log line that names the parameter, and everything else works.
type VendorProps struct {
	// Corbado serves users whose passkeys are with Corbado Connect.
	Corbado *Corbado

	// PassageFlex serves users whose passkeys are with a service that speaks the
	// protocol of Passage Flex. Not with HTTPProvider.
	PassageFlex *PassageFlex

	// HTTPProvider serves users of another service, by its description alone. Not
	// with PassageFlex, because the answers of neither have a form of their own.
	HTTPProvider *HTTPProvider
}

// Corbado is a project at Corbado Connect.
// https://docs.corbado.com/corbado-connect
type Corbado struct {
	// SecretParameter is the SecureString parameter that holds the base64 text of
	// <project id>:<API secret>. Empty means "<ParameterPath>/corbado".
	SecretParameter string

	// BaseURL of the backend API. Empty means Corbado's own.
	BaseURL string

	// Actions answers what Corbado asks around its own work. Nil answers nothing.
	Actions *CorbadoActions

	// Hosted lets functions that Corbado hosts work on the user pool. Nil lets them not.
	Hosted *CorbadoHosted
}

// CorbadoActions are the pre-login and the post-append action: whom a typed name
// means, and a second factor for those who added a passkey. Corbado calls
// POST /corbado/actions of the HTTP API with HTTP Basic credentials, or invokes
// the function.
type CorbadoActions struct {
	// CredentialsParameter is the SecureString parameter that holds
	// <user>:<password> of the HTTP requests. Empty means "<ParameterPath>/corbado-actions".
	CredentialsParameter string

	// SecondFactor is what users get who have none: "SMS_MFA", "EMAIL_OTP" or
	// "SOFTWARE_TOKEN_MFA". Empty means that the pool has no MFA, and post-append says so.
	SecondFactor string
}

// CorbadoHosted is the account of Corbado whose functions may call AdminGetUser,
// ListUsers and AdminSetUserMFAPreference of the pool, and nothing else.
type CorbadoHosted struct {
	AccountID  string // 12 digits, required
	ExternalID string // that Corbado names when it assumes the role, required
}

// PassageFlex is an app at a service that speaks the protocol of Passage Flex,
// which 1Password ended on 16 January 2026.
type PassageFlex struct {
	// AppID is the id of the app. Required.
	AppID string

	// BaseURL of the API, such as "https://passage.example.com/v1". Required,
	// because the hosted service is gone.
	BaseURL string

	// SecretParameter is the SecureString parameter that holds the API key. Empty
	// means "<ParameterPath>/passage".
	SecretParameter string

	// TransactionForm is what the service's transaction ids look like, for those
	// made up for users without a passkey there. Empty means a random UUID.
	TransactionForm service.Form
}

// HTTPProvider is any other service.
type HTTPProvider struct {
	// Service describes it. Required.
	Service service.Description

	// SecretParameter is the SecureString parameter that holds the service's
	// secret. Empty means "<ParameterPath>/provider".
	SecretParameter string
}

// Tickets let a trusted backend that has authenticated a user itself sign that
// user in; package shared/method/ticket says how. Whoever may read their key
// signs in as anybody on the app clients that take them.
type Tickets struct {
	// Clients are the app clients that take tickets. Empty means the backend client.
	Clients []awscognito.IUserPoolClient

	// Rotation rotates the key once for each increase. Tickets that are under way stay good.
	Rotation int

	// Key is a key ring of the account's own. Nil makes one.
	Key *ExistingKey
}

// withDefaults returns a copy of v in which parameters lie below path.
func (v VendorProps) withDefaults(path string) VendorProps {
	if v.Corbado != nil {
		c := *v.Corbado
		setDefault(&c.SecretParameter, path+"/corbado")
		if c.Actions != nil {
			a := *c.Actions
			setDefault(&a.CredentialsParameter, path+"/corbado-actions")
			c.Actions = &a
		}
		v.Corbado = &c
	}
	if v.PassageFlex != nil {
		f := *v.PassageFlex
		setDefault(&f.SecretParameter, path+"/passage")
		setDefault(&f.TransactionForm, service.FormUUID)
		v.PassageFlex = &f
	}
	if v.HTTPProvider != nil {
		h := *v.HTTPProvider
		setDefault(&h.SecretParameter, path+"/provider")
		v.HTTPProvider = &h
	}
	return v
}

// methods are the names of the vendors' methods.
func (v VendorProps) methods() []string {
	var methods []string
	if v.Corbado != nil {
		methods = append(methods, provisioning.MethodCorbado)
	}
	if v.PassageFlex != nil {
		methods = append(methods, provisioning.MethodPassage)
	}
	if v.HTTPProvider != nil {
		methods = append(methods, v.HTTPProvider.Service.Method)
	}
	return methods
}

// buildTags are those of functions that ask the vendors.
func (v VendorProps) buildTags() []string {
	if len(v.methods()) == 0 {
		return nil
	}
	return []string{"vendors"}
}

func (v VendorProps) settings() settings.Vendors {
	var s settings.Vendors
	if c := v.Corbado; c != nil {
		s.CorbadoParameter, s.CorbadoURL = c.SecretParameter, c.BaseURL
	}
	if f := v.PassageFlex; f != nil {
		s.PassageParameter, s.PassageURL, s.PassageApp, s.PassageForm = f.SecretParameter, f.BaseURL, f.AppID, string(f.TransactionForm)
	}
	if h := v.HTTPProvider; h != nil {
		description, err := json.Marshal(h.Service)
		if err != nil {
			panic(err) // texts and numbers always marshal
		}
		s.ProviderParameter, s.Provider = h.SecretParameter, string(description)
	}
	return s
}

// secretsOf allows reading the secrets of those vendors that a function asks.
func secretsOf(k *Keys, parameters ...string) []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
	for _, parameter := range parameters {
		if parameter != "" {
			statements = append(statements, readParameter(k, parameter, k.props.EncryptionKey)...)
		}
	}
	return statements
}

// routes are those of the vendors whose passkeys users manage through the API.
func (v VendorProps) routes() []routes.Route {
	var all []routes.Route
	if v.Corbado != nil {
		all = append(all, routes.Corbado()...)
	}
	if v.PassageFlex != nil {
		all = append(all, routes.Passage()...)
	}
	return all
}

// addCorbado adds what Corbado calls or works with.
func (a *API) addCorbado() {
	corbado := a.props.Corbado
	if corbado != nil && corbado.Actions != nil {
		a.addCorbadoActions(*corbado.Actions)
	}
	if corbado != nil && corbado.Hosted != nil {
		a.hosted = a.newCorbadoRole(*corbado.Hosted)
	}
}

// addCorbadoActions adds the function of Corbado's actions and its route.
func (a *API) addCorbadoActions(actions CorbadoActions) {
	a.actions = a.props.newFunction(a, definition{
		id:        "CorbadoActions",
		directory: corbadoActionsFunction,
		timeout:   apiTimeout,
		environment: settings.Environ(settings.CorbadoActions{
			UserPoolID:           *a.props.UserPool.UserPoolId(),
			SecondFactor:         actions.SecondFactor,
			CredentialsParameter: actions.CredentialsParameter,
		}),
		allow: append(secretsOf(a.props.Keys, actions.CredentialsParameter), allowPool(a.props.UserPool, corbadoOnPool...)),
	})
	route := routes.CorbadoAction
	for _, added := range *a.api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
		Path:    jsii.String(route.Path),
		Methods: &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(route.Method)},
		Integration: awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String("CorbadoIntegration"), a.actions.latest,
			&awsapigatewayv2integrations.HttpLambdaIntegrationProps{ScopePermissionToRoute: jsii.Bool(false)}),
	}) {
		acknowledge(added, map[string]string{
			ruleRouteAuthorization: "Corbado calls it with HTTP Basic credentials, which the function compares in constant time before it does anything.",
		})
	}
}

// corbadoOnPool is what Corbado's actions do to the pool.
var corbadoOnPool = []string{"cognito-idp:AdminGetUser", "cognito-idp:ListUsers", "cognito-idp:AdminSetUserMFAPreference"}

func allowPool(pool awscognito.IUserPool, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{pool.UserPoolArn()},
	})
}

// newCorbadoRole makes the role of functions that Corbado hosts.
func (a *API) newCorbadoRole(hosted CorbadoHosted) awsiam.Role {
	return awsiam.NewRole(a, jsii.String("CorbadoRole"), &awsiam.RoleProps{
		Description:    jsii.String("Functions that Corbado hosts for this user pool"),
		AssumedBy:      awsiam.NewAccountPrincipal(hosted.AccountID),
		ExternalIds:    jsii.Strings(hosted.ExternalID),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Least": policyOf(allowPool(a.props.UserPool, corbadoOnPool...))},
	})
}

// GrantTickets lets a backend sign tickets: it may read their key, with which it
// signs in as anybody on the app clients that take tickets. It panics with an
// *InvalidPropsError without Props.Tickets.
func (p *Passkeys) GrantTickets(grantee awsiam.IGrantable) {
	var c check
	c.required("Tickets", p.props.Tickets)
	must(c.err())
	for _, statement := range p.triggers.ticket.read {
		grantee.GrantPrincipal().AddToPrincipalPolicy(statement)
	}
}

// TicketParameter is the name of the SecureString parameter that holds the key
// ring of tickets, or "" without Props.Tickets.
func (p *Passkeys) TicketParameter() string {
	if p.triggers == nil {
		return ""
	}
	return p.triggers.ticket.parameter
}

// CorbadoActionsFunction answers Corbado's actions, or is nil without Corbado.Actions.
func (p *Passkeys) CorbadoActionsFunction() awslambda.IFunction {
	if p.api == nil || p.api.actions.latest == nil {
		return nil // and not a nil function in an interface
	}
	return p.api.actions.latest
}

// CorbadoRole is what functions assume that Corbado hosts, or nil without Corbado.Hosted.
func (p *Passkeys) CorbadoRole() awsiam.Role {
	if p.api == nil {
		return nil
	}
	return p.api.hosted
}

func (c *check) vendors(v VendorProps) {
	if v.Corbado != nil {
		c.secretParameter("Corbado.SecretParameter", v.Corbado.SecretParameter)
		c.corbado(*v.Corbado)
	}
	if f := v.PassageFlex; f != nil {
		c.required("PassageFlex.AppID", f.AppID)
		c.required("PassageFlex.BaseURL", f.BaseURL)
		c.vendorURL("PassageFlex.BaseURL", f.BaseURL)
		c.secretParameter("PassageFlex.SecretParameter", f.SecretParameter)
		if !f.TransactionForm.IsKnown() && f.TransactionForm != "" {
			c.add("PassageFlex.TransactionForm", string(f.TransactionForm), `use "uuid", or hex, digits, alphanumeric or base64url, a colon, and a length from 1 to 512`)
		}
	}
	if h := v.HTTPProvider; h != nil {
		if err := h.Service.Check(); err != nil {
			c.add("HTTPProvider.Service", h.Service.Service, "mend its description:\n    %v", err)
		}
		if slices.Contains([]string{provisioning.MethodPasskey, provisioning.MethodTicket, provisioning.MethodCorbado, provisioning.MethodPassage}, h.Service.Method) {
			c.add("HTTPProvider.Service.Method", h.Service.Method, "use a name that no other method has, such as %q", "http")
		}
		c.vendorURL("HTTPProvider.Service.BaseURL", h.Service.BaseURL)
		c.secretParameter("HTTPProvider.SecretParameter", h.SecretParameter)
		if v.PassageFlex != nil {
			c.add("HTTPProvider", h.Service.Service, "leave out it or PassageFlex: the answers of neither have a form of their own")
		}
	}
}

func (c *check) corbado(v Corbado) {
	c.vendorURL("Corbado.BaseURL", v.BaseURL)
	if a := v.Actions; a != nil {
		c.secretParameter("Corbado.Actions.CredentialsParameter", a.CredentialsParameter)
		oneOf(c, "Corbado.Actions.SecondFactor", a.SecondFactor, "", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA")
	}
	if h := v.Hosted; h != nil {
		if !unresolved(h.AccountID) && !accountID.MatchString(h.AccountID) {
			c.add("Corbado.Hosted.AccountID", h.AccountID, "use the 12 digits of Corbado's account")
		}
		c.required("Corbado.Hosted.ExternalID", h.ExternalID)
	}
}

func (c *check) tickets(p Props) {
	if p.Tickets == nil {
		return
	}
	if len(p.Tickets.Clients) == 0 && !p.BackendClient {
		c.add("Tickets.Clients", p.Tickets.Clients, "list the app clients that take tickets, or set BackendClient")
	}
	if p.Tickets.Rotation < 0 {
		c.add("Tickets.Rotation", p.Tickets.Rotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey("Tickets.Key", p.Tickets.Key)
}
