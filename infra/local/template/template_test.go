package template_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
)

// values answers with recognizable text, and knows one region.
type values struct{}

func (values) Pseudo(name string) (string, bool) {
	if name == "AWS::Region" {
		return "us-east-1", true
	}
	return "", false
}

func (values) Ref(id string) (string, error) { return "ref-" + id, nil }

func (values) GetAtt(id, attribute string) (any, error) {
	switch attribute {
	case "List":
		return []any{"one", "two"}, nil
	case "Missing":
		return nil, fmt.Errorf("%s has no attribute %s", id, attribute)
	}
	return "att-" + id + "-" + attribute, nil
}

// withProperty is a template whose resource Subject has one property.
func withProperty(value string) string {
	return `{
	  "Parameters": {
	    "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/x/version"},
	    "Color": {"Type": "String", "Default": "red"}
	  },
	  "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
	  "Conditions": {
	    "Yes": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}]},
	    "No": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "Yes"}]}]}
	  },
	  "Resources": {
	    "Other": {"Type": "T::Other"},
	    "Subject": {"Type": "T::Subject", "Properties": {"P": ` + value + `}}
	  }}`
}

func resolveProperty(t *testing.T, value string) (any, error) {
	t.Helper()
	parsed, err := template.Parse([]byte(withProperty(value)))
	if err != nil {
		t.Fatal(err)
	}
	properties, err := parsed.Properties(parsed.Resources["Subject"], values{})
	return properties["P"], err
}

func TestIntrinsicFunctions(t *testing.T) {
	tests := []struct {
		name, value string
		want        any
	}{
		{"Ref of a resource", `{"Ref": "Other"}`, "ref-Other"},
		{"Ref of a parameter", `{"Ref": "Color"}`, "red"},
		{"Ref of a pseudo parameter", `{"Ref": "AWS::Region"}`, "us-east-1"},
		{"AWS::NoValue in a list", `["a", {"Ref": "AWS::NoValue"}]`, []any{"a"}},
		{"AWS::NoValue in an object", `{"A": {"Ref": "AWS::NoValue"}, "B": true}`, map[string]any{"B": true}},
		{"GetAtt", `{"Fn::GetAtt": ["Other", "Arn"]}`, "att-Other-Arn"},
		{"GetAtt with dots", `{"Fn::GetAtt": "Other.Nested.Name"}`, "att-Other-Nested.Name"},
		{"Join", `{"Fn::Join": ["/", ["a", {"Ref": "Color"}, 5, true]]}`, "a/red/5/true"},
		{"Join of a list attribute", `{"Fn::Join": [",", {"Fn::GetAtt": ["Other", "List"]}]}`, "one,two"},
		{"Sub", `{"Fn::Sub": "x-${AWS::Region}-${Other}-${Other.Arn}-${!Literal}"}`, "x-us-east-1-ref-Other-att-Other-Arn-${Literal}"},
		{"Sub with variables", `{"Fn::Sub": ["${A}", {"A": {"Ref": "Color"}}]}`, "red"},
		{"Select and Split", `{"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}`, "east"},
		{"If, taken", `{"Fn::If": ["Yes", "a", {"Fn::GetAtt": ["Other", "Missing"]}]}`, "a"},
		{"If, not taken", `{"Fn::If": ["No", "a", "b"]}`, "b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := resolveProperty(t, test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolvingRefuses(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"an unknown intrinsic function", `{"Fn::ImportValue": "x"}`, "intrinsic function Fn::ImportValue is not known"},
		{"an unknown pseudo parameter", `{"Ref": "AWS::Moon"}`, "pseudo parameter AWS::Moon is not known"},
		{"a Ref to nothing", `{"Ref": "Nobody"}`, "Nobody is neither a resource nor a parameter"},
		{"the bootstrap version", `{"Ref": "BootstrapVersion"}`, "BootstrapVersion is neither"},
		{"a GetAtt of nothing", `{"Fn::GetAtt": ["Nobody", "Arn"]}`, "names no resource"},
		{"an unknown attribute", `{"A": [{"Fn::GetAtt": ["Other", "Missing"]}]}`, "Subject (T::Subject): P: A: [0]: Other has no attribute Missing"},
		{"a variable of Sub that is nothing", `{"Fn::Sub": "${Nobody}"}`, "${Nobody} of Fn::Sub"},
		{"a Select past the end", `{"Fn::Select": [2, ["a", "b"]]}`, "no item 2 in a list of 2"},
		{"an undefined condition", `{"Fn::If": ["Maybe", 1, 2]}`, "condition Maybe is not defined"},
		{"a Join of no list", `{"Fn::Join": ["", "a"]}`, "Fn::Join takes a list"},
		{"too few arguments", `{"Fn::Join": [""]}`, "Fn::Join takes 2 arguments"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := resolveProperty(t, test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("received %v and the error %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, template, want string }{
		{"an unknown section", `{"Transform": "AWS::Serverless"}`, `unknown field "Transform"`},
		{"an unknown resource attribute", `{"Resources": {"A": {"Type": "T", "CreationPolicy": {}}}}`, `unknown field "CreationPolicy"`},
		{"a parameter without a default", `{"Parameters": {"Stage": {"Type": "String"}}}`, "parameter Stage has no default"},
		{"a parameter of an unknown type", `{"Parameters": {"Image": {"Type": "AWS::EC2::Image::Id", "Default": "x"}}}`, "parameter Image has the type"},
		{"an unknown rule", `{"Rules": {"OnlyOnSundays": {}}}`, "rule OnlyOnSundays is not known"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := template.Parse([]byte(test.template))
			if !errors.Is(err, template.ErrTemplate) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("received %v, want %q", err, test.want)
			}
		})
	}
}

func order(t *testing.T, resources string) ([]string, error) {
	t.Helper()
	parsed, err := template.Parse([]byte(`{"Resources": ` + resources + `}`))
	if err != nil {
		t.Fatal(err)
	}
	ordered, err := parsed.Order()
	var ids []string
	for _, resource := range ordered {
		ids = append(ids, resource.LogicalID)
	}
	return ids, err
}

func TestOrderPutsDependenciesFirst(t *testing.T) {
	got, err := order(t, `{
	  "A": {"Type": "T", "Properties": {"X": {"Fn::Sub": "${D.Arn} ${!B}"}}},
	  "B": {"Type": "T", "DependsOn": "A"},
	  "C": {"Type": "T", "DependsOn": ["B"], "Properties": {"X": [{"Fn::GetAtt": ["E", "Arn"]}]}},
	  "D": {"Type": "T", "Properties": {"X": {"Fn::Join": ["", [{"Ref": "E"}]]}}},
	  "E": {"Type": "T"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"E", "D", "A", "B", "C"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOrderRefuses(t *testing.T) {
	tests := []struct{ name, resources, want string }{
		{"a circle", `{
		  "Function": {"Type": "T", "Properties": {"Pool": {"Ref": "Pool"}}},
		  "Pool": {"Type": "T", "Properties": {"Trigger": {"Fn::GetAtt": ["Function", "Arn"]}}},
		  "Client": {"Type": "T", "Properties": {"Pool": {"Ref": "Pool"}}}}`, "circular dependency between resources: Pool -> Function -> Pool"},
		{"a dependency on nothing", `{"A": {"Type": "T", "DependsOn": ["Z"]}}`, `A (T): template: DependsOn names "Z"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := order(t, test.resources)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("received %v, want %q", err, test.want)
			}
		})
	}
}

