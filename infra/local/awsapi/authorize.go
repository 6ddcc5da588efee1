package awsapi

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// accessDenied is the type of the error for a call that a role doesn't allow.
const accessDenied = "AccessDeniedException"

// itemCall is the part of a DynamoDB request that permissions are about.
type itemCall struct {
	TableName string
	IndexName string
	Key, Item attributes

	KeyConditionExpression    string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues attributes

	TransactItems []map[string]itemCall // operation, such as Put → what it is about
}

// attributes: name → type → value
type attributes map[string]map[string]any

// transactActions are the actions that a transaction's operations need.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var transactActions = map[string]string{
	"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
}

// authorizeItems refuses a DynamoDB call that the caller's role doesn't allow.
func (s *Server) authorizeItems(caller, operation string, body []byte) error {
	var call itemCall
	if err := json.Unmarshal(body, &call); err != nil {
		return refused("SerializationException", "the request can't be read: %v", err)
	}
	if call.TransactItems != nil {
		return s.authorizeTransaction(caller, call.TransactItems)
	}
	keys, err := s.leadingKeys(call)
	if err != nil {
		return err
	}
	return s.authorize(caller, "dynamodb:"+operation, s.tableARN(call), keys)
}

// authorizeTransaction asks for the permission of every part. AWS doesn't say
// whether a part is judged by its own key or by all keys of the transaction; all
// of them is stricter, so that what passes here passes there.
func (s *Server) authorizeTransaction(caller string, parts []map[string]itemCall) error {
	keys := map[string][]string{} // table → leading keys
	for _, part := range parts {
		for _, call := range part {
			found, err := s.leadingKeys(call)
			if err != nil {
				return err
			}
			keys[call.TableName] = append(keys[call.TableName], found...)
		}
	}
	for _, part := range parts {
		for operation, call := range part {
			if err := s.authorize(caller, "dynamodb:"+transactActions[operation], s.tableARN(call), keys[call.TableName]); err != nil {
				return err
			}
		}
	}
	return nil
}

// equation is a part of a key condition such as "#pk = :pk".
var equation = regexp.MustCompile(`([\w#.-]+)\s*=\s*(:\w+)`)

// leadingKeys returns the partition keys that a call names. A scan names none.
func (s *Server) leadingKeys(call itemCall) ([]string, error) {
	s.mu.Lock()
	name, exists := s.partitionKeys[call.TableName]
	s.mu.Unlock()
	if !exists {
		return nil, nil // the call fails, because there is no such table
	}
	key := call.Key
	if call.Item != nil {
		key = call.Item
	}
	if call.KeyConditionExpression != "" {
		key = attributes{}
		for _, match := range equation.FindAllStringSubmatch(call.KeyConditionExpression, -1) {
			attribute := match[1]
			if named, ok := call.ExpressionAttributeNames[attribute]; ok {
				attribute = named
			}
			key[attribute] = call.ExpressionAttributeValues[match[2]]
		}
	}
	if key == nil {
		return nil, nil
	}
	for _, value := range key[name] {
		if text, ok := value.(string); ok {
			return []string{text}, nil
		}
	}
	return nil, refused("ValidationException", "the request names no partition key %s", name)
}

func (s *Server) tableARN(call itemCall) string {
	arn := s.arn("dynamodb", "table/"+call.TableName)
	if call.IndexName != "" {
		arn += "/index/" + call.IndexName
	}
	return arn
}

// authorizeParameters refuses an SSM call that the caller's role doesn't allow.
func (s *Server) authorizeParameters(caller, operation string, body []byte) error {
	var call struct {
		Name       string
		Names      []string
		ResourceID string `json:"ResourceId"`
		Tags       []tag
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return refused("SerializationException", "the request can't be read: %v", err)
	}
	actions := []string{"ssm:" + operation}
	if operation == "PutParameter" && len(call.Tags) > 0 {
		actions = append(actions, "ssm:AddTagsToResource")
	}
	names := call.Names
	if len(names) == 0 {
		names = []string{call.Name + call.ResourceID} // a request has one of them
	}
	for _, action := range actions {
		for _, name := range names {
			if err := s.authorize(caller, action, s.parameterARN(name), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) parameterARN(name string) string {
	return s.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}

func (s *Server) authorize(caller, action, resource string, leadingKeys []string) error {
	return s.authorizeAll(caller, []iam.Call{
		{Action: action, Resource: resource, Context: map[string][]string{iam.LeadingKeys: leadingKeys}},
	})
}

// authorizeAll refuses a request unless the caller's role allows all that it takes.
func (s *Server) authorizeAll(caller string, calls []iam.Call) error {
	if caller == operator {
		return nil
	}
	for _, call := range calls {
		if err := s.options.Authorize(caller, call); err != nil {
			return refused(accessDenied, "%v", err)
		}
	}
	return nil
}

func (s *Server) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.options.Region + ":" + s.options.AccountID + ":" + resource
}
