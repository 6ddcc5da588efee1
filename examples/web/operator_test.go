package web_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognitotypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// endpoint is where whoever runs the stack finds the AWS APIs behind it.
func (s *site) endpoint() string {
	return strings.Replace(s.Origin, "localhost", "127.0.0.1", 1) + "/aws"
}

func (s *site) aws() aws.Config {
	return aws.Config{
		Region: s.Config.Region, BaseEndpoint: aws.String(s.endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider("operator", "secret", ""),
	}
}

func attribute(name, value string) cognitotypes.AttributeType {
	return cognitotypes.AttributeType{Name: &name, Value: &value}
}

// oldUser makes an account with a password where nobody can sign up with one any
// more. Further attributes may go with it.
func (s *site) oldUser(t *testing.T, further ...cognitotypes.AttributeType) user {
	t.Helper()
	u, pool := user{newAddress(), somePassword}, cognito.NewFromConfig(s.aws())
	if _, err := pool.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &s.Config.UserPoolID, Username: &u.email, MessageAction: cognitotypes.MessageActionTypeSuppress,
		UserAttributes: append(further, attribute("email", u.email), attribute("email_verified", "true")),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &s.Config.UserPoolID, Username: &u.email, Password: &u.password, Permanent: true,
	}); err != nil {
		t.Fatal(err)
	}
	return u
}

// aMinuteLater lifts the limits of mails, as time would.
func (v *visitor) aMinuteLater() {
	v.t.Helper()
	v.site.forgetMails(v.t)
	eval[bool](v, aMinuteLater)
}

// forgetMails lifts the limits of mails at the site.
func (s *site) forgetMails(t *testing.T) {
	t.Helper()
	client := dynamodb.NewFromConfig(s.aws())
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
func (s *site) admin(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", "../../infra/admin"}, append(arguments, "-endpoint", s.endpoint())...)...)
	command.Env = append(os.Environ(), "AWS_REGION="+s.Config.Region, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	var problem bytes.Buffer
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, problem.String())
	}
	return string(output)
}
