package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// How often a pool is changed anew that others change at the same moment, and
// how much longer the function waits before each time.
const (
	changeAttempts = 5
	changePause    = time.Second
)

// slots: trigger that a pool may get → where its settings have it
var slots = map[string]func(*types.LambdaConfigType) **string{
	provisioning.TriggerDefine:            func(c *types.LambdaConfigType) **string { return &c.DefineAuthChallenge },
	provisioning.TriggerCreate:            func(c *types.LambdaConfigType) **string { return &c.CreateAuthChallenge },
	provisioning.TriggerVerify:            func(c *types.LambdaConfigType) **string { return &c.VerifyAuthChallengeResponse },
	provisioning.TriggerPreSignUp:         func(c *types.LambdaConfigType) **string { return &c.PreSignUp },
	provisioning.TriggerPostConfirmation:  func(c *types.LambdaConfigType) **string { return &c.PostConfirmation },
	provisioning.TriggerPreAuthentication: func(c *types.LambdaConfigType) **string { return &c.PreAuthentication },
}

// triggerNames are the triggers that a pool may get.
var triggerNames = slices.Sorted(maps.Keys(slots))

// poolClient is the subset of *cognitoidentityprovider.Client that user pools need.
type poolClient interface {
	DescribeUserPool(context.Context, *cognitoidentityprovider.DescribeUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolOutput, error)
	DescribeUserPoolClient(context.Context, *cognitoidentityprovider.DescribeUserPoolClientInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolClientOutput, error)
	UpdateUserPool(context.Context, *cognitoidentityprovider.UpdateUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.UpdateUserPoolOutput, error)
	AddCustomAttributes(context.Context, *cognitoidentityprovider.AddCustomAttributesInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AddCustomAttributesOutput, error)
}

// userPools gives triggers to pools that others own, and takes them away again.
type userPools struct {
	client    poolClient
	displaced displacedTriggers
	pause     func(context.Context, time.Duration) error
}

// attach gives the pool its attributes and triggers, once it is known to suit.
// before are the properties that the resource had, if it had any: triggers of
// theirs are the stack's own, and make way for what they replaced once the stack
// has no more use for them.
func (u userPools) attach(ctx context.Context, want, before poolProperties) error {
	return u.change(ctx, want.id, func(pool *types.UserPoolType) (bool, error) {
		if err := u.check(ctx, pool, want, before); err != nil {
			return false, err
		}
		if err := u.addAttributes(ctx, pool, want); err != nil {
			return false, err
		}
		displaced, err := u.remember(ctx, pool, want, before)
		if err != nil {
			return false, err
		}
		return setTriggers(pool, func(trigger, present string) string {
			switch {
			case want.triggers[trigger] != "":
				return want.triggers[trigger]
			case isOwn(trigger, present, want, before):
				return displaced[trigger]
			default:
				return present
			}
		}), nil
	})
}

// detach puts back what the triggers replaced. A trigger that is not the
// stack's own stays, such as one that refused the stack, or that came later.
func (u userPools) detach(ctx context.Context, want poolProperties) error {
	displaced, err := u.displaced.read(ctx, want)
	if err != nil {
		return err
	}
	err = u.change(ctx, want.id, func(pool *types.UserPoolType) (bool, error) {
		return setTriggers(pool, func(trigger, present string) string {
			if isOwn(trigger, present, want, poolProperties{}) {
				return displaced[trigger]
			}
			return present
		}), nil
	})
	var gone *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &gone) {
		return err
	}
	return u.displaced.remove(ctx, want)
}

// change describes a pool, has decide change the description, and writes it if
// decide says that it did. It begins anew if somebody else changed the pool
// meanwhile, because what it described may be out of date.
func (u userPools) change(ctx context.Context, id string, decide func(*types.UserPoolType) (changed bool, err error)) error {
	for attempt := 1; ; attempt++ {
		out, err := u.client.DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &id})
		if err != nil {
			return fmt.Errorf("describing user pool %s: %w", id, err)
		}
		changed, err := decide(out.UserPool)
		if err != nil || !changed {
			return err
		}
		_, err = u.client.UpdateUserPool(ctx, updateOf(out.UserPool))
		if err == nil {
			return nil
		}
		var meanwhile *types.ConcurrentModificationException
		if !errors.As(err, &meanwhile) || attempt == changeAttempts {
			return fmt.Errorf("updating user pool %s%s: %w", id, needs(err, out.UserPool), err)
		}
		if err := u.pause(ctx, time.Duration(attempt)*changePause); err != nil {
			return fmt.Errorf("waiting for others to change user pool %s: %w", id, err)
		}
	}
}

