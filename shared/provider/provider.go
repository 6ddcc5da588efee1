// Package provider is the HTTP client with which methods ask a vendor's service:
// JSON in, JSON out, in the time that a challenge trigger has. A service that
// does not answer as it should is an error, never an answer, and one that fails
// repeatedly is left alone for a while, so that the other methods go on.
package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/sony/gobreaker/v2"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// What a call may take. Two connections that fail leave time for an answer, and
// the whole call leaves a trigger time to read the table.
const (
	Timeout        = 2 * time.Second
	ConnectTimeout = 600 * time.Millisecond // for the name and the connection, and again for TLS
)

// MaxReply is how long a reply may be, in bytes.
const MaxReply = 64 << 10

// A service is left alone for OpenFor once FaultsToOpen calls in a row have
// failed; then one call finds out whether it is back. Requests that the service
// refuses are no failures of it.
const (
	FaultsToOpen = 3
	OpenFor      = 15 * time.Second
)

// idleFor is shorter than services keep a connection. net/http measures it by
// the wall clock, so that a connection from before Lambda froze the function is
// not used again.
const idleFor = 15 * time.Second

// ErrUnavailable is matched by every error that is the service's: no connection,
// no answer in time, a server error or redirect, too many calls, or a reply that
// is not the JSON that it should be, such as one that names a member twice.
var ErrUnavailable = errors.New("the service is not available")

// Service says how to reach a vendor.
type Service struct {
	Name          string // as it stands in errors
	BaseURL       string // https, or http on a loopback address
	Authorization Authorization
	Transport     http.RoundTripper // nil: one of the client's own
}

// Authorization is the header that every request carries, such as
// {"Authorization", "Bearer", …}.
type Authorization struct {
	Header string
	Scheme string // stands before the secret; may be empty
	Secret func(context.Context) (secret.Text, error)
}

// Client asks one service. It is safe for concurrent use.
type Client struct {
	name          string
	base          string // without a slash at its end
	authorization Authorization
	transport     http.RoundTripper
	breaker       *gobreaker.CircuitBreaker[Reply]
}

// New returns a client. It fails for a base URL that would send the secret in
// the clear.
func New(s Service) (*Client, error) {
	u, err := url.Parse(s.BaseURL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !isConfidential(u) {
		return nil, fmt.Errorf("base URL of %s: want https://host[/path], or http on a loopback address", s.Name)
	}
	transport := s.Transport
	if transport == nil {
		transport = newTransport()
	}
	return &Client{
		name:          s.Name,
		base:          strings.TrimRight(s.BaseURL, "/"),
		authorization: s.Authorization,
		transport:     transport,
		breaker: gobreaker.NewCircuitBreaker[Reply](gobreaker.Settings{
			Timeout:     OpenFor,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= FaultsToOpen },
			IsExcluded:  saysNothing,
		}),
	}, nil
}

// errRequest is part of an error that may be the request's: anybody can write an
// answer that a firewall before the service refuses in a form of its own, and
// must not be able to take the service from everybody.
var errRequest = errors.New("the request was refused")

// saysNothing reports whether an error tells nothing of the service's state.
func saysNothing(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, errRequest) // the former: the caller left
}

func isConfidential(u *url.URL) bool {
	address, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && err == nil && address.IsLoopback()
}

// newTransport returns a transport that reads no proxy from the environment. It
// speaks HTTP/1.1, with which it is certain whether a request was sent.
func newTransport() *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: ConnectTimeout}).DialContext,
		TLSHandshakeTimeout: ConnectTimeout,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		IdleConnTimeout:     idleFor,
		DisableCompression:  true,
		Protocols:           http1,
	}
}

// Request is what to ask.
type Request struct {
	Operation string // as it stands in errors; holds nothing of a user
	Method    string
	Path      []string // segments after the base URL, not escaped
	Query     url.Values
	Body      any // becomes JSON; nil: none

	// Repeatable says that it does no harm when the service gets the request
	// twice. Only then is it sent again after a connection that it was sent on
	// broke: a single-use answer would be refused the second time, and a right
	// one be taken for wrong.
	Repeatable bool
}

// Reply is what the service answered: a status below 500 that is neither a
// redirect nor 429, and JSON or nothing.
type Reply struct {
	Status int
	body   []byte
	what   string
}

// OK reports whether the status is 2xx.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Empty reports whether the reply has no body.
func (r Reply) Empty() bool { return len(r.body) == 0 }

// Decode reads the JSON into the value that into points to. Its error matches
// ErrUnavailable and repeats nothing of the reply.
func (r Reply) Decode(into any) error {
	if json.Unmarshal(r.body, into) != nil {
		return fmt.Errorf("%s: %w: the JSON of status %d has another form", r.what, ErrUnavailable, r.Status)
	}
	return nil
}

