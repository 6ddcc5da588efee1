// Package gateway serves an Amazon API Gateway HTTP API as its template describes
// it: routes, JWT authorizers, CORS, and events and responses of payload format 2.0.
//
// A property, an integration or an authorizer that it doesn't know is an error
// that names it.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of HTTP APIs.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const (
	bodyLimit          = 10 << 20 // bytes
	integrationTimeout = 30 * time.Second
)

// targetPrefix stands before an integration's id in a route's Target.
const targetPrefix = "integrations/"

// DefaultStage is the only stage that is served: its name is in no path.
const DefaultStage = "$default"

// ErrUnsupported is wrapped by the refusals of what an HTTP API may have and
// this package doesn't know.
var ErrUnsupported = errors.New("not supported by the local run")

// Call is an invocation that the API makes.
type Call struct {
	FunctionARN string
	SourceARN   string // the route, as a permission's SourceArn names it
	Event       []byte
}

// Options are the settings of an [API].
type Options struct {
	ID        string // required
	Region    string // required
	AccountID string // required
	// Invoke calls a function. An error is answered as an internal error. Required.
	Invoke func(ctx context.Context, call Call) ([]byte, error)
	// KeySetURL returns where the keys of a token issuer are served. Required
	// if there is an authorizer.
	KeySetURL func(issuer string) (string, error)
	// Log receives what went wrong behind an internal error. Required.
	Log *log.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Properties are those of AWS::ApiGatewayV2::Api.
type Properties struct {
	Name              string
	ProtocolType      string
	CorsConfiguration *CORS
}

// CORS is the CorsConfiguration of an API.
type CORS struct {
	AllowCredentials bool
	AllowHeaders     []string
	AllowMethods     []string
	AllowOrigins     []string
	ExposeHeaders    []string
	MaxAge           json.Number // seconds
}

// IntegrationProperties are those of AWS::ApiGatewayV2::Integration.
type IntegrationProperties struct {
	APIID                string `json:"ApiId"`
	IntegrationType      string
	IntegrationURI       string `json:"IntegrationUri"`
	IntegrationMethod    string
	PayloadFormatVersion string
	TimeoutInMillis      json.Number
}

// RouteProperties are those of AWS::ApiGatewayV2::Route.
type RouteProperties struct {
	APIID               string `json:"ApiId"`
	RouteKey            string
	Target              string
	AuthorizationType   string
	AuthorizerID        string `json:"AuthorizerId"`
	AuthorizationScopes []string
}

// StageProperties are those of AWS::ApiGatewayV2::Stage.
type StageProperties struct {
	APIID         string `json:"ApiId"`
	StageName     string
	RouteSettings map[string]RouteSettings // route key → what differs on it from the other routes
}

// RouteSettings limit the calls of one route.
type RouteSettings struct {
	ThrottlingRateLimit  float64 // calls a second
	ThrottlingBurstLimit float64 // calls at once
}

// API is one HTTP API. Its resources are added before it serves.
type API struct {
	options      Options
	cors         *CORS
	integrations map[string]integration // id → integration
	authorizers  map[string]*authorizer // id → authorizer

	mu     sync.RWMutex
	routes []route
	staged bool
	limits map[string]*limit // route key → how often it may be called
}

type integration struct {
	functionARN string
	timeout     time.Duration
}

// New makes an API without routes.
func New(p Properties, o Options) (*API, error) {
	if p.ProtocolType != "HTTP" {
		return nil, fmt.Errorf("ProtocolType %q is %w; HTTP is", p.ProtocolType, ErrUnsupported)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{options: o, cors: p.CorsConfiguration, integrations: map[string]integration{}, authorizers: map[string]*authorizer{}, limits: map[string]*limit{}}, nil
}

// AddStage puts the API's routes into service. Those that it has settings for must
// exist.
func (a *API) AddStage(p StageProperties) error {
	if p.StageName != DefaultStage {
		return fmt.Errorf("stage %q is %w; %s is", p.StageName, ErrUnsupported, DefaultStage)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, settings := range p.RouteSettings {
		if !slices.ContainsFunc(a.routes, func(r route) bool { return r.key == key }) {
			return fmt.Errorf("unable to find Route by key %s within the provided RouteSettings", key)
		}
		a.limits[key] = newLimit(settings, a.options.Now())
	}
	a.staged = true
	return nil
}

// AddIntegration adds a Lambda proxy integration.
func (a *API) AddIntegration(id string, p IntegrationProperties) error {
	if p.IntegrationType != "AWS_PROXY" || p.PayloadFormatVersion != "2.0" {
		return fmt.Errorf("IntegrationType %q with payload format %q is %w; AWS_PROXY with 2.0 is", p.IntegrationType, p.PayloadFormatVersion, ErrUnsupported)
	}
	functionARN, err := functionOf(p.IntegrationURI)
	if err != nil {
		return err
	}
	timeout := integrationTimeout
	if p.TimeoutInMillis != "" {
		milliseconds, err := p.TimeoutInMillis.Int64()
		if err != nil {
			return fmt.Errorf("TimeoutInMillis: %w", err)
		}
		timeout = time.Duration(milliseconds) * time.Millisecond
	}
	a.integrations[id] = integration{functionARN: functionARN, timeout: timeout}
	return nil
}

// functionOf reads a function's ARN from an integration URI: the ARN itself, or
// …:lambda:path/2015-03-31/functions/<ARN>/invocations.
func functionOf(uri string) (string, error) {
	functionARN := uri
	if _, rest, ok := strings.Cut(uri, ":lambda:path/2015-03-31/functions/"); ok {
		functionARN = strings.TrimSuffix(rest, "/invocations")
	}
	if !strings.HasPrefix(functionARN, "arn:aws:lambda:") {
		return "", fmt.Errorf("IntegrationUri %q is %w; a function's ARN is", uri, ErrUnsupported)
	}
	return functionARN, nil
}

// AddRoute adds a route. Its integration and its authorizer must exist.
func (a *API) AddRoute(p RouteProperties) error {
	added, err := parseRouteKey(p.RouteKey)
	if err != nil {
		return err
	}
	var ok bool
	if added.integration, ok = a.integrations[strings.TrimPrefix(p.Target, targetPrefix)]; !ok {
		return fmt.Errorf("route %s: its target %q is no integration of the API", p.RouteKey, p.Target)
	}
	switch p.AuthorizationType {
	case "", "NONE":
	case "JWT":
		if added.authorizer = a.authorizers[p.AuthorizerID]; added.authorizer == nil {
			return fmt.Errorf("route %s: %q is no authorizer of the API", p.RouteKey, p.AuthorizerID)
		}
	default:
		return fmt.Errorf("route %s: AuthorizationType %q is %w; NONE and JWT are", p.RouteKey, p.AuthorizationType, ErrUnsupported)
	}
	added.scopes = p.AuthorizationScopes
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(a.routes, func(other route) bool { return other.key == added.key }) {
		return fmt.Errorf("route %s exists already", p.RouteKey)
	}
	a.routes = append(a.routes, added)
	return nil
}

// ServeHTTP implements http.Handler. The request's path is that within the API.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Apigw-Requestid", newRequestID())
	if a.cors.handle(w, r) {
		return
	}
	matched, parameters, ok := a.match(r)
	if !ok {
		writeMessage(w, http.StatusNotFound, "Not Found")
		return
	}
	if !a.within(matched) {
		writeMessage(w, http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	var identity *identity
	if matched.authorizer != nil {
		var failure *authorizationFailure
		if identity, failure = matched.authorizer.authorize(r, matched.scopes, a.options.Now()); failure != nil {
			failure.write(w)
			return
		}
	}
	event, err := a.event(w, r, matched, parameters, identity)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		writeMessage(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		writeMessage(w, http.StatusBadRequest, "Bad Request")
		return
	}
	a.invoke(w, r, matched, event)
}

func (a *API) invoke(w http.ResponseWriter, r *http.Request, matched route, event []byte) {
	ctx, cancel := context.WithTimeout(r.Context(), matched.integration.timeout)
	defer cancel()
	response, err := a.options.Invoke(ctx, Call{
		FunctionARN: matched.integration.functionARN,
		SourceARN:   a.sourceARN(matched),
		Event:       event,
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		writeMessage(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	case err == nil:
		err = a.writeResponse(w, response)
	}
	if err != nil {
		a.options.Log.Printf("%s: %v", matched.key, err)
		writeMessage(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

// sourceARN names a route as the SourceArn of a permission does:
// …:<api id>/<stage>/<method>/<path>.
func (a *API) sourceARN(r route) string {
	method, path := r.method, r.path
	if r.key == DefaultStage {
		method, path = "", "$default"
	} else if method == anyMethod {
		method = "*"
	}
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s", a.options.Region, a.options.AccountID, a.options.ID, DefaultStage,
		strings.TrimPrefix(method+path, "/"))
}

// writeMessage answers as API Gateway itself does.
func writeMessage(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // a client that is gone needs no answer
}
