package passkeys

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// cognitoPrincipal is the same in every partition.
const cognitoPrincipal = "cognito-idp.amazonaws.com"

// AttachOptions says how triggers are attached to a pool. The zero value
// replaces nothing.
type AttachOptions struct {
	// Clients are the app clients of the pool that will be served; each is checked
	// for what passkeys need of it.
	Clients []awscognito.IUserPoolClient

	// PasswordClients are app clients of the pool that EndPasswords is told of;
	// each is checked too.
	PasswordClients []awscognito.IUserPoolClient

	// Attributes are custom attributes, without "custom:", that the pool gets
	// unless it has them: texts that can be changed. They can never be removed.
	Attributes []string

	// Replace lists the triggers of the pool that may be replaced.
	Replace []Trigger

	// Attachment, SMSRole and SenderKey are as in Props.
	Attachment int
	SMSRole    awsiam.IRole
	SenderKey  awskms.IKey
}

// Attach makes the functions the triggers of a pool and lets the pool, and
// nobody else, invoke them. A pool of the same stack is changed where it is
// declared; for an imported one a custom resource describes the pool, merges and
// updates it, and puts back what it found when it is deleted.
//
// It panics with an *InvalidPropsError if the pool has such a trigger that is
// not to be replaced, if it is declared in another stack of the app, or if an app
// client of this app doesn't fit. What is known only at deployment fails there.
func (t *Triggers) Attach(pool awscognito.IUserPool, options *AttachOptions) {
	if options == nil {
		options = &AttachOptions{}
	}
	var c check
	for _, client := range options.Clients {
		c.servedClient(client, pool, t.props.areOut())
	}
	for _, client := range options.PasswordClients {
		c.passwordClient(client, pool)
	}
	own, ok := pool.(awscognito.UserPool)
	if ok {
		c.ownPool(t, own, *options)
	} else {
		c.importedPool(t, pool)
	}
	must(c.err())
	if ok {
		t.attachOwn(own, *options)
	} else {
		t.attachImported(pool, *options)
	}
}

// ownPool checks a pool that the app declares.
func (c *check) ownPool(t *Triggers, pool awscognito.UserPool, options AttachOptions) {
	const property = "UserPool"
	stack := awscdk.Stack_Of(t)
	if other := awscdk.Stack_Of(pool); *other.Node().Path() != *stack.Node().Path() {
		c.add(property, *pool.Node().Path(), "make the construct in the pool's own stack, %s: the pool would refer to its triggers and they to the pool. "+
			"Or import the pool by its id with awscognito.UserPool_FromUserPoolId", *other.Node().Path())
		return
	}
	declared := declarationOf(pool)
	if attached, ok := resolved(pool, declared.LambdaConfig()).(map[string]any); ok {
		for _, part := range t.parts() {
			if attached[*part.operation.OperationName()] != nil && !slices.Contains(options.Replace, part.trigger) {
				c.add(property, *pool.Node().Path(), "it has a %s trigger already: take that away, or list it in ReplaceTriggers", part.trigger)
			}
		}
	}
	if resolved(pool, declared.MfaConfiguration()) == "ON" && t.props.UserVerification != UserVerificationRequired {
		c.add("UserVerification", string(t.props.UserVerification), "use %q: the pool requires MFA, which Cognito doesn't apply to custom authentication, so that a passkey must be two factors", UserVerificationRequired)
	}
	if resolved(pool, declared.MfaConfiguration()) == "ON" && len(t.props.fallbacks()) > 0 {
		c.add("EmailCode, EmailLink and SMSCode", "set", "leave them out: the pool requires MFA, which Cognito doesn't apply to custom authentication, and a mail or a text message is one factor")
	}
	for _, name := range options.Attributes {
		if attribute := attributeOf(pool, name); attribute != nil && (attribute["attributeDataType"] != "String" || attribute["mutable"] == false) {
			c.add(property, *pool.Node().Path(), "its custom attribute %q is no text that can be changed: use another MarkerAttribute", name)
		}
	}
}

