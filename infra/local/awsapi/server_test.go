package awsapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

const (
	accessKeyID = "ASIAAAAAAAAAAAAAAAAA"
	table       = "Credentials"
	principal   = "arn:aws:sts::000000000000:assumed-role/VerifyRole/verify"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// newServer makes a server that allows everything to the one function there is.
func newServer(t *testing.T, logTo io.Writer) *awsapi.Server {
	t.Helper()
	return newServerThatAllows(t, logTo, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
}

func newServerThatAllows(t *testing.T, logTo io.Writer, statements string) *awsapi.Server {
	t.Helper()
	policy, err := iam.Parse([]byte(`{"Statement": ` + statements + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return awsapi.New(awsapi.Options{
		Region:    "us-east-1",
		AccountID: "000000000000",
		Caller: func(id string) (string, bool) {
			return "arn:aws:lambda:us-east-1:000000000000:function:verify", id == accessKeyID
		},
		Authorize: func(_ string, call iam.Call) error {
			return iam.Judge(principal, []iam.Policy{policy}, call)
		},
		Log: log.New(logTo, "", 0),
		Now: func() time.Time { return start },
	})
}

// config is an SDK configuration that reaches nothing but the server.
func config(t *testing.T, s *awsapi.Server) aws.Config {
	t.Helper()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(listening.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: "secret"}, nil
		}),
		RetryMaxAttempts: 1,
	}
}

func createTable(t *testing.T, s *awsapi.Server) {
	t.Helper()
	err := s.CreateTable(table, []awsapi.Key{{Name: "pk", Type: "S", Role: "HASH"}, {Name: "sk", Type: "S", Role: "RANGE"}})
	if err != nil {
		t.Fatal(err)
	}
}

func key(pk, sk string) map[string]ddb.AttributeValue {
	return map[string]ddb.AttributeValue{"pk": text(pk), "sk": text(sk)}
}

func text(s string) ddb.AttributeValue { return &ddb.AttributeValueMemberS{Value: s} }

func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	var failure smithy.APIError
	if !errors.As(err, &failure) {
		t.Fatalf("received %v, want %s", err, code)
	}
	if failure.ErrorCode() != code || !strings.Contains(failure.ErrorMessage(), message) {
		t.Errorf("received %s: %q, want %s: %q", failure.ErrorCode(), failure.ErrorMessage(), code, message)
	}
}

var ignoreDocument = cmpopts.IgnoreUnexported(ddb.AttributeValueMemberS{}, ddb.AttributeValueMemberN{}, ddb.AttributeValueMemberM{}, ddb.AttributeValueMemberB{})

func TestItemsThroughTheSDK(t *testing.T) {
	s := newServer(t, io.Discard)
	createTable(t, s)
	client := dynamodb.NewFromConfig(config(t, s))
	item := key("USER#1", "PK#a")
	item["pub"] = &ddb.AttributeValueMemberB{Value: []byte{0, 1, 255}}
	item["spent"] = &ddb.AttributeValueMemberM{Value: map[string]ddb.AttributeValue{"_": &ddb.AttributeValueMemberN{Value: "1"}}}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: key("USER#1", "PK#a"), ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(item, got.Item, ignoreDocument); diff != "" {
		t.Error(diff)
	}
	list, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName:                 aws.String(table),
		KeyConditionExpression:    aws.String("#pk = :pk AND begins_with(#sk, :sk)"),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: map[string]ddb.AttributeValue{":pk": text("USER#1"), ":sk": text("PK#")},
	})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("query: %v, %v", list, err)
	}
}

func TestFailedConditionsThroughTheSDK(t *testing.T) {
	s := newServer(t, io.Discard)
	createTable(t, s)
	client := dynamodb.NewFromConfig(config(t, s))
	create := func(sk string) ddb.TransactWriteItem {
		return ddb.TransactWriteItem{Put: &ddb.Put{
			TableName: aws.String(table), Item: key("USER#1", sk),
			ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: map[string]string{"#pk": "pk"},
		}}
	}
	if _, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{create("A")}}); err != nil {
		t.Fatal(err)
	}

	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{create("B"), create("A")}})
	var canceled *ddb.TransactionCanceledException
	if !errors.As(err, &canceled) {
		t.Fatalf("received %v", err)
	}
	var codes []string
	for _, reason := range canceled.CancellationReasons {
		codes = append(codes, aws.ToString(reason.Code))
	}
	if diff := cmp.Diff([]string{"None", "ConditionalCheckFailed"}, codes); diff != "" {
		t.Error(diff)
	}
	left, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: key("USER#1", "B")})
	if err != nil || left.Item != nil {
		t.Errorf("a canceled transaction left %v, %v", left.Item, err)
	}

	_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(table), Key: key("USER#1", "C"), UpdateExpression: aws.String("SET #n = :n"),
		ConditionExpression:       aws.String("attribute_exists(#pk)"),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk", "#n": "n"},
		ExpressionAttributeValues: map[string]ddb.AttributeValue{":n": text("x")},
	})
	var failed *ddb.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Errorf("received %v", err)
	}
}

