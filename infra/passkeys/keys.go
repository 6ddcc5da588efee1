package passkeys

import (
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// serviceTimeout replaces the hour that CloudFormation waits for a custom resource.
const serviceTimeout = 2 * time.Minute

// KeysProps configures Keys. The zero value is good for production.
type KeysProps struct {
	CommonProps

	// ParameterPath is the path in SSM's Parameter Store below which the keys
	// lie. Empty means "/passkeys/<stack name>/<path of Keys>". Another path makes new keys.
	ParameterPath string

	// StampRotation rotates the key that signs challenges once for each increase.
	// Sign-ins go on: the previous and the next key are known to all who verify.
	StampRotation int

	// DecoyRotation replaces the key that false passkey lists derive from, once
	// for each increase. Do so only after a leak, because the change shows which
	// lists are false.
	DecoyRotation int

	// StampKey is a key ring of the account's own that signs challenges. Nil makes one.
	StampKey *ExistingKey

	// DecoyKey is a key ring of the account's own that false passkey lists derive
	// from. Nil makes one.
	DecoyKey *ExistingKey
}

// ExistingKey is a key ring that somebody else makes, keeps and rotates. The
// stack only reads it. Its text is what `go run ./infra/admin new-key` prints.
// Set either Parameter or Secret.
type ExistingKey struct {
	// Parameter is the name of a SecureString parameter, for example "/login/stamp".
	Parameter string

	// Secret is a secret in Secrets Manager, which Parameter Store reads for the stack.
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
	Secret awssecretsmanager.ISecret

	// EncryptionKey encrypts Parameter, or Secret. Nil means the key that AWS
	// manages for the service, or the secret's own.
	EncryptionKey awskms.IKey
}

// is reports whether both are one and the same.
func (k *ExistingKey) is(other *ExistingKey) bool {
	switch {
	case k == nil || other == nil:
		return false
	case k.Secret != nil && other.Secret != nil:
		return *k.Secret.SecretArn() == *other.Secret.SecretArn()
	default:
		return k.Parameter != "" && k.Parameter == other.Parameter
	}
}

// Keys makes the keys of a stack, each in a SecureString parameter, which
// CloudFormation itself can't create, and holds the function that serves the
// stack's custom resources.
type Keys struct {
	constructs.Construct

	props     KeysProps
	provision function
	stamp     keyRing // for the API alone
	decoy     keyRing // for Create alone
}

// keyRing is one key ring and how it is read.
type keyRing struct {
	parameter string                   // its name in SSM
	resource  awscdk.CustomResource    // tells its public keys
	read      []awsiam.PolicyStatement // that reading it takes
}

// NewKeys adds the keys to scope. It panics with an *InvalidPropsError or a *BuildError.
func NewKeys(scope constructs.Construct, id *string, props *KeysProps) *Keys {
	if props == nil {
		props = &KeysProps{}
	}
	k := &Keys{props: *props}
	k.props.CommonProps = props.withDefaults()
	constructs.NewConstruct_Override(k, scope, id)
	setDefault(&k.props.ParameterPath, defaultParameterPath(k))
	setDefault(&k.props.Instance, instanceOf(k))
	must(k.props.validate()) // construct ids may hold what SSM doesn't take

	k.provision = k.props.newFunction(k, definition{id: "Provision", directory: provisionFunction, timeout: provisionTimeout})
	k.stamp = k.newKeyRing("StampKey", "stamp", provisioning.KindSigning, k.props.StampRotation, k.props.StampKey)
	k.decoy = k.newKeyRing("DecoyKey", "decoy", provisioning.KindSymmetric, k.props.DecoyRotation, k.props.DecoyKey)
	return k
}

// publicKeys are the public halves of a signing ring, joined by commas. They are
// known only at deployment.
func (r keyRing) publicKeys() string {
	return *r.resource.GetAttString(jsii.String(provisioning.PublicKeys))
}

// Function serves the custom resources of the stack.
func (k *Keys) Function() awslambda.Function { return k.provision.latest }

func (k *Keys) newKeyRing(id, name, kind string, rotation int, existing *ExistingKey) keyRing {
	properties := map[string]any{provisioning.Kind: kind, provisioning.Rotation: rotation}
	var ring keyRing
	if existing == nil {
		ring = k.own(name, properties)
	} else {
		ring = k.adopted(*existing, properties)
	}
	properties[provisioning.Parameter] = ring.parameter
	k.provision.allow(ring.read...)
	ring.resource = k.newCustomResource(k, id, provisioning.SecretType, properties)
	return ring
}

// own is a key ring that the provision function makes and rotates.
func (k *Keys) own(name string, properties map[string]any) keyRing {
	parameter := k.props.ParameterPath + "/" + name
	properties[provisioning.RemovalPolicy] = provisioning.Destroy
	if k.props.retained() {
		properties[provisioning.RemovalPolicy] = provisioning.Retain
	}
	k.provision.allow(allowParameter(k, parameter, "ssm:PutParameter", "ssm:DeleteParameter"))
	if key := k.props.EncryptionKey; key != nil {
		properties[provisioning.EncryptionKey] = key.KeyArn()
		k.provision.allow(throughService(k, key, "ssm", "kms:Encrypt"))
	}
	return keyRing{parameter: parameter, read: readParameter(k, parameter, k.props.EncryptionKey)}
}

// adopted is a key ring that the provision function reads, to tell its public keys.
func (k *Keys) adopted(existing ExistingKey, properties map[string]any) keyRing {
	properties[provisioning.RemovalPolicy] = provisioning.Adopted
	if existing.Secret == nil {
		return keyRing{parameter: existing.Parameter, read: readParameter(k, existing.Parameter, existing.EncryptionKey)}
	}
	parameter := "/aws/reference/secretsmanager/" + *existing.Secret.SecretName()
	read := append(readParameter(k, parameter, nil), awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("secretsmanager:GetSecretValue"),
		Resources: &[]*string{existing.Secret.SecretArn()},
	}))
	key := existing.EncryptionKey
	if key == nil {
		key = existing.Secret.EncryptionKey()
	}
	if key != nil {
		read = append(read, throughService(k, key, "secretsmanager", "kms:Decrypt"))
	}
	return keyRing{parameter: parameter, read: read}
}

