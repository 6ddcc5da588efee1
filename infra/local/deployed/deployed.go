// Package deployed reads what a client must know of a stack in AWS, with the
// AWS configuration of the person who asks.
package deployed

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
)

// Errors that Describe wraps.
var (
	ErrNoRegion      = errors.New("no AWS region: set AWS_REGION, or -region")
	ErrNoCredentials = errors.New(`no AWS credentials: sign in, for example with "aws sso login", or set AWS_PROFILE`)
	ErrNoStack       = errors.New("no such stack")
)

// Stack is a deployed stack.
type Stack struct {
	Region           string
	Status           string            // CloudFormation's StackStatus, such as CREATE_COMPLETE
	Outputs          map[string]string // name → value
	UserPoolEndpoint string            // address of the region's user-pool API
}

// Describe asks CloudFormation for a stack, by one call of DescribeStacks. An
// empty region means the one of the environment or the profile.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func Describe(ctx context.Context, name, region string) (*Stack, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if c.Region == "" {
		return nil, ErrNoRegion
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoCredentials, err)
	}
	s := &Stack{Region: c.Region, Outputs: map[string]string{}}
	if err := s.describe(ctx, cloudformation.NewFromConfig(c), name); err != nil {
		return nil, err
	}
	endpoint, err := cognitoidentityprovider.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx,
		cognitoidentityprovider.EndpointParameters{Region: &c.Region})
	if err != nil {
		return nil, fmt.Errorf("looking up the user-pool API of %s: %w", c.Region, err)
	}
	s.UserPoolEndpoint = endpoint.URI.String() + "/"
	return s, nil
}

func (s *Stack) describe(ctx context.Context, client *cloudformation.Client, name string) error {
	described, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "ValidationError" {
		return fmt.Errorf("%w in %s: %s", ErrNoStack, s.Region, refused.ErrorMessage())
	}
	if err != nil {
		return fmt.Errorf("asking CloudFormation in %s for stack %s: %w", s.Region, name, err)
	}
	for _, stack := range described.Stacks { // a name or an id has one
		s.Status = string(stack.StackStatus)
		for _, output := range stack.Outputs {
			s.Outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
		}
	}
	return nil
}
