package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
)

const (
	// maxLines bounds what the lines of one call may unpack to, in bytes: some
	// forty times what CloudWatch Logs sends at most, packed.
	maxLines = 32 << 20

	// maxEntry is what EventBridge takes of one event, and of all in one call, in bytes.
	// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
	maxEntry = 256 << 10

	dataMessage = "DATA_MESSAGE" // the other kind only asks whether the function is there
)

// read returns the events in what CloudWatch Logs sends, base64 of gzip of JSON,
// as entries for a bus, and how many there are that can't be.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
func read(data string) (entries []types.PutEventsRequestEntry, dropped int) {
	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewBufferString(data)))
	if err != nil {
		return nil, 1
	}
	text, err := io.ReadAll(io.LimitReader(packed, maxLines))
	var message events.CloudwatchLogsData
	if err != nil || json.Unmarshal(text, &message) != nil {
		return nil, 1
	}
	if message.MessageType != dataMessage {
		return nil, 0
	}
	for _, line := range message.LogEvents {
		var found map[string]json.RawMessage // member → value
		var list []json.RawMessage
		if json.Unmarshal([]byte(line.Message), &found) != nil || json.Unmarshal(found[audit.Key], &list) != nil {
			dropped++
			continue
		}
		for _, text := range list {
			if entry, ok := entryOf(text); ok {
				entries = append(entries, entry)
			} else {
				dropped++
			}
		}
	}
	return entries, dropped
}

// entryOf makes the entry of an event: only what the schema has goes to the bus.
func entryOf(text []byte) (types.PutEventsRequestEntry, bool) {
	var event audit.Event
	if json.Unmarshal(text, &event) != nil || event.Version != audit.Version || event.ID == "" || event.Type == "" || event.Time.IsZero() {
		return types.PutEventsRequestEntry{}, false
	}
	detail, err := json.Marshal(event)
	if err != nil {
		return types.PutEventsRequestEntry{}, false
	}
	entry := types.PutEventsRequestEntry{
		Source:     aws.String(audit.Source),
		DetailType: aws.String(string(event.Type)),
		Detail:     aws.String(string(detail)),
		Time:       aws.Time(event.Time),
	}
	return entry, size(entry) <= maxEntry
}

// size is what EventBridge counts of an entry.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
func size(e types.PutEventsRequestEntry) int {
	const time = 14
	return time + len(*e.Source) + len(*e.DetailType) + len(*e.Detail)
}
