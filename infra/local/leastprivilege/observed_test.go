package leastprivilege_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
)

// observation is what a stack told of itself while it was used.
type observation struct {
	template document
	log      *passkeytest.Log
	token    string // of the visitor
	events   []awsapi.Event
}

// observe uses a stack in every way that it tells of.
func observe(t *testing.T) *observation {
	t.Helper()
	assembly := synthesized(t, "")
	o := &observation{template: readTemplate(t, assembly), log: &passkeytest.Log{}}
	var mu sync.Mutex
	s, err := stack.Start(t.Context(), stack.Options{
		Assembly: place(t, assembly, o.template), Mail: func(userpool.Message) {}, Log: o.log,
		Event: func(e awsapi.Event) {
			mu.Lock()
			defer mu.Unlock()
			o.events = append(o.events, e)
		},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, o.log)
	}
	v := newVisitor(s, nil)
	steps := []func(context.Context) error{v.join, v.register, v.signInByName, v.signInWithClone, v.signInRefused, v.manage}
	for _, step := range steps {
		if err := step(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, o.log)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.token = v.token
	return o
}

// signInWithClone signs in twice, as one passkey in two places would.
func (v *visitor) signInWithClone(ctx context.Context) error {
	for _, count := range []uint32{7, 3} {
		begun, err := v.begin(ctx, address)
		if err != nil {
			return err
		}
		if err := v.answer(ctx, begun, nil, func(c *passkeytest.Ceremony) { c.SignCount = count }); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor) signInRefused(ctx context.Context) error {
	begun, err := v.begin(ctx, address)
	if err != nil {
		return err
	}
	err = v.answer(ctx, begun, nil, func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified })
	if refused := (*types.NotAuthorizedException)(nil); !errors.As(err, &refused) {
		return fmt.Errorf("an answer without user verification ends with %w", err)
	}
	return nil
}

// lines are the log lines that hold metrics.
func (o *observation) lines(t *testing.T) []logline.Line {
	t.Helper()
	var lines []logline.Line
	for text := range strings.Lines(o.log.String()) {
		_, text, _ := strings.Cut(text, "] ") // after the function's name
		if !strings.Contains(text, `"_aws"`) {
			continue
		}
		line, err := logline.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}

const instance = stackName + "/Passkeys"

func TestWhatTheStackTellsOfItself(t *testing.T) {
	o := observe(t)
	t.Run("metrics are the documented ones", o.metricsAreDocumented)
	t.Run("alarms look at metrics that there are", o.alarmsLookAtMetrics)
	t.Run("the dashboard looks at metrics that there are", o.dashboardLooksAtMetrics)
	t.Run("audit events reach the bus", o.eventsReachTheBus)
	t.Run("nothing secret is told", o.nothingSecretIsTold)
}

func (o *observation) metricsAreDocumented(t *testing.T) {
	emitted := map[string]bool{}
	for _, line := range o.lines(t) {
		for _, m := range line.Metrics {
			if m.Namespace != metrics.Namespace || m.Dimensions[metrics.Instance] != instance {
				t.Errorf("%s is in %s, want the instance %s in %s", m, m.Namespace, instance, metrics.Namespace)
			}
			emitted[describe(m.Name, metrics.Unit(m.Unit), slices.Collect(maps.Keys(m.Dimensions)))] = true
		}
	}
	want := map[string]bool{}
	for _, m := range metrics.All() {
		for _, set := range m.Dimensions {
			// Nothing failed, and nobody asked for mail.
			if !slices.Contains([]string{metrics.Faults.Name, metrics.NoticeFailures.Name, metrics.DroppedEvents.Name, metrics.Messages.Name}, m.Name) {
				want[describe(m.Name, m.Unit, set)] = true
			}
		}
	}
	if diff := cmp.Diff(want, emitted); diff != "" {
		t.Errorf("metrics (-documented +emitted):\n%s", diff)
	}
}

func describe(name string, unit metrics.Unit, dimensions []string) string {
	return fmt.Sprint(name, " in ", unit, " by ", slices.Sorted(slices.Values(dimensions)))
}

// wantMetric checks that a metric that somebody looks at is one of ours.
func wantMetric(t *testing.T, name string, dimensions []string) {
	t.Helper()
	for _, m := range metrics.All() {
		for _, set := range m.Dimensions {
			if m.Name == name && slices.Equal(slices.Sorted(slices.Values(set)), slices.Sorted(slices.Values(dimensions))) {
				return
			}
		}
	}
	t.Errorf("nothing emits %s by %v", name, dimensions)
}

func (o *observation) alarmsLookAtMetrics(t *testing.T) {
	found := 0
	for id, resource := range o.template.resources() {
		if resource.(map[string]any)["Type"] != "AWS::CloudWatch::Alarm" {
			continue
		}
		text, err := json.Marshal(resource.(map[string]any)["Properties"])
		if err != nil {
			t.Fatal(err)
		}
		var alarm struct {
			Namespace, MetricName string
			Dimensions            []struct {
				Name  string
				Value any
			}
		}
		if err := json.Unmarshal(text, &alarm); err != nil {
			t.Fatal(err)
		}
		if alarm.Namespace != metrics.Namespace {
			continue
		}
		found++
		var names []string
		for _, d := range alarm.Dimensions {
			names = append(names, d.Name)
			if d.Name == metrics.Instance && d.Value != instance {
				t.Errorf("%s looks at the instance %v", id, d.Value)
			}
		}
		wantMetric(t, alarm.MetricName, names)
	}
	if found != 3 {
		t.Errorf("%d alarms look at our metrics, want 3", found)
	}
}

var (
	searched = regexp.MustCompile(`\{` + metrics.Namespace + `,([\w,]+)\} MetricName="(\w+)" instance="([^"]+)"`)
	plotted  = regexp.MustCompile(`\["` + metrics.Namespace + `","(\w+)","instance","([^"]+)"`)
)

func (o *observation) dashboardLooksAtMetrics(t *testing.T) {
	for _, resource := range o.template.resources() {
		if resource.(map[string]any)["Type"] != "AWS::CloudWatch::Dashboard" {
			continue
		}
		var body strings.Builder
		for _, part := range resource.(map[string]any)["Properties"].(map[string]any)["DashboardBody"].(map[string]any)["Fn::Join"].([]any)[1].([]any) {
			text, isText := part.(string)
			if !isText {
				text = "x" // known at deployment
			}
			body.WriteString(text)
		}
		if !json.Valid([]byte(body.String())) {
			t.Fatalf("the body is no JSON: %s", &body)
		}
		unquoted := strings.ReplaceAll(body.String(), `\"`, `"`)
		searches, plots := searched.FindAllStringSubmatch(unquoted, -1), plotted.FindAllStringSubmatch(unquoted, -1)
		if len(searches) != 8 || len(plots) != 3 {
			t.Errorf("%d searches and %d plots of our metrics, want 8 and 3:\n%s", len(searches), len(plots), unquoted)
		}
		for _, s := range searches {
			wantMetric(t, s[2], strings.Split(s[1], ","))
			if s[3] != instance {
				t.Errorf("%s is looked for in the instance %s", s[2], s[3])
			}
		}
		for _, p := range plots {
			wantMetric(t, p[1], []string{metrics.Instance})
		}
		return
	}
	t.Error("the template has no dashboard")
}

func (o *observation) eventsReachTheBus(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../../shared/audit/event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{} // type → events
	for _, e := range o.events {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(e.Detail)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s does not keep the schema: %v", e.Detail, err)
		}
		detail := value.(map[string]any)
		if e.Source != "cognito-passkeys" || e.DetailType != detail["type"] || !strings.HasSuffix(e.Bus, ":event-bus/default") || detail["instance"] != instance {
			t.Errorf("event %+v", e)
		}
		got[e.DetailType]++
	}
	want := map[string]int{
		"passkey.registered": 1, "passkey.renamed": 1, "passkey.removed": 1, "signed_in": 3, "refused": 1, "clone_suspected": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s\n%s", diff, o.log)
	}
}

func (o *observation) nothingSecretIsTold(t *testing.T) {
	told := o.log.String()
	for _, e := range o.events {
		told += e.Detail
	}
	for what, secret := range map[string]string{
		"a token": o.token, "a password": password, "an address": address, "the name of a passkey": "Kitchen",
		"an answer": "clientDataJSON", "a challenge": `"challenge":`, "the options": "fido2options",
	} {
		if strings.Contains(told, secret) {
			t.Errorf("%s was told", what)
		}
	}
}
