package stack

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// roles are the roles of the stack, and which function runs as which.
type roles struct {
	mu        sync.Mutex
	policies  map[string][]iam.Policy // role name → its policies
	functions map[string]session      // function's ARN → what it runs as
}

// session is a role that a function has assumed.
type session struct{ role, function string } // their names

func (s session) arn() string {
	return "arn:" + partition + ":sts::" + AccountID + ":assumed-role/" + s.role + "/" + s.function
}

func newRoles() *roles {
	return &roles{policies: map[string][]iam.Policy{}, functions: map[string]session{}}
}

func (r *roles) add(role string, policies []iam.Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies[role] = append(r.policies[role], policies...)
}

// assume lets a function run as a role of the stack.
func (r *roles) assume(functionARN, functionName, roleARN string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	role := strings.TrimPrefix(roleARN, roleARNPrefix)
	if _, ok := r.policies[role]; !ok {
		return fmt.Errorf("the role %q, which the stack doesn't make, is %w", roleARN, ErrUnknown)
	}
	r.functions[functionARN] = session{role, functionName}
	return nil
}

// authorize returns an error for a call that a function's role doesn't allow.
func (r *roles) authorize(functionARN string, call iam.Call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	as := r.functions[functionARN]
	return iam.Judge(as.arn(), r.policies[as.role], call)
}

const roleARNPrefix = "arn:" + partition + ":iam::" + AccountID + ":role/"

type rolePolicy struct {
	PolicyName     string
	PolicyDocument json.RawMessage
}

func (s *Stack) makeRole(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct {
		RoleName string
		Policies []rolePolicy
	}
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	name := s.ledger.chosen(logicalID, p.RoleName, s.named(logicalID))
	policies := make([]iam.Policy, len(p.Policies))
	for i, policy := range p.Policies {
		var err error
		if policies[i], err = iam.Parse(policy.PolicyDocument); err != nil {
			return resource{}, fmt.Errorf("policy %s: %w", policy.PolicyName, err)
		}
	}
	s.roles.add(name, policies)
	return resource{ref: name, attributes: map[string]any{
		"Arn":    roleARNPrefix + name,
		"RoleId": "AROA" + strings.ToUpper(s.ledger.physical(logicalID+".RoleId", random(16))),
	}}, nil
}

func (s *Stack) makePolicy(logicalID string, properties json.RawMessage) (resource, error) {
	var p struct {
		rolePolicy
		Roles []string
	}
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	policy, err := iam.Parse(p.PolicyDocument)
	if err != nil {
		return resource{}, err
	}
	for _, role := range p.Roles {
		s.roles.add(role, []iam.Policy{policy})
	}
	return resource{ref: s.ledger.physical(logicalID, s.named(logicalID))}, nil
}

// checkLogs tells of a function whose log would stay empty on AWS, where Lambda
// writes it with the function's role.
func (s *Stack) checkLogs(functionARN, logGroup string) {
	stream := arn("logs", "log-group:"+logGroup+":log-stream:local")
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		if err := s.roles.authorize(functionARN, iam.Call{Action: action, Resource: stream}); err != nil {
			s.log.Printf("the log of %s would stay empty: %v", functionARN, err)
		}
	}
}
