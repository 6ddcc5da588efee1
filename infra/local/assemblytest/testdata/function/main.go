// Command function plays every function of a small stack: a custom resource's
// provider, the triggers of custom authentication, and an HTTP API.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

type request struct {
	RequestType, RequestId, ResponseURL, StackId, LogicalResourceId, PhysicalResourceId string

	ResourceProperties, OldResourceProperties map[string]any

	TriggerSource string `json:"triggerSource"`
	RouteKey      string `json:"routeKey"`
	AWSLogs       struct{ Data string }
}

func main() { lambda.Start(serve) }

func serve(ctx context.Context, raw json.RawMessage) (any, error) {
	var r request
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	switch {
	case r.RequestType != "":
		return nil, respond(ctx, r)
	case r.TriggerSource != "":
		return trigger(r.TriggerSource, raw)
	case r.AWSLogs.Data != "":
		return nil, forward(ctx, r.AWSLogs.Data)
	case r.RouteKey != "":
		fmt.Println(`{"audit":[{"type":"called"}]}`)
		return map[string]any{"route": r.RouteKey, "greeting": os.Getenv("GREETING"), "pid": os.Getpid()}, nil
	}
	return nil, errors.New("unknown event")
}

// respond serves a custom resource: it puts the parameter Name, and counts the
// requests in the table.
func respond(ctx context.Context, r request) error {
	property := func(name string) string { text, _ := r.ResourceProperties[name].(string); return text }
	if property("Silent") != "" {
		return nil
	}
	if err := count(ctx, property("Table"), r.RequestType); err != nil {
		return err
	}
	name := property("Name")
	answer := map[string]any{
		"Status": "SUCCESS", "PhysicalResourceId": name, "RequestId": r.RequestId, "StackId": r.StackId,
		"LogicalResourceId": r.LogicalResourceId, "NoEcho": true,
		"Data": map[string]any{
			"Received": encoded(r.ResourceProperties), "Old": encoded(r.OldResourceProperties), "Public": "public key of " + name,
			"Was": r.PhysicalResourceId, "Request": r.RequestType,
		},
	}
	if reason := property("FailWith"); reason != "" {
		answer["Status"], answer["Reason"] = "FAILED", reason
	}
	if r.RequestType != "Delete" {
		if err := put(ctx, name); err != nil {
			return err
		}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, r.ResponseURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(put)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func encoded(properties map[string]any) string {
	text, err := json.Marshal(properties)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func config(endpoint string) aws.Config {
	return aws.Config{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: aws.String(os.Getenv(endpoint)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
	}
}

func put(ctx context.Context, name string) error {
	_, err := ssm.NewFromConfig(config("AWS_ENDPOINT_URL_SSM")).PutParameter(ctx, &ssm.PutParameterInput{
		Name: &name, Value: aws.String("secret"), Type: ssmtypes.ParameterTypeSecureString,
	})
	if exists := (*ssmtypes.ParameterAlreadyExists)(nil); errors.As(err, &exists) {
		return nil
	}
	return err
}

func count(ctx context.Context, table, requestType string) error {
	if table == "" {
		return nil
	}
	_, err := dynamodb.NewFromConfig(config("AWS_ENDPOINT_URL_DYNAMODB")).UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: requestType}, "sk": &types.AttributeValueMemberS{Value: "N"}},
		UpdateExpression:         aws.String("ADD #n :one"),
		ExpressionAttributeNames: map[string]string{"#n": "n"}, ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	})
	return err
}

// forward puts what CloudWatch Logs sends on the event bus, packed as it is.
func forward(ctx context.Context, data string) error {
	detail, err := json.Marshal(map[string]string{"data": data})
	if err != nil {
		return err
	}
	_, err = eventbridge.NewFromConfig(config("AWS_ENDPOINT_URL_EVENTBRIDGE")).PutEvents(ctx, &eventbridge.PutEventsInput{
		Entries: []eventbridgetypes.PutEventsRequestEntry{{Source: aws.String("test"), DetailType: aws.String("line"), Detail: aws.String(string(detail))}},
	})
	return err
}

// trigger asks one question, whose answer is "yes".
func trigger(source string, raw json.RawMessage) (any, error) {
	var event map[string]any
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, err
	}
	asked := event["request"].(map[string]any)
	switch source {
	case "DefineAuthChallenge_Authentication":
		session, _ := asked["session"].([]any)
		event["response"] = map[string]any{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}
		if len(session) > 0 {
			event["response"] = map[string]any{"issueTokens": session[0].(map[string]any)["challengeResult"], "failAuthentication": false}
		}
	case "CreateAuthChallenge_Authentication":
		event["response"] = map[string]any{
			"publicChallengeParameters": map[string]string{"question": "well?"}, "privateChallengeParameters": map[string]string{"answer": "yes"}, "challengeMetadata": "Q",
		}
	default:
		event["response"] = map[string]any{"answerCorrect": asked["challengeAnswer"] == "yes"}
	}
	return event, nil
}
