// Package httpapi is what the functions behind the HTTP API have in common: an
// event of Amazon API Gateway becomes a call, and its reply or error a response.
// Bodies are JSON. An error is {"code", "message"}: the code is for programs and
// never changes, the message is for developers.
package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Event is a request as API Gateway sends it (payload format 2.0).
type Event = events.APIGatewayV2HTTPRequest

// Response is an answer as API Gateway takes it (payload format 2.0).
type Response = events.APIGatewayV2HTTPResponse

// Budget is what a request may take, beside a notice to the user. The client then
// has an error to retry, while the function still has time to log it.
const Budget = 8 * time.Second

// maxBody bounds what is read of a request, in bytes.
const maxBody = 64 << 10

// Call is one request on its way through a function.
type Call struct {
	Caller   Caller // zero on a route that takes no token
	Body     []byte
	ID       string // the path parameter, where the route has one
	SourceIP string // of the client, as API Gateway saw it
	Record   *telemetry.Call
}

// Reply is what a route answers.
type Reply struct {
	Status int
	Body   any // marshalled as JSON; nil for none
}

// Serve answers the calls of one route. An error that Server.Public doesn't know
// is a fault.
type Serve func(context.Context, Call) (Reply, error)

// Server answers the routes of one function. Every field is required.
type Server struct {
	Routes    map[routes.Route]Serve // route → what answers it
	ClientIDs []string               // app clients whose tokens are accepted
	// Public returns what a client reads of an error that is neither a Problem
	// nor ErrTokenRefused, and false for a fault.
	Public    func(error) (Problem, bool)
	Telemetry *telemetry.Recorder
}

// Handle answers one request. It never returns an error: a fault is a 503 that
// the client may retry, and no text of one leaves the log.
func (s Server) Handle(ctx context.Context, event Event) (response Response, _ error) {
	record := s.Telemetry.Begin()
	record.Note(slog.String(telemetry.Route, event.RouteKey), slog.String(telemetry.RequestID, event.RequestContext.RequestID))
	defer func() {
		if p := recover(); p != nil {
			// The value itself is not logged: it could hold what was being decoded.
			record.Note(slog.String(telemetry.Stack, string(debug.Stack())))
			response = s.respond(record, Reply{}, fmt.Errorf("panic of type %T", p))
		}
		record.End(ctx, "answered")
	}()
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	r, err := s.route(limited, event, record)
	return s.respond(record, r, err), nil
}

func (s Server) route(ctx context.Context, event Event, record *telemetry.Call) (Reply, error) {
	route, serve := s.find(event.RouteKey)
	if serve == nil {
		return Reply{}, errNoRoute
	}
	c := Call{ID: event.PathParameters[routes.ID], SourceIP: event.RequestContext.HTTP.SourceIP, Record: record}
	var err error
	if c.Body, err = bodyOf(event); err != nil {
		return Reply{}, err
	}
	if route.Token != routes.NoToken {
		if c.Caller, err = s.authenticate(event); err != nil {
			return Reply{}, err
		}
	}
	return serve(ctx, c)
}

// find returns the route of a key and what serves it, or nil.
func (s Server) find(key string) (routes.Route, Serve) {
	for route, serve := range s.Routes {
		if route.Key() == key {
			return route, serve
		}
	}
	return routes.Route{}, nil
}

func bodyOf(event Event) ([]byte, error) {
	if len(event.Body) > maxBody {
		return nil, errBodyTooLarge
	}
	if !event.IsBase64Encoded {
		return []byte(event.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, ErrMalformed
	}
	return body, nil
}

func (s Server) respond(record *telemetry.Call, r Reply, err error) Response {
	if err != nil {
		p := s.public(err)
		r = Reply{p.Status, p}
		record.Note(slog.String(telemetry.Code, p.Code))
		if p.Status >= http.StatusInternalServerError {
			record.Fault(err.Error())
		} else {
			record.Note(slog.String(telemetry.Error, err.Error()))
		}
	}
	record.Note(slog.Int(telemetry.Status, r.Status))

	response := Response{StatusCode: r.Status, Headers: map[string]string{"Cache-Control": "no-store"}}
	if r.Body == nil {
		return response
	}
	text, err := json.Marshal(r.Body)
	if err != nil {
		panic(err) // replies are our own types
	}
	response.Headers["Content-Type"] = "application/json"
	response.Body = string(text)
	return response
}
