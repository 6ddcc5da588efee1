package awsapi

import (
	"crypto/rand"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// Limits of PutEvents.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
const (
	eventsLimit    = 10
	eventsSize     = 256 << 10 // bytes of all entries
	entryTimeSize  = 14
	reservedSource = "aws."
)

// DefaultBus is the name of the event bus that every account has.
const DefaultBus = "default"

// Event is an event that a bus took.
type Event struct {
	Bus        string // ARN
	Source     string
	DetailType string
	Detail     string // a JSON object
	Time       time.Time
}

// putEventsEntry is an event as PutEvents has it.
type putEventsEntry struct {
	Source, DetailType, Detail, EventBusName, TraceHeader string

	Resources []string
	Time      float64 // Unix seconds; 0 means now
}

func (e putEventsEntry) size() int {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail)
	for _, r := range e.Resources {
		size += len(r)
	}
	if e.Time != 0 {
		size += entryTimeSize
	}
	return size
}

// putEventsResult has an id or an error.
type putEventsResult struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

func (s *Server) serveEventBridge(w http.ResponseWriter, caller, operation string, body []byte) error {
	if operation != "PutEvents" {
		return unknownOperation(targetEventBridge, operation)
	}
	var request struct{ Entries []putEventsEntry }
	if err := decodeStrictly(body, &request); err != nil {
		return err
	}
	total := 0
	for _, e := range request.Entries {
		total += e.size()
		if err := s.authorizeAll(caller, []iam.Call{{Action: "events:PutEvents", Resource: s.busARN(e.EventBusName)}}); err != nil {
			return err
		}
	}
	if n := len(request.Entries); n == 0 || n > eventsLimit || total > eventsSize {
		return refused("ValidationException", "%d entries of %d bytes: want 1 to %d, of %d bytes at most", n, total, eventsLimit, eventsSize)
	}
	var reply struct {
		FailedEntryCount int
		Entries          []putEventsResult
	}
	for _, e := range request.Entries {
		result := s.putEvent(e)
		if result.ErrorCode != "" {
			reply.FailedEntryCount++
		}
		reply.Entries = append(reply.Entries, result)
	}
	text, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, text)
	return nil
}

func (s *Server) putEvent(e putEventsEntry) putEventsResult {
	var detail map[string]any
	switch {
	case e.Source == "" || e.DetailType == "" || e.Detail == "":
		return putEventsResult{ErrorCode: "InvalidArgument", ErrorMessage: "Source, DetailType and Detail are required"}
	case strings.HasPrefix(e.Source, reservedSource):
		return putEventsResult{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "sources that begin with aws. are AWS's"}
	case json.Unmarshal([]byte(e.Detail), &detail) != nil:
		return putEventsResult{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	at := s.options.Now()
	if e.Time != 0 {
		at = time.UnixMilli(int64(math.Round(e.Time * 1000)))
	}
	if s.options.Event != nil {
		s.options.Event(Event{Bus: s.busARN(e.EventBusName), Source: e.Source, DetailType: e.DetailType, Detail: e.Detail, Time: at})
	}
	return putEventsResult{EventID: rand.Text()}
}

// busARN returns the ARN of a bus that is given by name, by ARN or not at all.
func (s *Server) busARN(bus string) string {
	switch {
	case bus == "":
		bus = DefaultBus
	case strings.HasPrefix(bus, "arn:"):
		return bus
	}
	return s.arn("events", "event-bus/"+bus)
}
