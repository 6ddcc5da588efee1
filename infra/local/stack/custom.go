package stack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
)

// Custom resources.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
const (
	customPrefix = "Custom::"
	customType   = "AWS::CloudFormation::CustomResource"

	serviceToken   = "ServiceToken"
	serviceTimeout = "ServiceTimeout" // seconds
	defaultService = time.Hour

	requestCreate = "Create"
	requestUpdate = "Update"
	requestDelete = "Delete"
	statusSuccess = "SUCCESS"

	responsePath     = "/cloudformation/"
	responseLimit    = 4 << 10 // bytes
	physicalIDLimit  = 1 << 10 // bytes
	responseLateText = "the function returned without sending a response"
)

// customRequest is what CloudFormation sends to a custom resource's function.
type customRequest struct {
	RequestType           string
	RequestID             string `json:"RequestId"`
	ResponseURL           string
	ResourceType          string
	LogicalResourceID     string `json:"LogicalResourceId"`
	StackID               string `json:"StackId"`
	PhysicalResourceID    string `json:"PhysicalResourceId,omitempty"`
	ResourceProperties    map[string]any
	OldResourceProperties map[string]any `json:",omitempty"`
}

// customResponse is what the function puts to the response's address. NoEcho
// needs no obedience: data of a custom resource is never shown or logged.
type customResponse struct {
	Status             string
	Reason             string
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
	NoEcho             bool
	Data               map[string]any
}

// makeCustomResource creates a custom resource, or updates it if the last run
// created it.
func (s *Stack) makeCustomResource(ctx context.Context, r *template.Resource, properties map[string]any) (resource, error) {
	request := customRequest{
		RequestType:        requestCreate,
		ResourceType:       r.Type,
		LogicalResourceID:  r.LogicalID,
		ResourceProperties: stringified(properties).(map[string]any),
	}
	earlier, exists := s.ledger.custom(r.LogicalID)
	if exists {
		if earlier.Type != r.Type {
			return resource{}, fmt.Errorf("%w: its type was %s, and an update can't change a type", ErrCustomResource, earlier.Type)
		}
		request.RequestType = requestUpdate
		request.PhysicalResourceID = earlier.PhysicalID
		request.OldResourceProperties = earlier.Properties
	}
	response, err := s.request(ctx, request)
	if err != nil {
		return resource{}, err
	}
	s.ledger.setCustom(r.LogicalID, customRecord{
		Type: r.Type, PhysicalID: response.PhysicalResourceID, Properties: request.ResourceProperties,
	})
	if exists && response.PhysicalResourceID != earlier.PhysicalID {
		s.superseded = append(s.superseded, deletion(r.LogicalID, earlier))
	}
	return resource{ref: response.PhysicalResourceID, attributes: response.Data}, nil
}

func deletion(logicalID string, record customRecord) customRequest {
	return customRequest{
		RequestType: requestDelete, ResourceType: record.Type, LogicalResourceID: logicalID,
		PhysicalResourceID: record.PhysicalID, ResourceProperties: record.Properties,
	}
}

// cleanUp deletes what updates have replaced and what the template has no more.
// As on AWS, a failure there doesn't undo the update.
func (s *Stack) cleanUp(ctx context.Context) {
	for logicalID, record := range s.ledger.removed(s.template.Resources) {
		s.superseded = append(s.superseded, deletion(logicalID, record))
	}
	for _, request := range s.superseded {
		if _, err := s.request(ctx, request); err != nil {
			s.log.Printf("%s (%s), deleting %s: %v", request.LogicalResourceID, request.ResourceType, request.PhysicalResourceID, err)
		}
	}
}

// request sends one request and returns the function's response to it.
func (s *Stack) request(ctx context.Context, request customRequest) (*customResponse, error) {
	functionARN, ok := request.ResourceProperties[serviceToken].(string)
	if !ok {
		return nil, fmt.Errorf("%w: its ServiceToken is no function", ErrCustomResource)
	}
	timeout, err := timeoutOf(request.ResourceProperties)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	token, answered := s.responses.expect()
	defer s.responses.forget(token)
	request.RequestID, request.StackID = uuid(), s.ledger.StackID
	request.ResponseURL = s.address + responsePath + token
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	s.log.Printf("%s %s (%s)", request.RequestType, request.LogicalResourceID, request.ResourceType)
	if _, err := s.functions.Invoke(ctx, functionARN, payload); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCustomResource, err)
	}
	select {
	case response := <-answered:
		return &response, response.check(request)
	default:
		return nil, fmt.Errorf("%w: %s", ErrCustomResource, responseLateText)
	}
}

func timeoutOf(properties map[string]any) (time.Duration, error) {
	text, ok := properties[serviceTimeout].(string)
	if !ok {
		return defaultService, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%w: its ServiceTimeout: %w", ErrCustomResource, err)
	}
	return time.Duration(seconds) * time.Second, nil
}

func (r customResponse) check(request customRequest) error {
	switch {
	case r.RequestID != request.RequestID || r.StackID != request.StackID || r.LogicalResourceID != request.LogicalResourceID:
		return fmt.Errorf("%w: the response is for another request", ErrCustomResource)
	case r.Status != statusSuccess:
		return fmt.Errorf("%w: %s: %s", ErrCustomResource, r.Status, r.Reason)
	case r.PhysicalResourceID == "" || len(r.PhysicalResourceID) > physicalIDLimit:
		return fmt.Errorf("%w: received a PhysicalResourceId of %d bytes, want 1 to %d", ErrCustomResource, len(r.PhysicalResourceID), physicalIDLimit)
	}
	return nil
}

// stringified turns numbers and booleans into text, as CloudFormation does with
// the properties of custom resources.
func stringified(value any) any {
	switch v := value.(type) {
	case map[string]any:
		texts := make(map[string]any, len(v))
		for name, item := range v {
			texts[name] = stringified(item)
		}
		return texts
	case []any:
		texts := make([]any, len(v))
		for i, item := range v {
			texts[i] = stringified(item)
		}
		return texts
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		return value
	}
}

// responses receives what functions of custom resources answer, each at an
// address of its own that can't be guessed.
type responses struct {
	mu      sync.Mutex
	waiting map[string]chan customResponse // token → takes one response
}

func newResponses() *responses { return &responses{waiting: map[string]chan customResponse{}} }

func (r *responses) expect() (token string, answered <-chan customResponse) {
	r.mu.Lock()
	defer r.mu.Unlock()
	token = rand.Text()
	channel := make(chan customResponse, 1)
	r.waiting[token] = channel
	return token, channel
}

func (r *responses) forget(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, token)
}

// ServeHTTP implements http.Handler. The first response to an address counts.
func (r *responses) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, responseLimit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, fmt.Sprintf("a response has at most %d bytes", responseLimit), http.StatusRequestEntityTooLarge)
		return
	}
	var response customResponse
	if err := json.Unmarshal(body, &response); err != nil {
		http.Error(w, "the response is no JSON object: "+strings.TrimPrefix(err.Error(), "json: "), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	answered := r.waiting[request.PathValue("token")]
	r.mu.Unlock()
	select {
	case answered <- response:
	default: // nobody waits, or not any more
		http.Error(w, "no request waits for a response here", http.StatusForbidden)
	}
}
