package passkeys

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogsdestinations"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

const auditTimeout = time.Minute

// addDelivery makes the function that delivers audit events. CloudWatch Logs
// calls it with the lines that hold some.
func (m *Monitoring) addDelivery() {
	bus := m.props.AuditBus
	m.audit = m.props.newFunction(m, definition{
		id: "Audit", directory: auditFunction, timeout: auditTimeout,
		environment: settings.Environ(settings.Audit{Bus: *bus.EventBusArn()}),
		allow: []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings("events:PutEvents"),
			Resources: &[]*string{bus.EventBusArn()},
		})},
	})
	for _, f := range m.functions() {
		if f.name == FunctionDefine || f.name == FunctionCreate {
			continue // they tell of nothing
		}
		f.logs.AddSubscriptionFilter(jsii.String("Audit"), &awslogs.SubscriptionFilterOptions{
			Destination:   awslogsdestinations.NewLambdaDestination(m.audit.latest, nil),
			FilterPattern: awslogs.FilterPattern_Exists(jsii.String("$." + audit.Key + "[0].type")),
		})
	}
}
