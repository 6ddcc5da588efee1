// Command provision serves the stack's custom resources: what CloudFormation
// itself can't create.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// attemptTimeout replaces the short one of the sign-in path: nobody waits here.
const attemptTimeout = 10 * time.Second

func main() { start.Function("provision", build) }

func build(_ start.None, env settings.AWS, _ *telemetry.Recorder) (any, error) {
	parameters, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	tables, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	client := awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	parameters.HTTPClient, tables.HTTPClient = client, client
	h := handler{
		keyRings:   keyRings{ssm.NewFromConfig(parameters)},
		appClients: appClients{dynamodb.NewFromConfig(tables)},
	}
	return cfn.LambdaWrap(h.handle), nil
}
