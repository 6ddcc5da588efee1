package passkeytest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// Fault is what becomes of a request in place of its reply; send lets it reach
// the service all the same.
type Fault func(send func() (*http.Response, error)) (*http.Response, error)

// Faults of DynamoDB and of the way there, each as often as it is asked for.
var (
	Throttled      = refusal(http.StatusBadRequest, "ProvisionedThroughputExceededException")
	TableThrottled = refusal(http.StatusBadRequest, "RequestLimitExceeded")
	InternalError  = refusal(http.StatusInternalServerError, "InternalServerError")
	Conflict       = refusal(http.StatusBadRequest, "TransactionConflictException")
	MalformedReply = reply(http.StatusOK, `{"Item":`)
	MalformedError = reply(http.StatusServiceUnavailable, `<html>`)
	LostRequest    = func(func() (*http.Response, error)) (*http.Response, error) { return nil, errCut }
	LostReply      = func(send func() (*http.Response, error)) (*http.Response, error) {
		return nil, errors.Join(errCut, after(send))
	}
	TransactionRace = Cancelled("None", "TransactionConflict", "None", "None")
)

var errCut = errors.New("connection reset by peer")

// Cancelled is a transaction that DynamoDB cancelled, with a code for each of its writes.
func Cancelled(codes ...string) Fault {
	reasons := []map[string]string{}
	for _, code := range codes {
		reasons = append(reasons, map[string]string{"Code": code})
	}
	return reply(http.StatusBadRequest, string(marshal(map[string]any{
		"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": reasons,
	})))
}

// after lets the request reach the service and forgets what it answers.
func after(send func() (*http.Response, error)) error {
	response, err := send()
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func refusal(status int, code string) Fault {
	return reply(status, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"on purpose"}`)
}

func reply(status int, body string) Fault {
	return func(func() (*http.Response, error)) (*http.Response, error) {
		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body:       io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

// Wire is the way from a client to a table, on which things go wrong.
type Wire struct {
	mu        sync.Mutex
	operation string
	fault     Fault
	times     int
}

// Wire returns a client of the table, and the way that its requests take.
func (t *Table) Wire(tb testing.TB) (*dynamodb.Client, *Wire) {
	tb.Helper()
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, t.URL)
	if err != nil {
		tb.Fatal(err)
	}
	wire := &Wire{}
	cfg.HTTPClient = wire
	return dynamodb.NewFromConfig(cfg), wire
}

// Break makes the next requests of an operation meet a fault, that many times.
func (w *Wire) Break(operation string, fault Fault, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.operation, w.fault, w.times = operation, fault, times
}

// Do implements aws.HTTPClient.
func (w *Wire) Do(r *http.Request) (*http.Response, error) {
	send := func() (*http.Response, error) { return patient{}.Do(r) }
	if fault := w.faultOf(operationOf(r)); fault != nil {
		return fault(send)
	}
	return send()
}

func (w *Wire) faultOf(operation string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if operation != w.operation || w.times == 0 {
		return nil
	}
	w.times--
	return w.fault
}

// operationOf is the operation that a request of DynamoDB's protocol asks for.
func operationOf(r *http.Request) string {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return operation
}
