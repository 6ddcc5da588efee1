package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// eventBus is EventBridge on loopback.
type eventBus struct {
	mu     sync.Mutex
	calls  []int    // entries of each
	taken  []string // ids of the events, in the order in which they came
	answer func(call int, id string) (errorCode string)
	down   bool
}

type entry struct{ Source, DetailType, Detail, EventBusName string }

func (b *eventBus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var request struct{ Entries []entry }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
		http.Error(w, "no PutEvents", http.StatusBadRequest)
		return
	}
	b.calls = append(b.calls, len(request.Entries))
	if b.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var results []map[string]string
	failed := 0
	for _, e := range request.Entries {
		var event audit.Event
		if err := json.Unmarshal([]byte(e.Detail), &event); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if code := b.answer(len(b.calls), event.ID); code != "" {
			failed++
			results = append(results, map[string]string{"ErrorCode": code, "ErrorMessage": code})
			continue
		}
		b.taken = append(b.taken, fmt.Sprint(e.EventBusName, " ", e.Source, " ", e.DetailType, " ", event.ID))
		results = append(results, map[string]string{"EventId": event.ID})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": failed, "Entries": results})
}

// delivery is the function with a bus of its own.
type delivery struct {
	bus     *eventBus
	log     journey.Log
	handler handler
}

func newDelivery(t *testing.T) *delivery {
	t.Helper()
	d := &delivery{bus: &eventBus{answer: func(int, string) string { return "" }}}
	server := httptest.NewServer(d.bus)
	t.Cleanup(server.Close)
	config, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d.handler = handler{
		bus:       bus{eventbridge.NewFromConfig(config), "security"},
		telemetry: telemetry.NewRecorder(&d.log, "audit", journey.Instance, time.Now),
	}
	return d
}

// deliver sends lines as CloudWatch Logs does.
func (d *delivery) deliver(t *testing.T, kind string, lines ...string) error {
	t.Helper()
	message := events.CloudwatchLogsData{MessageType: kind, LogGroup: "group"}
	for _, line := range lines {
		message.LogEvents = append(message.LogEvents, events.CloudwatchLogsLogEvent{Message: line})
	}
	text, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return d.send(t, packed(t, text))
}

func (d *delivery) send(t *testing.T, data string) error {
	t.Helper()
	return d.handler.handle(t.Context(), events.CloudwatchLogsEvent{AWSLogs: events.CloudwatchLogsRawData{Data: data}})
}

func packed(t *testing.T, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// line is a log line with events of these ids.
func line(t *testing.T, ids ...string) string {
	t.Helper()
	var log journey.Log
	call := telemetry.NewRecorder(&log, "verify-auth-challenge", journey.Instance, time.Now).Begin()
	for range ids {
		call.Audit(audit.Event{Type: audit.SignedIn, Sub: "sub", ClientID: journey.ClientID, Method: "passkey"})
	}
	call.End(t.Context(), "verified")
	var members map[string]any
	if err := json.Unmarshal([]byte(log.String()), &members); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		members[audit.Key].([]any)[i].(map[string]any)["id"] = id
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantLine checks the one line of the last call: its metrics beside the latency.
func (d *delivery) wantLine(t *testing.T, want ...string) {
	t.Helper()
	lines := logline.ParseAll(t, d.log.String())
	var got []string
	for _, m := range lines[len(lines)-1].Metrics {
		if m.Name != "Latency" {
			got = append(got, fmt.Sprint(m.Name, " ", m.Value))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func (b *eventBus) wantTaken(t *testing.T, want ...string) {
	t.Helper()
	got := slices.Clone(b.taken)
	for i, id := range want {
		want[i] = "security cognito-passkeys signed_in " + id
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the bus took (-want +got):\n%s", diff)
	}
}

const dataOfLines = "DATA_MESSAGE"

func TestEventsReachTheBus(t *testing.T) {
	d := newDelivery(t)
	if err := d.deliver(t, dataOfLines, line(t, "A"), line(t, "B", "C")); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t, "A", "B", "C")
	d.wantLine(t)
}

func TestEventsGoInBatchesOfTen(t *testing.T) {
	d := newDelivery(t)
	var lines, ids []string
	for i := range 25 {
		ids = append(ids, fmt.Sprint("E", i))
		lines = append(lines, line(t, ids[i]))
	}
	if err := d.deliver(t, dataOfLines, lines...); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t, ids...)
	if !slices.Equal(d.bus.calls, []int{10, 10, 5}) {
		t.Errorf("calls of %v entries, want 10, 10, 5", d.bus.calls)
	}
}

// A call takes 256 KB in all.
func TestLargeEventsGoApart(t *testing.T) {
	d := newDelivery(t)
	large := func(id string, size int) string {
		return strings.Replace(line(t, id), `"sub":"sub"`, `"sub":"`+strings.Repeat("s", size)+`"`, 1)
	}
	if err := d.deliver(t, dataOfLines, large("A", 200<<10), large("B", 200<<10), large("C", 300<<10), line(t, "D")); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t, "A", "B", "D")
	if !slices.Equal(d.bus.calls, []int{1, 2}) {
		t.Errorf("calls of %v entries, want 1, 2", d.bus.calls)
	}
	d.wantLine(t, "DroppedEvents 1")
}

// Only what was not taken is sent again.
func TestPartialFailuresAreRetried(t *testing.T) {
	d := newDelivery(t)
	d.bus.answer = func(call int, id string) string {
		if call == 1 && id != "A" {
			return "ThrottlingException"
		}
		return ""
	}
	if err := d.deliver(t, dataOfLines, line(t, "A", "B", "C")); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t, "A", "B", "C")
	if !slices.Equal(d.bus.calls, []int{3, 2}) {
		t.Errorf("calls of %v entries, want 3, 2", d.bus.calls)
	}
}

func TestEntriesThatAreNeverTakenAreDropped(t *testing.T) {
	d := newDelivery(t)
	d.bus.answer = func(_ int, id string) string {
		return map[string]string{"B": "NotAuthorizedForSourceException"}[id]
	}
	if err := d.deliver(t, dataOfLines, line(t, "A", "B", "C")); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t, "A", "C")
	d.wantLine(t, "DroppedEvents 1")
}

