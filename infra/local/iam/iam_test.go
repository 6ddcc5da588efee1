package iam_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

const (
	principal = "arn:aws:sts::000000000000:assumed-role/VerifyRole/Verify"
	table     = "arn:aws:dynamodb:us-east-1:000000000000:table/Passkeys"
	passing   = `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "cognito-idp.amazonaws.com"}}}`
	users     = `"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["USER#*", "CONFIG"]}}`
)

func TestJudge(t *testing.T) {
	get := func(keys ...string) iam.Call {
		return iam.Call{Action: "dynamodb:GetItem", Resource: table, Context: map[string][]string{iam.LeadingKeys: keys}}
	}
	pass := func(service string) iam.Call {
		call := get()
		call.Context = map[string][]string{iam.PassedToService: {service}}
		return call
	}
	tests := []struct {
		name     string
		document string
		call     iam.Call
		want     string // end of the refusal; empty means allowed
	}{
		{"allows an action on a resource", `{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "` + table + `"}`, get(), ""},
		{"allows one of several", `[{"Effect": "Allow", "Action": ["ssm:*", "DynamoDB:get*"], "Resource": ["x", "` + table + `"]}]`, get(), ""},
		{"allows any resource by a wildcard", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, get(), ""},
		{"denies another action", `{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}`, get(), "because no identity-based policy allows the dynamodb:GetItem action"},
		{"denies another resource", `{"Effect": "Allow", "Action": "*", "Resource": "` + table + `s"}`, get(), "allows the dynamodb:GetItem action"},
		{"denies what the resource is only the beginning of", `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb"}`, get(), "allows the dynamodb:GetItem action"},
		{"denies by an empty policy", `[]`, get(), "allows the dynamodb:GetItem action"},
		{"prefers a denial", `[{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "dynamodb:Get?tem", "Resource": "*"}]`, get(), "with an explicit deny in an identity-based policy"},
		{"allows keys that all match", `{"Effect": "Allow", "Action": "*", "Resource": "*", ` + users + `}`, get("USER#1", "CONFIG", "USER#2"), ""},
		{"denies one key that doesn't match", `{"Effect": "Allow", "Action": "*", "Resource": "*", ` + users + `}`, get("USER#1", "CRED#1"), "allows the dynamodb:GetItem action"},
		{"denies a key that goes on", `{"Effect": "Allow", "Action": "*", "Resource": "*", ` + users + `}`, get("CONFIG2"), "allows the dynamodb:GetItem action"},
		{"allows a call without keys, as ForAllValues does", `{"Effect": "Allow", "Action": "*", "Resource": "*", ` + users + `}`, get(), ""},
		{"knows no wildcard in StringEquals", `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "USER#*"}}}`, get("USER#1"), "allows the dynamodb:GetItem action"},
		{"allows a role for its service", passing, pass("cognito-idp.amazonaws.com"), ""},
		{"denies a role for another service", passing, pass("ec2.amazonaws.com"), "allows the dynamodb:GetItem action"},
		{"denies a call without the value that a condition asks for", passing, get(), "allows the dynamodb:GetItem action"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy, err := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": ` + test.document + `}`))
			if err != nil {
				t.Fatal(err)
			}
			err = iam.Judge(principal, []iam.Policy{{}, policy}, test.call)
			if test.want == "" {
				if err != nil {
					t.Errorf("denied: %v", err)
				}
				return
			}
			var denied *iam.DeniedError
			want := "User: " + principal + " is not authorized to perform: dynamodb:GetItem on resource: " + table + " "
			if !errors.As(err, &denied) || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("received %v, want %s…%s", err, want, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	allow := func(more string) string {
		return `{"Statement": {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"` + more + `}}`
	}
	tests := []struct{ name, document, want string }{
		{"an element that it doesn't know", `{"Statement": {"Effect": "Allow", "NotAction": "ssm:*", "Resource": "*"}}`, `"NotAction"`},
		{"an unresolved value", `{"Statement": {"Effect": "Allow", "Action": "ssm:*", "Resource": {"Ref": "Table"}}}`, "cannot unmarshal object"},
		{"no resource", `{"Statement": {"Effect": "Allow", "Action": "ssm:*"}}`, "no Action or no Resource"},
		{"another effect", `{"Statement": {"Effect": "allow", "Action": "ssm:*", "Resource": "*"}}`, `effect is "allow"`},
		{"an unknown condition operator", allow(`, "Condition": {"StringNotEquals": {"iam:PassedToService": "x"}}`), `operator "StringNotEquals" is not known`},
		{"a condition key with the operator of another", allow(`, "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "x"}}`), `key "dynamodb:LeadingKeys" is not known with StringEquals`},
		{"an unknown condition key", allow(`, "Condition": {"ForAllValues:StringLike": {"aws:SourceIp": "x"}}`), `key "aws:SourceIp" is not known`},
		{"a policy variable", allow(`, "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "${aws:userid}"}}`), `variable in "${aws:userid}"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := iam.Parse([]byte(test.document))
			if !errors.Is(err, iam.ErrPolicy) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("received %v, want %s", err, test.want)
			}
		})
	}
}
