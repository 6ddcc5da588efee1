package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
)

func TestReadmeListsTheMetrics(t *testing.T) {
	var want []row
	for _, m := range metrics.All() {
		var sets []string
		for _, set := range m.Dimensions {
			var names []string
			for _, name := range set {
				names = append(names, code(name))
			}
			sets = append(sets, strings.Join(names, ", "))
		}
		want = append(want, row{code(m.Name), string(m.Unit), strings.Join(sets, "; "), m.Meaning})
	}
	wantTable(t, "Metrics", want)
}

// alarm is the properties of an AWS::CloudWatch::Alarm.
type alarm struct {
	AlarmDescription  string
	AlarmActions      []any
	OKActions         []any
	Statistic         string
	ExtendedStatistic string // such as p99
	Threshold         float64
	Period            int // seconds
	Metrics           []struct {
		Period     int
		MetricStat struct{ Period int }
	}
}

// period returns the one of the metric or of the metrics that it is computed from.
func (a alarm) period() time.Duration {
	seconds := a.Period
	for _, m := range a.Metrics {
		seconds = max(seconds, m.Period, m.MetricStat.Period)
	}
	return time.Duration(seconds) * time.Second
}

// threshold says in words from which value on the alarm goes off.
func (a alarm) threshold() string {
	if a.ExtendedStatistic != "" {
		return fmt.Sprintf("%s of %s in %.0f minutes", a.ExtendedStatistic, time.Duration(a.Threshold)*time.Millisecond, a.period().Minutes())
	}
	switch {
	case a.Statistic == "Maximum": // of what only grows
		return fmt.Sprintf("%.0f", a.Threshold)
	case a.period() == 24*time.Hour:
		return fmt.Sprintf("%.0f in a day", a.Threshold)
	default:
		return fmt.Sprintf("%.0f in %.0f minutes", a.Threshold, a.period().Minutes())
	}
}

// alarmID matches the logical id of an alarm.
var alarmID = regexp.MustCompile(`^PasskeysMonitoring(\w+)[0-9A-F]{8}$`)

func TestReadmeListsTheAlarms(t *testing.T) {
	names := map[string][]string{} // threshold and description → alarms
	resources := synthesizedStack(t, with(with(withCorbado, withAccounts), bySMS)).Resources
	maps.Copy(resources, synthesizedStack(t, with(withCorbado, withRoster)).Resources)
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		if resources[id].Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		var a alarm
		if err := json.Unmarshal(resources[id].Properties, &a); err != nil {
			t.Fatal(err)
		}
		if len(a.AlarmActions) != 1 || len(a.OKActions) != 1 {
			t.Errorf("%s tells %d topics when it goes off and %d when it is over, want 1 and 1", id, len(a.AlarmActions), len(a.OKActions))
		}
		match := alarmID.FindStringSubmatch(id)
		if match == nil {
			t.Fatalf("%s is no id of an alarm", id)
		}
		what := a.threshold() + "\n" + a.AlarmDescription
		names[what] = append(names[what], code(match[1]))
	}
	var want []row
	for what, alarms := range names {
		threshold, description, _ := strings.Cut(what, "\n")
		want = append(want, row{strings.Join(alarms, ", "), threshold, strings.TrimSuffix(description, ".")})
	}
	slices.SortFunc(want, slices.Compare[row])
	wantTable(t, "Alarms", want)
}
