package passkeys

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// APIProps configures API.
type APIProps struct {
	CommonProps
	VendorProps

	// MailProps tell users by mail of every passkey that is added or removed, if
	// anything of them mails. Function is then built with what sends it.
	MailProps

	// UserPool is whose users call the API, and Clients are the app clients whose
	// access tokens it takes. Required.
	UserPool awscognito.IUserPool
	Clients  []awscognito.IUserPoolClient

	// Table holds the passkeys, as NewCredentialTable makes it. Required.
	Table awsdynamodb.ITable

	// Keys of the stack. Required.
	Keys *Keys

	// These are as in Props; each but RelatedOrigins and CounterPolicy is required.
	RelyingPartyID, RelyingPartyName string
	Origins, RelatedOrigins          []string
	UserVerification                 UserVerification
	CounterPolicy                    CounterPolicy
	MaxPasskeys                      int
	RecentAuthentication             time.Duration
	SignIn                           SignIn

	// Passwords is as in Props. Where they are off, a user without verified e-mail
	// address keeps the last passkey.
	Passwords Passwords

	// Domain is where the API answers. Nil means the address that API Gateway gives it.
	Domain *Domain

	// Throttle limits the whole API. Nil means 100 requests a second with bursts
	// of 200, about what Cognito lets sign in.
	Throttle *awsapigatewayv2.ThrottleSettings
}

// Domain is an address of the account's own for the HTTP API.
type Domain struct {
	// Name is the custom domain, as awsapigatewayv2.NewDomainName makes it. Its
	// DNS record is its owner's to set. Required.
	Name awsapigatewayv2.IDomainName

	// BasePath is the path below which the API lies, such as "auth" or
	// "v1/auth". Empty means the root of the domain.
	BasePath string
}

// API is the HTTP API that registers, lists, renames and deletes passkeys and
// gives out the challenges of sign-ins without a user name.
type API struct {
	constructs.Construct

	props      APIProps
	authorizer awsapigatewayv2.IHttpRouteAuthorizer
	function   function
	actions    function    // zero unless Corbado.Actions
	hosted     awsiam.Role // nil unless Corbado.Hosted
	api        awsapigatewayv2.HttpApi
	stage      awsapigatewayv2.HttpStage
}

// NewAPI adds the API to scope. It panics with an *InvalidPropsError or a *BuildError.
func NewAPI(scope constructs.Construct, id *string, props *APIProps) *API {
	if props == nil {
		props = &APIProps{}
	}
	must(props.validate())
	a := &API{props: *props}
	a.props.CommonProps = props.CommonProps.withDefaults()
	a.props.VendorProps = props.VendorProps.withDefaults(props.Keys.props.ParameterPath)
	a.props.MailProps = props.MailProps.withDefaults(props.RelyingPartyName)
	a.props.tag(slices.Concat(a.props.buildTags(), a.props.fallbackTags())...)
	if a.props.Throttle == nil {
		a.props.Throttle = &awsapigatewayv2.ThrottleSettings{RateLimit: jsii.Number(100), BurstLimit: jsii.Number(200)}
	}
	constructs.NewConstruct_Override(a, scope, id)
	setDefault(&a.props.Instance, instanceOf(a))
	a.addFunction()
	a.api = awsapigatewayv2.NewHttpApi(a, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		Description:               jsii.String("Passkeys of " + props.RelyingPartyID),
		CreateDefaultStage:        jsii.Bool(false),
		CorsPreflight:             a.cors(),
		DisableExecuteApiEndpoint: jsii.Bool(props.Domain != nil), // one way in
	})
	a.addStage()
	a.addRoutes()
	a.addCorbado()
	return a
}

// HTTPAPI is the API Gateway of the API.
func (a *API) HTTPAPI() awsapigatewayv2.HttpApi { return a.api }

// Function answers the API.
func (a *API) Function() awslambda.IFunction { return a.function.live }

// URL is the address of the API, without a slash at the end.
func (a *API) URL() *string {
	if a.props.Domain == nil {
		return a.api.ApiEndpoint()
	}
	url := "https://" + *a.props.Domain.Name.Name()
	if path := a.props.Domain.BasePath; path != "" {
		url += "/" + path
	}
	return jsii.String(url)
}

func (a *API) addFunction() {
	vendors := a.props.settings()
	a.function = a.props.newServing(a, definition{
		id:        "Function",
		directory: apiFunction,
		timeout:   apiTimeout,
		environment: settings.Environ(settings.API{
			Table:                *a.props.Table.TableName(),
			UserPoolID:           *a.props.UserPool.UserPoolId(),
			ClientIDs:            clientIDs(a.props.Clients),
			RelyingPartyID:       a.props.RelyingPartyID,
			RelyingPartyName:     a.props.RelyingPartyName,
			Origins:              a.props.Origins,
			RelatedOrigins:       a.props.RelatedOrigins,
			UserVerification:     string(a.props.UserVerification),
			CounterPolicy:        string(a.props.CounterPolicy),
			StampParameter:       a.props.Keys.stamp.parameter,
			VerifiedAttributes:   []string{a.props.SignIn.verifiedAttribute()},
			MaxPasskeys:          a.props.MaxPasskeys,
			RecentAuthentication: a.props.RecentAuthentication,
			WithoutPasswords:     a.props.Passwords == PasswordsOff,
			Vendors:              vendors,
			Post:                 a.props.postSettings(a.props.Origins),
		}),
		files: a.props.mailFiles(),
		// A transaction takes the permissions of the operations in it. It spans
		// both partitions, so that one statement must allow both.
		allow: append(allowItems(a.props.Table, []string{userItems, credentialItems},
			"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
			a.props.Keys.stamp.read...),
	})
	a.function.allow(secretsOf(a.props.Keys, vendors.CorbadoParameter, vendors.PassageParameter)...)
	a.function.allow(a.props.allowMail(a)...)
}

func clientIDs(clients []awscognito.IUserPoolClient) []string {
	var ids []string
	for _, client := range clients {
		ids = append(ids, *client.UserPoolClientId())
	}
	return ids
}

func (a *API) addRoutes() {
	// The provider's name is that of the pool's tokens' issuer, in every partition.
	issuer := "https://" + *a.props.UserPool.UserPoolProviderName()
	a.authorizer = awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("Authorizer"), &issuer,
		&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: jsii.Strings(clientIDs(a.props.Clients)...)})
	a.addServed("Integration", a.function, a.routes(),
		"It is called before anyone is signed in. It answers with a signed challenge that is stored nowhere, or to a passkey that proves itself.")
}

