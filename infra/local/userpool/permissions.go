package userpool

import (
	"encoding/json"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

const servicePrincipal = "cognito-idp.amazonaws.com"

// Permissions returns what a caller's role must allow for a request: nothing for an operation that takes unsigned
// requests, or that isn't known. Whoever updates a pool that sends text messages passes it the role for that, although
// it has the role already.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_cognito-idp.html
func (p *Pool) Permissions(operation string, body []byte) []iam.Call {
	if !operations[operation].needsSignature {
		return nil
	}
	var request struct {
		UserPoolId       string
		SmsConfiguration struct{ SnsCallerArn string }
	}
	_ = json.Unmarshal(body, &request) // the operation tells what is wrong with a malformed request
	calls := []iam.Call{{Action: "cognito-idp:" + operation, Resource: p.arnOf(request.UserPoolId)}}
	if role := request.SmsConfiguration.SnsCallerArn; role != "" {
		calls = append(calls, iam.Call{
			Action: "iam:PassRole", Resource: role, Context: map[string][]string{iam.PassedToService: {servicePrincipal}},
		})
	}
	return calls
}
