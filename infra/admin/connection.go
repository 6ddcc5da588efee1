package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
)

// attempts is how often a call is made that AWS throttles. Nobody waits for a
// sign-in here, and an import makes many calls.
const attempts = 10

// connection is how a command reaches AWS.
type connection struct{ region, endpoint string }

// addTo adds the flags of a connection.
func (c *connection) addTo(flags *flag.FlagSet) {
	flags.StringVar(&c.region, "region", "", "AWS region; AWS_REGION's or the profile's if empty")
	flags.StringVar(&c.endpoint, "endpoint", "", "address of services that stand in for AWS on this machine, such as http://127.0.0.1:8000")
}

// config reads the AWS configuration of whoever started the command.
func (c *connection) config(ctx context.Context) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithRegion(c.region), config.WithRetryMaxAttempts(attempts)}
	if c.endpoint != "" {
		if err := awsclient.CheckLoopback(c.endpoint); err != nil {
			return aws.Config{}, fmt.Errorf("%w: -endpoint: %w", errUsage, err)
		}
		options = append(options, config.WithBaseEndpoint(c.endpoint))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("no AWS region: set AWS_REGION, or -region")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf(`no AWS credentials: sign in, for example with "aws sso login", or set AWS_PROFILE (%w)`, err)
	}
	return cfg, nil
}

// store is the credential table of that name.
func store(cfg aws.Config, name string) *dynamo.Store {
	return dynamo.New(dynamodb.NewFromConfig(cfg), name)
}
