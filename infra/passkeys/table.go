package passkeys

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// addTable makes the credential table; package table documents its items. It is
// a Table, not a TableV2: replicas would serve nobody, because a user pool lives
// in one region, and security scanners check a Table's point-in-time recovery.
// DynamoDB's own key encrypts it: the table holds public keys only.
func (p *Passkeys) addTable() {
	p.table = awsdynamodb.NewTable(p, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:        stringKey(table.PartitionKey),
		SortKey:             stringKey(table.SortKey),
		TimeToLiveAttribute: jsii.String(table.TTL),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(p.props.retained()),
		RemovalPolicy:      p.props.RemovalPolicy,
	})
}

func stringKey(name string) *awsdynamodb.Attribute {
	return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
}

// The partitions of the table, as patterns of an IAM condition.
var (
	userItems       = table.UserPK("*")
	credentialItems = table.CredentialPK("*")
	configItems     = table.ConfigPK
)

// allowItems allows actions on the table's items in the given partitions, and on no others.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (p *Passkeys) allowItems(partitions []string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{p.table.TableArn()},
		Conditions: &map[string]any{
			"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": partitions},
		},
	})
}