// newCustomResource declares a resource that the provision function makes.
func (k *Keys) newCustomResource(scope constructs.Construct, id, resourceType string, properties map[string]any) awscdk.CustomResource {
	resource := awscdk.NewCustomResource(scope, jsii.String(id), &awscdk.CustomResourceProps{
		ServiceToken: k.provision.latest.FunctionArn(),
		ResourceType: jsii.String(resourceType),
		Properties:   &properties,
	})
	// CustomResourceProps.ServiceTimeout would render a string where CloudFormation wants a number.
	resource.Node().DefaultChild().(awscdk.CfnResource).
		AddPropertyOverride(jsii.String("ServiceTimeout"), serviceTimeout.Seconds())
	return resource
}

// defaultParameterPath is unique per stack and construct, so that two never share a secret.
func defaultParameterPath(c constructs.Construct) string {
	return "/passkeys/" + instanceOf(c)
}

// readParameter allows reading one parameter. A SecureString that AWS's own key
// aws/ssm encrypts takes no permission on that.
func readParameter(scope constructs.Construct, name string, key awskms.IKey) []awsiam.PolicyStatement {
	statements := []awsiam.PolicyStatement{allowParameter(scope, name, "ssm:GetParameter")}
	if key != nil {
		statements = append(statements, throughService(scope, key, "ssm", "kms:Decrypt"))
	}
	return statements
}

func allowParameter(scope constructs.Construct, name string, actions ...string) awsiam.PolicyStatement {
	arn := awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("ssm"),
		Resource:     jsii.String("parameter"),
		ResourceName: jsii.String(strings.TrimPrefix(name, "/")),
	})
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{arn},
	})
}
