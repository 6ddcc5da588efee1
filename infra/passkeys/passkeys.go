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
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Passkeys is the construct.
type Passkeys struct {
	constructs.Construct

	props     Props
	binaries  binaries
	pool      awscognito.UserPool
	client    awscognito.UserPoolClient
	backend   awscognito.UserPoolClient // nil unless asked for
	table     awsdynamodb.Table
	functions map[string]awslambda.Function // directory below functions/ → the function
	provider  awslambda.Function
	stamp     keyRing
	decoy     keyRing
	api       awsapigatewayv2.HttpApi
}

// New adds the construct to scope. It panics with an *InvalidPropsError that
// holds every problem of props, or with a *BuildError if the functions can't be built.
func New(scope constructs.Construct, id *string, props *Props) *Passkeys {
	if props == nil {
		props = &Props{}
	}
	p := &Passkeys{props: props.withDefaults(), functions: map[string]awslambda.Function{}}
	constructs.NewConstruct_Override(p, scope, id)
	setDefault(&p.props.ParameterPath, p.defaultParameterPath())
	if err := p.props.Validate(); err != nil {
		panic(err)
	}
	built, err := build(p.props.Architecture, nil, *awscdk.Stack_Of(p).BundlingRequired())
	if err != nil {
		panic(err)
	}
	p.binaries = built

	p.addTable()
	p.addSecrets()
	p.addTriggers()
	p.addPool()
	p.addClients()
	p.addAPI()
	return p
}

// UserPool is the pool that users sign in to.
func (p *Passkeys) UserPool() awscognito.UserPool { return p.pool }

// Client is the public app client, for browsers and apps.
func (p *Passkeys) Client() awscognito.UserPoolClient { return p.client }

// BackendClient is the confidential app client, or nil unless Props.BackendClient asked for it.
func (p *Passkeys) BackendClient() awscognito.UserPoolClient { return p.backend }

// Table holds the passkeys.
func (p *Passkeys) Table() awsdynamodb.Table { return p.table }

// API is the HTTP API that registers, lists, renames and deletes passkeys.
func (p *Passkeys) API() awsapigatewayv2.HttpApi { return p.api }

// URL is the address of the HTTP API, without a slash at the end.
func (p *Passkeys) URL() *string { return p.api.ApiEndpoint() }

// DefineFunction is the Define Auth Challenge trigger.
func (p *Passkeys) DefineFunction() awslambda.Function { return p.functions[defineFunction] }

// CreateFunction is the Create Auth Challenge trigger.
func (p *Passkeys) CreateFunction() awslambda.Function { return p.functions[createFunction] }

// VerifyFunction is the Verify Auth Challenge Response trigger.
func (p *Passkeys) VerifyFunction() awslambda.Function { return p.functions[verifyFunction] }

// APIFunction answers the HTTP API.
func (p *Passkeys) APIFunction() awslambda.Function { return p.functions[apiFunction] }

// RelyingPartyID is the domain that passkeys belong to.
func (p *Passkeys) RelyingPartyID() string { return p.props.RelyingPartyID }

// Marker is the attribute, as Cognito names it, and the value by which a
// backend marks the users that it creates for passkeys.
func (p *Passkeys) Marker() (attribute, value string) {
	return "custom:" + p.props.MarkerAttribute, p.props.MarkerValue
}

// GrantSignIn lets a backend sign users in with AdminInitiateAuth and
// AdminRespondToAuthChallenge.
func (p *Passkeys) GrantSignIn(grantee awsiam.IGrantable) awsiam.Grant {
	return p.pool.Grant(grantee,
		jsii.String("cognito-idp:AdminInitiateAuth"), jsii.String("cognito-idp:AdminRespondToAuthChallenge"))
}
