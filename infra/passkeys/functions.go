package passkeys

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

const (
	triggerTimeout   = 4 * time.Second // Cognito waits 5 s
	apiTimeout       = 10 * time.Second
	provisionTimeout = time.Minute
)

// alias is the name under which callers know the current version of a function.
const alias = "live"

// definition says what one of the module's functions is.
type definition struct {
	id          string // construct id
	directory   string // below functions/
	environment map[string]string
	timeout     time.Duration
	allow       []awsiam.PolicyStatement
	files       map[string]string // folder beside the binary → folder that is copied there; empty: none
	refuses     bool              // it answers no by an error, as Cognito wants it of a trigger that decides nothing else
}

// function is one of the module's functions.
type function struct {
	latest awslambda.Function
	live   awslambda.Alias       // what callers invoke; nil for a function that serves no sign-ins
	policy awsiam.PolicyDocument // all that its role allows
	logs   awslogs.LogGroup

	// failures counts its calls that failed: Lambda's count of errors, unless
	// the function refuses by such.
	failures func(*awscloudwatch.MetricOptions) awscloudwatch.Metric
}

// allow adds to what the function may do.
func (f function) allow(statements ...awsiam.PolicyStatement) { f.policy.AddStatements(statements...) }

// newFunction makes a function with a log group and a role of its own that
// allows nothing but writing there and what d allows. It panics with a
// *BuildError if the function can't be built.
func (c CommonProps) newFunction(scope constructs.Construct, d definition) function {
	built, err := build(c.Architecture, c.tags, *awscdk.Stack_Of(scope).BundlingRequired())
	if err != nil {
		panic(err)
	}
	logs := c.newLogGroup(scope, d.id+"Logs")
	policy := awsiam.NewPolicyDocument(nil)
	policy.AddStatements(d.allow...)
	policy.AddStatements(allowLogs(logs))
	if c.EncryptionKey != nil {
		policy.AddStatements(allowKey(c.EncryptionKey, "kms:Decrypt")) // its settings
	}
	role := awsiam.NewRole(scope, jsii.String(d.id+"Role"), &awsiam.RoleProps{
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Least": policy},
	})
	if c.Tracing {
		policy.AddStatements(allowTracing())
		acknowledge(role, map[string]string{ruleWildcards: "X-Ray's segments have no resource that a policy could name."})
	}
	f := function{policy: policy, logs: logs, latest: awslambda.NewFunction(scope, jsii.String(d.id), &awslambda.FunctionProps{
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: c.Architecture,
		Handler:      jsii.String(bootstrap),
		Code:         built.code(d.directory, d.files),
		Environment:  pointers(d.environment, settings.Environ(settings.Telemetry{Instance: c.Instance})),
		// An immutable role: CDK would grant the key in a policy of its own.
		EnvironmentEncryption: c.EncryptionKey,
		MemorySize:            jsii.Number(c.MemorySize),
		Timeout:               awscdk.Duration_Millis(jsii.Number(d.timeout.Milliseconds())),
		Role:                  role.WithoutPolicyUpdates(nil),
		Tracing:               c.tracing(),
		LogGroup:              logs,
		LoggingFormat:         awslambda.LoggingFormat_JSON,
	})}
	f.failures = f.latest.MetricErrors
	if d.refuses {
		f.failures = func(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
			return emitted{c.Instance}.metric(metrics.Faults, map[string]string{metrics.Function: d.directory}, options)
		}
	}
	return f
}

// newServing makes a function that sign-ins wait for. Callers invoke it by an
// alias, so that a new version takes over in one step, or in several, and only
// once it is there.
func (c CommonProps) newServing(scope constructs.Construct, d definition) function {
	f := c.newFunction(scope, d)
	if c.ReservedConcurrency > 0 {
		f.latest.Node().DefaultChild().(awslambda.CfnFunction).
			SetReservedConcurrentExecutions(jsii.Number(c.ReservedConcurrency))
	}
	options := &awslambda.AliasProps{AliasName: jsii.String(alias), Version: f.latest.CurrentVersion()}
	if c.ProvisionedConcurrency > 0 {
		options.ProvisionedConcurrentExecutions = jsii.Number(c.ProvisionedConcurrency)
	}
	f.live = awslambda.NewAlias(scope, jsii.String(d.id+"Live"), options)
	if c.Rollout != nil {
		c.addRollout(scope, d, f)
	}
	return f
}

