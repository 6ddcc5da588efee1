package telemetry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/logline"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

const sub = "5f0c8d2e-0000-4000-8000-00000000000a"

// user is somebody with a device-bound passkey, whose counter must increase, in a
// stack that mails.
func user(t *testing.T) (*journey.Stack, journey.User, *passkeytest.Authenticator) {
	t.Helper()
	s := journey.New(t)
	s.Mails(t)
	s.Notifies()
	u, a := s.NewUser(sub), passkeytest.NewDeviceBound(journey.Origin)
	s.Register(t, u, a)
	return s, u, a
}

func count(n uint32) passkeytest.Tamper { return func(c *passkeytest.Ceremony) { c.SignCount = n } }

// what happens to a stack, and which metrics it makes beside latencies.
var happenings = []struct {
	name   string
	happen func(*testing.T, *journey.Stack, journey.User, *passkeytest.Authenticator)
	want   []string
}{
	{"a sign-in", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) {
		session := s.Begin(t, u)
		s.Answer(t, session, journey.Assert(t, a, session.Options()), nil)
	}, []string{"SignIns{instance method=passkey outcome=succeeded}"}},
	{"a refused answer", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) {
		other := s.Begin(t, u)
		s.Answer(t, s.Begin(t, u), journey.Assert(t, a, other.Options()), nil)
	}, []string{
		"SignIns{instance method=passkey outcome=refused}", "Refusals{instance}", "Refusals{instance reason=wrong_challenge}",
	}},
	{"an answer of no method", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Answer(t, s.Begin(t, u), "?", nil)
	}, []string{
		"SignIns{instance method=none outcome=refused}", "Refusals{instance}", "Refusals{instance reason=no_method}",
	}},
	{"a wish for another method", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Answer(t, s.Begin(t, u), "__dummy__", nil)
	}, nil},
	{"a counter that falls back", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) {
		for _, n := range []uint32{7, 3} {
			session := s.Begin(t, u)
			s.Answer(t, session, journey.Assert(t, a, session.Options(), count(n)), nil)
		}
	}, []string{
		"SignIns{instance method=passkey outcome=succeeded}", "SignIns{instance method=passkey outcome=refused}",
		"Refusals{instance}", "Refusals{instance reason=counter}", "CloneWarnings{instance}",
	}},
	{"a fault of the triggers", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		session := s.Begin(t, u)
		session.User.Attributes = nil
		_, err := s.Create(t.Context(), session, nil)
		if err == nil {
			t.Fatal("no fault")
		}
	}, []string{"Faults{function=create-auth-challenge instance}"}},
	{"a fault of the API", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Accounts.Fail(errors.New("no answer"))
		s.Call(t, routes.RegistrationOptions, "", s.Claims(u), "{}")
	}, []string{"Faults{function=api instance}"}},
	{"another passkey", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	}, []string{"Registrations{instance}"}},
	{"a request that is no good", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Call(t, routes.DeletePasskey, "?", s.Claims(u), "")
	}, nil},
	{"a passkey less", func(t *testing.T, s *journey.Stack, u journey.User, a *passkeytest.Authenticator) {
		if r := s.Call(t, routes.DeletePasskey, base64.RawURLEncoding.EncodeToString(a.Passkeys[0].ID), s.Claims(u), ""); r.StatusCode != http.StatusNoContent {
			t.Fatal(r)
		}
	}, []string{"Removals{instance}"}},
	{"a code by mail", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Ask(t, u, journey.AskCode)
	}, []string{"Messages{instance method=code}"}},
	{"a change that the user can't be told of", func(t *testing.T, s *journey.Stack, u journey.User, _ *passkeytest.Authenticator) {
		s.Notices.Post.(*journey.Postbox).Fail(errors.New("no post today"))
		s.Register(t, u, passkeytest.NewSynced(journey.Origin))
	}, []string{"Registrations{instance}", "NoticeFailures{instance}"}},
}

// observe returns the metrics of what happens, beside latencies, and all lines.
func observe(t *testing.T, happen func(*testing.T, *journey.Stack, journey.User, *passkeytest.Authenticator)) ([]logline.Metric, []logline.Line) {
	t.Helper()
	s, u, a := user(t)
	before := len(s.Log.String())
	happen(t, s, u, a)
	lines := logline.ParseAll(t, s.Log.String()[before:])
	var values []logline.Metric
	for _, line := range lines {
		for _, m := range line.Metrics {
			if m.Name != metrics.Latency.Name {
				values = append(values, m)
			}
		}
	}
	return values, lines
}

func TestMetrics(t *testing.T) {
	for _, h := range happenings {
		t.Run(h.name, func(t *testing.T) {
			var got []string
			values, _ := observe(t, h.happen)
			for _, m := range values {
				if m.Value != 1 {
					t.Errorf("%s is %v, want 1", m, m.Value)
				}
				got = append(got, strings.Replace(m.String(), "instance="+journey.Instance, "instance", 1))
			}
			if diff := cmp.Diff(h.want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// Every line is of one call and holds its latency; what it emits is documented
// as it is emitted, and what is documented is emitted.
func TestMetricsAreTheDocumentedOnes(t *testing.T) {
	documented := map[string]bool{} // metric, unit and dimensions → whether it was emitted
	describe := func(name string, unit metrics.Unit, dimensions []string) string {
		return fmt.Sprint(name, " in ", unit, " by ", slices.Sorted(slices.Values(dimensions)))
	}
	for _, m := range metrics.All() {
		for _, set := range m.Dimensions {
			if m.Name != metrics.DroppedEvents.Name { // of the function that delivers events
				documented[describe(m.Name, m.Unit, set)] = false
			}
		}
	}
	for _, h := range happenings {
		_, lines := observe(t, h.happen)
		for _, line := range lines {
			latencies := 0
			for _, m := range line.Metrics {
				what := describe(m.Name, metrics.Unit(m.Unit), slices.Collect(maps.Keys(m.Dimensions)))
				if _, ok := documented[what]; !ok || m.Namespace != metrics.Namespace {
					t.Errorf("%s emits %s in %s, which isn't documented", line.Function, what, m.Namespace)
				}
				documented[what] = true
				if m.Name == metrics.Latency.Name {
					latencies++
				}
			}
			if latencies != 1 {
				t.Errorf("a line of %s has %d latencies", line.Function, latencies)
			}
		}
	}
	for what, emitted := range documented {
		if !emitted {
			t.Errorf("nothing emits %s", what)
		}
	}
}

func TestLatencyIsWhatTheClockSays(t *testing.T) {
	var log journey.Log
	now := time.UnixMilli(1_790_000_000_000)
	call := telemetry.NewRecorder(&log, "api", journey.Instance, func() time.Time { return now }).Begin()
	now = now.Add(12*time.Millisecond + 345*time.Microsecond)
	call.End(t.Context(), "answered")
	lines := logline.ParseAll(t, log.String())
	if len(lines) != 1 || len(lines[0].Metrics) != 1 || lines[0].Metrics[0].Value != 12.345 || lines[0].Metrics[0].Unit != "Milliseconds" {
		t.Errorf("%+v, want 12.345 ms", lines)
	}
}

// BenchmarkCall is the line of an answer that is right.
func BenchmarkCall(b *testing.B) {
	recorder := telemetry.NewRecorder(io.Discard, "verify-auth-challenge", journey.Instance, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		call := recorder.Begin()
		call.Count(metrics.SignIns, 1)
		call.Audit(audit.Event{Type: audit.SignedIn, Sub: sub, ClientID: journey.ClientID, Method: "passkey"})
		call.End(b.Context(), "verified")
	}
}
