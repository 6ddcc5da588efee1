package web_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// endpoint is where whoever runs the stack finds the AWS APIs behind it.
func (s *site) endpoint() string { return strings.Replace(s.Origin, "localhost", "127.0.0.1", 1) + "/aws" }

// forgetMails lifts the limits of mails, as time would.
func (s *site) forgetMails(t *testing.T) {
	t.Helper()
	client := dynamodb.New(dynamodb.Options{
		Region: s.Config.Region, BaseEndpoint: aws.String(s.endpoint()), Credentials: credentials.NewStaticCredentialsProvider("operator", "secret", ""),
	})
	found, err := client.Scan(t.Context(), &dynamodb.ScanInput{
		TableName:                 &s.Config.TableName,
		FilterExpression:          aws.String("begins_with(" + table.PartitionKey + ", :rate)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":rate": &types.AttributeValueMemberS{Value: table.RatePK("")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range found.Items {
		key := map[string]types.AttributeValue{table.PartitionKey: item[table.PartitionKey], table.SortKey: item[table.SortKey]}
		if _, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &s.Config.TableName, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
}

// admin runs a command of the operator's and returns what it prints.
func (s *site) admin(t *testing.T, input string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", "../../infra/admin"}, append(arguments, "-endpoint", s.endpoint())...)...)
	command.Env = append(os.Environ(), "AWS_REGION="+s.Config.Region, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	command.Stdin = strings.NewReader(input)
	var problem bytes.Buffer
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, problem.String())
	}
	return string(output)
}
