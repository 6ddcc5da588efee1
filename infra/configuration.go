package main

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
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
	r := reader{context: context, known: map[string]bool{}}
	c := configuration{
		stackName: r.text("stackName"),
		props: passkeys.Props{
			RelyingPartyID:       r.text("relyingPartyId"),
			RelyingPartyName:     r.text("relyingPartyName"),
			Origins:              r.list("origins"),
			UserVerification:     passkeys.UserVerification(r.text("userVerification")),
			CounterPolicy:        passkeys.CounterPolicy(r.text("counterPolicy")),
			MaxPasskeys:          r.count("maxPasskeys"),
			RecentAuthentication: r.duration("recentAuthentication"),
			SignIn:               passkeys.SignIn(r.text("signIn")),
			SelfSignUp:           jsii.Bool(r.flag("selfSignUp", on)),
			Plan:                 awscognito.FeaturePlan(strings.ToUpper(r.text("plan"))),
			Email:                readEmail(&r),
			BackendClient:        r.flag("backendClient", off),
			MarkerAttribute:      r.text("markerAttribute"),
			MarkerValue:          r.text("markerValue"),
			ParameterPath:        r.text("parameterPath"),
			StampRotation:        r.count("stampRotation"),
			DecoyRotation:        r.count("decoyRotation"),
			RemovalPolicy:        awscdk.RemovalPolicy(strings.ToUpper(r.text("removalPolicy"))),
			Architecture:         readArchitecture(&r),
			LogRetention:         readLogRetention(&r),
			Throttle:             readThrottle(&r),
		},
	}
	switch {
	case c.stackName == "":
		c.stackName = defaultStackName
	case !stackName.MatchString(c.stackName):
		r.add("stackName", c.stackName, "use a letter and then letters, digits and hyphens, 128 at most")
	}
	r.unknown()

	problems := r.problems
	var invalid *passkeys.InvalidPropsError
	if errors.As(c.props.Validate(), &invalid) {
		for _, p := range invalid.Problems {
			p.Property = contextKey(p.Property)
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return configuration{}, &configurationError{problems}
	}
	return c, nil
}

// contextKey is the key of a property: MaxPasskeys is maxPasskeys, RelyingPartyID is relyingPartyId.
func contextKey(property string) string {
	property = strings.ReplaceAll(property, "ID", "Id")
	return string(unicode.ToLower(rune(property[0]))) + property[1:]
}

// readEmail returns nil, Cognito's own mail, unless an SES identity is named.
func readEmail(r *reader) awscognito.UserPoolEmail {
	options := &awscognito.UserPoolSESOptions{
		FromEmail:            optional(r.text("emailFrom")),
		FromName:             optional(r.text("emailFromName")),
		ReplyTo:              optional(r.text("emailReplyTo")),
		SesRegion:            optional(r.text("emailSesRegion")),
		SesVerifiedDomain:    optional(r.text("emailSesDomain")),
		ConfigurationSetName: optional(r.text("emailSesConfigurationSet")),
	}
	if options.FromEmail != nil {
		if options.SesRegion == nil {
			options.SesRegion = awscdk.Aws_REGION() // the stack names no region of its own
		}
		return awscognito.UserPoolEmail_WithSES(options)
	}
	if *options != (awscognito.UserPoolSESOptions{}) {
		r.add("emailFrom", "", "set it to an address of the SES identity, as other email settings are set")
	}
	return nil
}

func readArchitecture(r *reader) awslambda.Architecture {
	if r.oneOf("architecture", "arm64", "x86_64") == "x86_64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

func readLogRetention(r *reader) awslogs.RetentionDays {
	return awslogs.RetentionDays(strings.ToUpper(r.oneOf("logRetention",
		"one_week", "one_month", "three_months", "six_months", "one_year", "infinite")))
}

// readThrottle returns nil, the construct's own limits, unless both are set.
func readThrottle(r *reader) *awsapigatewayv2.ThrottleSettings {
	rate, burst := r.count("apiRateLimit"), r.count("apiBurstLimit")
	if (rate == 0) != (burst == 0) {
		r.add("apiRateLimit and apiBurstLimit", []int{rate, burst}, "set both or none")
	}
	if rate == 0 || burst == 0 {
		return nil
	}
	return &awsapigatewayv2.ThrottleSettings{RateLimit: jsii.Number(rate), BurstLimit: jsii.Number(burst)}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
