package actions

import (
	"context"
	"encoding/base64"
	stdjson "encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/shared/basicauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// Handler serves the actions as one Lambda function, whose event is one of
//
//   - what Corbado sends, when it invokes the function itself, which IAM allows
//     it or not: {"identifier"} for pre-login, {"username"} for post-append;
//   - an HTTP request of Amazon API Gateway (payload format 2.0), by any path,
//     with that as its body and with HTTP Basic credentials.
//
// Its result is an HTTP response in both cases.
type Handler struct {
	Actions Actions

	// Credentials returns <user>:<password> of HTTP requests. Nil refuses them all.
	Credentials func(context.Context) (secret.Text, error)

	Telemetry *telemetry.Recorder
}

// Response is an HTTP response, as Corbado and API Gateway read it.
type Response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body"`
}

// maxBody bounds a request, in bytes.
const maxBody = 4 << 10

// request is what Corbado sends: one of the two.
type request struct {
	Identifier string `json:"identifier,omitempty"` // pre-login
	Username   string `json:"username,omitempty"`   // post-append
}

// refusal is a request that reaches no action.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r refusal) Error() string { return r.Code }

// The refusals.
var (
	errUnauthorized = refusal{http.StatusUnauthorized, "unauthorized", "Send the HTTP Basic credentials of this endpoint."}
	errMethod       = refusal{http.StatusMethodNotAllowed, "method_not_allowed", "This endpoint takes POST."}
	errTooLarge     = refusal{http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than 4 KiB."}
	errContentType  = refusal{http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json."}
	errMalformed    = refusal{http.StatusBadRequest, "malformed_request", `The body must be {"identifier": …} or {"username": …}.`}
)

// Handle answers one event. It never returns an error: a fault is a 503 that
// Corbado may retry, and no text of one leaves the log.
func (h *Handler) Handle(ctx context.Context, event stdjson.RawMessage) (Response, error) {
	record := h.Telemetry.Begin()
	defer record.End(ctx, "answered")
	var asked request
	var reply any
	body, err := h.open(ctx, event)
	if err == nil {
		asked, err = readRequest(body)
	}
	if err == nil {
		reply, err = h.act(ctx, asked)
	}
	return respond(record, asked, reply, err), nil
}

// open returns what Corbado sent, if the one who sent it may.
func (h *Handler) open(ctx context.Context, event stdjson.RawMessage) ([]byte, error) {
	var call struct {
		RequestContext *events.APIGatewayV2HTTPRequestContext `json:"requestContext"` // set by API Gateway, never by its callers
	}
	if stdjson.Unmarshal(event, &call) != nil || call.RequestContext == nil {
		return event, nil
	}
	var r events.APIGatewayV2HTTPRequest
	if err := stdjson.Unmarshal(event, &r); err != nil {
		return nil, errMalformed
	}
	if err := h.authenticate(ctx, r); err != nil {
		return nil, err
	}
	media, _, err := mime.ParseMediaType(r.Headers["content-type"])
	switch {
	case call.RequestContext.HTTP.Method != http.MethodPost:
		return nil, errMethod
	case err != nil || media != contentType:
		return nil, errContentType
	case !r.IsBase64Encoded:
		return []byte(r.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(r.Body)
	if err != nil {
		return nil, errMalformed
	}
	return body, nil
}

const contentType = "application/json"

func (h *Handler) authenticate(ctx context.Context, r events.APIGatewayV2HTTPRequest) error {
	if h.Credentials == nil {
		return errUnauthorized
	}
	credentials, err := h.Credentials(ctx)
	if err != nil {
		return err
	}
	presented := &http.Request{Header: http.Header{"Authorization": {r.Headers["authorization"]}}}
	if !basicauth.Matches(presented, credentials) {
		return errUnauthorized
	}
	return nil
}

func readRequest(body []byte) (asked request, err error) {
	switch {
	case len(body) > maxBody:
		return request{}, errTooLarge
	case json.Unmarshal(body, &asked, json.RejectUnknownMembers(true)) != nil, (asked.Identifier == "") == (asked.Username == ""):
		return request{}, errMalformed
	}
	return asked, nil
}

func (h *Handler) act(ctx context.Context, asked request) (any, error) {
	if asked.Identifier != "" {
		return h.Actions.PreLogin(ctx, asked.Identifier)
	}
	return h.Actions.PostAppend(ctx, asked.Username)
}

// fault is the reply to a request that could not be served for the moment.
type fault struct {
	request
	Error Problem `json:"error"`
}

func respond(record *telemetry.Call, asked request, reply any, err error) Response {
	response := Response{StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": contentType, "Cache-Control": "no-store"}}
	var refused refusal
	switch {
	case errors.As(err, &refused):
		response.StatusCode, reply = refused.status, refused
		if header, value := refused.header(); header != "" {
			response.Headers[header] = value
		}
		record.Note(slog.String(telemetry.Code, refused.Code))
	case err != nil:
		response.StatusCode = http.StatusServiceUnavailable
		reply = fault{asked, Problem{Return: true, Code: CodeUntyped, Message: "The user pool is not available for the moment: try again."}}
		record.Fault(err.Error())
	}
	record.Note(slog.Int(telemetry.Status, response.StatusCode))
	text, err := json.Marshal(reply)
	if err != nil {
		panic(err) // replies are our own types
	}
	response.Body = string(text)
	return response
}

// header is what the status asks for beside the body.
func (r refusal) header() (name, value string) {
	switch r.status {
	case http.StatusUnauthorized:
		return basicauth.ChallengeHeader, basicauth.Challenge
	case http.StatusMethodNotAllowed:
		return "Allow", http.MethodPost
	default:
		return "", ""
	}
}
