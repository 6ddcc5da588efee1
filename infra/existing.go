package main

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// existing names what the account has already. Empty means that there is no such thing.
type existing struct {
	userPoolID                                string
	clientIDs, passwordClientIDs              []string
	replace                                   []string
	attachment                                int
	smsRoleARN, senderKeyARN                  string
	caseSensitive                             bool
	tableName                                 string
	encryptionKeyARN                          string
	apiDomain, apiCertificateARN, apiBasePath string
	alarmTopicARN, auditBus                   string
}

var (
	userPoolID     = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d_[A-Za-z0-9]+$`)
	roleARN        = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)
	keyARN         = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f-]{36})$`)
	topicARN       = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)
	busName        = regexp.MustCompile(`^[A-Za-z0-9._-]{1,256}$`)
	certificateARN = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]+$`)
)

// check refuses what is said of a domain that is not there. The construct does
// so for the user pool.
func (e existing) check(r *reader) {
	if (e.apiDomain == "") != (e.apiCertificateARN == "") {
		r.add("apiDomain and apiCertificateArn", []string{e.apiDomain, e.apiCertificateARN}, "set both or none")
	}
	if e.apiDomain == "" && e.apiBasePath != "" {
		r.add("apiBasePath", e.apiBasePath, "set apiDomain too, or leave it out")
	}
}

// importInto completes props with what exists, imported into the stack.
func (e existing) importInto(stack constructs.Construct, props *passkeys.Props) {
	if e.userPoolID != "" {
		props.UserPool = awscognito.UserPool_FromUserPoolId(stack, jsii.String("UserPool"), &e.userPoolID)
	}
	for _, id := range e.clientIDs {
		props.Clients = append(props.Clients, awscognito.UserPoolClient_FromUserPoolClientId(stack, jsii.String("Client-"+id), &id))
	}
	for _, id := range e.passwordClientIDs {
		props.PasswordClients = append(props.PasswordClients, awscognito.UserPoolClient_FromUserPoolClientId(stack, jsii.String("PasswordClient-"+id), &id))
	}
	for _, trigger := range e.replace {
		props.ReplaceTriggers = append(props.ReplaceTriggers, passkeys.Trigger(trigger))
	}
	props.Attachment, props.CaseSensitiveUserNames = e.attachment, e.caseSensitive
	if e.smsRoleARN != "" {
		props.SMSRole = awsiam.Role_FromRoleArn(stack, jsii.String("SMSRole"), &e.smsRoleARN, nil)
	}
	if e.senderKeyARN != "" {
		props.SenderKey = awskms.Key_FromKeyArn(stack, jsii.String("SenderKey"), &e.senderKeyARN)
	}
	if e.encryptionKeyARN != "" {
		props.EncryptionKey = awskms.Key_FromKeyArn(stack, jsii.String("EncryptionKey"), &e.encryptionKeyARN)
	}
	if e.tableName != "" {
		props.Table = awsdynamodb.Table_FromTableAttributes(stack, jsii.String("Table"), &awsdynamodb.TableAttributes{
			TableName: &e.tableName, EncryptionKey: props.EncryptionKey,
		})
	}
	if e.alarmTopicARN != "" {
		props.AlarmTopic = awssns.Topic_FromTopicArn(stack, jsii.String("AlarmTopic"), &e.alarmTopicARN)
	}
	if e.auditBus != "" {
		props.AuditBus = awsevents.EventBus_FromEventBusName(stack, jsii.String("AuditBus"), &e.auditBus)
	}
	if e.apiDomain != "" {
		props.Domain = &passkeys.Domain{
			Name: awsapigatewayv2.NewDomainName(stack, jsii.String("ApiDomain"), &awsapigatewayv2.DomainNameProps{
				DomainName:  &e.apiDomain,
				Certificate: awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("ApiCertificate"), &e.apiCertificateARN),
			}),
			BasePath: e.apiBasePath,
		}
	}
}
