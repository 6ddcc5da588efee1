package passkeys

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
)

// Outcome is what came of an answer to a challenge.
type Outcome string

// Values of Outcome.
const (
	OutcomeSucceeded Outcome = metrics.Succeeded
	OutcomeRefused   Outcome = metrics.Refused
)

// FunctionName is a function as its metrics name it.
type FunctionName string

// Values of FunctionName.
const (
	FunctionDefine FunctionName = defineFunction
	FunctionCreate FunctionName = createFunction
	FunctionVerify FunctionName = verifyFunction
	FunctionAPI    FunctionName = apiFunction
	FunctionAudit  FunctionName = auditFunction

	FunctionAccounts FunctionName = accountsFunction

	FunctionCorbadoActions FunctionName = corbadoActionsFunction

	FunctionPreSignUp         FunctionName = preSignUpFunction
	FunctionPostConfirmation  FunctionName = postConfirmationFunction
	FunctionPreAuthentication FunctionName = preAuthenticationFunction
)

// emitted are the metrics that the functions of an instance emit. Unless the
// options say otherwise, a count is a sum and a latency the 99th percentile, of
// five minutes.
type emitted struct{ instance string }

// instanceOf is the name of a construct in metrics and audit events, unique in
// an account and region. Of nested stacks the outermost counts: CloudFormation
// names the others, anew whenever it replaces them.
func instanceOf(c constructs.Construct) string {
	stack := awscdk.Stack_Of(c)
	for stack.NestedStackParent() != nil {
		stack = stack.NestedStackParent()
	}
	return *stack.StackName() + strings.TrimPrefix(*c.Node().Path(), *stack.Node().Path())
}

// MetricSignIns counts the answers of a way to sign in, such as "passkey", that
// had the outcome. options may be nil, here and below.
func (p *Passkeys) MetricSignIns(method string, outcome Outcome, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.SignIns, map[string]string{metrics.Method: method, metrics.Outcome: string(outcome)}, options)
}

// MetricRefusals counts the answers that were refused.
func (p *Passkeys) MetricRefusals(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Refusals, nil, options)
}

// MetricRefusalsFor counts the answers that were refused for a reason, such as
// "wrong_origin".
func (p *Passkeys) MetricRefusalsFor(reason string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Refusals, map[string]string{metrics.Reason: reason}, options)
}

// MetricCloneWarnings counts the answers whose signature counter did not increase.
func (p *Passkeys) MetricCloneWarnings(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.CloneWarnings, nil, options)
}

// MetricRegistrations counts the passkeys that were added.
func (p *Passkeys) MetricRegistrations(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Registrations, nil, options)
}

// MetricRemovals counts the passkeys that were removed.
func (p *Passkeys) MetricRemovals(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Removals, nil, options)
}

// MetricMessages counts the mails and text messages that were sent to somebody who
// asked, for a way to sign in, such as "sms".
func (p *Passkeys) MetricMessages(method string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Messages, map[string]string{metrics.Method: method}, options)
}

// MetricLatency is the time in a function's own code, without its start.
func (p *Passkeys) MetricLatency(function FunctionName, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Latency, map[string]string{metrics.Function: string(function)}, options)
}

// MetricFaults counts the calls of a function in which something failed.
func (p *Passkeys) MetricFaults(function FunctionName, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.Faults, map[string]string{metrics.Function: string(function)}, options)
}

// MetricNoticeFailures counts the changes of an account of which its owner could
// not be told by mail.
func (p *Passkeys) MetricNoticeFailures(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.NoticeFailures, nil, options)
}

// MetricDroppedEvents counts the audit events that could never be delivered.
func (p *Passkeys) MetricDroppedEvents(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return p.emits.metric(metrics.DroppedEvents, nil, options)
}

func (e emitted) metric(m metrics.Metric, dimensions map[string]string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	all := map[string]*string{metrics.Instance: jsii.String(e.instance)}
	for name, value := range dimensions {
		all[name] = jsii.String(value)
	}
	metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metrics.Namespace),
		MetricName:    jsii.String(m.Name),
		DimensionsMap: &all,
		Statistic:     jsii.String(statisticOf(m)),
	})
	if options != nil {
		return metric.With(options)
	}
	return metric
}

func statisticOf(m metrics.Metric) string {
	if m.Unit == metrics.Milliseconds {
		return "p99"
	}
	return "Sum"
}

// search is a CloudWatch expression that finds a metric of the instance for
// each value of the last of its dimensions in set, the others of which may be
// given. Dashboards take it, alarms don't.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
func (e emitted) search(m metrics.Metric, set []string, given map[string]string, statistic string) string {
	terms := fmt.Sprintf("MetricName=%q %s=%q", m.Name, metrics.Instance, e.instance)
	for _, name := range set {
		if value, ok := given[name]; ok {
			terms += fmt.Sprintf(" %s=%q", name, value)
		}
	}
	return fmt.Sprintf("SEARCH('{%s,%s} %s', '%s', 300)", metrics.Namespace, strings.Join(set, ","), terms, statistic)
}
