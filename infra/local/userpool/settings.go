package userpool

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// settings are the properties of a pool as they were given, by the names of AWS::Cognito::UserPool: property → value.
type settings map[string]json.RawMessage

const (
	memberUserPoolID = "UserPoolId"
	memberName       = "Name"         // of the pool, where it is described
	memberNewName    = "PoolName"     // of the pool, where it is updated
	propertyName     = "UserPoolName" // of the pool, in a template
)

// updatable are the settings that UpdateUserPool takes, which sets those that a request leaves out to their defaults.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
var updatable = set([]string{
	"AccountRecoverySetting", "AdminCreateUserConfig", "AutoVerifiedAttributes", "DeletionProtection", "DeviceConfiguration",
	"EmailConfiguration", "EmailVerificationMessage", "EmailVerificationSubject", "IssuerConfiguration", "KeyConfiguration",
	"LambdaConfig", "MfaConfiguration", "Policies", "SmsAuthenticationMessage", "SmsConfiguration", "SmsVerificationMessage",
	"UserAttributeUpdateSettings", "UserPoolAddOns", "UserPoolTags", "UserPoolTier", "VerificationMessageTemplate",
})

// undescribed are the properties of a template that DescribeUserPool doesn't show, or shows by another name.
var undescribed = set([]string{
	"EnabledMfas", "Schema", propertyName, "WebAuthnFactorConfiguration", "WebAuthnRelyingPartyID", "WebAuthnUserVerification",
})

// parse reads settings, which are valid JSON.
func (s settings) parse() (poolProperties, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return poolProperties{}, err
	}
	return parsePoolProperties(data)
}