// addServed adds the routes that a function answers, and returns them by their
// keys. reason is why some of them take no token.
func (a *API) addServed(id string, f function, served []routes.Route, reason string) map[string]awsapigatewayv2.HttpRoute {
	all := map[string]awsapigatewayv2.HttpRoute{}
	integration := awsapigatewayv2integrations.NewHttpLambdaIntegration(&id, f.live,
		&awsapigatewayv2integrations.HttpLambdaIntegrationProps{
			ScopePermissionToRoute: jsii.Bool(false), // one permission for the API instead of one a route
		})
	for _, route := range served {
		options := &awsapigatewayv2.AddRoutesOptions{
			Path:        jsii.String(route.Path),
			Methods:     &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(route.Method)},
			Integration: integration,
		}
		if route.Token == routes.AccessToken {
			options.Authorizer = a.authorizer
		}
		for _, added := range *a.api.AddRoutes(options) {
			all[route.Key()] = added
			if route.Token == routes.NoToken {
				acknowledge(added, map[string]string{ruleRouteAuthorization: reason})
			}
		}
	}
	return all
}

// throttle limits each of some routes. API Gateway knows their settings only once
// they are there.
func (a *API) throttle(limited map[string]awsapigatewayv2.HttpRoute, limit awsapigatewayv2.ThrottleSettings) {
	settings := map[string]any{} // route key → settings
	for _, key := range slices.Sorted(maps.Keys(limited)) {
		settings[key] = map[string]any{"ThrottlingRateLimit": limit.RateLimit, "ThrottlingBurstLimit": limit.BurstLimit}
		a.stage.Node().AddDependency(limited[key])
	}
	a.stage.Node().DefaultChild().(awsapigatewayv2.CfnStage).SetRouteSettings(settings)
}

// routes are those that the API's function answers.
func (a *API) routes() []routes.Route { return append(routes.All(), a.props.routes()...) }

// cors lets the web origins call the API. Apps need no permission: only
// browsers ask. Nil means that there is no web origin.
func (a *API) cors() *awsapigatewayv2.CorsPreflightOptions {
	var origins []string
	for _, origin := range slices.Concat(a.props.Origins, a.props.RelatedOrigins) {
		if isWeb(origin) {
			origins = append(origins, origin)
		}
	}
	if origins == nil {
		return nil
	}
	var methods []awsapigatewayv2.CorsHttpMethod
	for _, route := range a.routes() {
		if method := awsapigatewayv2.CorsHttpMethod(route.Method); !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return &awsapigatewayv2.CorsPreflightOptions{
		AllowOrigins: jsii.Strings(origins...),
		AllowMethods: &methods,
		AllowHeaders: jsii.Strings("authorization", "content-type"),
		MaxAge:       awscdk.Duration_Hours(jsii.Number(2)), // as long as browsers remember it at most
	}
}

// isWeb tells the origins of pages from those of apps.
func isWeb(origin string) bool { return strings.HasPrefix(origin, "http") }

func (a *API) addStage() {
	props := &awsapigatewayv2.HttpStageProps{
		HttpApi:    a.api,
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		Throttle:   a.props.Throttle,
		AccessLogSettings: &accessLog{
			destination: awsapigatewayv2.NewLogGroupLogDestination(a.props.newLogGroup(a, "Logs")),
		},
	}
	if domain := a.props.Domain; domain != nil {
		props.DomainMapping = &awsapigatewayv2.DomainMappingOptions{DomainName: domain.Name}
		if domain.BasePath != "" {
			props.DomainMapping.MappingKey = &domain.BasePath
		}
	}
	a.stage = awsapigatewayv2.NewHttpStage(a, jsii.String("Stage"), props)
}

// accessLog implements awsapigatewayv2.IAccessLogSettings.
type accessLog struct {
	destination awsapigatewayv2.IAccessLogDestination
}

func (l *accessLog) Destination() awsapigatewayv2.IAccessLogDestination { return l.destination }

// Format names the route and not the path, and neither addresses nor headers, so
// that the log holds nothing that identifies a user or signs one in.
func (l *accessLog) Format() awsapigateway.AccessLogFormat {
	format, err := json.Marshal(map[string]string{
		"requestId":        "$context.requestId",
		"time":             "$context.requestTime",
		"route":            "$context.routeKey",
		"status":           "$context.status",
		"milliseconds":     "$context.responseLatency",
		"responseLength":   "$context.responseLength",
		"authorizerError":  "$context.authorizer.error",
		"integrationError": "$context.integrationErrorMessage",
	})
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	return awsapigateway.AccessLogFormat_Custom(jsii.String(string(format)))
}
