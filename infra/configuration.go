package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// configuration is what cdk.json's context and -c key=value say. A key without
// a value means the default that passkeys.Props documents.
type configuration struct {
	stackName string
	props     passkeys.Props
	existing  existing // becomes props once there is a stack to import it into
	vendors   vendors  // becomes props
	mail      mails    // becomes props
	texts     texts    // becomes props
	accounts  accounts // becomes props

	email                 awscognito.UserPoolSESOptions // becomes props.Email
	nativeMode            string                        // becomes props.Native, with the next two
	native                passkeys.Native
	login                 passkeys.ManagedLogin
	rateLimit, burstLimit int  // become props.Throttle
	firewalled            bool // becomes props.Firewall, with the next
	firewall              passkeys.Firewall
}

// stackName is what CloudFormation allows.
var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

// configurationError holds every problem of a configuration. A Problem's
// Property is the key in the context.
type configurationError struct{ problems []passkeys.Problem }

func (e *configurationError) Error() string {
	lines := []string{`the configuration ("context" in cdk.json, or -c key=value) needs mending:`}
	for _, p := range e.problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// readConfiguration returns a *configurationError if anything is wrong with the
// context (key → value).
func readConfiguration(context map[string]any) (configuration, error) {
	var c configuration
	r := reader{context: context}
	for _, s := range settings {
		s.read(&r, s.key, &c)
	}
	c.props.Email = email(&r, c.email)
	c.props.Native = native(&r, c)
	c.props.Throttle = throttle(&r, c.rateLimit, c.burstLimit)
	c.props.Firewall = firewall(&r, c)
	c.existing.check(&r)
	c.vendors.addTo(&r, &c.props)
	c.texts.addTo(&r, &c.props)
	c.mail.addTo(&r, &c.props)
	c.accounts.addTo(&r, &c.props)
	r.unknown()

	problems := r.problems
	var invalid *passkeys.InvalidPropsError
	if errors.As(c.props.Validate(), &invalid) {
		problems = append(problems, inContext(invalid)...)
	}
	if len(problems) > 0 {
		return configuration{}, &configurationError{problems}
	}
	return c, nil
}

// inContext names problems of properties by their keys in the context.
func inContext(invalid *passkeys.InvalidPropsError) []passkeys.Problem {
	var problems []passkeys.Problem
	for _, p := range invalid.Problems {
		p.Property = contextKey(p.Property)
		problems = append(problems, p)
	}
	return problems
}

// spelling: part of a property → part of its key
var spelling = strings.NewReplacer("SMSCode.", "Sms", "EmailCode.", "EmailCode", "EmailLink.", "EmailLink", "Recovery.", "Recovery", "Mail.", "Mail", "Native.ManagedLogin.", "ManagedLogin", "Native.", "Native", "Firewall.", "Firewall", "ID", "Id", "MFA", "Mfa", "URLs", "Urls")

// otherKeys: property → key, where they differ in more than case
var otherKeys = map[string]string{
	"Clients": "clientIds", "PasswordClients": "passwordClientIds", "SMSRole": "smsRoleArn", "SenderKey": "senderKeyArn", "Native.Mode": "native",
	"Domain.Name": "apiDomain", "Domain.BasePath": "apiBasePath",
	"StampKey.Parameter": "stampParameter", "DecoyKey.Parameter": "decoyParameter",
	"Corbado.BaseURL": "corbadoUrl", "Corbado.SecretParameter": "corbadoParameter",
	"Corbado.Actions.CredentialsParameter": "corbadoActionsParameter", "Corbado.Actions.SecondFactor": "corbadoSecondFactor",
	"Corbado.Hosted.AccountID": "corbadoHostedAccount", "Corbado.Hosted.ExternalID": "corbadoHostedExternalId",
	"PassageFlex": "passageApp", "PassageFlex.AppID": "passageApp", "PassageFlex.BaseURL": "passageUrl", "PassageFlex.SecretParameter": "passageParameter",
	"PassageFlex.TransactionForm": "passageTransactionForm",
	"HTTPProvider":                "httpProvider", "HTTPProvider.Service": "httpProvider", "HTTPProvider.Service.Method": "httpProvider.method",
	"HTTPProvider.Service.BaseURL": "httpProvider.baseUrl", "HTTPProvider.SecretParameter": "httpProviderParameter",
	"EmailLink.RedirectURLs": "emailLinkUrls", "Mail.Key.Parameter": "mailParameter", "PasskeyRequiredClients": "passkeyRequiredClientIds",
	"SMSCode": "smsCode", "SMSCode.Lifetime": "smsCodeLifetime", "SMSCode.Key.Parameter": "smsParameter",
	"Tickets.Clients": "ticketClientIds", "Tickets.Rotation": "ticketRotation", "Tickets.Key.Parameter": "ticketParameter",
	"SignUp.RosterRotation": "rosterRotation", "SignUp.RosterKey": "rosterParameter", "SignUp.RosterKey.Parameter": "rosterParameter",
}

// contextKey is the key of a property: MaxPasskeys is maxPasskeys, Native.RelyingPartyID is nativeRelyingPartyId.
func contextKey(property string) string {
	if key, ok := otherKeys[property]; ok {
		return key
	}
	property = spelling.Replace(property)
	return string(unicode.ToLower(rune(property[0]))) + property[1:]
}

func readStackName(r *reader, key string) string {
	name := r.text(key)
	if name == "" {
		return defaultStackName
	}
	if !stackName.MatchString(name) {
		r.add(key, name, "use a letter and then letters, digits and hyphens, 128 at most")
	}
	return name
}

func readArchitecture(r *reader, key string) awslambda.Architecture {
	if r.oneOf(key, "arm64", "x86_64") == "x86_64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

func readLogRetention(r *reader, key string) awslogs.RetentionDays {
	return awslogs.RetentionDays(strings.ToUpper(r.oneOf(key,
		"one_week", "one_month", "three_months", "six_months", "one_year", "infinite")))
}

// rollouts: value → deployment configuration of CodeDeploy
var rollouts = map[string]func() awscodedeploy.ILambdaDeploymentConfig{
	"canary_10percent_5minutes":      awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_5MINUTES,
	"canary_10percent_15minutes":     awscodedeploy.LambdaDeploymentConfig_CANARY_10PERCENT_15MINUTES,
	"linear_10percent_every_1minute": awscodedeploy.LambdaDeploymentConfig_LINEAR_10PERCENT_EVERY_1MINUTE,
}

// readRollout returns nil for all at once.
func readRollout(r *reader, key string) awscodedeploy.ILambdaDeploymentConfig {
	value := r.oneOf(key, append(slices.Sorted(maps.Keys(rollouts)), "all_at_once")...)
	if config := rollouts[value]; config != nil {
		return config()
	}
	return nil
}

func existingKey(parameter string) *passkeys.ExistingKey {
	if parameter == "" {
		return nil
	}
	return &passkeys.ExistingKey{Parameter: parameter}
}

// email returns nil, Cognito's own mail, unless an SES identity is named.
func email(r *reader, options awscognito.UserPoolSESOptions) awscognito.UserPoolEmail {
	if options.FromEmail != nil {
		if options.SesRegion == nil {
			options.SesRegion = awscdk.Aws_REGION() // the stack names no region of its own
		}
		return awscognito.UserPoolEmail_WithSES(&options)
	}
	if options != (awscognito.UserPoolSESOptions{}) {
		r.add("emailFrom", "", "set it to an address of the SES identity, as other email settings are set")
	}
	return nil
}

// nativeOff is the value of "native" without passkeys of Cognito's own.
const nativeOff = "off"

// native returns nil unless Cognito's own passkeys are switched on.
func native(r *reader, c configuration) *passkeys.Native {
	if !reflect.ValueOf(c.login).IsZero() {
		c.native.ManagedLogin = &c.login
	}
	switch mode := passkeys.NativeMode(c.nativeMode); mode {
	case passkeys.NativeBeside, passkeys.NativeOnly:
		c.native.Mode = mode
		return &c.native
	case "", nativeOff:
		if c.native != (passkeys.Native{}) {
			r.add("native", c.nativeMode, fmt.Sprintf("set it to %q or %q, as other settings of it are set", passkeys.NativeBeside, passkeys.NativeOnly))
		}
	}
	return nil
}

func readFirstFactors(r *reader, key string) *awscognito.AllowedFirstAuthFactors {
	names := r.list(key)
	if names == nil {
		return nil
	}
	factors := &awscognito.AllowedFirstAuthFactors{Password: jsii.Bool(false)}
	for _, name := range names {
		switch strings.ToLower(name) {
		case "password":
			factors.Password = jsii.Bool(true)
		case "passkey":
			factors.Passkey = jsii.Bool(true)
		case "email_otp":
			factors.EmailOtp = jsii.Bool(true)
		case "sms_otp":
			factors.SmsOtp = jsii.Bool(true)
		default:
			r.add(key, name, "use password, passkey, email_otp and sms_otp")
		}
	}
	return factors
}

// firewall returns nil unless it is switched on.
func firewall(r *reader, c configuration) *passkeys.Firewall {
	if c.firewalled {
		return &c.firewall
	}
	if c.firewall != (passkeys.Firewall{}) {
		r.add("firewallRequests or firewallAnswers", "set", "set firewall too, or leave it out")
	}
	return nil
}

// throttle returns nil, the construct's own limits, unless both are set.
func throttle(r *reader, rate, burst int) *awsapigatewayv2.ThrottleSettings {
	if (rate == 0) != (burst == 0) {
		r.add("apiRateLimit and apiBurstLimit", []int{rate, burst}, "set both or none")
	}
	if rate == 0 || burst == 0 {
		return nil
	}
	return &awsapigatewayv2.ThrottleSettings{RateLimit: jsii.Number(rate), BurstLimit: jsii.Number(burst)}
}
