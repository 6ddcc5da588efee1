package passkeys

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

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
