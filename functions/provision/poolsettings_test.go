package main

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// moved are the members of an update that don't carry the member of that name:
// member → why.
var moved = map[string]string{
	"UserPoolId":               "Id where a pool is described",
	"PoolName":                 "Name where a pool is described",
	"EmailVerificationMessage": "superseded by VerificationMessageTemplate, into which its text goes",
	"EmailVerificationSubject": "the same",
	"SmsVerificationMessage":   "the same",
}

// unset are the members of a described pool that UpdateUserPool doesn't take:
// member → why nothing is lost.
var unset = map[string]string{
	"AliasAttributes":           "fixed when the pool was made",
	"Arn":                       "fixed",
	"CreationDate":              "fixed",
	"CustomDomain":              "kept apart, by UpdateUserPoolDomain",
	"Domain":                    "the same",
	"EmailConfigurationFailure": "a report",
	"EstimatedNumberOfUsers":    "a report",
	"LastModifiedDate":          "a report",
	"SchemaAttributes":          "only AddCustomAttributes adds to it",
	"SmsConfigurationFailure":   "a report",
	"Status":                    "not in use",
	"UsernameAttributes":        "fixed when the pool was made",
	"UsernameConfiguration":     "fixed when the pool was made",
}

// fill gives every member of a value, at any depth, something else than zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"team": "accounts"}))
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(1)
	}
}

// filledPool is a pool of which every setting is set.
func filledPool() *types.UserPoolType {
	pool := &types.UserPoolType{}
	fill(reflect.ValueOf(pool).Elem())
	return pool
}

func exported(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			names = append(names, t.Field(i).Name)
		}
	}
	return names
}

// A member that a later version of the SDK brings fails here until it is carried
// or listed with a reason.
func TestUpdateCarriesEverySetting(t *testing.T) {
	pool := filledPool()
	pool.AdminCreateUserConfig.UnusedAccountValidityDays = 0 // the policy has the validity
	described, update := reflect.ValueOf(pool).Elem(), reflect.ValueOf(updateOf(pool)).Elem()
	members := exported(update.Type())
	for _, name := range members {
		if moved[name] != "" {
			continue
		}
		if !reflect.DeepEqual(update.FieldByName(name).Interface(), described.FieldByName(name).Interface()) {
			t.Errorf("%s is %+v in the update of a pool that has %+v", name, update.FieldByName(name), described.FieldByName(name))
		}
	}
	for _, name := range exported(described.Type()) {
		if !slices.Contains(members, name) && unset[name] == "" && name != "Id" && name != "Name" {
			t.Errorf("%s of a described pool is lost", name)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(moved)), slices.Collect(maps.Keys(unset))) {
		if !slices.Contains(members, name) && !described.FieldByName(name).IsValid() {
			t.Errorf("%s is listed, and there is no such member", name)
		}
	}
	if got := updateOf(pool); *got.UserPoolId != *pool.Id || *got.PoolName != *pool.Name {
		t.Errorf("the update is for %s, named %s", *got.UserPoolId, *got.PoolName)
	}
}

func TestUpdateSaysNothingTwice(t *testing.T) {
	link := types.DefaultEmailOptionTypeConfirmWithLink
	tests := map[string]struct {
		change func(*types.UserPoolType)
		want   func(*cognitoidentityprovider.UpdateUserPoolInput) bool
	}{
		"the validity of temporary passwords is the policy's": {
			func(p *types.UserPoolType) { p.AdminCreateUserConfig.UnusedAccountValidityDays = 7 },
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return u.AdminCreateUserConfig.UnusedAccountValidityDays == 0 && u.Policies.PasswordPolicy.TemporaryPasswordValidityDays == 1
			},
		},
		"the validity of an old pool stays where it is": {
			func(p *types.UserPoolType) {
				p.AdminCreateUserConfig.UnusedAccountValidityDays, p.Policies.PasswordPolicy.TemporaryPasswordValidityDays = 7, 0
			},
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return u.AdminCreateUserConfig.UnusedAccountValidityDays == 7
			},
		},
		"the messages of an old pool go into the template": {
			func(p *types.UserPoolType) {
				p.VerificationMessageTemplate = nil
				p.EmailVerificationMessage, p.EmailVerificationSubject, p.SmsVerificationMessage = aws.String("mail"), aws.String("subject"), aws.String("sms")
			},
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				template := u.VerificationMessageTemplate
				return u.EmailVerificationMessage == nil && u.EmailVerificationSubject == nil && u.SmsVerificationMessage == nil &&
					*template.EmailMessage == "mail" && *template.EmailSubject == "subject" && *template.SmsMessage == "sms"
			},
		},
		"the message of today stays": {
			func(p *types.UserPoolType) { p.EmailVerificationMessage = aws.String("old") },
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return *u.VerificationMessageTemplate.EmailMessage == "text"
			},
		},
		"a template for links takes no message with a code": {
			func(p *types.UserPoolType) {
				p.VerificationMessageTemplate = &types.VerificationMessageTemplateType{DefaultEmailOption: link, EmailMessageByLink: aws.String("{##here##}")}
			},
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return u.VerificationMessageTemplate.EmailMessage == nil && *u.VerificationMessageTemplate.EmailMessageByLink == "{##here##}" &&
					*u.VerificationMessageTemplate.SmsMessage == "text"
			},
		},
		"tags that AWS puts are not sent": {
			func(p *types.UserPoolType) {
				p.UserPoolTags = map[string]string{"aws:cloudformation:stack-name": "Theirs", "team": "accounts"}
			},
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return maps.Equal(u.UserPoolTags, map[string]string{"team": "accounts"})
			},
		},
		"a pool without settings gets none": {
			func(p *types.UserPoolType) { *p = types.UserPoolType{Id: p.Id} },
			func(u *cognitoidentityprovider.UpdateUserPoolInput) bool {
				return reflect.DeepEqual(u, &cognitoidentityprovider.UpdateUserPoolInput{UserPoolId: aws.String("text")})
			},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			pool := filledPool()
			tt.change(pool)
			if got := updateOf(pool); !tt.want(got) {
				t.Errorf("update %+v", got)
			}
		})
	}
}
