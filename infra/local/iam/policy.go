// Package iam judges whether the policies of a role allow a call, as AWS
// Identity and Access Management does.
//
// It knows the part of the policy language that this project's templates use:
// identity-based policies that allow or deny actions on resources, with
// conditions on the leading keys of DynamoDB items, on the service that a role is
// passed to, and on the sender of a mail. Whatever else a policy holds
// is an error when it is read, because to ignore it would judge wrongly.
package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// LeadingKeys is the condition key that holds the partition keys of all items
// that a call of DynamoDB names.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
const LeadingKeys = "dynamodb:LeadingKeys"

// PassedToService is the condition key that holds the service to which a call
// passes a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
const PassedToService = "iam:PassedToService"

// ViaService is the condition key that holds the service that calls for a
// principal, which is how the keys of AWS KMS are used.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
const ViaService = "kms:ViaService"

// FromAddress is the condition key that holds the sender of a mail.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
const FromAddress = "ses:FromAddress"

// ErrPolicy says that a policy document is malformed or holds what this package
// doesn't know. It is wrapped by every error of Parse.
var ErrPolicy = errors.New("policy document")

// Policy is an identity-based policy. The zero value allows nothing.
type Policy struct{ statements []statement }

type statement struct {
	deny       bool
	actions    []*regexp.Regexp
	resources  []*regexp.Regexp
	conditions []condition
}

// condition holds if every value of the key matches one of the patterns. If the
// call has no such value, it holds for ForAllValues, and not for a key of one value.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
type condition struct {
	key      string
	needed   bool // the call must have a value
	patterns []*regexp.Regexp
}

// operator is a condition operator.
type operator struct {
	keys    []string // the condition keys that it is known for
	needed  bool
	pattern func(value string) *regexp.Regexp
}

// operators are the condition operators that are known: name → operator.
var operators = map[string]operator{
	"ForAllValues:StringEquals": {[]string{LeadingKeys}, false, exactly},
	"ForAllValues:StringLike":   {[]string{LeadingKeys}, false, Wildcard},
	"StringEquals":              {[]string{PassedToService, FromAddress}, true, exactly},
	"StringLike":                {[]string{ViaService}, true, Wildcard},
}

func exactly(text string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.QuoteMeta(text) + "$")
}

// Wildcard returns the expression of a text in which * stands for any characters
// and ? for one.
func Wildcard(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?s)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$")
}

// actionPattern is Wildcard for actions, whose case doesn't matter.
func actionPattern(pattern string) *regexp.Regexp { return Wildcard(strings.ToLower(pattern)) }

// The document, as JSON has it.
type (
	document struct {
		Version   string
		Statement list[statementDocument]
	}
	statementDocument struct {
		Sid, Effect      string
		Action, Resource list[string]
		Condition        map[string]map[string]list[string] // operator → key → values
	}
)

// list is written as a JSON array, or as its one element.
type list[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("[")) {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	return decode(raw, (*[]T)(l))
}

func decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// Parse reads a policy document whose intrinsic functions are resolved.
func Parse(raw []byte) (Policy, error) {
	var d document
	if err := decode(raw, &d); err != nil {
		return Policy{}, fmt.Errorf("%w: %s", ErrPolicy, strings.TrimPrefix(err.Error(), "json: "))
	}
	var p Policy
	for i, s := range d.Statement {
		parsed, err := s.parse()
		if err != nil {
			return Policy{}, fmt.Errorf("%w: statement %d: %w", ErrPolicy, i+1, err)
		}
		p.statements = append(p.statements, parsed)
	}
	return p, nil
}

func (d statementDocument) parse() (statement, error) {
	switch {
	case d.Effect != "Allow" && d.Effect != "Deny":
		return statement{}, fmt.Errorf("its effect is %q, want Allow or Deny", d.Effect)
	case len(d.Action) == 0 || len(d.Resource) == 0:
		return statement{}, errors.New("it has no Action or no Resource")
	}
	s := statement{deny: d.Effect == "Deny"}
	var err error
	if s.actions, err = patterns(d.Action, actionPattern); err != nil {
		return statement{}, err
	}
	if s.resources, err = patterns(d.Resource, Wildcard); err != nil {
		return statement{}, err
	}
	for name, keys := range d.Condition {
		known, ok := operators[name]
		if !ok {
			return statement{}, fmt.Errorf("the condition operator %q is not known", name)
		}
		for key, values := range keys {
			if !slices.Contains(known.keys, key) {
				return statement{}, fmt.Errorf("the condition key %q is not known with %s", key, name)
			}
			c := condition{key: key, needed: known.needed}
			if c.patterns, err = patterns(values, known.pattern); err != nil {
				return statement{}, err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return s, nil
}

func patterns(values []string, pattern func(string) *regexp.Regexp) ([]*regexp.Regexp, error) {
	made := make([]*regexp.Regexp, len(values))
	for i, value := range values {
		if strings.Contains(value, "${") {
			return nil, fmt.Errorf("the policy variable in %q is not known", value)
		}
		made[i] = pattern(value)
	}
	return made, nil
}
