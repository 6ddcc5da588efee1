package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"
)

// finding is a line of cdk-nag's report.
type finding struct {
	RuleID     string `json:"ruleId"`
	ResourceID string `json:"resourceId"`
	Compliance string
}

// nag synthesizes the app, checks it by cdk-nag's AwsSolutions rules and returns
// what doesn't comply: resource and rule → how it was judged.
func nag(t *testing.T, change map[string]any) map[string]string {
	t.Helper()
	const errorsFailTheSynthesis = "@aws-cdk/core:annotationsInValidationReport" // before the report can be read
	change = maps.Clone(change)
	change[errorsFailTheSynthesis] = false
	app := newApp(t, change)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	}), nil)
	template(t, app)
	text, err := os.ReadFile(filepath.Join(*app.Outdir(), "AwsSolutions--"+defaultStackName+"-NagReport.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct{ Lines []finding }
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Lines) == 0 {
		t.Error("cdk-nag looked at nothing")
	}
	judged := map[string]string{}
	for _, f := range report.Lines {
		if !slices.Contains([]string{"Compliant", "N/A"}, f.Compliance) {
			judged[f.ResourceID+" "+f.RuleID] = f.Compliance
		}
	}
	return judged
}

func TestNagFindsNothingUnjudged(t *testing.T) {
	const suppressed, found = "Suppressed", "Non-Compliant"
	const construct = defaultStackName + "/Passkeys/"
	const mfa, plan = construct + "UserPool/Resource AwsSolutions-COG2", construct + "UserPool/Resource AwsSolutions-COG8"
	routes := map[string]string{
		construct + "Api/Api/POST--sign-in--options/Resource AwsSolutions-APIG4": suppressed,
		construct + "Api/Api/POST--sign-in--user/Resource AwsSolutions-APIG4":    suppressed,
	}
	traced := map[string]string{mfa: suppressed, plan: suppressed}
	for _, function := range []string{
		"Triggers/DefineAuthChallenge", "Triggers/CreateAuthChallenge", "Triggers/VerifyAuthChallenge", "Api/Function", "Keys/Provision", "Monitoring/Audit",
	} {
		traced[construct+function+"Role/Resource AwsSolutions-IAM5"] = suppressed
	}
	tracedOnPlus := maps.Clone(traced)
	delete(tracedOnPlus, plan)
	tests := []struct {
		name   string
		change map[string]any
		routes map[string]string // of the API: resource and rule → how it was judged
		want   map[string]string // of the pool: the same
	}{
		{"by default", map[string]any{}, routes, map[string]string{mfa: suppressed, plan: suppressed}},
		{"with everything optional", map[string]any{
			"backendClient": true, "mfa": "optional", "signIn": "username", "plan": "plus", "emailFrom": "login@example.com",
		}, routes, map[string]string{mfa: suppressed}},
		{"with mail and a firewall", byMail, routes, map[string]string{mfa: suppressed, plan: suppressed}},
		{"with X-Ray, whose permission AWS can't limit", map[string]any{"tracing": true, "auditBus": "default"}, routes, traced},
		{"but passkeys of one factor are found", map[string]any{"userVerification": "preferred", "plan": "plus"}, routes, map[string]string{mfa: found}},
		{"with Cognito's own passkeys only", nativeOnly, nil, map[string]string{mfa: suppressed, plan: suppressed}},
		{"but Cognito's own passkeys of one factor are found", map[string]any{"native": "only", "nativeUserVerification": "preferred"}, nil,
			map[string]string{mfa: found, plan: suppressed}},
		{"with a pool of others", importedPool, routes, map[string]string{}},
		{"with all that can be the account's own", everythingOwn, routes, tracedOnPlus},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := maps.Clone(test.want)
			maps.Copy(want, test.routes)
			if diff := cmp.Diff(want, nag(t, test.change)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
