package passkeys_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// TestMain closes jsii once: starting it takes longer than a synthesis.
func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func minimal() passkeys.Props {
	return passkeys.Props{RelyingPartyID: "example.com", Origins: []string{"https://example.com"}}
}

// synthesis is a stack that holds the construct.
type synthesis struct {
	template assertions.Template
	all      resources
	passkeys *passkeys.Passkeys
}

// resources: logical id → resource
type resources map[string]map[string]any

func synthesize(props passkeys.Props) synthesis {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	template := assertions.Template_FromStack(stack, nil)
	return synthesis{template, resourcesOf(template), p}
}

func resourcesOf(template assertions.Template) resources {
	all := resources{}
	for id, resource := range (*template.ToJSON())["Resources"].(map[string]any) {
		all[id] = resource.(map[string]any)
	}
	return all
}

// The stacks that several tests look at.
var (
	defaults = sync.OnceValue(func() synthesis { return synthesize(minimal()) })
	tryOut   = sync.OnceValue(func() synthesis {
		props := minimal()
		props.SignIn = passkeys.SignInUserName
		props.BackendClient = true
		props.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
		return synthesize(props)
	})
)

// ofType returns the resources of a type: logical id → properties.
func (r resources) ofType(resourceType string) resources {
	found := resources{}
	for id, resource := range r {
		if resource["Type"] == resourceType {
			properties, _ := resource["Properties"].(map[string]any)
			found[id] = properties
		}
	}
	return found
}

// named returns the properties of the one resource of a type whose logical id
// is the name and CDK's hash.
func (r resources) named(t *testing.T, resourceType, name string) map[string]any {
	t.Helper()
	const hash = 8
	var found []map[string]any
	for id, properties := range r.ofType(resourceType) {
		if len(id) > hash && id[:len(id)-hash] == name {
			found = append(found, properties)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d resources of type %s named %s, want 1", len(found), resourceType, name)
	}
	return found[0]
}

// flat writes a template value as text, with ${...} for what is known at
// deployment only. Logical ids lose CDK's hash.
func flat(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		var parts []string
		for _, element := range v {
			parts = append(parts, flat(element))
		}
		return strings.Join(parts, " ")
	case map[string]any:
		return flatIntrinsic(v)
	default:
		return ""
	}
}

func flatIntrinsic(intrinsic map[string]any) string {
	if ref, ok := intrinsic["Ref"].(string); ok {
		return "${" + withoutHash(ref) + "}"
	}
	if get, ok := intrinsic["Fn::GetAtt"].([]any); ok {
		return "${" + withoutHash(get[0].(string)) + "." + get[1].(string) + "}"
	}
	if join, ok := intrinsic["Fn::Join"].([]any); ok {
		var parts []string
		for _, part := range join[1].([]any) {
			parts = append(parts, flat(part))
		}
		return strings.Join(parts, join[0].(string))
	}
	for _, cut := range []string{"Fn::Select", "Fn::Split"} { // of what stands second
		if arguments, ok := intrinsic[cut].([]any); ok {
			return flat(arguments[1])
		}
	}
	return ""
}

func withoutHash(id string) string {
	if strings.HasPrefix(id, "AWS::") {
		return id
	}
	return id[:len(id)-8]
}

// text is flat, for numbers and booleans too.
func text(value any) string {
	switch value.(type) {
	case float64, bool:
		return fmt.Sprint(value)
	default:
		return flat(value)
	}
}

// mapOf returns nil for what is no object.
func mapOf(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}
