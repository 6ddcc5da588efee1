package gateway

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// event makes an event of payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func (a *API) event(w http.ResponseWriter, r *http.Request, matched route, parameters map[string]string, who *identity) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	event := events.APIGatewayV2HTTPRequest{
		Version:               "2.0",
		RouteKey:              matched.key,
		RawPath:               r.URL.Path,
		RawQueryString:        r.URL.RawQuery,
		Cookies:               cookies(r.Header),
		Headers:               a.headers(r),
		QueryStringParameters: query(r),
		PathParameters:        parameters,
		RequestContext:        a.requestContext(w, r, matched, who),
	}
	if isText(r.Header.Get("Content-Type")) {
		event.Body = string(body)
	} else if len(body) > 0 {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return json.Marshal(event)
}

func (a *API) requestContext(w http.ResponseWriter, r *http.Request, matched route, who *identity) events.APIGatewayV2HTTPRequestContext {
	now := a.options.Now()
	requestContext := events.APIGatewayV2HTTPRequestContext{
		RouteKey:     matched.key,
		AccountID:    a.options.AccountID,
		Stage:        DefaultStage,
		RequestID:    w.Header().Get("Apigw-Requestid"),
		APIID:        a.options.ID,
		DomainName:   a.domainName(),
		DomainPrefix: a.options.ID,
		Time:         now.UTC().Format("02/Jan/2006:15:04:05 -0700"),
		TimeEpoch:    now.UnixMilli(),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method:    r.Method,
			Path:      r.URL.Path,
			Protocol:  r.Proto,
			SourceIP:  sourceIP(r),
			UserAgent: r.UserAgent(),
		},
	}
	if who != nil {
		requestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: who.claims, Scopes: who.scopes},
		}
	}
	return requestContext
}

func (a *API) domainName() string {
	return fmt.Sprintf("%s.execute-api.%s.amazonaws.com", a.options.ID, a.options.Region)
}

// headers are in lower case, several values of one joined by commas. Cookies
// are apart.
func (a *API) headers(r *http.Request) map[string]string {
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	delete(headers, "cookie")
	headers["host"] = a.domainName()
	headers["x-forwarded-port"] = "443"
	headers["x-forwarded-proto"] = "https"
	forwarded := append(r.Header.Values("X-Forwarded-For"), sourceIP(r))
	headers["x-forwarded-for"] = strings.Join(forwarded, ", ")
	return headers
}

func cookies(header http.Header) []string {
	var all []string
	for _, line := range header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			all = append(all, strings.TrimSpace(cookie))
		}
	}
	return all
}

// query joins several values of one parameter by commas.
func query(r *http.Request) map[string]string {
	values := r.URL.Query()
	if len(values) == 0 {
		return nil
	}
	parameters := map[string]string{}
	for name, all := range values {
		parameters[name] = strings.Join(all, ",")
	}
	return parameters
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// isText reports whether a body of this type goes into an event as it is.
func isText(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch mediaType {
	case "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
}

// errResponse says that a function's response has not the form of payload format 2.0.
var errResponse = errors.New("the function's response is malformed")

// response is what a function returns that states a status.
type response struct {
	StatusCode      *int           `json:"statusCode"`
	Headers         map[string]any `json:"headers"`
	Cookies         []string       `json:"cookies"`
	Body            string         `json:"body"`
	IsBase64Encoded bool           `json:"isBase64Encoded"`
}

// writeResponse answers with what a function returned. A result without a
// statusCode is the body, with status 200.
func (a *API) writeResponse(w http.ResponseWriter, payload []byte) error {
	var stated response
	isObject := bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{"))
	if err := json.Unmarshal(payload, &stated); isObject && err != nil {
		return fmt.Errorf("%w: %w", errResponse, err)
	}
	if stated.StatusCode == nil {
		return writeInferred(w, payload)
	}
	body := []byte(stated.Body)
	if stated.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(stated.Body)
		if err != nil {
			return fmt.Errorf("%w: its body is not base64: %w", errResponse, err)
		}
		body = decoded
	}
	if *stated.StatusCode < 200 || *stated.StatusCode > 599 {
		return fmt.Errorf("%w: statusCode %d", errResponse, *stated.StatusCode)
	}
	header := w.Header()
	for name, value := range stated.Headers {
		if a.cors == nil || !isCORS(name) {
			header.Set(name, fmt.Sprint(value))
		}
	}
	for _, cookie := range stated.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	w.WriteHeader(*stated.StatusCode)
	_, _ = w.Write(body) // a client that is gone needs no answer
	return nil
}

// isCORS reports whether a header is one that an API's CORS configuration decides.
func isCORS(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "access-control-")
}

func writeInferred(w http.ResponseWriter, payload []byte) error {
	if !json.Valid(payload) {
		return fmt.Errorf("%w: it is no JSON", errResponse)
	}
	var text string
	if err := json.Unmarshal(payload, &text); err == nil {
		payload = []byte(text)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(payload) // a client that is gone needs no answer
	return nil
}

// newRequestID has the form of API Gateway's request ids.
func newRequestID() string {
	return rand.Text()[:15] + "="
}
