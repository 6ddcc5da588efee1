// Package awsapi serves the AWS APIs that the functions of this project's stack
// call, on one loopback endpoint: DynamoDB's items (by minidyn, in memory), SSM's
// parameters, EventBridge's events, mails for SES, text messages for End User
// Messaging, and Cognito's, which it passes on.
//
// An operation, and a member of a request, that it doesn't know is an error that
// names it. Every request must carry the access key id that a function was
// given, which tells the caller, whose role must allow the request; signatures
// are not checked. Of Cognito's, that holds for the operations that take signed
// requests; the others are anybody's.
package awsapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/truora/minidyn/server"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// requestLimit is DynamoDB's limit of a request, in bytes, the highest of the
// services here.
const requestLimit = 16 << 20

// headerTarget names the service and the operation of a request.
const headerTarget = "X-Amz-Target"

// The services, as headerTarget begins for them.
const (
	targetDynamoDB = "DynamoDB_20120810"
	targetSSM      = "AmazonSSM"
	targetCognito  = "AWSCognitoIdentityProviderService"

	targetEventBridge = "AWSEvents"
	targetSMS         = "PinpointSMSVoiceV2"
)

// Options are the settings of a [Server].
type Options struct {
	Region    string // required
	AccountID string // required
	// Caller returns the ARN of the function that has an access key id. Required.
	Caller func(accessKeyID string) (functionARN string, ok bool)
	// Authorize returns an error, which the function is shown, for a call that a
	// function's role doesn't allow. Required.
	Authorize func(functionARN string, call iam.Call) error
	// Event receives every event that a bus took; nil means nobody wants to know.
	Event func(Event)
	// Mail receives every mail that SES took; nil means nobody wants to know.
	Mail func(Mail)
	// TextMessage receives every text message that End User Messaging took; nil means
	// nobody wants to know.
	TextMessage func(TextMessage)
	// Changed is called after every request that may have changed what Snapshot
	// returns; nil means nobody wants to know.
	Changed func()
	// Log receives a line for every request that is refused as unknown or not allowed. Required.
	Log *log.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server serves the APIs. It is safe for concurrent use.
type Server struct {
	options  Options
	dynamodb *server.Server

	mu            sync.Mutex
	cognito       http.Handler
	permissions   CognitoPermissions
	tables        []string                     // names of the tables that exist
	partitionKeys map[string]string            // table → name of its partition key
	unclaimed     map[string][]json.RawMessage // table that was restored and doesn't exist yet → its items
	parameters    map[string]*parameter        // name → parameter
}

// New makes a server without tables and parameters.
func New(o Options) *Server {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{
		options:       o,
		dynamodb:      server.NewServer(),
		partitionKeys: map[string]string{},
		unclaimed:     map[string][]json.RawMessage{},
		parameters:    map[string]*parameter{},
	}
}

// CognitoPermissions returns what a role must allow for a request of the
// user-pool API: nothing for an operation that takes unsigned requests.
type CognitoPermissions func(operation string, body []byte) []iam.Call

// ServeCognito passes calls of the user-pool API on to handler. It must be
// called before functions make such calls.
func (s *Server) ServeCognito(handler http.Handler, permissions CognitoPermissions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cognito, s.permissions = handler, permissions
}

// apiError is an error as the AWS JSON protocols have it.
type apiError struct {
	Status  int    `json:"-"`
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// Error implements error.
func (e *apiError) Error() string { return e.Type + ": " + e.Message }

func refused(errorType, format string, arguments ...any) *apiError {
	return &apiError{Status: http.StatusBadRequest, Type: errorType, Message: fmt.Sprintf(format, arguments...)}
}

// operator stands for whoever runs the stack, in place of a function's ARN.
const operator = "its operator"

// operatorKey marks the context of a request of the operator's.
type operatorKey struct{}

// Operator serves the APIs to whoever runs the stack and may do everything,
// however a request is signed.
func (s *Server) Operator() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), operatorKey{}, true)))
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service, operation, _ := strings.Cut(r.Header.Get(headerTarget), ".")
	if service == targetCognito {
		s.passToCognito(w, r, operation)
		return
	}
	caller, failure := s.authenticate(r)
	if failure != nil {
		writeError(w, failure)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestLimit))
	if err != nil {
		writeError(w, refused("SerializationException", "the request can't be read: %v", err))
		return
	}
	switch {
	case r.URL.Path == SendEmailPath:
		err = s.serveSES(w, caller, body)
	case service == targetDynamoDB:
		err = s.serveDynamoDB(w, caller, operation, body)
	case service == targetSSM:
		err = s.serveSSM(w, caller, operation, body)
	case service == targetSMS:
		err = s.serveSMS(w, caller, operation, body)
	case service == targetEventBridge:
		err = s.serveEventBridge(w, caller, operation, body)
	default:
		err = unknownOperation(service, operation)
	}
	s.options.Changed()
	if err != nil {
		s.report(w, caller, service+"."+operation, err)
	}
}

