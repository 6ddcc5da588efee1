package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	maxEntries = 10 // of one PutEvents
	tries      = 3  // of an event, with the first
	maxPause   = 200 * time.Millisecond
)

// final are the errors of an entry that it would get again.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
var final = []string{
	"InvalidAccountIdException", "InvalidArgument", "MalformedDetail", "NotAuthorizedForDetailTypeException",
	"NotAuthorizedForSourceException", "RedactionFailure",
}

// bus is an event bus.
type bus struct {
	client *eventbridge.Client
	name   string // or ARN
}

// put sends all entries. It returns how many the bus took and how many it will
// never take; an error says that others are left.
func (b bus) put(ctx context.Context, entries []types.PutEventsRequestEntry) (delivered, refused int, err error) {
	for i := range entries {
		entries[i].EventBusName = aws.String(b.name)
	}
	var problems []error
	for _, batch := range batches(entries) {
		rest := batch
		var problem error
		for try := 0; try < tries && len(rest) > 0; try++ {
			if try > 0 && !pause(ctx) {
				break
			}
			before, never := len(rest), 0
			rest, never, problem = b.putOnce(ctx, rest)
			delivered += before - len(rest) - never
			refused += never
		}
		if len(rest) > 0 {
			problems = append(problems, problem)
		}
	}
	return delivered, refused, errors.Join(problems...)
}

// putOnce returns the entries that are to be sent again, with the last reason,
// and how many never are.
func (b bus) putOnce(ctx context.Context, batch []types.PutEventsRequestEntry) (again []types.PutEventsRequestEntry, never int, problem error) {
	reply, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: batch})
	if err != nil {
		return batch, 0, fmt.Errorf("putting events: %w", err)
	}
	for i, result := range reply.Entries {
		switch code := aws.ToString(result.ErrorCode); {
		case code == "":
		case slices.Contains(final, code):
			never++
		default:
			again = append(again, batch[i])
			problem = fmt.Errorf("putting events: one was not taken: %s", code)
		}
	}
	return again, never, problem
}

// batches divides entries into lists that fit into one call.
func batches(entries []types.PutEventsRequestEntry) [][]types.PutEventsRequestEntry {
	var all [][]types.PutEventsRequestEntry
	begin, total := 0, 0
	for i, entry := range entries {
		if i-begin == maxEntries || total+size(entry) > maxEntry {
			all = append(all, entries[begin:i])
			begin, total = i, 0
		}
		total += size(entry)
	}
	if begin < len(entries) {
		all = append(all, entries[begin:])
	}
	return all
}

// pause waits a moment, unless ctx ends first.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(rand.N(maxPause)):
		return true
	case <-ctx.Done():
		return false
	}
}