// addRollout shifts the alias to a new version as c.Rollout says, and back when
// the alias answers with errors meanwhile.
func (c CommonProps) addRollout(scope constructs.Construct, d definition, f function) {
	failures := f.live.MetricErrors
	if d.refuses {
		failures = f.failures
	}
	failing := failures(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1))}).
		CreateAlarm(scope, jsii.String(d.id+"RolloutErrors"), &awscloudwatch.CreateAlarmOptions{
			AlarmDescription:  jsii.String("The new version fails: its rollout is taken back"),
			Threshold:         jsii.Number(1),
			EvaluationPeriods: jsii.Number(1),
			TreatMissingData:  awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
	role := awsiam.NewRole(scope, jsii.String(d.id+"RolloutRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("codedeploy.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Least": policyOf(
			awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
				Actions:   jsii.Strings("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
				Resources: &[]*string{f.latest.FunctionArn(), f.live.FunctionArn()},
			}),
			awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
				Actions:   jsii.Strings("cloudwatch:DescribeAlarms"),
				Resources: &[]*string{failing.AlarmArn()},
			}),
		)},
	})
	awscodedeploy.NewLambdaDeploymentGroup(scope, jsii.String(d.id+"Rollout"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias:            f.live,
		DeploymentConfig: c.Rollout,
		Alarms:           &[]interfacesawscloudwatch.IAlarmRef{failing},
		Role:             role.WithoutPolicyUpdates(nil), // CDK would add a managed policy
	})
}

func (c CommonProps) newLogGroup(scope constructs.Construct, id string) awslogs.LogGroup {
	c.letLogsUseKey(scope)
	return awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{
		Retention:     c.LogRetention,
		RemovalPolicy: c.RemovalPolicy,
		EncryptionKey: c.EncryptionKey,
	})
}

// letLogsUseKey lets CloudWatch Logs encrypt the log groups of this account and
// region. It changes nothing of an imported key.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (c CommonProps) letLogsUseKey(scope constructs.Construct) {
	if c.EncryptionKey == nil {
		return
	}
	stack := awscdk.Stack_Of(scope)
	groups := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String("*"),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	c.EncryptionKey.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logs."+*stack.Region()+"."+*stack.UrlSuffix()), nil)},
		Actions:    jsii.Strings("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
		Resources:  jsii.Strings("*"), // in the policy of a key this is the key itself
		Conditions: &map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": groups}},
	}), jsii.Bool(true))
}

// allowLogs allows writing to one log group. Its ARN ends in ":*", which is its streams.
func allowLogs(group awslogs.LogGroup) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"),
		Resources: &[]*string{group.LogGroupArn()},
	})
}

// tracing returns nothing when tracing is off, as the template then says nothing of it.
func (c CommonProps) tracing() awslambda.Tracing {
	if c.Tracing {
		return awslambda.Tracing_ACTIVE
	}
	return ""
}

// allowTracing allows sending segments to X-Ray, which AWS can't limit to any.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func allowTracing() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
		Resources: jsii.Strings("*"),
	})
}

func allowKey(key awskms.IKey, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{key.KeyArn()},
	})
}

func policyOf(statements ...awsiam.PolicyStatement) awsiam.PolicyDocument {
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})
}

func pointers(environments ...map[string]string) *map[string]*string {
	out := map[string]*string{} // variable → value
	for _, environment := range environments {
		for name, value := range environment {
			out[name] = jsii.String(value)
		}
	}
	return &out
}
