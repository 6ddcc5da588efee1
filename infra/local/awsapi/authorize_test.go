package awsapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

func TestRoleLimitsCalls(t *testing.T) {
	get := func(pk string) func(context.Context, *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(table), Key: key(pk, "a")})
			return err
		}
	}
	query := func(condition string) func(context.Context, *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{
				TableName: aws.String(table), KeyConditionExpression: &condition,
				ExpressionAttributeNames:  map[string]string{"#pk": "pk", "#sk": "sk"},
				ExpressionAttributeValues: map[string]ddb.AttributeValue{":pk": text("CRED#1"), ":sk": text("USER#1")},
			})
			return err
		}
	}
	transact := func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{
			{Put: &ddb.Put{TableName: aws.String(table), Item: key("USER#1", "a")}},
			{Delete: &ddb.Delete{TableName: aws.String(table), Key: key("CRED#1", "a")}},
		}})
		return err
	}
	allow := func(actions, keys string) string {
		return `{"Effect": "Allow", "Action": [` + actions + `], "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/` + table + `",
			"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [` + keys + `]}}}`
	}
	tests := []struct {
		name, policy string
		call         func(context.Context, *dynamodb.Client) error
		denied       string // the action; empty means allowed
	}{
		{"allows an item in its partition", allow(`"dynamodb:GetItem"`, `"USER#*"`), get("USER#1"), ""},
		{"refuses an item in another partition", allow(`"dynamodb:GetItem"`, `"USER#*"`), get("CRED#1"), "dynamodb:GetItem"},
		{"refuses another action", allow(`"dynamodb:PutItem"`, `"USER#*"`), get("USER#1"), "dynamodb:GetItem"},
		{"allows a query of its partition", allow(`"dynamodb:Query"`, `"CRED#*"`), query("#pk = :pk AND begins_with(#sk, :sk)"), ""},
		{"refuses a query of another partition", allow(`"dynamodb:Query"`, `"USER#*"`), query("#sk = :sk AND #pk = :pk"), "dynamodb:Query"},
		{"allows a transaction whose parts are allowed", allow(`"dynamodb:PutItem", "dynamodb:DeleteItem"`, `"USER#*", "CRED#*"`), transact, ""},
		{"refuses a transaction for one of its parts", allow(`"dynamodb:PutItem"`, `"USER#*", "CRED#*"`), transact, "dynamodb:DeleteItem"},
		{"judges a part by all keys of the transaction", "[" + allow(`"dynamodb:PutItem"`, `"USER#*"`) + "," + allow(`"dynamodb:DeleteItem"`, `"CRED#*"`) + "]", transact, "dynamodb:PutItem"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var logged bytes.Buffer
			s := newServerThatAllows(t, &logged, test.policy)
			createTable(t, s)
			err := test.call(t.Context(), dynamodb.NewFromConfig(config(t, s)))
			if test.denied == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := "User: " + principal + " is not authorized to perform: " + test.denied +
				" on resource: arn:aws:dynamodb:us-east-1:000000000000:table/" + table + " because no identity-based policy allows the " + test.denied + " action"
			wantCode(t, err, "AccessDeniedException", want)
			if !strings.Contains(logged.String(), want) {
				t.Errorf("logged %q, want %q", &logged, want)
			}
		})
	}
}

func TestRoleLimitsParameters(t *testing.T) {
	const parameter = "arn:aws:ssm:us-east-1:000000000000:parameter/passkeys/"
	client := ssm.NewFromConfig(config(t, newServerThatAllows(t, io.Discard,
		`{"Effect": "Allow", "Action": ["ssm:PutParameter", "ssm:GetParameters"], "Resource": "`+parameter+`stamp"}`)))
	put := &ssm.PutParameterInput{Name: aws.String("/passkeys/stamp"), Value: aws.String("x"), Type: ssmtypes.ParameterTypeSecureString}
	if _, err := client.PutParameter(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	put.Tags = []ssmtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	_, err := client.PutParameter(t.Context(), put)
	wantCode(t, err, "AccessDeniedException", "perform: ssm:AddTagsToResource on resource: "+parameter+"stamp")
	_, err = client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: put.Name})
	wantCode(t, err, "AccessDeniedException", "perform: ssm:GetParameter on resource: "+parameter+"stamp")
	_, err = client.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/passkeys/stamp", "/passkeys/decoy"}})
	wantCode(t, err, "AccessDeniedException", "perform: ssm:GetParameters on resource: "+parameter+"decoy")
}

func TestRoleLimitsUserPoolCalls(t *testing.T) {
	const pool = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Example01"
	signed := "AWS4-HMAC-SHA256 Credential=" + accessKeyID + "/20260101/us-east-1/cognito-idp/aws4_request"
	tests := []struct {
		name, policy, operation, authorization string
		status                                 int
		words                                  string
	}{
		{"allows what the role allows", `"cognito-idp:ListUsers"`, "ListUsers", signed, http.StatusOK, `{"UserPoolId": "x"}`},
		{"allows anybody what takes no signature", `"ssm:*"`, "GetUser", "", http.StatusOK, `{"UserPoolId": "x"}`},
		{"refuses another action", `"cognito-idp:AdminGetUser"`, "ListUsers", signed, http.StatusBadRequest, "not authorized to perform: cognito-idp:ListUsers on resource: " + pool},
		{"refuses what has no signature", `"*"`, "ListUsers", "", http.StatusBadRequest, "MissingAuthenticationTokenException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServerThatAllows(t, io.Discard, `{"Effect": "Allow", "Action": `+test.policy+`, "Resource": "`+pool+`"}`)
			s.ServeCognito(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }),
				func(operation string, _ []byte) []iam.Call {
					if operation != "ListUsers" {
						return nil
					}
					return []iam.Call{{Action: "cognito-idp:" + operation, Resource: pool}}
				})
			request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"UserPoolId": "x"}`))
			request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+test.operation)
			request.Header.Set("Authorization", test.authorization)
			response := httptest.NewRecorder()
			s.ServeHTTP(response, request)
			if response.Code != test.status || !strings.Contains(response.Body.String(), test.words) {
				t.Errorf("%d %s, want %d %s", response.Code, response.Body, test.status, test.words)
			}
		})
	}
}
