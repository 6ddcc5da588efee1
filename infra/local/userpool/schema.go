package userpool

import (
	"fmt"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Standard attributes that the pool itself acts on.
const (
	attrEmail             = "email"
	attrEmailVerified     = "email_verified"
	attrPhone             = "phone_number"
	attrPhoneVerified     = "phone_number_verified"
	attrPreferredUsername = "preferred_username"
	attrSub               = "sub"
	attrUpdatedAt         = "updated_at"
	attrStatus            = "cognito:user_status" // in trigger events and filters only

	customPrefix = "custom:"
)

// Attribute data types of CloudFormation.
const (
	typeBoolean  = "Boolean"
	typeDateTime = "DateTime"
	typeNumber   = "Number"
	typeString   = "String"
)

// maxAttribute is the longest value of any attribute, in characters.
const maxAttribute = 2048

// schemaAttribute is one entry of a pool's Schema property.
type schemaAttribute struct {
	Name                       string
	AttributeDataType          string
	DeveloperOnlyAttribute     bool
	Mutable                    *bool // nil means true
	Required                   bool
	NumberAttributeConstraints struct{ MinValue, MaxValue string }
	StringAttributeConstraints struct{ MinLength, MaxLength string }
}

func (a schemaAttribute) mutable() bool { return a.Mutable == nil || *a.Mutable }

// standardTypes: standard attribute (OpenID Connect Core section 5.1) → data type.
var standardTypes = map[string]string{
	"address": typeString, "birthdate": typeString, attrEmail: typeString, attrEmailVerified: typeBoolean,
	"family_name": typeString, "gender": typeString, "given_name": typeString, "locale": typeString,
	"middle_name": typeString, "name": typeString, "nickname": typeString, attrPhone: typeString,
	attrPhoneVerified: typeBoolean, "picture": typeString, attrPreferredUsername: typeString, "profile": typeString,
	attrSub: typeString, attrUpdatedAt: typeNumber, "website": typeString, "zoneinfo": typeString,
}

// verifiedBy: attribute that a code can verify → attribute that says so.
var verifiedBy = map[string]string{attrEmail: attrEmailVerified, attrPhone: attrPhoneVerified}

// schema merges the Schema property into Cognito's standard attributes.
func (p *poolProperties) schema() (map[string]schemaAttribute, error) {
	all := make(map[string]schemaAttribute, len(standardTypes)+len(p.Schema))
	for name, dataType := range standardTypes {
		all[name] = schemaAttribute{Name: name, AttributeDataType: dataType}
	}
	for _, a := range p.Schema {
		standard, isStandard := standardTypes[a.Name]
		if isStandard && !a.DeveloperOnlyAttribute {
			a.AttributeDataType = standard
			all[a.Name] = a
			continue
		}
		if err := a.checkCustom(); err != nil {
			return nil, err
		}
		a.Name = customPrefix + strings.TrimPrefix(a.Name, customPrefix)
		all[a.Name] = a.typed()
	}
	return all, nil
}

// nonconforming is Cognito's answer to a value that the schema doesn't take.
func nonconforming(name, reason string) error {
	return fail(invalidParameter, "Attributes did not conform to the schema: %s: %s", name, reason)
}

var (
	phoneNumber = regexp.MustCompile(`^\+[0-9]{1,15}$`)
	numeral     = regexp.MustCompile(`^-?[0-9]{1,18}$`)
)

// check reports what is wrong with a value of the attribute.
func (a schemaAttribute) check(value string) error {
	if utf8.RuneCountInString(value) > maxAttribute {
		return nonconforming(a.Name, "String must be no longer than 2048 characters")
	}
	switch a.AttributeDataType {
	case typeBoolean:
		if value != "true" && value != "false" {
			return nonconforming(a.Name, "Boolean must be true or false")
		}
	case typeNumber:
		return a.checkNumber(value)
	case typeString:
		return a.checkString(value)
	}
	return nil
}

func (a schemaAttribute) checkNumber(value string) error {
	if !numeral.MatchString(value) {
		return nonconforming(a.Name, "Number must be an integer")
	}
	n, _ := strconv.ParseInt(value, 10, 64)
	if least, err := strconv.ParseInt(a.NumberAttributeConstraints.MinValue, 10, 64); err == nil && n < least {
		return nonconforming(a.Name, fmt.Sprintf("Number must be no less than %d", least))
	}
	if most, err := strconv.ParseInt(a.NumberAttributeConstraints.MaxValue, 10, 64); err == nil && n > most {
		return nonconforming(a.Name, fmt.Sprintf("Number must be no greater than %d", most))
	}
	return nil
}

func (a schemaAttribute) checkString(value string) error {
	length := utf8.RuneCountInString(value)
	if least, err := strconv.Atoi(a.StringAttributeConstraints.MinLength); err == nil && length < least {
		return nonconforming(a.Name, fmt.Sprintf("String must be no shorter than %d characters", least))
	}
	if most, err := strconv.Atoi(a.StringAttributeConstraints.MaxLength); err == nil && length > most {
		return nonconforming(a.Name, fmt.Sprintf("String must be no longer than %d characters", most))
	}
	switch {
	case a.Name == attrEmail && !isEmail(value):
		return fail(invalidParameter, "Invalid email address format.")
	case a.Name == attrPhone && !phoneNumber.MatchString(value):
		return fail(invalidParameter, "Invalid phone number format.")
	}
	return nil
}

// isEmail reports whether s is a bare address (RFC 5322 addr-spec).
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}
