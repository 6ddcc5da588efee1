package main_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// demoOutputs are those of a stack made to try passkeys on this machine.
var demoOutputs = map[string]string{
	"UserPoolId": "eu-west-1_Example01", "UserPoolClientId": "1example", "RelyingPartyId": "localhost", "TableName": "table",
	"ApiUrl": "https://example.execute-api.eu-west-1.amazonaws.com",
}

// cloudFormation answers DescribeStacks for the stack Demo, with outputs (name → value).
func cloudFormation(t *testing.T, status string, outputs map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "DescribeStacks" || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/cloudformation/") {
			t.Errorf("CloudFormation got %v, signed %q", r.Form, r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", "text/xml")
		if name := r.FormValue("StackName"); name != "Demo" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id %s does not exist</Message></Error></ErrorResponse>", name)
			return
		}
		var members strings.Builder
		for _, name := range slices.Sorted(maps.Keys(outputs)) {
			fmt.Fprintf(&members, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", name, outputs[name])
		}
		_, _ = fmt.Fprintf(w, "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Demo</StackName>"+
			"<StackStatus>%s</StackStatus><Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>", status, &members)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// person is the environment of somebody with AWS credentials for the fake at
// the address, changed by further variables.
func person(t *testing.T, address string, change ...string) []string {
	none := filepath.Join(t.TempDir(), "none")
	return append([]string{
		"AWS_ENDPOINT_URL_CLOUDFORMATION=" + address, "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none,
	}, change...)
}

func TestPageForAStackInAWS(t *testing.T) {
	with := func(more map[string]string) map[string]string {
		outputs := maps.Clone(demoOutputs)
		maps.Copy(outputs, more)
		return outputs
	}
	for title, tt := range map[string]struct {
		outputs map[string]string
		more    map[string]any // in the page's configuration
		warning string
	}{
		"made for this machine": {outputs: demoOutputs},
		"of another domain":     {outputs: with(map[string]string{"RelyingPartyId": "example.com"}), warning: "the passkeys of this stack belong to example.com"},
		"without passwords": {
			outputs: with(map[string]string{
				"MailMethods": "code,link", "LinksInAnyBrowser": "true", "SmsCode": "true", "SignUp": "known", "Recovery": "true", "Passwords": "phase-out", "PasswordClientId": "2example",
			}),
			more: map[string]any{
				"mailMethods": "code,link", "linksInAnyBrowser": true, "smsCode": true, "signUp": "known", "recovery": true, "passwords": "phase-out", "passwordClientId": "2example",
			},
		},
	} {
		t.Run(title, func(t *testing.T) {
			p := launchWith(t, person(t, cloudFormation(t, "UPDATE_COMPLETE", tt.outputs)), "-deployed", "Demo", "-web", t.TempDir())
			var got map[string]any
			p.getJSON(t, "/config.json", &got)
			want := map[string]any{
				"region": "eu-west-1", "userPoolId": "eu-west-1_Example01", "userPoolClientId": "1example", "apiUrl": tt.outputs["ApiUrl"],
				"relyingPartyId": tt.outputs["RelyingPartyId"], "userPoolEndpoint": "https://cognito-idp.eu-west-1.amazonaws.com/",
			}
			maps.Copy(want, tt.more)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			p.interrupt(t)
			if log := p.log.String(); !strings.Contains(log, tt.warning) || (tt.warning == "") != (log == "") {
				t.Errorf("it printed %q, want %q", log, tt.warning)
			}
		})
	}
}

func TestDeployedRefuses(t *testing.T) {
	path, web := build(t), t.TempDir()
	for title, tt := range map[string]struct {
		status    string
		outputs   map[string]string
		change    []string // of the environment
		arguments []string
		want      string
	}{
		"rejects a stack that there is not": {arguments: []string{"-deployed", "Other"}, want: "no such stack in eu-west-1: Stack with id Other does not exist"},
		"rejects a stack that is still being made": {
			status: "CREATE_IN_PROGRESS", arguments: []string{"-deployed", "Demo"},
			want: "stack Demo in eu-west-1 (CREATE_IN_PROGRESS): it has no output UserPoolId, UserPoolClientId, ApiUrl, RelyingPartyId",
		},
		"rejects another kind of stack": {
			status: "CREATE_COMPLETE", outputs: map[string]string{"UserPoolId": "eu-west-1_Example01"}, arguments: []string{"-deployed", "Demo"},
			want: "it has no output UserPoolClientId, ApiUrl, RelyingPartyId",
		},
		"rejects a person without credentials": {
			change: []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, arguments: []string{"-deployed", "Demo"}, want: "no AWS credentials: sign in",
		},
		"rejects a person without a region": {change: []string{"AWS_REGION="}, arguments: []string{"-deployed", "Demo"}, want: "no AWS region: set AWS_REGION"},
		"rejects a folder without the page": {arguments: []string{"-deployed", "Demo", "-web", filepath.Join(web, "none")}, want: "there is no such folder"},
		"rejects a vendor":                  {arguments: []string{"-deployed", "Demo", "-vendor", "corbado"}, want: "a stack in AWS can't reach it"},
		"rejects a data folder":             {arguments: []string{"-deployed", "Demo", "-data", web}, want: "the state of -deployed is in AWS"},
		"rejects a region for this machine": {arguments: []string{"-region", "eu-west-1"}, want: "-region says where the stack of -deployed is"},
	} {
		t.Run(title, func(t *testing.T) {
			command := exec.Command(path, append([]string{"-port", "0", "-web", web}, tt.arguments...)...)
			command.Env = person(t, cloudFormation(t, tt.status, tt.outputs), tt.change...)
			output, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(output), tt.want) {
				t.Errorf("received %v and %q, want %q", err, output, tt.want)
			}
		})
	}
}

func TestRegionByFlag(t *testing.T) {
	environment := person(t, cloudFormation(t, "CREATE_COMPLETE", demoOutputs), "AWS_REGION=us-east-2")
	p := launchWith(t, environment, "-deployed", "Demo", "-region", "eu-west-1", "-web", t.TempDir())
	var config map[string]string
	p.getJSON(t, "/config.json", &config)
	if config["region"] != "eu-west-1" {
		t.Errorf("region %q", config["region"])
	}
}
