package passkeys_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

const (
	alarmType     = "AWS::CloudWatch::Alarm"
	dashboardType = "AWS::CloudWatch::Dashboard"
)

// audited is a stack that delivers audit events and traces, and tells a topic of alarms.
var audited = sync.OnceValue(func() synthesis {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	props := minimal()
	props.Tracing = true
	props.AlarmTopic = awssns.NewTopic(stack, jsii.String("OnCall"), nil)
	props.AuditBus = awsevents.NewEventBus(stack, jsii.String("Security"), nil)
	props.Thresholds = passkeys.Thresholds{Refusals: 500, Duration: time.Second}
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	template := assertions.Template_FromStack(stack, nil)
	return synthesis{template: template, all: resourcesOf(template), passkeys: p}
})

func TestAlarmsTellTheTopic(t *testing.T) {
	alarms := audited().all.ofType(alarmType)
	if len(alarms) != 19 {
		t.Errorf("%d alarms, want 19", len(alarms))
	}
	for id, alarm := range alarms {
		if got := flat(alarm["AlarmActions"]) + flat(alarm["OKActions"]); got != "${OnCall}${OnCall}" {
			t.Errorf("%s tells %s", id, got)
		}
		if alarm["TreatMissingData"] != "notBreaching" || alarm["ComparisonOperator"] != "GreaterThanOrEqualToThreshold" {
			t.Errorf("%s: %v", id, alarm)
		}
	}
	for name, want := range map[string]float64{
		"Refusals": 500, "VerifyAuthChallengeDuration": 1000, "VerifyAuthChallengeErrors": 3, "CloneWarnings": 1,
	} {
		if got := audited().all.named(t, alarmType, "PasskeysMonitoring"+name)["Threshold"]; got != want {
			t.Errorf("the threshold of %s is %v, want %v", name, got, want)
		}
	}
}

func TestAuditEventsTakeTheirWayFromTheLogs(t *testing.T) {
	all := audited().all
	wantStatements := []string{
		"events:PutEvents on ${Security.Arn}",
		"logs:CreateLogStream logs:PutLogEvents on ${PasskeysMonitoringAuditLogs.Arn}",
		"xray:PutTraceSegments xray:PutTelemetryRecords on *",
	}
	if diff := cmp.Diff(wantStatements, statementsOf(all.named(t, "AWS::IAM::Role", "PasskeysMonitoringAuditRole"))); diff != "" {
		t.Errorf("the function may (-want +got):\n%s", diff)
	}
	got := map[string]string{} // log group → pattern and destination
	for _, filter := range all.ofType("AWS::Logs::SubscriptionFilter") {
		got[flat(filter["LogGroupName"])] = flat(filter["FilterPattern"]) + " to " + flat(filter["DestinationArn"])
	}
	const to = `{ $.audit[0].type = "*" } to ${PasskeysMonitoringAudit.Arn}`
	want := map[string]string{"${PasskeysTriggersVerifyAuthChallengeLogs}": to, "${PasskeysApiFunctionLogs}": to}
	if !maps.Equal(got, want) {
		t.Errorf("subscriptions %v, want %v", got, want)
	}
	callers := map[string]string{} // source → principal
	for _, permission := range all.ofType("AWS::Lambda::Permission") {
		if flat(permission["FunctionName"]) == "${PasskeysMonitoringAudit.Arn}" {
			callers[flat(permission["SourceArn"])] = permission["Principal"].(string)
		}
	}
	wantCallers := map[string]string{
		"${PasskeysTriggersVerifyAuthChallengeLogs.Arn}": "logs.amazonaws.com", "${PasskeysApiFunctionLogs.Arn}": "logs.amazonaws.com",
	}
	if !maps.Equal(callers, wantCallers) {
		t.Errorf("it is called by %v, want %v", callers, wantCallers)
	}
}

