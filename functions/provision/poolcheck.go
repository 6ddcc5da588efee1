package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// check returns everything for which a pool or its clients don't suit, with what
// mends it in the pool or in the construct's properties. Of what the pool's owner
// may change at any time, it looks at what the stack changes, so that a rollback
// is not refused for what the stack has lived with.
func (u userPools) check(ctx context.Context, pool *types.UserPoolType, want, before poolProperties) error {
	problems := slices.Concat(checkTriggers(pool, want, before), checkAttributes(pool, want))
	if isFolded(pool) != want.foldUserNames {
		problems = append(problems, fmt.Errorf("user pool %s has user names of which the case is ignored: %t, but the stack takes it for %t: set CaseSensitiveUserNames to %t",
			want.id, isFolded(pool), want.foldUserNames, want.foldUserNames))
	}
	if want.userVerification != before.userVerification && pool.MfaConfiguration == types.UserPoolMfaTypeOn &&
		want.userVerification != provisioning.UserVerificationRequired {
		problems = append(problems, fmt.Errorf("user pool %s requires MFA, and a passkey is two factors only with user verification: %s is %q, set it to %q",
			want.id, provisioning.UserVerification, want.userVerification, provisioning.UserVerificationRequired))
	}
	if want.mail && !before.mail && pool.MfaConfiguration == types.UserPoolMfaTypeOn {
		problems = append(problems, fmt.Errorf("user pool %s requires MFA, and a mail or a text message is one factor, which Cognito adds none to: leave out EmailLink, EmailCode and SMSCode", want.id))
	}
	found, err := u.checkClients(ctx, want, before)
	if err != nil {
		return err
	}
	return errors.Join(slices.Concat(problems, found)...)
}

// checkClients returns what makes app clients unfit that were not checked before. err is a fault.
func (u userPools) checkClients(ctx context.Context, want, before poolProperties) (problems []error, err error) {
	served, forPasswords := before.clients, before.passwordClients
	if want.withoutPasswords && !before.withoutPasswords {
		served = nil
	}
	for _, c := range []struct {
		ids, checked []string
		unfit        func(*types.UserPoolClientType) []error
	}{
		{want.clients, served, func(client *types.UserPoolClientType) []error { return unfitToServe(client, want.withoutPasswords) }},
		{want.passwordClients, forPasswords, unfitForPasswords},
	} {
		for _, id := range c.ids {
			if slices.Contains(c.checked, id) {
				continue
			}
			found, err := u.checkClient(ctx, want.id, id, c.unfit)
			if err != nil {
				return nil, err
			}
			problems = append(problems, found...)
		}
	}
	return problems, nil
}

func checkTriggers(pool *types.UserPoolType, want, before poolProperties) (problems []error) {
	for _, trigger := range triggerNames {
		present := aws.ToString(*slot(pool, trigger))
		if present == "" || want.triggers[trigger] == "" || isOwn(trigger, present, want, before) || slices.Contains(want.replace, trigger) {
			continue
		}
		problems = append(problems, fmt.Errorf("user pool %s has the trigger %s already, %s: remove it, or list it in ReplaceTriggers, and it is put back when the stack is deleted",
			want.id, trigger, present))
	}
	return problems
}

func checkAttributes(pool *types.UserPoolType, want poolProperties) (problems []error) {
	for _, name := range want.attributes {
		a := findAttribute(pool, name)
		if a == nil || a.AttributeDataType == types.AttributeDataTypeString && aws.ToBool(a.Mutable) {
			continue
		}
		problems = append(problems, fmt.Errorf("user pool %s has a custom attribute %s of type %s, mutable: %t, and Cognito can't change it: want a mutable %s, so use another MarkerAttribute",
			want.id, name, a.AttributeDataType, aws.ToBool(a.Mutable), types.AttributeDataTypeString))
	}
	return problems
}

// isFolded says whether a pool ignores the case of user names. One that doesn't
// say has the default of the API, which minds it.
func isFolded(pool *types.UserPoolType) bool {
	names := pool.UsernameConfiguration
	return names != nil && names.CaseSensitive != nil && !*names.CaseSensitive
}

// checkClient returns what makes an app client unfit. err is a fault.
func (u userPools) checkClient(ctx context.Context, poolID, id string, unfit func(*types.UserPoolClientType) []error) (problems []error, err error) {
	out, err := u.client.DescribeUserPoolClient(ctx, &cognitoidentityprovider.DescribeUserPoolClientInput{UserPoolId: &poolID, ClientId: &id})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return []error{fmt.Errorf("app client %s: user pool %s has no such client: list clients of this pool", id, poolID)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing app client %s: %w", id, err)
	}
	client := out.UserPoolClient
	problems = unfit(client)
	if client.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled {
		problems = append(problems, fmt.Errorf("app client %s has PreventUserExistenceErrors %s, which tells everybody who has an account: set it to %s",
			id, types.PreventUserExistenceErrorTypesLegacy, types.PreventUserExistenceErrorTypesEnabled))
	}
	return problems, nil
}

// unfitToServe returns why passkeys can't be served on an app client.
func unfitToServe(client *types.UserPoolClientType, withoutPasswords bool) (problems []error) {
	if !allowsCustomAuth(client.ExplicitAuthFlows) {
		problems = append(problems, fmt.Errorf("app client %s has the flows %q: add %s",
			*client.ClientId, client.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowCustomAuth))
	}
	if withoutPasswords && allowsPasswords(client.ExplicitAuthFlows) {
		problems = append(problems, fmt.Errorf("app client %s has the flows %q, which take passwords: leave it no more than %s and %s",
			*client.ClientId, client.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth))
	}
	return problems
}

// unfitForPasswords returns why a passkey can't end passwords on an app client:
// where other flows are allowed, nothing tells how a user signs in.
func unfitForPasswords(client *types.UserPoolClientType) []error {
	if !allowsCustomAuth(client.ExplicitAuthFlows) && !slices.Contains(client.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth) {
		return nil
	}
	return []error{fmt.Errorf("app client %s, of PasswordClients, has the flows %q: take away %s and %s, on which users with a passkey would be refused too",
		*client.ClientId, client.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeAllowUserAuth)}
}

// allowsPasswords says whether any of the flows may take a password. Choice-based
// sign-in always may.
func allowsPasswords(flows []types.ExplicitAuthFlowsType) bool {
	return len(flows) == 0 || slices.ContainsFunc(flows, func(flow types.ExplicitAuthFlowsType) bool {
		return flow != types.ExplicitAuthFlowsTypeAllowCustomAuth && flow != types.ExplicitAuthFlowsTypeCustomAuthFlowOnly &&
			flow != types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth
	})
}

// allowsCustomAuth knows the names of the flows that are in use and the older
// ones. A client that names none has Cognito's default, with custom authentication.
func allowsCustomAuth(flows []types.ExplicitAuthFlowsType) bool {
	return len(flows) == 0 || slices.Contains(flows, types.ExplicitAuthFlowsTypeAllowCustomAuth) ||
		slices.Contains(flows, types.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
}
