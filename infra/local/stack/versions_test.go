package stack_test

import (
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
)

// A rollout step by step is AWS's: here the alias stands for the one version at once.
func TestRolloutHasNoEffect(t *testing.T) {
	r := &assemblytest.Record{}
	mustStart(t, "", r, assemblytest.Replace(`"Api": {`, `
		"Deployer": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
		"Rollout": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {"ApplicationName": {"Ref": "Deployer"}, "DeploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}},
		"Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
		"Live": {
			"Type": "AWS::Lambda::Alias",
			"Properties": {"FunctionName": {"Ref": "Function"}, "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}, "Name": "live", "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2}},
			"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": {"Ref": "Deployer"}, "DeploymentGroupName": {"Ref": "Rollout"}}}
		},
		"Api": {`))
	if !strings.Contains(r.String(), "AWS::CodeDeploy::DeploymentGroup has no effect here: a new version takes over at once") {
		t.Errorf("nobody says that there is no rollout:\n%s", r)
	}
}
