package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// handler delivers the audit events of log lines.
type handler struct {
	bus       bus
	telemetry *telemetry.Recorder
}

// handle delivers what one call of CloudWatch Logs holds. What can never be
// delivered is dropped and counted. Any other failure is an error, so that
// Lambda calls again, twice at most; events that were delivered by then are
// delivered again, with the same ids.
func (h handler) handle(ctx context.Context, event events.CloudwatchLogsEvent) error {
	call := h.telemetry.Begin()
	entries, dropped := read(event.AWSLogs.Data)
	delivered, refused, err := h.bus.put(ctx, entries)
	call.Note(slog.Int(telemetry.Delivered, delivered))
	if dropped += refused; dropped > 0 {
		call.Count(metrics.DroppedEvents, dropped)
	}
	if err != nil {
		call.Fault(err.Error())
	}
	call.End(ctx, "delivered")
	return err
}
