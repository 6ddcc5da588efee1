package passkeys

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
)

// Sizes of widgets. A dashboard is 24 wide.
const (
	quarter = 6
	third   = 8
	height  = 6
)

// addDashboard makes a dashboard whose first row says whether people are getting in.
func (m *Monitoring) addDashboard() {
	rows := []*[]awscloudwatch.IWidget{m.gettingIn(), m.responding(), m.underneath()}
	if m.props.Triggers != nil && len(m.props.Triggers.props.fallbacks()) > 0 {
		rows = append(rows, m.letters())
	}
	if m.alarms != nil {
		rows = append(rows, &[]awscloudwatch.IWidget{awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
			Title: jsii.String("Alarms"), Alarms: &m.alarms, Width: jsii.Number(24), Height: jsii.Number(4),
		})})
	}
	m.dashboard = awscloudwatch.NewDashboard(m, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{Widgets: &rows})
}

func (m *Monitoring) gettingIn() *[]awscloudwatch.IWidget {
	signIns := metrics.SignIns.Dimensions[0]
	with := func(outcome string) string {
		return m.emits.search(metrics.SignIns, signIns, map[string]string{metrics.Outcome: outcome}, "Sum")
	}
	share := fmt.Sprintf("100 * SUM(%s) / (SUM(%s) + SUM(%s))", with(metrics.Succeeded), with(metrics.Succeeded), with(metrics.Refused))
	reasons := m.emits.search(metrics.Refusals, []string{metrics.Instance, metrics.Reason}, nil, "Sum")
	faults := m.emits.search(metrics.Faults, metrics.Faults.Dimensions[0], nil, "Sum")
	return &[]awscloudwatch.IWidget{
		graph("Sign-ins", quarter, expression(with(metrics.Succeeded), "${PROP('Dim."+metrics.Method+"')}")),
		awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: jsii.String("Answers that are right, %"), Width: jsii.Number(quarter), Height: jsii.Number(height),
			Left:      &[]awscloudwatch.IMetric{expression(share, "right")},
			LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0), Max: jsii.Number(100), ShowUnits: jsii.Bool(false)},
		}),
		graph("Refusals by reason", quarter, expression(reasons, "${PROP('Dim."+metrics.Reason+"')}")),
		graph("Faults", quarter, expression(faults, "${PROP('Dim."+metrics.Function+"')}")),
	}
}

func (m *Monitoring) responding() *[]awscloudwatch.IWidget {
	latency := metrics.Latency.Dimensions[0]
	count := func(of metrics.Metric) awscloudwatch.IMetric { return m.emits.metric(of, nil, nil) }
	byFunction := "${PROP('Dim." + metrics.Function + "')}"
	widgets := []awscloudwatch.IWidget{
		graph("Latency, ms", third,
			expression(m.emits.search(metrics.Latency, latency, nil, "p50"), byFunction+" p50"),
			expression(m.emits.search(metrics.Latency, latency, nil, "p99"), byFunction+" p99")),
		graph("Passkeys", third, count(metrics.Registrations), count(metrics.Removals), count(metrics.CloneWarnings)),
	}
	if functions := m.functions(); functions != nil {
		widgets = append(widgets, coldStarts(functions))
	}
	return &widgets
}

// letters are what was sent to those who asked, and what that costs where it does.
func (m *Monitoring) letters() *[]awscloudwatch.IWidget {
	byMethod := m.emits.search(metrics.Messages, metrics.Messages.Dimensions[0], nil, "Sum")
	widgets := []awscloudwatch.IWidget{graph("Mails and text messages", third, expression(byMethod, "${PROP('Dim."+metrics.Method+"')}"))}
	if m.sms() != nil {
		widgets = append(widgets, graph("Text messages of the month, US dollars", third, textSpend()))
	}
	return &widgets
}

// coldStarts reads the reports that Lambda writes into the functions' logs, so
// that it costs nothing while nobody looks.
func coldStarts(functions []watched) awscloudwatch.IWidget {
	var groups []*string
	for _, f := range functions {
		groups = append(groups, f.logs.LogGroupName())
	}
	return awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
		Title: jsii.String("Cold starts"), Width: jsii.Number(third), Height: jsii.Number(height),
		LogGroupNames: &groups,
		QueryLines: jsii.Strings(
			`filter type = "platform.report" and ispresent(record.metrics.initDurationMs)`,
			"stats count(*) as starts, pct(record.metrics.initDurationMs, 99) as p99Milliseconds by bin(1h)",
		),
		View: awscloudwatch.LogQueryVisualizationType_LINE,
	})
}

func (m *Monitoring) underneath() *[]awscloudwatch.IWidget {
	var widgets []awscloudwatch.IWidget
	var errors, throttles []awscloudwatch.IMetric
	for _, f := range m.functions() {
		label := &awscloudwatch.MetricOptions{Label: jsii.String(string(f.name) + " errors")}
		errors = append(errors, f.failures(label))
		throttles = append(throttles, f.latest.MetricThrottles(&awscloudwatch.MetricOptions{Label: jsii.String(string(f.name) + " throttles")}))
	}
	if errors != nil {
		widgets = append(widgets, graph("Functions", third, append(errors, throttles...)...))
	}
	sum := &awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")}
	if m.props.API != nil {
		api := m.props.API.api
		widgets = append(widgets, graph("HTTP API", third, api.MetricCount(sum), api.MetricClientError(sum), api.MetricServerError(sum)))
	}
	if table := m.props.Table; table != nil {
		widgets = append(widgets, graph("Table", third,
			table.MetricConsumedReadCapacityUnits(sum), table.MetricConsumedWriteCapacityUnits(sum), m.tableErrors(), m.tableThrottles()))
	}
	return &widgets
}

func graph(title string, width float64, left ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Width: jsii.Number(width), Height: jsii.Number(height), Left: &left,
		LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0), ShowUnits: jsii.Bool(false)},
	})
}

func expression(text, label string) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(text), Label: jsii.String(label), UsingMetrics: &map[string]awscloudwatch.IMetric{},
	})
}
