// Package logline reads the log lines of functions as CloudWatch does, and
// refuses what CloudWatch would drop without a word.
package logline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
)

// Line is a line of a log.
type Line struct {
	Message  string
	Function string
	Metrics  []Metric
	Events   []json.RawMessage // audit events
}

// Metric is a value of a metric in one of its sets of dimensions.
type Metric struct {
	Namespace, Name, Unit string
	Dimensions            map[string]string // name → value
	Value                 float64
}

// String writes the metric without its value, with the dimensions in alphabetical order.
func (m Metric) String() string {
	var dimensions []string
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		dimensions = append(dimensions, name+"="+m.Dimensions[name])
	}
	return m.Name + "{" + strings.Join(dimensions, " ") + "}"
}

// embedded is the member _aws of a line.
type embedded struct {
	Timestamp         int64
	CloudWatchMetrics []struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []struct{ Name, Unit string }
	}
}

// Parse reads a line. Its limits are those of the embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func Parse(text []byte) (Line, error) {
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return Line{}, fmt.Errorf("the line is not JSON: %w", err)
	}
	var known struct {
		Msg, Function string
		AWS           embedded `json:"_aws"`
	}
	var lists map[string]json.RawMessage
	var events []json.RawMessage
	if err := json.Unmarshal(text, &known); err != nil {
		return Line{}, err
	}
	if err := json.Unmarshal(text, &lists); err != nil {
		return Line{}, err
	}
	if list, ok := lists[audit.Key]; ok {
		if err := json.Unmarshal(list, &events); err != nil {
			return Line{}, err
		}
	}
	values, err := known.AWS.values(members)
	return Line{known.Msg, known.Function, values, events}, err
}

func (e embedded) values(members map[string]any) ([]Metric, error) {
	var values []Metric
	for _, d := range e.CloudWatchMetrics {
		if d.Namespace == "" || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > 100 || e.Timestamp == 0 {
			return nil, fmt.Errorf("an incomplete directive: %+v", d)
		}
		for _, m := range d.Metrics {
			value, ok := members[m.Name].(float64)
			if !ok {
				return nil, fmt.Errorf("the line has no number %s", m.Name)
			}
			for _, set := range d.Dimensions {
				metric := Metric{d.Namespace, m.Name, m.Unit, map[string]string{}, value}
				for _, name := range set {
					text, ok := members[name].(string)
					if !ok || text == "" || len(text) > 1024 {
						return nil, fmt.Errorf("%s: the line has %#v as dimension %s", m.Name, members[name], name)
					}
					metric.Dimensions[name] = text
				}
				values = append(values, metric)
			}
		}
	}
	return values, nil
}

// ParseAll reads a whole log.
func ParseAll(t testing.TB, log string) []Line {
	t.Helper()
	var lines []Line
	for text := range strings.Lines(log) {
		line, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}