// Lambda calls again after an error.
func TestWhatIsLeftIsAnError(t *testing.T) {
	d := newDelivery(t)
	d.bus.answer = func(_ int, id string) string {
		return map[string]string{"B": "InternalFailure"}[id]
	}
	if err := d.deliver(t, dataOfLines, line(t, "A", "B")); err == nil {
		t.Error("no error")
	}
	d.bus.wantTaken(t, "A")
	d.wantLine(t, "Faults 1")
	if !slices.Equal(d.bus.calls, []int{2, 1, 1}) {
		t.Errorf("calls of %v entries, want 2, 1, 1", d.bus.calls)
	}

	d.bus.down = true
	if err := d.deliver(t, dataOfLines, line(t, "C")); err == nil {
		t.Error("no error of a bus that is down")
	}
}

// What can never be delivered must not come again and hold up the rest.
func TestPoisonIsDroppedAndCounted(t *testing.T) {
	good := line(t, "A")
	for name, c := range map[string]struct {
		line    string
		dropped int
	}{
		"no JSON":             {"START RequestId: 1", 1},
		"no list of events":   {`{"audit":{}}`, 1},
		"no events":           {`{"msg":"verified"}`, 1},
		"another version":     {strings.Replace(good, `"version":1`, `"version":2`, 1), 1},
		"no type":             {strings.Replace(good, `"type"`, `"kind"`, 1), 1},
		"a time of no form":   {strings.Replace(good, `"time":"2`, `"time":"x2`, 2), 1},
		"an event of no form": {`{"audit":[1,"x",null]}`, 3},
	} {
		t.Run("drops "+name, func(t *testing.T) {
			d := newDelivery(t)
			if err := d.deliver(t, dataOfLines, c.line, good); err != nil {
				t.Fatal(err)
			}
			d.bus.wantTaken(t, "A")
			d.wantLine(t, fmt.Sprint("DroppedEvents ", c.dropped))
		})
	}
	for name, data := range map[string]string{
		"what is no base64":    "?",
		"what is not packed":   base64.StdEncoding.EncodeToString([]byte("{}")),
		"what is no JSON":      packed(t, []byte("{")),
		"what breaks off":      packed(t, []byte(`{"messageType":"DATA_MESSAGE"}`))[:24],
		"a bomb":               packed(t, make([]byte, 64<<20)),
		"a bomb within a text": packed(t, []byte(`{"owner":"`+strings.Repeat("a", 64<<20)+`"}`)),
	} {
		t.Run("drops "+name, func(t *testing.T) {
			d := newDelivery(t)
			if err := d.send(t, data); err != nil {
				t.Fatal(err)
			}
			d.wantLine(t, "DroppedEvents 1")
		})
	}
}

// CloudWatch Logs asks whether the function is there.
func TestControlMessages(t *testing.T) {
	d := newDelivery(t)
	if err := d.deliver(t, "CONTROL_MESSAGE", "CWL CONTROL MESSAGE: Checking health of destination Lambda function."); err != nil {
		t.Fatal(err)
	}
	d.bus.wantTaken(t)
	d.wantLine(t)
}

// A member that an event should not have doesn't leave the log.
func TestOnlyTheSchemaIsDelivered(t *testing.T) {
	entries, _ := read(packed(t, []byte(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":`+
		string(quoted(t, strings.Replace(line(t, "A"), `"sub":`, `"challenge":"secret","sub":`, 1)))+`}]}`)))
	if len(entries) != 1 || strings.Contains(*entries[0].Detail, "secret") {
		t.Errorf("entries are %v", entries)
	}
}

func quoted(t *testing.T, text string) []byte {
	t.Helper()
	out, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
