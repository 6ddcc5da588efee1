package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

const defaultStackName = "CognitoPasskeys"

// newStack builds the stack. Its construct id does not follow its name, so that
// a stack of another name has the same logical ids.
func newStack(scope constructs.Construct, c configuration) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(defaultStackName), &awscdk.StackProps{
		StackName:   jsii.String(c.stackName),
		Description: jsii.String("Passkeys for an Amazon Cognito user pool"),
	})
	c.existing.importInto(stack, &c.props)
	c.vendors.addTickets(&c.props)
	c.mail.addClients(&c.props)
	addOutputs(stack, passkeys.New(stack, jsii.String("Passkeys"), &c.props))
	return stack
}

// addOutputs adds what a client needs to know of the stack. They belong to the
// app and not to the construct, because a stack may hold the construct twice.
func addOutputs(stack awscdk.Stack, p *passkeys.Passkeys) {
	add := func(id string, value *string, description string) {
		awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
	}
	add("UserPoolId", p.UserPool().UserPoolId(), "Id of the user pool")
	add("UserPoolClientId", p.Client().UserPoolClientId(), "Id of the public app client, for browsers and apps")
	if client := p.PasswordClient(); client != nil {
		add("PasswordClientId", client.UserPoolClientId(), "Id of the app client that is there for passwords")
	}
	if passwords := p.Passwords(); passwords != passkeys.PasswordsKeep {
		add("Passwords", jsii.String(string(passwords)), "How far passwords are phased out: separate, phase-out, off")
	}
	if backend := p.BackendClient(); backend != nil {
		add("BackendClientId", backend.UserPoolClientId(), "Id of the confidential app client, for servers")
	}
	if api := p.API(); api != nil {
		add("ApiUrl", api.URL(), "Address of the HTTP API, without a slash at the end")
		add("TableName", p.Table().TableName(), "Name of the table that holds the passkeys")
	}
	if domain := p.LoginDomain(); domain != nil {
		add("ManagedLoginUrl", domain.BaseUrl(nil), "Address of Cognito's own sign-in pages")
	}
	if parameter := p.TicketParameter(); parameter != "" {
		add("TicketParameter", &parameter, "Name of the SecureString parameter that holds the key of tickets, for the backend that signs them")
	}
	if role := p.CorbadoRole(); role != nil {
		add("CorbadoRoleArn", role.RoleArn(), "Role of functions that Corbado hosts")
	}
	if methods := p.MailMethods(); len(methods) > 0 {
		add("MailMethods", jsii.String(strings.Join(methods, ",")), "What users who have no passkey at hand may ask for: code, link")
	}
	if p.LinksInAnyBrowser() {
		add("LinksInAnyBrowser", jsii.String("true"), "Mailed links are good in another browser than the one that asked")
	}
	if p.TextsCodes() {
		add("SmsCode", jsii.String("true"), "Users who have no passkey at hand may ask for a text message")
	}
	if signUp := signUpOf(p); signUp != signUpCognito {
		add("SignUp", &signUp, "How users sign up without a password: passkey-first or known")
	}
	if parameter := p.RosterParameter(); parameter != "" {
		add("RosterParameter", &parameter, "Name of the SecureString parameter that holds the pepper of the roster, for import-roster")
	}
	if p.Recovers() {
		add("Recovery", jsii.String("true"), "Users who have lost all their passkeys can get back in")
	}
	add("RelyingPartyId", jsii.String(p.RelyingPartyID()), "Domain that passkeys belong to")
	if document := p.RelatedOriginsDocument(); document != "" {
		add("RelatedOriginsDocument", &document, "What https://<relyingPartyId>/.well-known/webauthn must serve, as application/json")
	}
}
