package stack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
)

// subscribed adds a subscription of the provider to the function's log.
func subscribed(pattern, sourceARN string) assemblytest.Change {
	return assemblytest.Replace(`"Api": {`, `
		"LogsPermission": {
			"Type": "AWS::Lambda::Permission",
			"Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["Provider", "Arn"]}, "Principal": "logs.amazonaws.com", "SourceArn": `+sourceARN+`}
		},
		"Subscription": {
			"Type": "AWS::Logs::SubscriptionFilter", "DependsOn": ["LogsPermission"],
			"Properties": {"DestinationArn": {"Fn::GetAtt": ["Provider", "Arn"]}, "FilterPattern": "`+pattern+`", "LogGroupName": {"Ref": "Logs"}}
		},
		"Api": {`)
}

const (
	ofType      = `{ $.audit[0].type = \"*\" }`
	theLogs     = `{"Fn::GetAtt": ["Logs", "Arn"]}`
	putsEvents  = `{"Action": "events:PutEvents", "Effect": "Allow", "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/default"}, {"Action": "dynamodb:UpdateItem"`
	putsNothing = `{"Action": "events:PutEvents", "Effect": "Allow", "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/other"}, {"Action": "dynamodb:UpdateItem"`
)

// calledOnce runs a stack with a subscription, calls its API once, closes it,
// and returns the events that reached a bus.
func calledOnce(t *testing.T, r *assemblytest.Record, changes ...assemblytest.Change) []awsapi.Event {
	t.Helper()
	var mu sync.Mutex
	var events []awsapi.Event
	s, err := stack.Start(t.Context(), stack.Options{Assembly: assembly(t, changes...), Mail: r.Mail, Log: r, Event: func(e awsapi.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}})
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	s.API().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/open", nil))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return events
}

func TestLoggedLinesReachTheSubscriber(t *testing.T) {
	r := &assemblytest.Record{}
	events := calledOnce(t, r, subscribed(ofType, theLogs), assemblytest.Replace(`{"Action": "dynamodb:UpdateItem"`, putsEvents))
	if len(events) != 1 || events[0].Bus != "arn:aws:events:us-east-1:000000000000:event-bus/default" || events[0].Source != "test" {
		t.Fatalf("events are %+v\n%s", events, r)
	}
	var detail struct{ Data []byte }
	if err := json.Unmarshal([]byte(events[0].Detail), &detail); err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(detail.Data))
	if err != nil {
		t.Fatalf("%s: %v", base64.StdEncoding.EncodeToString(detail.Data), err)
	}
	var payload struct {
		MessageType, Owner string
		LogEvents          []struct{ ID, Message string }
	}
	if err := json.NewDecoder(unpacked).Decode(&payload); err != nil {
		t.Fatal(err)
	}
	if payload.MessageType != "DATA_MESSAGE" || payload.Owner != stack.AccountID || len(payload.LogEvents) != 1 ||
		payload.LogEvents[0].Message != `{"audit":[{"type":"called"}]}` || payload.LogEvents[0].ID == "" {
		t.Errorf("the subscriber gets %+v", payload)
	}
}

func TestLinesThatDontMatchStayWhereTheyAre(t *testing.T) {
	for _, pattern := range []string{`{ $.audit[1].type = \"*\" }`, `{ $.audit[0].kind = \"*\" }`, `{ $.audit = \"*\" }`} {
		r := &assemblytest.Record{}
		if events := calledOnce(t, r, subscribed(pattern, theLogs), assemblytest.Replace(`{"Action": "dynamodb:UpdateItem"`, putsEvents)); len(events) != 0 {
			t.Errorf("with the pattern %s there are events: %+v", pattern, events)
		}
	}
}

func TestSubscriberThatMayNotPutEventsIsReported(t *testing.T) {
	r := &assemblytest.Record{}
	events := calledOnce(t, r, subscribed(ofType, theLogs), assemblytest.Replace(`{"Action": "dynamodb:UpdateItem"`, putsNothing))
	if len(events) != 0 || !strings.Contains(r.String(), "is not authorized to perform: events:PutEvents on resource: arn:aws:events:us-east-1:000000000000:event-bus/default") {
		t.Errorf("events %+v\n%s", events, r)
	}
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change assemblytest.Change
		want   string
	}{
		"another pattern":      {subscribed("ERROR", theLogs), `the filter pattern "ERROR" is not known`},
		"a missing permission": {subscribed(ofType, `"arn:aws:logs:us-east-1:000000000000:log-group:other:*"`), "no AWS::Lambda::Permission allows the call"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := start(t, "", &assemblytest.Record{}, c.change)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// What CloudWatch would do is said to be missing, once for each kind.
func TestMonitoringHasNoEffect(t *testing.T) {
	r := &assemblytest.Record{}
	mustStart(t, "", r, assemblytest.Replace(`"Api": {`, `
		"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}},
		"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "security"}},
		"One": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Ref": "Topic"}], "Threshold": 1}},
		"Two": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [{"Fn::GetAtt": ["Topic", "TopicArn"]}], "Threshold": 2}},
		"Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": {"Fn::GetAtt": ["Bus", "Arn"]}}},
		"Api": {`))
	for _, kind := range []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"} {
		if n := strings.Count(r.String(), kind+" has no effect here"); n != 1 {
			t.Errorf("%s is mentioned %d times:\n%s", kind, n, r)
		}
	}
	if _, err := start(t, "", &assemblytest.Record{}, assemblytest.Replace(`"Api": {`, `"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"EventSourceName": "x"}}, "Api": {`)); !errors.Is(err, stack.ErrUnknown) {
		t.Errorf("a bus of a partner: %v", err)
	}
}
