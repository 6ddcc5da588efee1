package telemetry

import "github.com/cognito-passkeys/cognito-passkeys/shared/metrics"

// embeddedKey is the member of a log line that tells CloudWatch which other
// members are metrics, and of which dimensions.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
const embeddedKey = "_aws"

type embedded struct {
	Timestamp         int64 // milliseconds
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    [1]definition
}

type definition struct {
	Name string
	Unit metrics.Unit
}

func embed(m metrics.Metric) directive {
	return directive{metrics.Namespace, m.Dimensions, [1]definition{{m.Name, m.Unit}}}
}
