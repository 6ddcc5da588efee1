package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/truora/minidyn/server"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// world is what the function talks to, on loopback, through the real SDK clients.
type world struct {
	parameters map[string]parameter // name → what is stored
	loseReply  bool                 // whether the reply to the next PutParameter is lost
	answers    []cfn.Response       // what CloudFormation was told
	logged     strings.Builder
	table      *dynamodb.Client
	handler    handler
	send       cfn.CustomResourceLambdaFunction
	address    string // where CloudFormation takes answers
}

type parameter struct {
	Name, Type, Value string
	KeyID             string `json:"KeyId"`
}

const tableName = "passkeys"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{parameters: map[string]parameter{}}
	w.table = dynamodb.NewFromConfig(config(t, server.NewServer()))
	createTable(t, w.table)
	w.handler = handler{
		keyRings:   keyRings{ssm.NewFromConfig(config(t, http.HandlerFunc(w.serveSSM)))},
		appClients: appClients{w.table},
	}
	w.send = cfn.LambdaWrap(w.handler.handle)
	w.address = serve(t, http.HandlerFunc(w.takeAnswer))
	log.SetOutput(&w.logged)
	t.Cleanup(func() { log.SetOutput(io.Discard) })
	return w
}

func serve(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func config(t *testing.T, h http.Handler) aws.Config {
	t.Helper()
	env := settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}
	c, err := awsclient.Config(env, serve(t, h))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func createTable(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:   aws.String(tableName),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(table.PartitionKey), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(table.SortKey), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(table.PartitionKey), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(table.SortKey), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// serveSSM is as much of Systems Manager as the function uses.
func (w *world) serveSSM(rw http.ResponseWriter, r *http.Request) {
	var in struct {
		parameter
		Overwrite, WithDecryption bool
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	stored, exists := w.parameters[in.Name]
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
	switch {
	case operation == "PutParameter" && exists && !in.Overwrite:
		refuse(rw, "ParameterAlreadyExists")
	case operation == "PutParameter":
		w.parameters[in.Name] = in.parameter
		if w.loseReply {
			w.loseReply = false
			http.Error(rw, "", http.StatusInternalServerError)
			return
		}
		answer(rw, map[string]int{"Version": 1})
	case !exists:
		refuse(rw, "ParameterNotFound")
	case operation == "GetParameter" && in.WithDecryption:
		answer(rw, map[string]parameter{"Parameter": stored})
	case operation == "DeleteParameter":
		delete(w.parameters, in.Name)
		answer(rw, struct{}{})
	default:
		refuse(rw, "InvalidAction")
	}
}

func refuse(rw http.ResponseWriter, code string) {
	rw.WriteHeader(http.StatusBadRequest)
	answer(rw, map[string]string{"__type": code})
}

func answer(rw http.ResponseWriter, v any) { _ = json.NewEncoder(rw).Encode(v) }

// takeAnswer is the address that CloudFormation signs for an answer.
func (w *world) takeAnswer(_ http.ResponseWriter, r *http.Request) {
	var response cfn.Response
	if json.NewDecoder(r.Body).Decode(&response) == nil {
		w.answers = append(w.answers, response)
	}
}

// request sends an event through the function as Lambda would, and returns what
// CloudFormation is told.
func (w *world) request(t *testing.T, event cfn.Event) cfn.Response {
	t.Helper()
	event.RequestID, event.ResponseURL = "request-1", w.address
	before := len(w.answers)
	if reason, err := w.send(t.Context(), event); err != nil {
		t.Fatalf("the function failed: %s: %v", reason, err)
	}
	if len(w.answers) != before+1 {
		t.Fatalf("CloudFormation got %d answers, want 1", len(w.answers)-before)
	}
	return w.answers[before]
}

// privateKeys returns the keys in the text of a parameter.
func privateKeys(t *testing.T, text string) []string {
	t.Helper()
	var stored struct{ Keys []string }
	if err := json.Unmarshal([]byte(text), &stored); err != nil || len(stored.Keys) == 0 {
		t.Fatalf("no keys in the parameter: %v", err)
	}
	return stored.Keys
}
