package passkeys

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Rules of cdk-nag's AwsSolutions pack that don't fit this construct.
const (
	ruleRouteAuthorization = "AwsSolutions-APIG4"
	ruleWildcards          = "AwsSolutions-IAM5"
	ruleMFARequired        = "AwsSolutions-COG2"
	rulePlusPlan           = "AwsSolutions-COG8"
)

// acknowledge notes why findings of cdk-nag (rule → reason) stand, in the
// metadata that it reads: whoever embeds the construct finds them judged, and
// nobody has to load cdk-nag for that.
// https://github.com/cdklabs/cdk-nag#suppressing-a-rule
func acknowledge(c constructs.IConstruct, reasons map[string]string) {
	rules := []any{}
	for _, rule := range slices.Sorted(maps.Keys(reasons)) { // the template must not change without cause
		rules = append(rules, map[string]any{"id": rule, "reason": reasons[rule]})
	}
	c.Node().DefaultChild().(awscdk.CfnResource).
		AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": rules})
}
