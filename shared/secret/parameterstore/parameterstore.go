// Package parameterstore reads SecureString parameters from AWS Systems Manager.
package parameterstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// Getter implements secret.Getter.
type Getter struct {
	client *ssm.Client
}

// New returns a Getter for an SDK configuration.
func New(cfg aws.Config) Getter { return Getter{ssm.NewFromConfig(cfg)} }

// Get returns the decrypted value of a parameter.
func (g Getter) Get(ctx context.Context, name string) (string, error) {
	out, err := g.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Parameter.Value), nil
}
