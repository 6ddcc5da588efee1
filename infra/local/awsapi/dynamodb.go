package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/truora/minidyn/server"
)

// Key is an attribute of a table's primary key.
type Key struct {
	Name string
	Type string // S, N or B
	Role string // HASH or RANGE
}

// itemOperations are the DynamoDB operations that functions may call: name → a
// new request, whose members are those that minidyn knows. Tables are
// CloudFormation's to create.
var itemOperations = map[string]func() any{
	"DeleteItem":         func() any { return new(server.DeleteItemInput) },
	"GetItem":            func() any { return new(server.GetItemInput) },
	"PutItem":            func() any { return new(server.PutItemInput) },
	"Query":              func() any { return new(server.QueryInput) },
	"Scan":               func() any { return new(server.ScanInput) },
	"TransactGetItems":   func() any { return new(server.TransactGetItemsInput) },
	"TransactWriteItems": func() any { return new(server.TransactWriteItemsInput) },
	"UpdateItem":         func() any { return new(server.UpdateItemInput) },
}

// withoutEffect are members of requests that minidyn accepts and doesn't act on:
// to accept them here too would be a silent wrong answer.
var withoutEffect = []string{
	"AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected", "KeyConditions", "QueryFilter",
	"ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "ScanFilter", "Segment", "TotalSegments",
}

// CreateTable makes a table with a primary key, and gives it the items that
// Restore kept for it.
func (s *Server) CreateTable(name string, keys []Key) error {
	type element struct{ AttributeName, KeyType string }
	type definition struct{ AttributeName, AttributeType string }
	var schema []element
	var definitions []definition
	for _, key := range keys {
		schema = append(schema, element{key.Name, key.Role})
		definitions = append(definitions, definition{key.Name, key.Type})
	}
	if _, err := s.internalCall("CreateTable", map[string]any{
		"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema, "AttributeDefinitions": definitions,
	}); err != nil {
		return fmt.Errorf("creating table %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range s.unclaimed[name] {
		if _, err := s.internalCall("PutItem", map[string]any{"TableName": name, "Item": item}); err != nil {
			return fmt.Errorf("restoring an item of table %s: %w", name, err)
		}
	}
	delete(s.unclaimed, name)
	for _, key := range keys {
		if key.Role == "HASH" {
			s.partitionKeys[name] = key.Name
		}
	}
	s.tables = append(s.tables, name)
	return nil
}

// scan returns all items of a table.
func (s *Server) scan(table string) ([]json.RawMessage, error) {
	request := map[string]any{"TableName": table}
	var items []json.RawMessage
	for {
		body, err := s.internalCall("Scan", request)
		if err != nil {
			return nil, err
		}
		var page struct {
			Items            []json.RawMessage
			LastEvaluatedKey json.RawMessage
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.LastEvaluatedKey == nil {
			return items, nil
		}
		request["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}

func (s *Server) serveDynamoDB(w http.ResponseWriter, caller, operation string, body []byte) error {
	newRequest, ok := itemOperations[operation]
	if !ok {
		return unknownOperation(targetDynamoDB, operation)
	}
	if err := decodeStrictly(body, newRequest()); err != nil {
		return err
	}
	if err := s.authorizeItems(caller, operation, body); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return refused("SerializationException", "the request is no JSON object")
	}
	for _, name := range withoutEffect {
		if members[name] != nil {
			return refused("ValidationException", "the local run doesn't know %s of %s", name, operation)
		}
	}
	response, err := s.minidyn(operation, body)
	if err != nil {
		return err
	}
	writeBody(w, response.status, response.body.Bytes())
	return nil
}

// internalCall makes a call that no function may make, or that must succeed.
func (s *Server) internalCall(operation string, request any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	response, err := s.minidyn(operation, body)
	if err != nil {
		return nil, err
	}
	if response.status != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", operation, response.body.String())
	}
	return response.body.Bytes(), nil
}

// minidyn calls the embedded DynamoDB. A panic of it is an error.
func (s *Server) minidyn(operation string, body []byte) (response *bufferedResponse, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the embedded DynamoDB panicked: %v", cause)
		}
	}()
	request := &http.Request{
		Method: http.MethodPost,
		Header: http.Header{headerTarget: {targetDynamoDB + "." + operation}},
		Body:   io.NopCloser(bytes.NewReader(body)),
	}
	response = &bufferedResponse{status: http.StatusOK, header: http.Header{}}
	s.dynamodb.ServeHTTP(response, request)
	return response, nil
}

// bufferedResponse keeps a response, so that its checksum can go before it.
type bufferedResponse struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (b *bufferedResponse) Header() http.Header { return b.header }

// WriteHeader implements http.ResponseWriter.
func (b *bufferedResponse) WriteHeader(status int) { b.status = status }

// Write implements http.ResponseWriter.
func (b *bufferedResponse) Write(p []byte) (int, error) { return b.body.Write(p) }
