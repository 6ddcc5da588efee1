// Package metrics names the CloudWatch metrics that the functions emit, for the
// construct that watches them and for the functions.
//
// A function writes them into the one log line of a call, in the embedded metric
// format, from which CloudWatch extracts them: no call, no agent, no wait.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//
// Each combination of values of a metric's dimensions is billed as a metric of
// its own, so that every dimension has few values, and none is anything a client
// could choose.
package metrics

// Namespace of every metric.
const Namespace = "CognitoPasskeys"

// Dimensions. They are keys of the log line too.
const (
	Instance = "instance" // one construct: the stack's name and the path in it
	Function = "function" // one of the functions' names
	Method   = "method"   // way to sign in, such as "passkey"; NoMethod for an answer that is of none
	Outcome  = "outcome"  // of a sign-in: Succeeded or Refused
	Reason   = "reason"   // of a refusal: one of a fixed set of words
)

// Values of dimensions.
const (
	Succeeded = "succeeded"
	Refused   = "refused"
	NoMethod  = "none"
)

// Unit is a unit as CloudWatch writes it.
type Unit string

// Units.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
)

// Metric is one metric.
type Metric struct {
	Name       string
	Unit       Unit
	Dimensions [][]string // each set is one way to look at it
	Meaning    string
}

// The metrics.
var (
	SignIns = Metric{"SignIns", Count, [][]string{{Instance, Method, Outcome}},
		"answers to challenges, by way to sign in and by verdict"}
	Refusals = Metric{"Refusals", Count, [][]string{{Instance}, {Instance, Reason}},
		"answers that were refused, in all and by reason"}
	CloneWarnings = Metric{"CloneWarnings", Count, [][]string{{Instance}},
		"answers whose signature counter did not increase, refused or not: perhaps of a copied authenticator"}
	Registrations = Metric{"Registrations", Count, [][]string{{Instance}}, "passkeys that were added"}
	Removals      = Metric{"Removals", Count, [][]string{{Instance}}, "passkeys that were removed"}
	Messages      = Metric{"Messages", Count, [][]string{{Instance, Method}},
		"mails and text messages that were sent to somebody who asked, by way to sign in"}
	Latency = Metric{"Latency", Milliseconds, [][]string{{Instance, Function}},
		"time in the function's own code, without its start"}
	Faults = Metric{"Faults", Count, [][]string{{Instance, Function}},
		"calls in which something failed: the client is asked to try again, or gets a challenge without one of its methods"}
	NoticeFailures = Metric{"NoticeFailures", Count, [][]string{{Instance}},
		"changes of an account of which its owner could not be told by mail"}
	DroppedEvents = Metric{"DroppedEvents", Count, [][]string{{Instance}},
		"audit events that could not be delivered because they are malformed or too large"}
)

// All lists every metric, in the order in which documentation shows them.
func All() []Metric {
	return []Metric{SignIns, Refusals, CloneWarnings, Registrations, Removals, Messages, Latency, Faults, NoticeFailures, DroppedEvents}
}
