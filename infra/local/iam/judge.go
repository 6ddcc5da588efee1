package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Call is what a principal asks for.
type Call struct {
	Action   string              // such as dynamodb:GetItem
	Resource string              // ARN
	Context  map[string][]string // condition key → values
}

// DeniedError says that a principal may not make a call. Its text is AWS's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
type DeniedError struct {
	Principal string // ARN
	Call      Call
	Explicit  bool // a statement denies the call; otherwise none allows it
}

// Error implements error.
func (e *DeniedError) Error() string {
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s ", e.Principal, e.Call.Action, e.Call.Resource)
	if e.Explicit {
		return text + "with an explicit deny in an identity-based policy"
	}
	return text + fmt.Sprintf("because no identity-based policy allows the %s action", e.Call.Action)
}

// Judge returns nil if the policies of a principal allow a call, and a
// [*DeniedError] otherwise: what is not allowed is denied, and a denial counts
// more than any permission.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func Judge(principal string, policies []Policy, call Call) error {
	allowed := false
	for _, policy := range policies {
		for _, s := range policy.statements {
			if !s.matches(call) {
				continue
			}
			if s.deny {
				return &DeniedError{Principal: principal, Call: call, Explicit: true}
			}
			allowed = true
		}
	}
	if !allowed {
		return &DeniedError{Principal: principal, Call: call}
	}
	return nil
}

func (s statement) matches(call Call) bool {
	return anyMatches(s.actions, strings.ToLower(call.Action)) && anyMatches(s.resources, call.Resource) &&
		!slices.ContainsFunc(s.conditions, func(c condition) bool { return !c.holds(call) })
}

func (c condition) holds(call Call) bool {
	if c.needed && len(call.Context[c.key]) == 0 {
		return false
	}
	return !slices.ContainsFunc(call.Context[c.key], func(value string) bool { return !anyMatches(c.patterns, value) })
}

func anyMatches(patterns []*regexp.Regexp, text string) bool {
	return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(text) })
}
