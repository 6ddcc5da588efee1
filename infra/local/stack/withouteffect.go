package stack

// Reasons for which properties have no effect.
const (
	noRollout    = "a new version takes over at once"
	noTags       = "tags only label what is billed"
	noEncryption = "there is nothing at rest but the state folder, which only its owner reads"
	noProtection = "nothing is deleted here"
	noBackup     = "the state folder can be copied"
	noCapacity   = "one developer is no load"
	noLogStore   = "logs go to the standard error"
	noTracing    = "there is no X-Ray"
	noCloudWatch = "there is no CloudWatch; metrics stand in the log"
	noSNS        = "there is no SNS"
	noText       = "it is for readers only"
	noCloudFront = "the API has the local run's address"
	noFirewall   = "there is one source address"
	noLoginPages = "the pages of managed login are not served"
)

// typesWithoutEffect lists the resource types that are accepted and not acted on:
// type → reason. The log names each that a template has, once.
var typesWithoutEffect = map[string]string{
	typeAlarm:        noCloudWatch,
	typeDeployment:   noRollout,
	typeDeployer:     noRollout,
	typeDashboard:    noCloudWatch,
	typeInvokeConfig: "a function that CloudWatch Logs calls is called once for each line",
	typeTopicPolicy:  noSNS,
	typeWebACL:       noFirewall,
	typeWebACLUse:    noFirewall,
}

// withoutEffect lists the properties that are accepted and not acted on:
// resource type → property → reason. Those of a user pool and its clients are
// package userpool's to judge.
var withoutEffect = map[string]map[string]string{
	typeAPI: {
		"Description":               noText,
		"DisableExecuteApiEndpoint": noCloudFront,
		"Tags":                      noTags,
	},
	typeIntegration: {
		"Description": noText,
	},
	typeRoute: {"OperationName": noText},
	typeStage: {
		"AccessLogSettings":    noLogStore,
		"AutoDeploy":           "routes are served as soon as they exist",
		"DefaultRouteSettings": noCapacity,
		"Description":          noText,
		"Tags":                 noTags,
	},
	typeMetadata: {"Analytics": "CDK counts its users by it"},
	typeBranding: {
		"Assets":                   noLoginPages,
		"ClientId":                 noLoginPages,
		"ReturnMergedResources":    noLoginPages,
		"Settings":                 noLoginPages,
		"UseCognitoProvidedValues": noLoginPages,
		"UserPoolId":               noLoginPages,
	},
	typeDomain: {
		"CustomDomainConfig":  noLoginPages,
		"ManagedLoginVersion": noLoginPages,
		"UserPoolId":          noLoginPages,
	},
	typeGlobalTable: {
		"BillingMode":                        noCapacity,
		"Replicas":                           "there is one region; what a replica sets is protection, backup and tags",
		"SSESpecification":                   noEncryption,
		"TimeToLiveSpecification":            "DynamoDB deletes expired items within days; readers must compare the time anyway",
		"WarmThroughput":                     noCapacity,
		"WriteOnDemandThroughputSettings":    noCapacity,
		"WriteProvisionedThroughputSettings": noCapacity,
	},
	typeTable: {
		"BillingMode":                      noCapacity,
		"ContributorInsightsSpecification": noCloudWatch,
		"DeletionProtectionEnabled":        noProtection,
		"OnDemandThroughput":               noCapacity,
		"PointInTimeRecoverySpecification": noBackup,
		"ProvisionedThroughput":            noCapacity,
		"SSESpecification":                 noEncryption,
		"TableClass":                       noCapacity,
		"Tags":                             noTags,
		"TimeToLiveSpecification":          "DynamoDB deletes expired items within days; readers must compare the time anyway",
		"WarmThroughput":                   noCapacity,
	},
	typeRole: {
		"AssumeRolePolicyDocument": "only Lambda assumes a role here",
		"Description":              noText,
		"Path":                     "it is no part of what a role allows",
		"Tags":                     noTags,
	},
	typeFunction: {
		"Description":                  noText,
		"KmsKeyArn":                    noEncryption,
		"RecursiveLoop":                "no function here calls itself",
		"ReservedConcurrentExecutions": noCapacity,
		"Tags":                         noTags,
		"TracingConfig":                noTracing,
	},
	typeAlias: {
		"Description":                  noText,
		"ProvisionedConcurrencyConfig": noCapacity,
	},
	typeVersion: {
		"CodeSha256":                   "the code is what was synthesized last",
		"Description":                  noText,
		"ProvisionedConcurrencyConfig": noCapacity,
	},
	typeLogGroup: {
		"KmsKeyId":        noEncryption,
		"LogGroupClass":   noLogStore,
		"RetentionInDays": noLogStore,
		"Tags":            noTags,
	},
	typeSubscription: {
		"Distribution": "there is one stream",
		"RoleArn":      "a function is called by permission",
	},
	typeEventBus: {
		"Description":      noText,
		"KmsKeyIdentifier": noEncryption,
		"Policy":           "nobody else reaches it",
		"Tags":             noTags,
	},
	typeTopic: {
		"DisplayName":    noText,
		"KmsMasterKeyId": noEncryption,
		"Subscription":   noSNS,
		"Tags":           noTags,
	},
	typeLogPolicy: {
		"PolicyDocument": noLogStore,
		"PolicyName":     noLogStore,
	},
}
