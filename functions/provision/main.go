// Command provision serves the stack's custom resources: what CloudFormation
// itself can't create.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
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
	pools, err := awsclient.Config(env, env.Cognito)
	if err != nil {
		return nil, err
	}
	client := awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	parameters.HTTPClient, tables.HTTPClient, pools.HTTPClient = client, client, client
	pools.Retryer = patient
	table := dynamodb.NewFromConfig(tables)
	h := handler{
		keyRings:   keyRings{ssm.NewFromConfig(parameters)},
		appClients: appClients{table},
		userPools:  userPools{cognitoidentityprovider.NewFromConfig(pools), displacedTriggers{table}, wait},
	}
	return cfn.LambdaWrap(h.handle), nil
}

// patient retries what Cognito throttles for up to 15 s: an account shares one
// small quota for changes of user pools.
func patient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = 6, 4*time.Second
	})
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