// Unexpected is the error for a reply that the caller knows no meaning of.
func (r Reply) Unexpected() error {
	return fmt.Errorf("%s: %w: status %d with a body that means nothing here", r.what, ErrUnavailable, r.Status)
}

// Do asks the service, for Timeout at most. When no connection could be made it
// tries once more. Redirects are not followed. Errors hold neither the secret
// nor anything of the request or the reply.
func (c *Client) Do(ctx context.Context, request Request) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	what := c.name + ": " + request.Operation
	outgoing, err := c.prepare(ctx, request)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: %w", what, err)
	}
	reply, err := c.breaker.Execute(func() (Reply, error) { return c.exchange(outgoing, request.Repeatable) })
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return Reply{}, fmt.Errorf("%s: %w: not asked, after %d faults in a row", what, ErrUnavailable, FaultsToOpen)
	case err != nil:
		return Reply{}, fmt.Errorf("%s: %w", what, err)
	}
	reply.what = what
	return reply, nil
}

func (c *Client) prepare(ctx context.Context, request Request) (*http.Request, error) {
	target := c.base
	for _, segment := range request.Path {
		if segment == "" || segment == "." || segment == ".." {
			return nil, errors.New("a path segment is empty or a dot segment")
		}
		target += "/" + url.PathEscape(segment)
	}
	if len(request.Query) > 0 {
		target += "?" + request.Query.Encode()
	}
	var body io.Reader
	if request.Body != nil {
		text, err := json.Marshal(request.Body)
		if err != nil {
			return nil, errors.New("the request can't be written as JSON")
		}
		body = bytes.NewReader(text)
	}
	outgoing, err := http.NewRequestWithContext(ctx, request.Method, target, body)
	if err != nil {
		return nil, errors.New("the request is malformed")
	}
	text, err := c.authorization.Secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	outgoing.Header.Set(c.authorization.Header, strings.TrimLeft(c.authorization.Scheme+" "+text.Reveal(), " "))
	outgoing.Header.Set("Accept", contentType)
	if body != nil {
		outgoing.Header.Set("Content-Type", contentType)
	}
	return outgoing, nil
}

const contentType = "application/json"

// exchange sends the request, and once more if that can do no harm.
func (c *Client) exchange(request *http.Request, repeatable bool) (Reply, error) {
	response, connected, err := c.send(request)
	if err != nil && (!connected || repeatable) && request.Context().Err() == nil {
		response, _, err = c.send(request)
	}
	if err != nil {
		return Reply{}, connectionError(err)
	}
	defer func() { _ = response.Body.Close() }()
	reply, err := read(response)
	if err != nil && isRefusal(response.StatusCode) {
		return Reply{}, fmt.Errorf("%w: %w", err, errRequest)
	}
	return reply, err
}

// isRefusal reports whether a status speaks of the request, not of the service.
func isRefusal(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusTooManyRequests
}

// send sends the request and reports whether there was a connection to send it
// on. http.RoundTripper, other than http.Client, follows no redirects.
func (c *Client) send(request *http.Request) (response *http.Response, connected bool, err error) {
	ctx := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	attempt := request.Clone(ctx)
	if request.GetBody != nil {
		if attempt.Body, err = request.GetBody(); err != nil {
			return nil, false, err
		}
	}
	response, err = c.transport.RoundTrip(attempt)
	return response, connected, err
}

func read(response *http.Response) (Reply, error) {
	status := response.StatusCode
	if status < 200 || status >= 300 && status < 400 || status >= 500 || status == http.StatusTooManyRequests {
		return Reply{}, fmt.Errorf("%w: status %d", ErrUnavailable, status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxReply+1))
	if err != nil {
		return Reply{}, connectionError(err)
	}
	if len(body) > MaxReply {
		return Reply{}, fmt.Errorf("%w: status %d with more than %d bytes", ErrUnavailable, status, MaxReply)
	}
	if len(body) == 0 {
		return Reply{Status: status}, nil
	}
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || media != contentType && !strings.HasSuffix(media, "+json") || !jsontext.Value(body).IsValid() {
		return Reply{}, fmt.Errorf("%w: status %d with a body that is not JSON", ErrUnavailable, status)
	}
	return Reply{Status: status, body: body}, nil
}

// connectionError names the kind of a fault. The text of an error of net/http
// can quote the reply and is not passed on.
func connectionError(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ErrUnavailable, context.Canceled)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: no answer in time", ErrUnavailable)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: its certificate is not trusted", ErrUnavailable)
	case errors.As(err, &network):
		return fmt.Errorf("%w: connection failed: %s", ErrUnavailable, network.Op)
	default:
		return fmt.Errorf("%w: connection broken (%T)", ErrUnavailable, err)
	}
}
