package passkeys

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
)

// CommonProps is what all parts of the construct have in common: how data is
// kept and how functions run. The zero value is good for production.
type CommonProps struct {
	// Instance names this use of the construct in metrics and audit events. Parts
	// that are used alone need the same to be seen as one. Empty means the stack's
	// name and the construct's path in it.
	Instance string

	// RemovalPolicy says what happens to the pool, the table, the secrets and the
	// logs when they leave the stack. Empty means RETAIN, with deletion
	// protection; DESTROY, without it, is for try-outs.
	RemovalPolicy awscdk.RemovalPolicy

	// EncryptionKey is a key of the account's own that encrypts the table, the
	// secrets, the logs and the functions' settings. Nil means keys that AWS owns
	// or manages, which cost nothing. The policy of an imported key must let
	// CloudWatch Logs of the region use it.
	EncryptionKey awskms.IKey

	// Architecture is what the functions are built for. Nil means ARM_64.
	Architecture awslambda.Architecture

	// MemorySize of each function in MB, from 128 to 10240. Zero means 512, about
	// 0.29 of a CPU: an ES256 check takes half a millisecond and a TLS handshake a
	// few. A Go function starts no faster with more.
	MemorySize int

	// ReservedConcurrency keeps so many of the account's concurrent executions for
	// each function that serves sign-ins, and gives it no more. Zero means that
	// they share the account's.
	ReservedConcurrency int

	// ProvisionedConcurrency keeps so many instances of each function that serves
	// sign-ins started, which takes away cold starts and costs all day. Zero means none.
	ProvisionedConcurrency int

	// Rollout shifts traffic to a new version of each function that serves
	// sign-ins step by step and rolls back on errors, because one broken trigger
	// stops every sign-in: for example
	// LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES. Nil means all at once.
	Rollout awscodedeploy.ILambdaDeploymentConfig

	// Tracing has X-Ray follow the functions' calls. It costs $5 a million traces,
	// of which X-Ray takes one a second and a twentieth of the rest.
	Tracing bool

	// LogRetention is how long logs are kept. Empty means three months.
	LogRetention awslogs.RetentionDays

	tags []string // build tags of the functions
}

// withDefaults returns a copy of c in which only what has no default is nil or zero.
func (c CommonProps) withDefaults() CommonProps {
	setDefault(&c.RemovalPolicy, awscdk.RemovalPolicy_RETAIN)
	setDefault(&c.MemorySize, 512)
	setDefault(&c.LogRetention, awslogs.RetentionDays_THREE_MONTHS)
	if c.Architecture == nil {
		c.Architecture = awslambda.Architecture_ARM_64()
	}
	return c
}

// retained reports whether data outlives the stack.
func (c CommonProps) retained() bool { return c.RemovalPolicy != awscdk.RemovalPolicy_DESTROY }

// tag adds build tags, once each.
func (c *CommonProps) tag(tags ...string) {
	c.tags = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.tags, tags))))
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
