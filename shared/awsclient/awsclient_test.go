package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

var env = settings.AWS{Region: "eu-central-1", AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "session"}

func TestEndpointIsALoopbackLiteralOrNone(t *testing.T) {
	for _, endpoint := range []string{
		"", "http://127.0.0.1:8000", "http://127.8.9.10", "https://127.0.0.1:1/path", "http://[::1]:8000", "http://[::ffff:127.0.0.1]:8000",
	} {
		cfg, err := awsclient.Config(env, endpoint)
		if err != nil || aws.ToString(cfg.BaseEndpoint) != endpoint {
			t.Errorf("%q: endpoint %q, error %v", endpoint, aws.ToString(cfg.BaseEndpoint), err)
		}
	}
	for name, endpoint := range map[string]string{
		"rejects another host":               "https://dynamodb.example.com",
		"rejects another address":            "http://169.254.169.254",
		"rejects a private address":          "http://10.0.0.1:8000",
		"rejects any address":                "http://0.0.0.0:8000",
		"rejects any IPv6 address":           "http://[::]:8000",
		"rejects a name, even localhost":     "http://localhost:8000",
		"rejects a name that looks local":    "http://localhost.example.com",
		"rejects a name of loopback digits":  "http://127.0.0.1.example.com",
		"rejects loopback as the user":       "http://127.0.0.1@example.com",
		"rejects loopback as user and port":  "http://127.0.0.1:8000@example.com:8000/",
		"rejects an escaped user":            "http://127.0.0.1%40example.com",
		"rejects a decimal address":          "http://2130706433",
		"rejects a hexadecimal address":      "http://0x7f000001",
		"rejects an octal address":           "http://0177.0.0.1",
		"rejects a short address":            "http://127.1",
		"rejects an IPv6 address of another": "http://[2001:db8::1]:8000",
		"rejects a mapped address":           "http://[::ffff:10.0.0.1]:8000",
		"rejects a backslash":                `http://example.com\@127.0.0.1`,
		"rejects no scheme":                  "127.0.0.1:8000",
		"rejects no host":                    "http://",
		"rejects what is no URL":             "http://[::1",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := awsclient.Config(env, endpoint)
			if err == nil || !strings.Contains(err.Error(), "endpoint override "+fmt.Sprintf("%q", endpoint)) {
				t.Errorf("error is %v, want one that names the endpoint", err)
			}
		})
	}
}

// Whatever the configuration finds, it found in its arguments: nothing asks the
// instance metadata service, reads a file or another variable.
func TestConfigReadsNothingElse(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "us-west-2", "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other",
		"AWS_ENDPOINT_URL": "http://192.0.2.1", "AWS_ENDPOINT_URL_DYNAMODB": "http://192.0.2.1", "AWS_PROFILE": "other", "HTTPS_PROXY": "",
	} {
		t.Setenv(name, value)
	}
	cfg, err := awsclient.Config(env, "")
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	cfg.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		if authorization := r.Header.Get("Authorization"); !strings.Contains(authorization, "Credential=AKID/") ||
			!strings.Contains(authorization, "/eu-central-1/dynamodb/") || r.Header.Get("X-Amz-Security-Token") != "session" {
			t.Errorf("signed as %q", authorization)
		}
		return reply(http.StatusOK, "{}"), nil
	})
	if err := get(t.Context(), dynamodb.NewFromConfig(cfg)); err != nil {
		t.Fatal(err)
	}
	if len(hosts) != 1 || hosts[0] != "dynamodb.eu-central-1.amazonaws.com" {
		t.Errorf("asked %q, want DynamoDB in the region alone", hosts)
	}
}

func TestFaultsAreTriedAgain(t *testing.T) {
	const throttled = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	const conditional = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"changed"}`
	for _, c := range []struct {
		name     string
		status   int
		body     string
		attempts int32
	}{
		{"throttled", http.StatusBadRequest, throttled, awsclient.Attempts},
		{"internal server error", http.StatusInternalServerError, `{"__type":"InternalServerError"}`, awsclient.Attempts},
		{"unavailable, without a body", http.StatusServiceUnavailable, "", awsclient.Attempts},
		{"a failed condition is an answer", http.StatusBadRequest, conditional, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int32
				cfg := config(t)
				cfg.HTTPClient = doer(func(*http.Request) (*http.Response, error) {
					attempts.Add(1)
					return reply(c.status, c.body), nil
				})
				if err := get(t.Context(), dynamodb.NewFromConfig(cfg)); err == nil {
					t.Error("no error")
				}
				if attempts.Load() != c.attempts {
					t.Errorf("%d attempts, want %d", attempts.Load(), c.attempts)
				}
			})
		})
	}
}

func TestOneFaultIsSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int32
		cfg := config(t)
		cfg.HTTPClient = doer(func(*http.Request) (*http.Response, error) {
			if attempts.Add(1) < awsclient.Attempts {
				return nil, errors.New("connection reset by peer")
			}
			return reply(http.StatusOK, "{}"), nil
		})
		if err := get(t.Context(), dynamodb.NewFromConfig(cfg)); err != nil {
			t.Errorf("after %d attempts: %v", attempts.Load(), err)
		}
	})
}

// A server that never answers costs what the constants say, and no more.
func TestSilentServerCostsTheBudget(t *testing.T) {
	const budget = awsclient.Attempts*awsclient.AttemptTimeout + (awsclient.Attempts-1)*awsclient.MaxBackoff
	synctest.Test(t, func(t *testing.T) {
		cfg := config(t)
		client := cfg.HTTPClient.(*awshttp.BuildableClient).WithTransportOptions(func(transport *http.Transport) {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, theirs) }()
				return ours, nil
			}
		})
		cfg.HTTPClient = client
		started := time.Now()
		err := get(t.Context(), dynamodb.NewFromConfig(cfg))
		took := time.Since(started)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want %v", err, context.DeadlineExceeded)
		}
		if took < awsclient.Attempts*awsclient.AttemptTimeout || took > budget {
			t.Errorf("gave up after %s, want %s at most", took, budget)
		}
	})
}

func TestPausesAreNotAllAlike(t *testing.T) {
	retryer := config(t).Retryer()
	pauses := map[time.Duration]bool{}
	for range 20 {
		pause, err := retryer.RetryDelay(1, errors.New("throttled"))
		if err != nil || pause < 0 || pause >= awsclient.MaxBackoff {
			t.Fatalf("pause of %s, error %v", pause, err)
		}
		pauses[pause] = true
	}
	if len(pauses) < 2 {
		t.Errorf("every pause is %v", pauses)
	}
}

// doer answers requests in place of a network.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func config(t *testing.T) aws.Config {
	t.Helper()
	cfg, err := awsclient.Config(env, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func reply(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

func get(ctx context.Context, client *dynamodb.Client) error {
	_, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("table"),
		Key:       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "key"}},
	})
	return err
}