// importedPool checks what the id of a pool tells: Cognito invokes functions of
// its own region only.
func (c *check) importedPool(t *Triggers, pool awscognito.IUserPool) {
	region, _, _ := strings.Cut(*pool.UserPoolId(), "_")
	if here := *awscdk.Stack_Of(t).Region(); !unresolved(region) && !unresolved(here) && region != here {
		c.add("UserPool", *pool.UserPoolId(), "deploy the stack to the pool's region, %s: it goes to %s", region, here)
	}
}

// servedClient checks an app client that the app declares and that is to be served.
func (c *check) servedClient(client awscognito.IUserPoolClient, pool awscognito.IUserPool, withoutPasswords bool) {
	const property = "Clients"
	flows, declared := c.client(property, client, pool)
	if declared && !slices.Contains(flows, flowCustom) {
		c.add(property, *client.Node().Path(), "let it use custom authentication: AuthFlows: &awscognito.AuthFlow{Custom: jsii.Bool(true)}")
	}
	for _, flow := range flows {
		if withoutPasswords && slices.Contains(passwordFlows, flow) {
			c.add(property, *client.Node().Path(), "take away %s: it takes passwords, which are phased out", flow)
		}
	}
}

// client checks an app client that the app declares, and returns its flows. One
// that the app doesn't declare is checked at deployment.
func (c *check) client(property string, client awscognito.IUserPoolClient, pool awscognito.IUserPool) (flows []string, ok bool) {
	declared, ok := client.Node().DefaultChild().(awscognito.CfnUserPoolClient)
	if !ok {
		return nil, false
	}
	if declaredPool, ok := pool.(awscognito.UserPool); ok && !reflect.DeepEqual(resolved(declaredPool, declared.UserPoolId()), resolved(declaredPool, pool.UserPoolId())) {
		c.add(property, *client.Node().Path(), "list app clients of UserPool only: this one is of another pool")
	}
	if errors := declared.PreventUserExistenceErrors(); errors == nil || *errors != "ENABLED" {
		c.add(property, *client.Node().Path(), "set PreventUserExistenceErrors to true: without it a sign-in tells who has an account")
	}
	if explicit := declared.ExplicitAuthFlows(); explicit != nil {
		for _, flow := range *explicit {
			flows = append(flows, *flow)
		}
	}
	return flows, true
}

// attachOwn changes a pool of this stack where it is declared.
func (t *Triggers) attachOwn(pool awscognito.UserPool, options AttachOptions) {
	declared := declarationOf(pool)
	attached, _ := resolved(pool, declared.LambdaConfig()).(map[string]any)
	for _, part := range t.parts() {
		if attached[*part.operation.OperationName()] == nil {
			pool.AddTrigger(part.operation, part.function, "")
			continue
		}
		t.letInvoke(pool, part)
		declared.AddPropertyOverride(jsii.String("LambdaConfig."+string(part.trigger)), part.function.FunctionArn())
	}
	schema, _ := resolved(pool, declared.Schema()).([]any)
	for _, name := range options.Attributes {
		if attributeOf(pool, name) == nil {
			schema = append(schema, map[string]any{"name": name, "attributeDataType": "String", "mutable": true})
			declared.SetSchema(awscdk.Token_AsAny(schema)) // jsii takes no resolved attributes in a list
		}
	}
}

