package passkeys

import (
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// MonitoringOptions say how an instance is watched. The zero value watches it
// and tells nobody.
type MonitoringOptions struct {
	// Alarms says whether there are alarms. Nil means true. CloudWatch asks about
	// $0.10 a month for each metric that an alarm looks at: about $2.
	Alarms *bool

	// AlarmTopic is told when an alarm goes off and when it is over. Nil tells nobody.
	AlarmTopic awssns.ITopic

	// Thresholds of the alarms.
	Thresholds Thresholds

	// Dashboard says whether there is a dashboard. Nil means true. CloudWatch asks
	// $3 a month for each after the first three of an account.
	Dashboard *bool

	// AuditBus gets an event whenever a user registers, renames or removes a
	// passkey, signs in or is refused, or a clone is suspected;
	// shared/audit/event.schema.json documents them. No sign-in waits for it: a
	// function of its own delivers them from the log. Nil delivers none.
	// awsevents.EventBus_FromEventBusName(scope, id, "default") is the account's
	// default bus.
	//
	// Lambda tries a delivery three times within six hours. There is no dead
	// letter queue, because nothing is lost that is not delivered: every event
	// stays in the log for LogRetention, and an alarm tells of it.
	AuditBus awsevents.IEventBus
}

// Thresholds are the values from which on alarms go off, all but Duration and
// TextSpend in five minutes. Zero means the default.
type Thresholds struct {
	// Errors and Throttles of one function. Zero means 3 errors and 1 throttle.
	Errors, Throttles int

	// Duration is the 99th percentile of a trigger. Zero means 2 s: a trigger
	// gives up after 2.5 s, and Cognito stops waiting after 5 s.
	Duration time.Duration

	// ServerErrors are answers 5xx of the HTTP API. Zero means 3.
	ServerErrors int

	// Refusals are answers to challenges that were refused. Zero means 50. Raise
	// it to several times what is usual for your users.
	Refusals int

	// CloneWarnings are signature counters that did not increase. Zero means 1.
	CloneWarnings int

	// NoticeFailures are mails that tell users of changes and could not be sent.
	// Zero means 1.
	NoticeFailures int

	// TableErrors are DynamoDB's own errors, and its throttles. Zero means 1.
	TableErrors int

	// TextSpend is what the account has spent on text messages in the month, in US
	// dollars. Zero means 50.
	TextSpend int
}

func (t Thresholds) withDefaults() Thresholds {
	setDefault(&t.Errors, 3)
	setDefault(&t.Throttles, 1)
	setDefault(&t.Duration, 2*time.Second)
	setDefault(&t.ServerErrors, 3)
	setDefault(&t.Refusals, 50)
	setDefault(&t.CloneWarnings, 1)
	setDefault(&t.NoticeFailures, 1)
	setDefault(&t.TableErrors, 1)
	setDefault(&t.TextSpend, 50)
	return t
}

// MonitoringProps configures Monitoring.
type MonitoringProps struct {
	CommonProps
	MonitoringOptions

	// What is watched. Each may be nil.
	Triggers *Triggers
	API      *API
	Accounts *Accounts
	Table    awsdynamodb.ITable
}

// Monitoring watches the parts of one instance: alarms, a dashboard, and the
// delivery of audit events.
type Monitoring struct {
	constructs.Construct

	props     MonitoringProps
	emits     emitted
	alarms    []interfacesawscloudwatch.IAlarmRef
	dashboard awscloudwatch.Dashboard // nil unless there is one
	audit     function                // zero unless events are delivered
}

// NewMonitoring adds what watches the parts to scope. The instance of the parts
// must be the same. It panics with a *BuildError.
func NewMonitoring(scope constructs.Construct, id *string, props *MonitoringProps) *Monitoring {
	if props == nil {
		props = &MonitoringProps{}
	}
	m := &Monitoring{props: *props}
	m.props.CommonProps = props.withDefaults()
	m.props.Thresholds = props.Thresholds.withDefaults()
	constructs.NewConstruct_Override(m, scope, id)
	setDefault(&m.props.Instance, instanceOf(m))
	m.emits = emitted{m.props.Instance}
	if props.AuditBus != nil {
		m.addDelivery()
	}
	if props.Alarms == nil || *props.Alarms {
		m.addAlarms()
	}
	if props.Dashboard == nil || *props.Dashboard {
		m.addDashboard()
	}
	return m
}

// Alarms are all there are, for a composite alarm of the account's own.
func (m *Monitoring) Alarms() []interfacesawscloudwatch.IAlarmRef { return m.alarms }

// Dashboard is the dashboard, to which widgets may be added, or nil.
func (m *Monitoring) Dashboard() awscloudwatch.Dashboard { return m.dashboard }

// AuditFunction delivers audit events, or is nil.
func (m *Monitoring) AuditFunction() awslambda.Function { return m.audit.latest }

// watched is a function that is watched.
type watched struct {
	id   string // construct id
	name FunctionName
	function
}

// triggers are the functions that Cognito waits for.
func (m *Monitoring) triggers() []watched {
	if m.props.Triggers == nil {
		return nil
	}
	t := m.props.Triggers
	all := []watched{
		{"DefineAuthChallenge", FunctionDefine, t.define},
		{"CreateAuthChallenge", FunctionCreate, t.create},
		{"VerifyAuthChallenge", FunctionVerify, t.verify},
		{"PreSignUp", FunctionPreSignUp, t.preSignUp},
		{"PostConfirmation", FunctionPostConfirmation, t.postConfirmation},
		{"PreAuthentication", FunctionPreAuthentication, t.preAuthentication},
	}
	return slices.DeleteFunc(all, func(w watched) bool { return w.latest == nil })
}

// functions are all that serve users.
func (m *Monitoring) functions() []watched {
	all := m.triggers()
	if m.props.API != nil {
		all = append(all, watched{"Api", FunctionAPI, m.props.API.function})
	}
	if m.props.Accounts != nil {
		all = append(all, watched{"Accounts", FunctionAccounts, m.props.Accounts.function})
	}
	if m.props.API != nil && m.props.API.actions.latest != nil {
		all = append(all, watched{"CorbadoActions", FunctionCorbadoActions, m.props.API.actions})
	}
	return all
}

func (m *Monitoring) addAlarms() {
	t := m.props.Thresholds
	everyone := m.functions()
	if m.props.AuditBus != nil {
		everyone = append(everyone, watched{"Audit", FunctionAudit, m.audit})
		m.addAlarm("DroppedEvents", "Audit events could not be delivered because they are malformed or too large.", m.emits.metric(metrics.DroppedEvents, nil, nil), 1)
	}
	for _, f := range everyone {
		m.addAlarm(f.id+"Errors", "A function fails: its log says why.", f.failures(nil), float64(t.Errors))
		m.addAlarm(f.id+"Throttles", "A function has no free instance: raise the account's or its concurrency.", f.latest.MetricThrottles(nil), float64(t.Throttles))
	}
	for _, f := range m.triggers() {
		duration := f.latest.MetricDuration(&awscloudwatch.MetricOptions{Statistic: jsii.String("p99")})
		m.addAlarm(f.id+"Duration", "A trigger is slow: it gives up after 2.5 s, and Cognito after 5 s.", duration, float64(t.Duration.Milliseconds()))
	}
	if m.props.Triggers != nil {
		m.addAlarm("Refusals", "Unusually many answers are refused: the log line of each has its reason.", m.emits.metric(metrics.Refusals, nil, nil), float64(t.Refusals))
		m.addAlarm("CloneWarnings", "A signature counter did not increase: a passkey may have been copied.", m.emits.metric(metrics.CloneWarnings, nil, nil), float64(t.CloneWarnings))
	}
	if sms := m.sms(); sms != nil {
		m.addAlarm("TextMessages", "The last text message of the day is sent: nobody gets one until tomorrow.", m.textMessages(), float64(sms.MaxPerDay))
		m.addAlarmWithout(awscloudwatch.TreatMissingData_IGNORE, "TextSpend",
			"The account has spent much on text messages this month, in US dollars: perhaps somebody profits from them.", textSpend(), float64(t.TextSpend))
	}
	if m.props.API != nil {
		errors := m.props.API.api.MetricServerError(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
		m.addAlarm("ApiServerErrors", "The HTTP API answers 5xx.", errors, float64(t.ServerErrors))
		if m.props.API.props.sends() {
			m.addAlarm("NoticeFailures", "A user could not be told by mail of a change of the account: the log line of the call says why.", m.emits.metric(metrics.NoticeFailures, nil, nil), float64(t.NoticeFailures))
		}
	}
	if m.props.Table != nil {
		m.addAlarm("TableErrors", "DynamoDB fails, in the operations of sign-ins and registrations.", m.tableErrors(), float64(t.TableErrors))
		m.addAlarm("TableThrottles", "DynamoDB throttles the table.", m.tableThrottles(), float64(t.TableErrors))
	}
}

// addAlarm makes an alarm that goes off when a metric reaches the threshold in
// its period. No data is no alarm: at night nobody signs in.
func (m *Monitoring) addAlarm(id, description string, metric awscloudwatch.IMetric, threshold float64) {
	m.addAlarmWithout(awscloudwatch.TreatMissingData_NOT_BREACHING, id, description, metric, threshold)
}

// addAlarmWithout is addAlarm with what there being no data means.
func (m *Monitoring) addAlarmWithout(data awscloudwatch.TreatMissingData, id, description string, metric awscloudwatch.IMetric, threshold float64) {
	alarm := awscloudwatch.NewAlarm(m, jsii.String(id), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(description),
		Metric:             metric,
		Threshold:          jsii.Number(threshold),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   data,
	})
	if m.props.AlarmTopic != nil {
		action := awscloudwatchactions.NewSnsAction(m.props.AlarmTopic)
		alarm.AddAlarmAction(action)
		alarm.AddOkAction(action)
	}
	m.alarms = append(m.alarms, alarm)
}

// sms is how text messages are sent, or nil if none are.
func (m *Monitoring) sms() *SMSCode {
	if m.props.Triggers == nil {
		return nil
	}
	return m.props.Triggers.props.SMSCode
}

// textMessages are those of a day.
func (m *Monitoring) textMessages() awscloudwatch.IMetric {
	return m.emits.metric(metrics.Messages, map[string]string{metrics.Method: provisioning.MethodSMS},
		&awscloudwatch.MetricOptions{Period: awscdk.Duration_Days(jsii.Number(1))})
}

// textSpend is what text messages have cost the account since the month began,
// published whenever one is sent, so that an alarm holds while there is none. It
// needs the account's service-linked role for AWS End User Messaging.
// https://docs.aws.amazon.com/sms-voice/latest/userguide/monitoring-cloudwatch.html
func textSpend() awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/SMSVoice"), MetricName: jsii.String("TextMessageMonthlySpend"),
		Statistic: jsii.String("Maximum"), Period: awscdk.Duration_Hours(jsii.Number(1)),
	})
}

// tableErrors are DynamoDB's own, of the operations that sign-ins and registrations wait for.
func (m *Monitoring) tableErrors() awscloudwatch.IMetric {
	return m.props.Table.MetricSystemErrorsForOperations(&awsdynamodb.SystemErrorsForOperationsMetricOptions{
		Operations: &[]awsdynamodb.Operation{
			awsdynamodb.Operation_GET_ITEM, awsdynamodb.Operation_UPDATE_ITEM, awsdynamodb.Operation_TRANSACT_WRITE_ITEMS,
		},
		Period: awscdk.Duration_Minutes(jsii.Number(5)),
	})
}

func (m *Monitoring) tableThrottles() awscloudwatch.IMetric {
	sum := &awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")}
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String("reads + writes"),
		Label:      jsii.String("Throttles"),
		UsingMetrics: &map[string]awscloudwatch.IMetric{
			"reads":  m.props.Table.Metric(jsii.String("ReadThrottleEvents"), sum),
			"writes": m.props.Table.Metric(jsii.String("WriteThrottleEvents"), sum),
		},
	})
}
