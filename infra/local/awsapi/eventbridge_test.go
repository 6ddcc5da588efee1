package awsapi_test

import (
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

const defaultBus = "arn:aws:events:us-east-1:000000000000:event-bus/default"

// newBus makes a server that allows PutEvents on one bus, and returns its client
// and what the bus took.
func newBus(t *testing.T, busARN string) (*eventbridge.Client, *[]awsapi.Event) {
	t.Helper()
	policy, err := iam.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "` + busARN + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var taken []awsapi.Event
	s := awsapi.New(awsapi.Options{
		Region: "us-east-1", AccountID: "000000000000",
		Caller:    func(string) (string, bool) { return "function", true },
		Authorize: func(_ string, call iam.Call) error { return iam.Judge(principal, []iam.Policy{policy}, call) },
		Event:     func(e awsapi.Event) { taken = append(taken, e) },
		Log:       log.New(io.Discard, "", 0),
		Now:       func() time.Time { return start },
	})
	return eventbridge.NewFromConfig(config(t, s)), &taken
}

func entry(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
	e := types.PutEventsRequestEntry{Source: aws.String("source"), DetailType: aws.String("type"), Detail: aws.String(`{"a":1}`)}
	if change != nil {
		change(&e)
	}
	return e
}

func TestPutEvents(t *testing.T) {
	client, taken := newBus(t, defaultBus)
	at := start.Add(-1500 * time.Millisecond)
	reply, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry(nil),
		entry(func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("[]") }),
		entry(func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.cognito") }),
		entry(func(e *types.PutEventsRequestEntry) { e.Source = nil }),
		entry(func(e *types.PutEventsRequestEntry) { e.EventBusName, e.Time = aws.String(defaultBus), &at }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, e := range reply.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if diff := cmp.Diff([]string{"", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument", ""}, codes); diff != "" || reply.FailedEntryCount != 3 {
		t.Errorf("%d failed (-want +got):\n%s", reply.FailedEntryCount, diff)
	}
	want := []awsapi.Event{{defaultBus, "source", "type", `{"a":1}`, start}, {defaultBus, "source", "type", `{"a":1}`, at}}
	if diff := cmp.Diff(want, *taken, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("the bus took (-want +got):\n%s", diff)
	}
}

func TestPutEventsRefuses(t *testing.T) {
	eleven := make([]types.PutEventsRequestEntry, 11)
	for i := range eleven {
		eleven[i] = entry(nil)
	}
	large := entry(func(e *types.PutEventsRequestEntry) {
		e.Detail = aws.String(`{"a":"` + strings.Repeat("a", 256<<10) + `"}`)
	})
	for name, c := range map[string]struct {
		entries []types.PutEventsRequestEntry
		want    string
	}{
		"no entry":         {[]types.PutEventsRequestEntry{}, "ValidationException"},
		"eleven entries":   {eleven, "ValidationException"},
		"more than 256 KB": {[]types.PutEventsRequestEntry{large}, "ValidationException"},
		"a bus that isn't allowed": {[]types.PutEventsRequestEntry{entry(func(e *types.PutEventsRequestEntry) { e.EventBusName = aws.String("other") })},
			"AccessDeniedException"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			client, taken := newBus(t, defaultBus)
			_, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: c.entries})
			if err == nil || !strings.Contains(err.Error(), c.want) || len(*taken) != 0 {
				t.Errorf("error %v, %d events; want %s and none", err, len(*taken), c.want)
			}
		})
	}
}
