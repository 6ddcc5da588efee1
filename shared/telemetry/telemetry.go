// Package telemetry writes what a call of a function did: one log line, as
// JSON, that holds its metrics and audit events too. No line holds a challenge,
// an answer, a token or a name that a person typed.
package telemetry

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
)

// Log keys, beside the dimensions of package metrics and audit.Key.
const (
	Error     = "error"
	ClientID  = "clientId"
	Flags     = "flags"
	Route     = "route"
	Status    = "status"
	Code      = "code"
	Stack     = "stack"
	RequestID = "requestId"
	Delivered = "delivered"
	Withheld  = "withheld" // why a mail that was asked for was not sent, or was one that says no

	Notice      = "notice"      // what became of the mail that tells the owner of an account of a change
	NoticeError = "noticeError" // what failed of it
)

// Outcomes of a trigger, beside metrics.Succeeded and metrics.Refused.
const (
	OutcomeChallenge = "challenge"
	OutcomeTokens    = "tokens"
	OutcomeFail      = "fail"
	OutcomeFault     = "fault"
	OutcomePassed    = "passed" // the way is open; whether a sign-in or sign-up succeeds is Cognito's to say
)

// Recorder makes the lines of one function.
type Recorder struct {
	log      *slog.Logger
	instance string
	now      func() time.Time
}

// NewRecorder returns the recorder of a function of a construct, which the
// instance names.
func NewRecorder(w io.Writer, function, instance string, now func() time.Time) *Recorder {
	return &Recorder{
		log:      slog.New(slog.NewJSONHandler(w, nil)).With(metrics.Instance, instance, metrics.Function, function),
		instance: instance,
		now:      now,
	}
}

// Call is the line of a call, until End writes it.
type Call struct {
	recorder   *Recorder
	started    time.Time
	level      slog.Level
	attributes []slog.Attr
	metrics    []directive
	events     []audit.Event
}

// Begin begins a call.
func (r *Recorder) Begin() *Call { return &Call{recorder: r, started: r.now()} }

// Note adds attributes to the line.
func (c *Call) Note(attributes ...slog.Attr) { c.attributes = append(c.attributes, attributes...) }

// Count adds to a metric. Its dimensions must be among the line's attributes.
func (c *Call) Count(m metrics.Metric, n int) {
	c.metrics = append(c.metrics, embed(m))
	c.Note(slog.Int(m.Name, n))
}

// Audit adds an event.
func (c *Call) Audit(e audit.Event) {
	e.Version, e.ID, e.Instance = audit.Version, rand.Text(), c.recorder.instance
	e.Time = c.recorder.now().UTC().Truncate(time.Millisecond)
	c.events = append(c.events, e)
}

// Fault makes the call count as one that failed.
func (c *Call) Fault(err string) {
	c.level = slog.LevelError
	c.Note(slog.String(Error, err))
	c.Count(metrics.Faults, 1)
}

// End writes the line.
func (c *Call) End(ctx context.Context, message string) {
	now := c.recorder.now()
	c.metrics = append(c.metrics, embed(metrics.Latency))
	c.Note(slog.Float64(metrics.Latency.Name, float64(now.Sub(c.started).Microseconds())/1000))
	if c.events != nil {
		c.Note(slog.Any(audit.Key, c.events))
	}
	c.Note(slog.Any(embeddedKey, embedded{now.UnixMilli(), c.metrics}))
	c.recorder.log.LogAttrs(ctx, c.level, message, c.attributes...)
}
