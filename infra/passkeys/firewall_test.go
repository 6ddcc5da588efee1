package passkeys_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// limits of a web ACL's rules, in the order in which they are asked: name → limit
// for each address, and what it counts.
func limits(t *testing.T, acl map[string]any) (all []string, counted *regexp.Regexp) {
	t.Helper()
	text, err := json.Marshal(acl["Rules"])
	if err != nil {
		t.Fatal(err)
	}
	var rules []struct {
		Name     string
		Priority int
		Action   struct{ Block *struct{} }

		Statement struct {
			RateBasedStatement struct {
				AggregateKeyType           string
				Limit, EvaluationWindowSec int
				ScopeDownStatement         *struct {
					RegexMatchStatement struct {
						RegexString         string
						FieldToMatch        struct{ SingleHeader struct{ Name string } }
						TextTransformations []struct{ Type string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	for i, rule := range rules {
		rate := rule.Statement.RateBasedStatement
		if rule.Priority != i || rule.Action.Block == nil || rate.AggregateKeyType != "IP" {
			t.Errorf("rule %+v", rule)
		}
		all = append(all, fmt.Sprintf("%s: %d in %d s", rule.Name, rate.Limit, rate.EvaluationWindowSec))
		if scope := rate.ScopeDownStatement; scope != nil {
			match := scope.RegexMatchStatement
			if match.FieldToMatch.SingleHeader.Name != "x-amz-target" || len(match.TextTransformations) != 1 || match.TextTransformations[0].Type != "LOWERCASE" {
				t.Errorf("rule %s looks at %+v", rule.Name, match)
			}
			counted = regexp.MustCompile(match.RegexString)
		}
	}
	return all, counted
}

func TestFirewallLimitsEachAddress(t *testing.T) {
	props := minimal()
	props.Firewall = &passkeys.Firewall{}
	all := synthesize(props).all
	got, counted := limits(t, all.named(t, "AWS::WAFv2::WebACL", "PasskeysFirewall"))
	if diff := cmp.Diff([]string{"Answers: 300 in 300 s", "Requests: 2000 in 300 s"}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for operation, want := range map[string]bool{
		"RespondToAuthChallenge": true, "SignUp": true, "ConfirmSignUp": true, "ForgotPassword": true, "ResendConfirmationCode": true,
		"InitiateAuth": false, "GetUser": false, "RespondToAuthChallengeX": false,
	} {
		target := strings.ToLower("AWSCognitoIdentityProviderService." + operation)
		if counted.MatchString(target) != want {
			t.Errorf("%s is counted: %t, want %t", operation, !want, want)
		}
	}
	link := all.named(t, "AWS::WAFv2::WebACLAssociation", "PasskeysFirewallAssociation")
	if !strings.Contains(flat(link["ResourceArn"]), "PasskeysUserPool") || !strings.Contains(flat(link["WebACLArn"]), "PasskeysFirewall") {
		t.Errorf("the web ACL is before %v", link)
	}
}

func TestFirewallIsOffByDefault(t *testing.T) {
	if acls := defaults().all.ofType("AWS::WAFv2::WebACL"); len(acls) != 0 {
		t.Errorf("there is %v", acls)
	}
}

func TestValidateFirewall(t *testing.T) {
	for name, c := range map[string]struct {
		firewall passkeys.Firewall
		want     string // empty: it is valid
	}{
		"accepts limits of one's own":          {passkeys.Firewall{Requests: 500, Answers: 500}, ""},
		"accepts fewer requests than answers":  {passkeys.Firewall{Requests: 100}, ""},
		"rejects fewer than AWS counts":        {passkeys.Firewall{Requests: 9, Answers: 9}, "Firewall.Requests is 9"},
		"rejects fewer answers than that":      {passkeys.Firewall{Answers: 9}, "Firewall.Answers is 9"},
		"rejects more answers than requests":   {passkeys.Firewall{Answers: 2001}, "Firewall.Answers is 2001"},
		"rejects a number that is less than 0": {passkeys.Firewall{Requests: -1}, "Firewall.Requests is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			props := minimal()
			props.Firewall = &c.firewall
			err := props.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}
