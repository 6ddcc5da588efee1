package passkeys

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// NewCredentialTable makes the table that holds passkeys; package table
// documents its items. Of common only RemovalPolicy and EncryptionKey concern it;
// nil means the defaults. Without a key DynamoDB's own encrypts the table, which
// holds public keys only.
//
// It is a Table, not a TableV2: replicas would serve nobody, because a user pool
// lives in one region, and security scanners check a Table's point-in-time recovery.
func NewCredentialTable(scope constructs.Construct, id *string, common *CommonProps) awsdynamodb.Table {
	if common == nil {
		common = &CommonProps{}
	}
	c := common.withDefaults()
	return awsdynamodb.NewTable(scope, id, &awsdynamodb.TableProps{
		PartitionKey:        stringKey(table.PartitionKey),
		SortKey:             stringKey(table.SortKey),
		TimeToLiveAttribute: jsii.String(table.TTL),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		EncryptionKey:       c.EncryptionKey,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(c.retained()),
		RemovalPolicy:      c.RemovalPolicy,
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

// allowItems allows actions on a table's items in the given partitions, and on
// no others, and the use of the table's key if it is the account's own.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func allowItems(t awsdynamodb.ITable, partitions []string, actions ...string) []awsiam.PolicyStatement {
	statements := []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{t.TableArn()},
		Conditions: &map[string]any{
			"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": partitions},
		},
	})}
	if key := t.EncryptionKey(); key != nil {
		statements = append(statements, throughService(t, key, "dynamodb",
			"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"))
	}
	return statements
}

// throughService allows actions on a key to a service that acts for the caller,
// and not to the caller itself.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func throughService(scope constructs.IConstruct, key awskms.IKey, service string, actions ...string) awsiam.PolicyStatement {
	statement := allowKey(key, actions...)
	statement.AddCondition(jsii.String("StringLike"), map[string]any{
		"kms:ViaService": service + "." + *awscdk.Stack_Of(scope).Region() + ".amazonaws.com*", // in China it may end in ".cn"
	})
	return statement
}
