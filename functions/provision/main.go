// Command provision serves the stack's custom resources: what CloudFormation
// itself can't create.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// attemptTimeout replaces the short one of the sign-in path: nobody waits here.
const attemptTimeout = 10 * time.Second

func main() {
	handler, err := build()
	if err != nil {
		telemetry.Exit(telemetry.NewLogger(os.Stdout, "provision"), err)
	}
	lambda.Start(cfn.LambdaWrap(handler.handle))
}

func build() (handler, error) {
	var env settings.AWS
	if err := settings.Parse(os.LookupEnv, &env); err != nil {
		return handler{}, err
	}
	parameters, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return handler{}, err
	}
	tables, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return handler{}, err
	}
	client := awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	parameters.HTTPClient, tables.HTTPClient = client, client
	return handler{
		keyRings:   keyRings{ssm.NewFromConfig(parameters)},
		appClients: appClients{dynamodb.NewFromConfig(tables)},
	}, nil
}