func TestOutputsFollowTheirConditions(t *testing.T) {
	parsed, err := template.Parse([]byte(`{
	  "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
	  "Resources": {"Pool": {"Type": "T"}},
	  "Outputs": {"UserPoolId": {"Value": {"Ref": "Pool"}}, "Hidden": {"Condition": "No", "Value": {"Ref": "Nobody"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsed.OutputValues(values{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"UserPoolId": "ref-Pool"}, got); diff != "" {
		t.Error(diff)
	}
}

// writeAssembly writes the files of a cloud assembly and returns its folder.
func writeAssembly(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadReadsTheStackAndItsAssets(t *testing.T) {
	dir := writeAssembly(t, map[string]string{
		"manifest.json": `{"version": "54.0.0", "artifacts": {
		  "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
		  "Passkeys.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Passkeys.assets.json"}},
		  "Passkeys": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Passkeys.template.json"}}}}`,
		"Passkeys.assets.json": `{"files": {"abc": {
		  "source": {"path": "asset.abc", "packaging": "zip"},
		  "destinations": {"current_account-current_region": {"bucketName": "b", "objectKey": "abc.zip"}}}}}`,
		"Passkeys.template.json": `{"Resources": {"Pool": {"Type": "AWS::Cognito::UserPool"}}}`,
	})
	assembly, err := template.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if assembly.StackName != "Passkeys" || assembly.Template.Resources["Pool"].LogicalID != "Pool" {
		t.Errorf("received %+v", assembly)
	}
	path, err := assembly.Asset("abc.zip")
	if err != nil || path != filepath.Join(dir, "asset.abc") {
		t.Errorf("asset: %q, %v", path, err)
	}
	if _, err := assembly.Asset("other.zip"); !errors.Is(err, template.ErrAssembly) {
		t.Errorf("an unknown asset: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	const stack = `{"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}`
	tests := []struct{ name, artifacts, want string }{
		{"no stack", `{}`, "it holds no stack"},
		{"two stacks", `{"A": ` + stack + `, "B": ` + stack + `}`, "but one stack is run"},
		{"a nested assembly", `{"Stage": {"type": "cdk:cloud-assembly"}}`, "artifact Stage is a nested assembly"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := writeAssembly(t, map[string]string{"manifest.json": `{"artifacts": ` + test.artifacts + `}`, "t.json": `{}`})
			_, err := template.Load(dir)
			if !errors.Is(err, template.ErrAssembly) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("received %v, want %q", err, test.want)
			}
		})
	}
	if _, err := template.Load(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without an assembly: %v", err)
	}
}
