package main

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// reservedTags begins the keys of tags that AWS itself puts and nobody else may.
const reservedTags = "aws:"

// updateOf returns the request that leaves a pool as it is described.
// UpdateUserPool sets whatever a request leaves out to Cognito's default, so the
// request carries every setting that it takes. The factors of MFA and those of
// native passkeys are none of them: SetUserPoolMfaConfig keeps them apart.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
func updateOf(pool *types.UserPoolType) *cognitoidentityprovider.UpdateUserPoolInput {
	return &cognitoidentityprovider.UpdateUserPoolInput{
		UserPoolId:                  pool.Id,
		PoolName:                    pool.Name,
		AccountRecoverySetting:      pool.AccountRecoverySetting,
		AdminCreateUserConfig:       adminCreateUserConfig(pool),
		AutoVerifiedAttributes:      pool.AutoVerifiedAttributes,
		DeletionProtection:          pool.DeletionProtection,
		DeviceConfiguration:         pool.DeviceConfiguration,
		EmailConfiguration:          pool.EmailConfiguration,
		IssuerConfiguration:         pool.IssuerConfiguration,
		KeyConfiguration:            pool.KeyConfiguration,
		LambdaConfig:                pool.LambdaConfig,
		MfaConfiguration:            pool.MfaConfiguration,
		Policies:                    pool.Policies,
		SmsAuthenticationMessage:    pool.SmsAuthenticationMessage,
		SmsConfiguration:            pool.SmsConfiguration,
		UserAttributeUpdateSettings: pool.UserAttributeUpdateSettings,
		UserPoolAddOns:              pool.UserPoolAddOns,
		UserPoolTags:                ownTags(pool.UserPoolTags),
		UserPoolTier:                pool.UserPoolTier,
		VerificationMessageTemplate: verificationMessages(pool),
	}
}

// adminCreateUserConfig leaves out the validity of temporary passwords where the
// password policy has it. Cognito describes both and takes only one.
func adminCreateUserConfig(pool *types.UserPoolType) *types.AdminCreateUserConfigType {
	if pool.AdminCreateUserConfig == nil {
		return nil
	}
	config := *pool.AdminCreateUserConfig
	if pool.Policies != nil && pool.Policies.PasswordPolicy != nil && pool.Policies.PasswordPolicy.TemporaryPasswordValidityDays != 0 {
		config.UnusedAccountValidityDays = 0
	}
	return &config
}

// verificationMessages brings the messages of an old pool into the template, the
// one place that is still in use. A template for links takes no message with a code.
func verificationMessages(pool *types.UserPoolType) *types.VerificationMessageTemplateType {
	var template types.VerificationMessageTemplateType
	if pool.VerificationMessageTemplate != nil {
		template = *pool.VerificationMessageTemplate
	}
	inherit(&template.SmsMessage, pool.SmsVerificationMessage)
	if template.DefaultEmailOption != types.DefaultEmailOptionTypeConfirmWithLink {
		inherit(&template.EmailMessage, pool.EmailVerificationMessage)
		inherit(&template.EmailSubject, pool.EmailVerificationSubject)
	}
	if template == (types.VerificationMessageTemplateType{}) {
		return nil
	}
	return &template
}

func inherit(setting **string, old *string) {
	if aws.ToString(*setting) == "" {
		*setting = old
	}
}

// ownTags leaves out the tags that a request may not hold, and that none can take away.
func ownTags(tags map[string]string) map[string]string {
	own := maps.Clone(tags)
	maps.DeleteFunc(own, func(key, _ string) bool { return strings.HasPrefix(key, reservedTags) })
	return own
}