func TestDynamoDBRefuses(t *testing.T) {
	var logged bytes.Buffer
	s := newServer(t, &logged)
	createTable(t, s)
	cfg := config(t, s)
	client := dynamodb.NewFromConfig(cfg)
	get := &dynamodb.GetItemInput{TableName: aws.String(table), Key: key("a", "b")}

	t.Run("an unknown operation", func(t *testing.T) {
		_, err := client.ListTables(t.Context(), nil)
		wantCode(t, err, "UnknownOperationException", `"ListTables"`)
		if !strings.Contains(logged.String(), "function:verify") {
			t.Errorf("the log doesn't name the caller: %q", &logged)
		}
	})
	t.Run("a member that has no effect here", func(t *testing.T) {
		_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: key("a", "b"), AttributesToGet: []string{"x"}})
		wantCode(t, err, "ValidationException", "AttributesToGet of GetItem")
	})
	t.Run("a table that doesn't exist", func(t *testing.T) {
		_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("Other"), Key: key("a", "b")})
		wantCode(t, err, "ResourceNotFoundException", "non-existent table")
	})
	t.Run("an unknown access key", func(t *testing.T) {
		stranger := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIASTRANGER", SecretAccessKey: "x"}, nil
			})
		})
		_, err := stranger.GetItem(t.Context(), get)
		wantCode(t, err, "UnrecognizedClientException", "invalid")
	})
	t.Run("no signature", func(t *testing.T) {
		anonymous := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.Credentials = aws.AnonymousCredentials{} })
		_, err := anonymous.GetItem(t.Context(), get)
		wantCode(t, err, "MissingAuthenticationTokenException", "missing")
	})
}

func TestParametersThroughTheSDK(t *testing.T) {
	client := ssm.NewFromConfig(config(t, newServer(t, io.Discard)))
	put := &ssm.PutParameterInput{
		Name: aws.String("/passkeys/stamp"), Value: aws.String("top secret"), Type: ssmtypes.ParameterTypeSecureString,
		Overwrite: aws.Bool(false), Tags: []ssmtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}
	if _, err := client.PutParameter(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	_, err := client.PutParameter(t.Context(), put)
	var exists *ssmtypes.ParameterAlreadyExists
	if !errors.As(err, &exists) {
		t.Errorf("a second put: %v", err)
	}
	open, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: put.Name, WithDecryption: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(open.Parameter.Value) != "top secret" || open.Parameter.Type != ssmtypes.ParameterTypeSecureString || open.Parameter.Version != 1 {
		t.Errorf("received %+v", open.Parameter)
	}
	if !open.Parameter.LastModifiedDate.Equal(start) {
		t.Errorf("last modified %s", open.Parameter.LastModifiedDate)
	}
	sealed, err := client.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/passkeys/stamp", "/passkeys/none"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed.Parameters) != 1 || strings.Contains(aws.ToString(sealed.Parameters[0].Value), "secret") {
		t.Errorf("without decryption: %+v", sealed.Parameters)
	}
	if diff := cmp.Diff([]string{"/passkeys/none"}, sealed.InvalidParameters); diff != "" {
		t.Error(diff)
	}
	again, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: put.Name, Value: aws.String("newer"), Overwrite: aws.Bool(true)})
	if err != nil || again.Version != 2 {
		t.Errorf("an overwrite: %+v, %v", again, err)
	}
	if _, err := client.AddTagsToResource(t.Context(), &ssm.AddTagsToResourceInput{
		ResourceId: put.Name, ResourceType: ssmtypes.ResourceTypeForTaggingParameter, Tags: put.Tags,
	}); err != nil {
		t.Error(err)
	}
	if _, err := client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: put.Name}); err != nil {
		t.Error(err)
	}
	_, err = client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: put.Name})
	var missing *ssmtypes.ParameterNotFound
	if !errors.As(err, &missing) {
		t.Errorf("a deleted parameter: %v", err)
	}
}

