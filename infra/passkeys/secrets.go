package passkeys

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// keyRing is a secret that the provision function keeps in a SecureString
// parameter, which CloudFormation itself can't create.
type keyRing struct {
	resource  awscdk.CustomResource
	parameter *string // its name in SSM
}

// addSecrets makes one parameter per key and reader: the key that signs
// challenges, for the API alone, and the key of false passkey lists, for Create alone.
func (p *Passkeys) addSecrets() {
	stamp := jsii.String(p.props.ParameterPath + "/stamp")
	decoy := jsii.String(p.props.ParameterPath + "/decoy")
	p.provider = p.newFunction("Provision", provisionFunction, nil, provisionTimeout,
		p.allowParameter(stamp, "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"),
		p.allowParameter(decoy, "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"),
		p.allowItems([]string{configItems}, "dynamodb:PutItem", "dynamodb:DeleteItem"),
	)
	p.stamp = p.newKeyRing("StampKey", stamp, provisioning.KindSigning, p.props.StampRotation)
	p.decoy = p.newKeyRing("DecoyKey", decoy, provisioning.KindSymmetric, p.props.DecoyRotation)
}

func (p *Passkeys) newKeyRing(id string, parameter *string, kind string, rotation int) keyRing {
	removal := provisioning.Destroy
	if p.props.retained() {
		removal = provisioning.Retain
	}
	return keyRing{
		parameter: parameter,
		resource: p.newCustomResource(id, provisioning.SecretType, map[string]any{
			provisioning.Parameter:     parameter,
			provisioning.Kind:          kind,
			provisioning.Rotation:      rotation,
			provisioning.RemovalPolicy: removal,
		}),
	}
}

// publicKeys returns the ring's public keys, joined by commas. They are known only at deployment.
func (k keyRing) publicKeys() string {
	return *k.resource.GetAttString(jsii.String(provisioning.PublicKeys))
}

// newCustomResource declares a resource that the provision function makes.
func (p *Passkeys) newCustomResource(id, resourceType string, properties map[string]any) awscdk.CustomResource {
	resource := awscdk.NewCustomResource(p, jsii.String(id), &awscdk.CustomResourceProps{
		ServiceToken: p.provider.FunctionArn(),
		ResourceType: jsii.String(resourceType),
		Properties:   &properties,
	})
	// CustomResourceProps.ServiceTimeout would render a string where CloudFormation wants a number.
	resource.Node().DefaultChild().(awscdk.CfnResource).
		AddPropertyOverride(jsii.String("ServiceTimeout"), serviceTimeout.Seconds())
	return resource
}

// defaultParameterPath is unique per stack and construct, so that two never share a secret.
func (p *Passkeys) defaultParameterPath() string {
	stack := awscdk.Stack_Of(p)
	return "/passkeys/" + *stack.StackName() + strings.TrimPrefix(*p.Node().Path(), *stack.Node().Path())
}

// allowParameter allows actions on one parameter. A SecureString is encrypted by
// the AWS-managed key aws/ssm, which takes no permission of its own.
func (p *Passkeys) allowParameter(name *string, actions ...string) awsiam.PolicyStatement {
	arn := awscdk.Stack_Of(p).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("ssm"),
		Resource:     jsii.String("parameter"),
		ResourceName: jsii.String(strings.TrimPrefix(*name, "/")),
	})
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{arn},
	})
}
