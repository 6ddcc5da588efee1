package passkeys

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"
)

// Firewall is a web ACL of AWS WAF in front of the pool, which limits what one
// source address may ask of it. It counts before Cognito's own quotas do and
// before any function runs. AWS asks $5 a month for it, $1 for each of its two
// rules and $0.60 for each million requests.
//
// Addresses are counted one by one, also those of IPv6, and a company's network
// may share one. Servers that call the pool with AWS credentials are not counted.
// API Gateway's HTTP APIs take no web ACL; Props.Throttle limits that one.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html
type Firewall struct {
	// Requests is how many requests to the pool an address may make in five
	// minutes, from 10. Zero means 2000.
	Requests int

	// Answers is how many of them may answer a challenge, sign up, or ask for a
	// code: what guesses, mails or costs a function's time, and not what refreshes
	// tokens. From 10 to Requests. Zero means 300, about 100 sign-ins.
	Answers int
}

const minFirewallRequests = 10 // AWS WAF counts no fewer

// guarded matches the operations, as requests name them, that Firewall.Answers limits.
const guarded = `^awscognitoidentityproviderservice\.(respondtoauthchallenge|signup|confirmsignup|resendconfirmationcode|forgotpassword|confirmforgotpassword)$`

func (f Firewall) withDefaults() *Firewall {
	setDefault(&f.Requests, 2000)
	setDefault(&f.Answers, min(300, f.Requests))
	return &f
}

func (c *check) firewall(f *Firewall) {
	if f == nil {
		return
	}
	all := f.withDefaults()
	if all.Requests < minFirewallRequests {
		c.add("Firewall.Requests", f.Requests, "use %d at least", minFirewallRequests)
	}
	if all.Answers < minFirewallRequests || all.Answers > all.Requests {
		c.add("Firewall.Answers", f.Answers, "use %d to Firewall.Requests, %d", minFirewallRequests, all.Requests)
	}
}

// addFirewall puts a web ACL in front of the pool.
func (p *Passkeys) addFirewall() {
	f := p.props.Firewall
	if f == nil {
		return
	}
	acl := awswafv2.NewCfnWebACL(p, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Description:      jsii.String("Limits what one address may ask of the user pool"),
		Scope:            jsii.String("REGIONAL"),
		DefaultAction:    &awswafv2.CfnWebACL_DefaultActionProperty{Allow: &awswafv2.CfnWebACL_AllowActionProperty{}},
		VisibilityConfig: visible("Firewall"),
		Rules: &[]any{
			limit(0, "Answers", f.Answers, &awswafv2.CfnWebACL_StatementProperty{
				RegexMatchStatement: &awswafv2.CfnWebACL_RegexMatchStatementProperty{
					RegexString:         jsii.String(guarded),
					FieldToMatch:        &awswafv2.CfnWebACL_FieldToMatchProperty{SingleHeader: map[string]string{"Name": "x-amz-target"}},
					TextTransformations: &[]any{&awswafv2.CfnWebACL_TextTransformationProperty{Priority: jsii.Number(0), Type: jsii.String("LOWERCASE")}},
				},
			}),
			limit(1, "Requests", f.Requests, nil),
		},
	})
	awswafv2.NewCfnWebACLAssociation(p, jsii.String("FirewallAssociation"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: p.pool.UserPoolArn(),
		WebAclArn:   acl.AttrArn(),
	})
}

// limit is a rule that refuses an address that made so many requests in five
// minutes, for as long as it goes on so. Nil counts every request.
func limit(priority float64, name string, requests int, of *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_RuleProperty {
	return &awswafv2.CfnWebACL_RuleProperty{
		Name:     &name,
		Priority: &priority,
		Action:   &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{}},
		Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: &awswafv2.CfnWebACL_RateBasedStatementProperty{
			AggregateKeyType: jsii.String("IP"), EvaluationWindowSec: jsii.Number(300), Limit: jsii.Number(requests), ScopeDownStatement: of,
		}},
		VisibilityConfig: visible(name),
	}
}

// visible has AWS WAF count, in CloudWatch, what it refuses.
func visible(metric string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
	return &awswafv2.CfnWebACL_VisibilityConfigProperty{
		CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: &metric, SampledRequestsEnabled: jsii.Bool(true),
	}
}