func TestSSMRefuses(t *testing.T) {
	client := ssm.NewFromConfig(config(t, newServer(t, io.Discard)))
	put := func(change func(*ssm.PutParameterInput)) error {
		input := &ssm.PutParameterInput{Name: aws.String("/a"), Value: aws.String("x"), Type: ssmtypes.ParameterTypeString}
		change(input)
		_, err := client.PutParameter(t.Context(), input)
		return err
	}
	tests := []struct {
		name, code, message string
		change              func(*ssm.PutParameterInput)
	}{
		{"a member it doesn't know", "ValidationException", `"AllowedPattern"`, func(p *ssm.PutParameterInput) { p.AllowedPattern = aws.String("x") }},
		{"a name that is no path", "ValidationException", "fully qualified", func(p *ssm.PutParameterInput) { p.Name = aws.String("a/b") }},
		{"a value over 4 KiB", "ValidationException", "4096", func(p *ssm.PutParameterInput) { p.Value = aws.String(strings.Repeat("x", 4097)) }},
		{"a new parameter without a type", "ValidationException", "must be one of", func(p *ssm.PutParameterInput) { p.Type = "" }},
		{"the advanced tier", "ValidationException", `tier "Advanced"`, func(p *ssm.PutParameterInput) { p.Tier = ssmtypes.ParameterTierAdvanced }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantCode(t, put(test.change), test.code, test.message) })
	}
	t.Run("an unknown operation", func(t *testing.T) {
		_, err := client.DescribeParameters(t.Context(), nil)
		wantCode(t, err, "UnknownOperationException", `"DescribeParameters" of "AmazonSSM"`)
	})
}

func TestSnapshotBringsBackItemsAndParameters(t *testing.T) {
	s := newServer(t, io.Discard)
	createTable(t, s)
	cfg := config(t, s)
	if _, err := dynamodb.NewFromConfig(cfg).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: key("USER#1", "USER")}); err != nil {
		t.Fatal(err)
	}
	if _, err := ssm.NewFromConfig(cfg).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/a"), Value: aws.String("kept"), Type: ssmtypes.ParameterTypeSecureString,
	}); err != nil {
		t.Fatal(err)
	}
	state, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}

	next := newServer(t, io.Discard)
	if err := next.Restore(state); err != nil {
		t.Fatal(err)
	}
	if before, err := next.Snapshot(); err != nil || !bytes.Equal(before, state) {
		t.Errorf("items of a table that isn't created yet are lost: %s, %v", before, err)
	}
	createTable(t, next)
	cfg = config(t, next)
	got, err := dynamodb.NewFromConfig(cfg).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: key("USER#1", "USER")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(key("USER#1", "USER"), got.Item, ignoreDocument); diff != "" {
		t.Error(diff)
	}
	parameter, err := ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/a"), WithDecryption: aws.Bool(true)})
	if err != nil || aws.ToString(parameter.Parameter.Value) != "kept" {
		t.Errorf("parameter: %+v, %v", parameter, err)
	}
}

func TestUserPoolCallsArePassedOn(t *testing.T) {
	s := newServer(t, io.Discard)
	call := func() *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
		response := httptest.NewRecorder()
		s.ServeHTTP(response, request)
		return response
	}
	if early := call(); early.Code != http.StatusBadRequest || !strings.Contains(early.Body.String(), "no user pool yet") {
		t.Errorf("before there is a pool: %d %s", early.Code, early.Body)
	}
	s.ServeCognito(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }),
		func(string, []byte) []iam.Call { return nil })
	if late := call(); late.Code != http.StatusTeapot {
		t.Errorf("received %d", late.Code)
	}
}

func TestOperatorMayDoEverything(t *testing.T) {
	server := newServerThatAllows(t, io.Discard, `[]`)
	if err := server.PutSecret("/vendor", "s3cret"); err != nil {
		t.Fatal(err)
	}
	read := func(h http.Handler) (string, error) {
		listening := httptest.NewServer(h)
		defer listening.Close()
		c := config(t, server)
		c.BaseEndpoint = &listening.URL
		got, err := ssm.NewFromConfig(c).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/vendor"), WithDecryption: aws.Bool(true)})
		if err != nil {
			return "", err
		}
		return *got.Parameter.Value, nil
	}
	if got, err := read(server.Operator()); err != nil || got != "s3cret" {
		t.Errorf("the operator reads %q, %v", got, err)
	}
	var failure smithy.APIError
	if _, err := read(server); !errors.As(err, &failure) || failure.ErrorCode() != "AccessDeniedException" {
		t.Errorf("a function without permission: %v", err)
	}
}
