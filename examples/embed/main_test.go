package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// TestMain closes jsii once: starting it takes longer than a synthesis.
func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func TestPoolKeepsItsTrigger(*testing.T) {
	anything := assertions.Match_AnyValue()
	assertions.Template_FromStack(newStack(awscdk.NewApp(nil)), nil).HasResourceProperties(jsii.String("AWS::Cognito::UserPool"), map[string]any{
		"LambdaConfig": map[string]any{
			"PreSignUp":           map[string]any{"Fn::GetAtt": []any{assertions.Match_StringLikeRegexp(jsii.String("^OnlyColleagues")), "Arn"}},
			"DefineAuthChallenge": anything, "CreateAuthChallenge": anything, "VerifyAuthChallengeResponse": anything,
		},
	})
}

// What the construct does on purpose is acknowledged in it, so that a team's own
// run of cdk-nag finds there nothing to judge.
func TestNagFindsNothingInTheConstruct(t *testing.T) {
	app := awscdk.NewApp(nil)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	}), nil)
	newStack(app)
	app.Synth(nil)
	text, err := os.ReadFile(filepath.Join(*app.Outdir(), "AwsSolutions--Notes-NagReport.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Lines []struct{ RuleID, ResourceID, Compliance string }
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	judged := map[string]int{} // compliance → how many
	for _, line := range report.Lines {
		if !strings.HasPrefix(line.ResourceID, "Notes/Passkeys/") {
			continue
		}
		judged[line.Compliance]++
		if line.Compliance == "Non-Compliant" {
			t.Errorf("%s: %s", line.ResourceID, line.RuleID)
		}
	}
	if judged["Compliant"] == 0 || judged["Suppressed"] == 0 {
		t.Errorf("cdk-nag looked at %v", judged)
	}
}
