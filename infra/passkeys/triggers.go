package passkeys

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

const (
	// memorySize in MB is about 0.29 of a CPU: an ES256 check takes half a
	// millisecond and a TLS handshake a few. A Go function starts no faster with
	// more, and the price of a sign-in is mostly the price of its requests.
	memorySize = 512

	triggerTimeout   = 4 * time.Second // Cognito waits 5 s
	apiTimeout       = 10 * time.Second
	provisionTimeout = time.Minute
	serviceTimeout   = 2 * time.Minute // CloudFormation waits an hour for a custom resource unless told otherwise
)

// addTriggers makes the functions of custom authentication. The pool refers to
// them, and CloudFormation allows no cycle: nothing here may refer to the pool
// or to an app client. Create reads what it must know of a client from the table.
func (p *Passkeys) addTriggers() {
	p.newFunction("DefineAuthChallenge", defineFunction, settings.Environ(settings.Define{}), triggerTimeout)

	p.newFunction("CreateAuthChallenge", createFunction, settings.Environ(settings.Create{
		Table:          *p.table.TableName(),
		DecoyParameter: *p.decoy.parameter,
		FoldUserNames:  true,
	}), triggerTimeout,
		p.allowItems([]string{userItems, configItems}, "dynamodb:GetItem"),
		p.allowParameter(p.decoy.parameter, "ssm:GetParameter"),
	)

	p.newFunction("VerifyAuthChallenge", verifyFunction, settings.Environ(settings.Verify{
		Table:          *p.table.TableName(),
		RelyingPartyID: p.props.RelyingPartyID,
		Origins:        p.props.Origins,
		StampKeys:      []string{p.stamp.publicKeys()},
		CounterPolicy:  string(p.props.CounterPolicy),
	}), triggerTimeout,
		p.allowItems([]string{userItems}, "dynamodb:GetItem", "dynamodb:UpdateItem"),
	)
}

// poolTriggers hands the functions to the pool, which gets the permission to
// invoke them, limited to itself.
func (p *Passkeys) poolTriggers() *awscognito.UserPoolTriggers {
	return &awscognito.UserPoolTriggers{
		DefineAuthChallenge:         p.functions[defineFunction],
		CreateAuthChallenge:         p.functions[createFunction],
		VerifyAuthChallengeResponse: p.functions[verifyFunction],
	}
}

// newFunction makes one of the module's functions, with a log group and a role
// of its own that allows nothing but writing there and the given statements.
func (p *Passkeys) newFunction(id, name string, env map[string]string, timeout time.Duration, allow ...awsiam.PolicyStatement) awslambda.Function {
	logs := p.newLogGroup(id + "Logs")
	role := awsiam.NewRole(p, jsii.String(id+"Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"Least": policy(append(allow, allowLogs(logs))),
		},
	})
	function := awslambda.NewFunction(p, jsii.String(id), &awslambda.FunctionProps{
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  p.props.Architecture,
		Handler:       jsii.String(bootstrap),
		Code:          p.binaries.code(name),
		Environment:   pointers(env),
		MemorySize:    jsii.Number(memorySize),
		Timeout:       awscdk.Duration_Millis(jsii.Number(timeout.Milliseconds())),
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
	})
	p.functions[name] = function
	return function
}

func (p *Passkeys) newLogGroup(id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(p, jsii.String(id), &awslogs.LogGroupProps{
		Retention:     p.props.LogRetention,
		RemovalPolicy: p.props.RemovalPolicy,
	})
}

// allowLogs allows writing to one log group. Its ARN ends in ":*", which is its streams.
func allowLogs(group awslogs.LogGroup) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"),
		Resources: &[]*string{group.LogGroupArn()},
	})
}

func policy(statements []awsiam.PolicyStatement) awsiam.PolicyDocument {
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})
}

func pointers(env map[string]string) *map[string]*string {
	out := make(map[string]*string, len(env)) // variable → value
	for name, value := range env {
		out[name] = jsii.String(value)
	}
	return &out
}
