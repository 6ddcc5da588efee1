package passkeys

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func (p *Passkeys) addAPI() {
	clientIDs := p.clientIDs()
	p.addAPIFunction(clientIDs)
	p.api = awsapigatewayv2.NewHttpApi(p, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		Description:        jsii.String("Passkeys of " + p.props.RelyingPartyID),
		CreateDefaultStage: jsii.Bool(false),
		CorsPreflight:      p.cors(),
	})
	p.addStage()
	p.addRoutes(clientIDs)
}

func (p *Passkeys) addAPIFunction(clientIDs []string) {
	p.newFunction("ApiFunction", apiFunction, settings.Environ(settings.API{
		Table:                *p.table.TableName(),
		UserPoolID:           *p.pool.UserPoolId(),
		ClientIDs:            clientIDs,
		RelyingPartyID:       p.props.RelyingPartyID,
		RelyingPartyName:     p.props.RelyingPartyName,
		Origins:              p.props.Origins,
		UserVerification:     string(p.props.UserVerification),
		CounterPolicy:        string(p.props.CounterPolicy),
		StampParameter:       *p.stamp.parameter,
		VerifiedAttributes:   []string{p.verifiedAttribute()},
		MaxPasskeys:          p.props.MaxPasskeys,
		RecentAuthentication: p.props.RecentAuthentication,
	}), apiTimeout,
		// A transaction takes the permissions of the operations in it. It spans
		// both partitions, so that one statement must allow both.
		p.allowItems([]string{userItems, credentialItems},
			"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
		p.allowParameter(p.stamp.parameter, "ssm:GetParameter"),
	)
}

func (p *Passkeys) clientIDs() []string {
	var ids []string
	for _, client := range p.clients() {
		ids = append(ids, *client.UserPoolClientId())
	}
	return ids
}

func (p *Passkeys) addRoutes(clientIDs []string) {
	// The provider's URL is the issuer of the pool's tokens, in every partition.
	authorizer := awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("Authorizer"), p.pool.UserPoolProviderUrl(),
		&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: jsii.Strings(clientIDs...)})
	integration := awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String("Integration"), p.functions[apiFunction],
		&awsapigatewayv2integrations.HttpLambdaIntegrationProps{
			ScopePermissionToRoute: jsii.Bool(false), // one permission for the API instead of one a route
		})
	for _, route := range routes.All() {
		options := &awsapigatewayv2.AddRoutesOptions{
			Path:        jsii.String(route.Path),
			Methods:     &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(route.Method)},
			Integration: integration,
		}
		if route.Token == routes.AccessToken {
			options.Authorizer = authorizer
		}
		for _, added := range *p.api.AddRoutes(options) {
			if route.Token == routes.NoToken {
				acknowledge(added, map[string]string{
					ruleRouteAuthorization: "It is called before anyone is signed in. It answers with a signed challenge that is stored nowhere, or to a passkey that proves itself.",
				})
			}
		}
	}
}

// cors lets the web origins call the API. Apps need no permission: only
// browsers ask. Nil means that there is no web origin.
func (p *Passkeys) cors() *awsapigatewayv2.CorsPreflightOptions {
	var origins []string
	for _, origin := range p.props.Origins {
		if strings.HasPrefix(origin, "http") {
			origins = append(origins, origin)
		}
	}
	if origins == nil {
		return nil
	}
	var methods []awsapigatewayv2.CorsHttpMethod
	for _, route := range routes.All() {
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

func (p *Passkeys) addStage() {
	awsapigatewayv2.NewHttpStage(p, jsii.String("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:    p.api,
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		Throttle:   p.props.Throttle,
		AccessLogSettings: &accessLog{
			destination: awsapigatewayv2.NewLogGroupLogDestination(p.newLogGroup("ApiLogs")),
		},
	})
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