// needs tells of a denied update what settings of the pool ask of the caller
// besides: Cognito checks whoever sets them, although they stay as they are.
func needs(err error, pool *types.UserPoolType) string {
	if !isDenied(err) {
		return ""
	}
	var text string
	if pool.SmsConfiguration != nil {
		text += fmt.Sprintf(", whose text messages ask for iam:PassRole on %s", aws.ToString(pool.SmsConfiguration.SnsCallerArn))
	}
	if pool.LambdaConfig.KMSKeyID != nil {
		text += fmt.Sprintf(", whose custom senders ask for kms:CreateGrant on %s", *pool.LambdaConfig.KMSKeyID)
	}
	return text
}

func isDenied(err error) bool {
	var failure smithy.APIError
	return errors.As(err, &failure) && failure.ErrorCode() == "AccessDeniedException"
}

func (u userPools) addAttributes(ctx context.Context, pool *types.UserPoolType, want poolProperties) error {
	var added []types.SchemaAttributeType
	for _, name := range want.attributes {
		if findAttribute(pool, name) == nil {
			added = append(added, types.SchemaAttributeType{
				Name: &name, AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true),
			})
		}
	}
	if added == nil {
		return nil
	}
	_, err := u.client.AddCustomAttributes(ctx, &cognitoidentityprovider.AddCustomAttributesInput{UserPoolId: &want.id, CustomAttributes: added})
	if err != nil {
		return fmt.Errorf("adding custom attributes %q to user pool %s: %w", want.attributes, want.id, err)
	}
	return nil
}

// remember keeps what the triggers replace, and returns it: trigger → ARN of the
// function. Where they are the stack's own already, or not wanted, what they
// replaced is known.
func (u userPools) remember(ctx context.Context, pool *types.UserPoolType, want, before poolProperties) (map[string]string, error) {
	known, err := u.displaced.read(ctx, want)
	if err != nil {
		return nil, err
	}
	displaced := map[string]string{}
	for _, trigger := range triggerNames {
		present := aws.ToString(*slot(pool, trigger))
		if want.triggers[trigger] == "" || isOwn(trigger, present, want, before) {
			present = known[trigger]
		}
		if present != "" {
			displaced[trigger] = present
		}
	}
	if maps.Equal(displaced, known) {
		return known, nil
	}
	return displaced, u.displaced.write(ctx, want, displaced)
}

// isOwn says whether a trigger, if there is one, is the stack's.
func isOwn(trigger, arn string, want, before poolProperties) bool {
	return arn != "" && (arn == want.triggers[trigger] || arn == before.triggers[trigger])
}

// setTriggers sets each of the triggers to what choose makes of the
// present one, an ARN or nothing, and says whether any changed.
func setTriggers(pool *types.UserPoolType, choose func(trigger, present string) string) bool {
	changed := false
	for _, trigger := range triggerNames {
		field := slot(pool, trigger)
		present := aws.ToString(*field)
		if chosen := choose(trigger, present); chosen != present {
			*field, changed = nil, true
			if chosen != "" {
				*field = &chosen
			}
		}
	}
	return changed
}

// slot is where a pool's settings have a trigger.
func slot(pool *types.UserPoolType, trigger string) **string {
	if pool.LambdaConfig == nil {
		pool.LambdaConfig = &types.LambdaConfigType{}
	}
	return slots[trigger](pool.LambdaConfig)
}

// findAttribute returns a custom attribute of a pool, or nil.
func findAttribute(pool *types.UserPoolType, name string) *types.SchemaAttributeType {
	i := slices.IndexFunc(pool.SchemaAttributes, func(a types.SchemaAttributeType) bool {
		return aws.ToString(a.Name) == "custom:"+name
	})
	if i < 0 {
		return nil
	}
	return &pool.SchemaAttributes[i]
}