// attachImported has the provision function attach the triggers to a pool that
// the app doesn't declare.
func (t *Triggers) attachImported(pool awscognito.IUserPool, options AttachOptions) {
	keys := t.props.Keys
	keys.provision.allow(t.attachingTakes(pool, options)...)
	triggers := map[Trigger]*string{} // trigger → ARN of its function
	for _, part := range t.parts() {
		triggers[part.trigger] = part.function.FunctionArn()
	}
	properties := map[string]any{
		provisioning.TableName:        t.props.Table.TableName(),
		provisioning.UserPoolID:       pool.UserPoolId(),
		provisioning.Triggers:         triggers,
		provisioning.UserVerification: t.props.UserVerification,
		provisioning.FoldUserNames:    !t.props.CaseSensitiveUserNames,
		provisioning.ClientIDs:        idsOf(options.Clients),
		provisioning.Attributes:       options.Attributes,
		provisioning.Replace:          options.Replace,
		provisioning.Attachment:       options.Attachment,
	}
	if len(t.props.fallbacks()) > 0 {
		properties[provisioning.Mail] = true
	}
	if t.props.areOut() {
		properties[provisioning.WithoutPasswords] = true
	}
	if t.props.areApart() {
		properties[provisioning.PasswordClientIDs] = idsOf(options.PasswordClients)
	}
	resource := keys.newCustomResource(t, "Attachment", provisioning.PoolType, properties)
	for _, part := range t.parts() {
		resource.Node().AddDependency(t.letInvoke(pool, part)) // before the pool calls
	}
}

func idsOf(clients []awscognito.IUserPoolClient) []*string {
	var ids []*string
	for _, client := range clients {
		ids = append(ids, client.UserPoolClientId())
	}
	return ids
}

// attachingTakes is what the provision function must be allowed to attach
// triggers to an imported pool. Whoever updates a pool needs also what its
// settings refer to, although they stay as they are. What the triggers replace
// is kept in the table.
func (t *Triggers) attachingTakes(pool awscognito.IUserPool, options AttachOptions) []awsiam.PolicyStatement {
	actions := []string{"cognito-idp:DescribeUserPool", "cognito-idp:UpdateUserPool"}
	if len(options.Attributes) > 0 {
		actions = append(actions, "cognito-idp:AddCustomAttributes")
	}
	if len(options.Clients)+len(options.PasswordClients) > 0 {
		actions = append(actions, "cognito-idp:DescribeUserPoolClient")
	}
	statements := append(
		allowItems(t.props.Table, []string{configItems}, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: &[]*string{pool.UserPoolArn()}}),
	)
	if options.SMSRole != nil {
		statements = append(statements, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:    jsii.Strings("iam:PassRole"),
			Resources:  &[]*string{options.SMSRole.RoleArn()},
			Conditions: &map[string]any{"StringEquals": map[string]any{"iam:PassedToService": cognitoPrincipal}},
		}))
	}
	if options.SenderKey != nil {
		statements = append(statements, allowKey(options.SenderKey, "kms:CreateGrant"))
	}
	return statements
}

// letInvoke lets a pool, and nobody else, invoke one of the functions.
func (t *Triggers) letInvoke(pool awscognito.IUserPool, p part) awslambda.CfnPermission {
	return awslambda.NewCfnPermission(t, jsii.String(string(p.trigger)+"Permission"), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: p.function.FunctionArn(),
		Principal:    jsii.String(cognitoPrincipal),
		SourceArn:    pool.UserPoolArn(),
	})
}

func declarationOf(pool awscognito.UserPool) awscognito.CfnUserPool {
	return pool.Node().DefaultChild().(awscognito.CfnUserPool)
}

// resolved is a property as it will be synthesized, as far as that is known now,
// or nil if it isn't set.
func resolved(pool awscognito.UserPool, property any) any {
	if property == nil { // which the CDK refuses to resolve
		return nil
	}
	return awscdk.Stack_Of(pool).Resolve(property)
}

// attributeOf returns what a pool declares of a custom attribute, or nil if it has none of that name.
func attributeOf(pool awscognito.UserPool, name string) map[string]any {
	schema, _ := resolved(pool, declarationOf(pool).Schema()).([]any)
	for _, element := range schema {
		if attribute, ok := element.(map[string]any); ok && attribute["name"] == name {
			return attribute
		}
	}
	return nil
}
