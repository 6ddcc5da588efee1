package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Resource types.
const (
	typeAPI         = "AWS::ApiGatewayV2::Api"
	typeAuthorizer  = "AWS::ApiGatewayV2::Authorizer"
	typeIntegration = "AWS::ApiGatewayV2::Integration"
	typeRoute       = "AWS::ApiGatewayV2::Route"
	typeStage       = "AWS::ApiGatewayV2::Stage"
	typeMetadata    = "AWS::CDK::Metadata"
	typeBranding    = "AWS::Cognito::ManagedLoginBranding"
	typeUserPool    = "AWS::Cognito::UserPool"
	typeClient      = "AWS::Cognito::UserPoolClient"
	typeDomain      = "AWS::Cognito::UserPoolDomain"
	typeGlobalTable = "AWS::DynamoDB::GlobalTable"
	typeTable       = "AWS::DynamoDB::Table"
	typePolicy      = "AWS::IAM::Policy"
	typeRole        = "AWS::IAM::Role"
	typeAlias       = "AWS::Lambda::Alias"
	typeFunction    = "AWS::Lambda::Function"
	typePermission  = "AWS::Lambda::Permission"
	typeVersion     = "AWS::Lambda::Version"
	typeLogGroup    = "AWS::Logs::LogGroup"
	typeLogPolicy   = "AWS::Logs::ResourcePolicy"

	typeAlarm        = "AWS::CloudWatch::Alarm"
	typeDeployment   = "AWS::CodeDeploy::DeploymentGroup"
	typeDeployer     = "AWS::CodeDeploy::Application"
	typeDashboard    = "AWS::CloudWatch::Dashboard"
	typeEventBus     = "AWS::Events::EventBus"
	typeInvokeConfig = "AWS::Lambda::EventInvokeConfig"
	typeSubscription = "AWS::Logs::SubscriptionFilter"
	typeTopic        = "AWS::SNS::Topic"
	typeTopicPolicy  = "AWS::SNS::TopicPolicy"
	typeWebACL       = "AWS::WAFv2::WebACL"
	typeWebACLUse    = "AWS::WAFv2::WebACLAssociation"
)

// maker creates a resource from its resolved properties, from which those
// without effect are removed.
type maker func(s *Stack, logicalID string, properties json.RawMessage) (resource, error)

// kinds are the resource types that are known, beside custom resources:
// type → what creates one.
var kinds = map[string]maker{
	typeAPI:         (*Stack).makeAPI,
	typeAuthorizer:  (*Stack).makeAuthorizer,
	typeIntegration: (*Stack).makeIntegration,
	typeRoute:       (*Stack).makeRoute,
	typeStage:       (*Stack).makeStage,
	typeMetadata:    (*Stack).makeNothing,
	typeBranding:    (*Stack).makeNothing,
	typeUserPool:    (*Stack).makeUserPool,
	typeClient:      (*Stack).makeClient,
	typeDomain:      (*Stack).makeDomain,
	typeGlobalTable: (*Stack).makeTable,
	typeTable:       (*Stack).makeTable,
	typePolicy:      (*Stack).makePolicy,
	typeRole:        (*Stack).makeRole,
	typeAlias:       (*Stack).makeAlias,
	typeFunction:    (*Stack).makeFunction,
	typePermission:  (*Stack).makePermission,
	typeVersion:     (*Stack).makeVersion,
	typeLogGroup:    (*Stack).makeLogGroup,
	typeLogPolicy:   (*Stack).makeNothing,

	typeAlarm:        (*Stack).makeAlarm,
	typeDeployment:   (*Stack).makeNothing,
	typeDeployer:     (*Stack).makeNothing,
	typeDashboard:    (*Stack).makeNothing,
	typeEventBus:     (*Stack).makeEventBus,
	typeInvokeConfig: (*Stack).makeNothing,
	typeSubscription: (*Stack).makeSubscription,
	typeTopic:        (*Stack).makeTopic,
	typeTopicPolicy:  (*Stack).makeNothing,
	typeWebACL:       (*Stack).makeWebACL,
	typeWebACLUse:    (*Stack).makeNothing,
}

// decode reads properties into a struct that has a field for each property with
// an effect. Any other property is refused.
func decode(properties json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(properties))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("the property %s is %w", name, ErrUnknown)
	}
	return fmt.Errorf("reading its properties: %w", err)
}

// makeNothing makes a resource of a type none of whose properties has an effect.
func (s *Stack) makeNothing(logicalID string, properties json.RawMessage) (resource, error) {
	return resource{ref: s.ledger.physical(logicalID, s.named(logicalID))}, decode(properties, &struct{}{})
}

// makeDomain makes the domain of managed login, which is not served.
func (s *Stack) makeDomain(_ string, properties json.RawMessage) (resource, error) {
	var p struct{ Domain string }
	err := decode(properties, &p)
	return resource{ref: p.Domain}, err
}

// makeAlarm makes an alarm that never goes off.
func (s *Stack) makeAlarm(logicalID string, _ json.RawMessage) (resource, error) {
	name := s.ledger.physical(logicalID, s.named(logicalID))
	return resource{ref: name, attributes: map[string]any{"Arn": arn("cloudwatch", "alarm:"+name)}}, nil
}

// makeWebACL makes a web ACL that refuses nothing.
func (s *Stack) makeWebACL(logicalID string, _ json.RawMessage) (resource, error) {
	name := s.ledger.physical(logicalID, s.named(logicalID))
	return resource{ref: name, attributes: map[string]any{"Arn": arn("wafv2", "regional/webacl/"+name+"/"+name)}}, nil
}

func (s *Stack) makeEventBus(_ string, properties json.RawMessage) (resource, error) {
	var p struct{ Name string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	return resource{ref: p.Name, attributes: map[string]any{"Name": p.Name, "Arn": arn("events", "event-bus/"+p.Name)}}, nil
}

func (s *Stack) makeTopic(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct{ TopicName string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	name := s.ledger.chosen(logicalID, p.TopicName, s.named(logicalID))
	topicARN := arn("sns", name)
	return resource{ref: topicARN, attributes: map[string]any{"TopicArn": topicARN, "TopicName": name}}, nil
}

func (s *Stack) makeLogGroup(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct{ LogGroupName string }
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	name := s.ledger.chosen(logicalID, p.LogGroupName, s.named(logicalID))
	return resource{ref: name, attributes: map[string]any{"Arn": logGroupARN(name)}}, nil
}

// arn makes the ARN of a regional resource.
func arn(service, resource string) string {
	return "arn:" + partition + ":" + service + ":" + Region + ":" + AccountID + ":" + resource
}
