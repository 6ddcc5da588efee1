package passkeytest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/truora/minidyn/server"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Table is a credential table behind DynamoDB's own protocol on loopback. It
// counts the operations that reach it.
type Table struct {
	Name   string
	URL    string
	Client *dynamodb.Client

	mu         sync.Mutex
	operations []string
}

// NewTable starts a table that ends with the test.
func NewTable(t testing.TB) *Table {
	t.Helper()
	tbl := &Table{Name: "credentials"}
	database := server.NewServer()
	http := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tbl.count(operationOf(r))
		database.ServeHTTP(w, r)
	}))
	t.Cleanup(http.Close)
	tbl.URL = http.URL
	cfg, err := awsclient.Config(settings.AWS{Region: "us-east-1", AccessKeyID: "test", SecretAccessKey: "test"}, http.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = patient{}
	tbl.Client = dynamodb.NewFromConfig(cfg)
	_, err = tbl.Client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:   &tbl.Name,
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
	tbl.Operations()
	return tbl
}

// patient sends requests without deadline: what a test shows must not depend on
// how busy the machine is.
type patient struct{}

func (patient) Do(r *http.Request) (*http.Response, error) {
	return http.DefaultClient.Do(r.WithContext(context.WithoutCancel(r.Context())))
}

// Operations returns the names of the operations since the last call, in order.
func (t *Table) Operations() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	operations := t.operations
	t.operations = nil
	return operations
}

func (t *Table) count(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.operations = append(t.operations, operation)
}

// PutClient writes an app client's item as the provision function does.
func (t *Table) PutClient(tb testing.TB, clientID string, relyingPartyID, userVerification string, methods ...string) {
	tb.Helper()
	list := &types.AttributeValueMemberL{}
	for _, m := range methods {
		list.Value = append(list.Value, &types.AttributeValueMemberS{Value: m})
	}
	t.putConfig(tb, table.ClientSK(clientID), map[string]types.AttributeValue{
		table.RelyingParty:     &types.AttributeValueMemberS{Value: relyingPartyID},
		table.UserVerification: &types.AttributeValueMemberS{Value: userVerification},
		table.Methods:          list,
	})
}

// PutPasswordClient writes the item of an app client on which a passkey ends the
// password, as the provision function does.
func (t *Table) PutPasswordClient(tb testing.TB, clientID, relyingPartyID string) {
	tb.Helper()
	t.putConfig(tb, table.PasswordClientSK(clientID), map[string]types.AttributeValue{
		table.RelyingParty: &types.AttributeValueMemberS{Value: relyingPartyID},
	})
}

func (t *Table) putConfig(tb testing.TB, sortKey string, item map[string]types.AttributeValue) {
	tb.Helper()
	item[table.PartitionKey] = &types.AttributeValueMemberS{Value: table.ConfigPK}
	item[table.SortKey] = &types.AttributeValueMemberS{Value: sortKey}
	if _, err := t.Client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &t.Name, Item: item}); err != nil {
		tb.Fatal(err)
	}
	t.Operations()
}