// checkPairs refuses what a setting and the one that superseded it say differently.
func (s settings) checkPairs() error {
	var p struct {
		AdminCreateUserConfig                                                      struct{ UnusedAccountValidityDays int }
		Policies                                                                   struct{ PasswordPolicy passwordPolicy }
		EmailVerificationMessage, EmailVerificationSubject, SmsVerificationMessage string
		VerificationMessageTemplate                                                verificationMessages
		UserPoolTags                                                               map[string]string
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return fail(invalidParameter, "reading the settings: %v", err)
	}
	if p.AdminCreateUserConfig.UnusedAccountValidityDays != 0 && p.Policies.PasswordPolicy.TemporaryPasswordValidityDays != 0 {
		return fail(invalidParameter, "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays")
	}
	for _, pair := range []struct{ name, old, current string }{
		{"EmailVerificationMessage", p.EmailVerificationMessage, p.VerificationMessageTemplate.EmailMessage},
		{"EmailVerificationSubject", p.EmailVerificationSubject, p.VerificationMessageTemplate.EmailSubject},
		{"SmsVerificationMessage", p.SmsVerificationMessage, p.VerificationMessageTemplate.SmsMessage},
	} {
		if pair.old != "" && pair.current != "" && pair.old != pair.current {
			return fail(invalidParameter, "%s differs from VerificationMessageTemplate", pair.name)
		}
	}
	for key := range p.UserPoolTags {
		if strings.HasPrefix(key, "aws:") {
			return fail(invalidParameter, "aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

// verificationMessages is the API's VerificationMessageTemplateType.
type verificationMessages struct {
	DefaultEmailOption, EmailMessage, EmailMessageByLink, EmailSubject, EmailSubjectByLink, SmsMessage string `json:",omitempty"`
}

type describeUserPoolInput struct{ forPool }

type describeUserPoolOutput struct {
	UserPool map[string]any // the API's UserPoolType
}

// describeUserPool answers by the settings, with the defaults of what they leave out and with what the pool made of
// them. As in Cognito, the validity of temporary passwords and the messages with codes stand there twice, in the member
// of today and in the one that it superseded.
func (p *Pool) describeUserPool(_ *call, _ describeUserPoolInput) (out describeUserPoolOutput, err error) {
	described := map[string]any{
		"Id": p.id, "Arn": p.ARN(), "CreationDate": stamp(p.created), "LastModifiedDate": stamp(p.modified),
		"EstimatedNumberOfUsers": len(p.Users), "SchemaAttributes": p.schemaAttributes(),
		"DeletionProtection": "INACTIVE", "UserPoolTier": tierEssentials,
		"MfaConfiguration": p.properties.MfaConfiguration, memberName: p.settings[propertyName],
	}
	for name, value := range p.settings {
		if !undescribed[name] {
			described[name] = value
		}
	}
	if err := p.describePairs(described); err != nil {
		return out, fmt.Errorf("describing user pool %s: %w", p.id, err)
	}
	maps.DeleteFunc(described, func(_ string, value any) bool { raw, isRaw := value.(json.RawMessage); return isRaw && raw == nil })
	return describeUserPoolOutput{described}, nil
}

func (p *Pool) describePairs(described map[string]any) error {
	policy := p.properties.Policies.PasswordPolicy
	policies := map[string]any{"PasswordPolicy": policy}
	if signIn := p.properties.Policies.SignInPolicy; signIn.AllowedFirstAuthFactors != nil {
		policies["SignInPolicy"] = signIn
	}
	described["Policies"] = policies

	users := map[string]any{}
	if err := unmarshal(p.settings["AdminCreateUserConfig"], &users); err != nil {
		return err
	}
	users["AllowAdminCreateUserOnly"] = p.properties.AdminCreateUserConfig.AllowAdminCreateUserOnly
	users["UnusedAccountValidityDays"] = policy.TemporaryPasswordValidityDays
	described["AdminCreateUserConfig"] = users

	messages := verificationMessages{DefaultEmailOption: "CONFIRM_WITH_CODE"}
	if err := unmarshal(p.settings["VerificationMessageTemplate"], &messages); err != nil {
		return err
	}
	for name, message := range map[string]*string{
		"EmailVerificationMessage": &messages.EmailMessage, "EmailVerificationSubject": &messages.EmailSubject,
		"SmsVerificationMessage": &messages.SmsMessage,
	} {
		if *message == "" {
			if err := unmarshal(p.settings[name], message); err != nil {
				return err
			}
		}
		if *message != "" {
			described[name] = *message
		}
	}
	described["VerificationMessageTemplate"] = messages
	return nil
}

// unmarshal is json.Unmarshal for a value that may be absent.
func unmarshal(raw json.RawMessage, into any) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func (p *Pool) schemaAttributes() []map[string]any {
	var list []map[string]any
	for _, name := range slices.Sorted(maps.Keys(p.schema)) {
		a := p.schema[name]
		list = append(list, map[string]any{
			"Name": name, "AttributeDataType": a.AttributeDataType, "DeveloperOnlyAttribute": false,
			"Mutable": a.mutable() && name != attrSub, "Required": a.Required || name == attrSub,
		})
	}
	return list
}

// updateUserPoolInput: member → value
type updateUserPoolInput map[string]json.RawMessage

func (in updateUserPoolInput) poolID() (id string) {
	_ = unmarshal(in[memberUserPoolID], &id) // what is no text is no id of a pool
	return id
}

func (p *Pool) updateUserPool(_ *call, in updateUserPoolInput) (out struct{}, err error) {
	next := settings{}
	for name, value := range p.settings {
		if !updatable[name] {
			next[name] = value
		}
	}
	for name, value := range in {
		switch {
		case name == memberUserPoolID:
		case name == memberNewName:
			next[propertyName] = value
		case !updatable[name]:
			return out, fail(invalidParameter, "reading the request: the local user pool doesn't know the member %q", name)
		default:
			next[name] = value
		}
	}
	if err := next.checkPairs(); err != nil {
		return out, err
	}
	properties, err := next.parse()
	if err != nil {
		return out, fail(invalidParameter, "%v", err)
	}
	if p.options.Invoke == nil && properties.LambdaConfig != (lambdaConfig{}) {
		return out, fail(invalidParameter, "LambdaConfig names triggers, which this local user pool can't call")
	}
	p.settings, p.properties, p.modified = next, properties, p.now()
	return out, nil
}

// Properties returns the pool's properties as the API has left them, for New.
func (p *Pool) Properties() (json.RawMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var schema []schemaAttribute
	for _, name := range slices.Sorted(maps.Keys(p.schema)) {
		a := p.schema[name]
		a.Name = strings.TrimPrefix(name, customPrefix)
		schema = append(schema, a)
	}
	encoded, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	properties := maps.Clone(p.settings)
	properties["Schema"] = encoded
	return json.Marshal(properties)
}

// Limits of custom attributes.
// https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
const (
	maxCustomAttributes = 50
	maxAddedAttributes  = 25 // in one request
	maxAttributeName    = 20 // characters
)

type addCustomAttributesInput struct {
	forPool
	CustomAttributes []schemaAttribute
}

func (p *Pool) addCustomAttributes(_ *call, in addCustomAttributesInput) (out struct{}, err error) {
	if n := len(in.CustomAttributes); n < 1 || n > maxAddedAttributes {
		return out, fail(invalidParameter, "CustomAttributes has %d members: want 1 to %d", n, maxAddedAttributes)
	}
	schema := maps.Clone(p.schema)
	for _, a := range in.CustomAttributes {
		if err := a.checkCustom(); err != nil {
			return out, fail(invalidParameter, "%v", err)
		}
		a.Name = customPrefix + a.Name
		if _, exists := schema[a.Name]; exists {
			return out, fail(invalidParameter, "%s: Existing attribute already has name %s.", a.Name, a.Name)
		}
		schema[a.Name] = a.typed()
	}
	if n := len(schema) - len(standardTypes); n > maxCustomAttributes {
		return out, fail(invalidParameter, "the pool would have %d custom attributes: want %d at most", n, maxCustomAttributes)
	}
	p.schema, p.modified = schema, p.now()
	return out, nil
}

// checkCustom reports what is wrong with the definition of a custom attribute.
func (a schemaAttribute) checkCustom() error {
	switch {
	case a.DeveloperOnlyAttribute:
		return fmt.Errorf("attribute %q of Schema: DeveloperOnlyAttribute is not served", a.Name)
	case a.Required:
		return fmt.Errorf("attribute %q of Schema: a custom attribute can't be required", a.Name)
	case a.Name == "" || utf8.RuneCountInString(a.Name) > maxAttributeName:
		return fmt.Errorf("attribute %q of Schema: want a name of 1 to %d characters", a.Name, maxAttributeName)
	}
	if err := only("AttributeDataType", []string{a.typed().AttributeDataType}, typeBoolean, typeDateTime, typeNumber, typeString); err != nil {
		return fmt.Errorf("attribute %q of Schema: %w", a.Name, err)
	}
	return nil
}

// typed is the attribute with its data type, which is text unless it says otherwise.
func (a schemaAttribute) typed() schemaAttribute {
	if a.AttributeDataType == "" {
		a.AttributeDataType = typeString
	}
	return a
}