func TestTracing(t *testing.T) {
	for id, function := range audited().all.ofType("AWS::Lambda::Function") {
		if mode := fmt.Sprint(function["TracingConfig"]); !strings.Contains(mode, "Active") {
			t.Errorf("%s has the tracing %s", id, mode)
		}
	}
	for id, function := range defaults().all.ofType("AWS::Lambda::Function") {
		if function["TracingConfig"] != nil {
			t.Errorf("%s is traced", id)
		}
	}
}

func TestMonitoringCanBeSwitchedOff(t *testing.T) {
	props := minimal()
	props.Alarms, props.Dashboard = jsii.Bool(false), jsii.Bool(false)
	all := synthesize(props).all
	if n := len(all.ofType(alarmType)) + len(all.ofType(dashboardType)); n != 0 {
		t.Errorf("%d alarms and dashboards", n)
	}
}

func TestMonitoringOfATableAlone(t *testing.T) {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	passkeys.NewMonitoring(stack, jsii.String("Monitoring"), &passkeys.MonitoringProps{
		Table: passkeys.NewCredentialTable(stack, jsii.String("Table"), nil),
	})
	all := resourcesOf(assertions.Template_FromStack(stack, nil))
	if alarms, dashboards := len(all.ofType(alarmType)), len(all.ofType(dashboardType)); alarms != 2 || dashboards != 1 {
		t.Errorf("%d alarms and %d dashboards, want 2 and 1", alarms, dashboards)
	}
}

func TestMetrics(t *testing.T) {
	p := defaults().passkeys
	for want, metric := range map[string]awscloudwatch.Metric{
		"SignIns instance=Stack/Passkeys method=passkey outcome=succeeded Sum": p.MetricSignIns("passkey", passkeys.OutcomeSucceeded, nil),
		"Refusals instance=Stack/Passkeys Sum":                                 p.MetricRefusals(nil),
		"Refusals instance=Stack/Passkeys reason=counter Sum":                  p.MetricRefusalsFor("counter", nil),
		"CloneWarnings instance=Stack/Passkeys Sum":                            p.MetricCloneWarnings(nil),
		"Registrations instance=Stack/Passkeys Sum":                            p.MetricRegistrations(nil),
		"Removals instance=Stack/Passkeys Sum":                                 p.MetricRemovals(nil),
		"Latency function=verify-auth-challenge instance=Stack/Passkeys p99":   p.MetricLatency(passkeys.FunctionVerify, nil),
		"Latency function=api instance=Stack/Passkeys p50":                     p.MetricLatency(passkeys.FunctionAPI, &awscloudwatch.MetricOptions{Statistic: jsii.String("p50")}),
		"Faults function=api instance=Stack/Passkeys Sum":                      p.MetricFaults(passkeys.FunctionAPI, nil),
		"DroppedEvents instance=Stack/Passkeys Sum":                            p.MetricDroppedEvents(nil),
	} {
		got := *metric.MetricName()
		dimensions := *metric.Dimensions()
		for _, name := range slices.Sorted(maps.Keys(dimensions)) {
			got += fmt.Sprintf(" %s=%s", name, dimensions[name])
		}
		if got += " " + *metric.Statistic(); got != want || *metric.Namespace() != "CognitoPasskeys" {
			t.Errorf("%s in %s, want %s", got, *metric.Namespace(), want)
		}
	}
}

// Two instances in one stack are told apart.
func TestInstancesHaveNames(t *testing.T) {
	env := environment(t, defaults().all, "PasskeysApiFunction")
	if got := env["PASSKEYS_INSTANCE"]; got != "Stack/Passkeys" {
		t.Errorf("the instance is %q", got)
	}
	props := minimal()
	props.Instance = "login"
	named := synthesize(props)
	for id := range named.all.ofType("AWS::Lambda::Function") {
		if got := environment(t, named.all, id[:len(id)-8])["PASSKEYS_INSTANCE"]; got != "login" {
			t.Errorf("the instance of %s is %q", id, got)
		}
	}
}