func (s *Server) passToCognito(w http.ResponseWriter, r *http.Request, operation string) {
	s.mu.Lock()
	handler, permissions := s.cognito, s.permissions
	s.mu.Unlock()
	if handler == nil {
		writeError(w, refused("ResourceNotFoundException", "the stack has no user pool yet"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestLimit))
	if err != nil {
		writeError(w, refused("SerializationException", "the request can't be read: %v", err))
		return
	}
	if needed := permissions(operation, body); needed != nil {
		caller, failure := s.authenticate(r)
		if failure != nil {
			writeError(w, failure)
			return
		}
		if err := s.authorizeAll(caller, needed); err != nil {
			s.report(w, caller, targetCognito+"."+operation, err)
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	handler.ServeHTTP(w, r)
}

func unknownOperation(service, operation string) *apiError {
	return refused("UnknownOperationException", "the local run doesn't know the operation %q of %q", operation, service)
}

// report writes an error and logs what a developer must mend.
func (s *Server) report(w http.ResponseWriter, caller, call string, err error) {
	failure := (*apiError)(nil)
	if !errors.As(err, &failure) {
		failure = &apiError{Status: http.StatusInternalServerError, Type: "InternalServerError", Message: "the local run failed; its log says why"}
		s.options.Log.Printf("%s, called by %s: %v", call, caller, err)
	} else if slices.Contains([]string{"UnknownOperationException", "ValidationException", accessDenied}, failure.Type) {
		s.options.Log.Printf("%s, called by %s: %s", call, caller, failure.Message)
	}
	writeError(w, failure)
}

// credential finds the access key id in a Signature Version 4.
var credential = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/`)

func (s *Server) authenticate(r *http.Request) (caller string, failure *apiError) {
	if r.Context().Value(operatorKey{}) != nil {
		return operator, nil
	}
	match := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return "", refused("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	caller, ok := s.options.Caller(match[1])
	if !ok {
		return "", refused("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	return caller, nil
}

func writeError(w http.ResponseWriter, failure *apiError) {
	w.Header().Set("X-Amzn-Errortype", failure.Type) // where SES has it
	body, err := json.Marshal(failure)
	if err != nil {
		panic(err) // two strings can always be encoded
	}
	writeBody(w, failure.Status, body)
}

// writeBody adds the headers that AWS SDKs look at.
func writeBody(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/x-amz-json-1.0")
	header.Set("X-Amzn-Requestid", rand.Text())
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that is gone needs no answer
}

// decodeStrictly refuses members of a request that into doesn't have.
func decodeStrictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refused("ValidationException", "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// snapshot is the form of Snapshot.
type snapshot struct {
	Tables     map[string][]json.RawMessage `json:"tables"`     // table name → items
	Parameters map[string]*parameter        `json:"parameters"` // name → parameter
}

// Snapshot returns all items and parameters, values of SecureString parameters
// included, for Restore.
func (s *Server) Snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tables := maps.Clone(s.unclaimed)
	for _, table := range s.tables {
		items, err := s.scan(table)
		if err != nil {
			return nil, fmt.Errorf("reading table %s: %w", table, err)
		}
		tables[table] = items
	}
	return json.Marshal(snapshot{Tables: tables, Parameters: s.parameters})
}

// Restore puts back what Snapshot returned. A table's items come back when the
// table is created. It must be called before anything else.
func (s *Server) Restore(state []byte) error {
	var restored snapshot
	if err := json.Unmarshal(state, &restored); err != nil {
		return fmt.Errorf("restoring tables and parameters: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.unclaimed, restored.Tables)
	maps.Copy(s.parameters, restored.Parameters)
	return nil
}
