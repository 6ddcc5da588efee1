// Package actions is what Corbado Connect asks of a user pool around its own
// work: before a sign-in, which user a person means (pre-login), and after a
// passkey was added, that the user's other ways to sign in ask for a second
// factor (post-append).
//
// https://docs.corbado.com/corbado-connect/architecture/actions
package actions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/internal/lookup"
)

// Cognito is the part of the user-pool API that the actions need.
type Cognito interface {
	lookup.Users // AdminGetUser
	ListUsers(context.Context, *cognitoidentityprovider.ListUsersInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUsersOutput, error)
	AdminSetUserMFAPreference(context.Context, *cognitoidentityprovider.AdminSetUserMFAPreferenceInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminSetUserMFAPreferenceOutput, error)
}

// MFA is a second factor, in the words of UserMFASettingList of AdminGetUser.
type MFA string

// The second factors.
const (
	SMS      MFA = "SMS_MFA"
	EmailOTP MFA = "EMAIL_OTP"
	TOTP     MFA = "SOFTWARE_TOKEN_MFA"
)

// ErrMFA is returned by ParseMFA.
var ErrMFA = errors.New("second factor: want " + string(SMS) + ", " + string(EmailOTP) + " or " + string(TOTP))

// ParseMFA returns the second factor of that name, or none for no name.
func ParseMFA(name string) (MFA, error) {
	switch m := MFA(name); m {
	case "", SMS, EmailOTP, TOTP:
		return m, nil
	default:
		return "", fmt.Errorf("%w, not %q", ErrMFA, name)
	}
}

// Actions answers what Corbado asks.
type Actions struct {
	Cognito Cognito
	PoolID  string
	MFA     MFA // what PostAppend prefers for users who have none; empty for a pool without MFA
}

// Problem is why an action did not go through, in Corbado's form.
type Problem struct {
	Return  bool   `json:"return"` // whether the person is handed back to the page's own sign-in
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	Payload string `json:"payload,omitempty"`
}

// Codes of problems.
const (
	CodeUserNotFound   = "user_not_found"
	CodeDisabled       = "account_disabled"
	CodeForceChange    = "force_change_password"
	CodeResetRequired  = "reset_required"
	CodeMFAUnavailable = "mfa_unavailable"
	CodeUntyped        = "untyped" // a fault, to try again
)

// PreLoginReply says which user a person means.
type PreLoginReply struct {
	Identifier string   `json:"identifier"` // the Cognito user name, or what was typed if nobody has it
	Error      *Problem `json:"error,omitempty"`
}

// PreLogin translates what a person typed, usually an e-mail address, into the
// Cognito user name. An error is a fault.
func (a Actions) PreLogin(ctx context.Context, typed string) (PreLoginReply, error) {
	user, err := a.find(ctx, typed)
	switch {
	case errors.Is(err, lookup.ErrNobody):
		return PreLoginReply{typed, &Problem{Return: true, Code: CodeUserNotFound, Message: "There is no such user."}}, nil
	case err != nil:
		return PreLoginReply{}, err
	}
	return PreLoginReply{user.name, user.problem(typed)}, nil
}

// user is the part of a user that decides.
type user struct {
	name    string
	status  types.UserStatusType
	enabled bool
	hasMFA  bool
}

// problem is why the user can't sign in as usual; nil if nothing is known that speaks against it.
func (u user) problem(typed string) *Problem {
	switch {
	case !u.enabled:
		return &Problem{Code: CodeDisabled, Message: "The account is disabled."}
	case u.status == types.UserStatusTypeForceChangePassword:
		return &Problem{Code: CodeForceChange, Message: "The temporary password has to be changed first."}
	case u.status == types.UserStatusTypeResetRequired:
		return &Problem{Return: true, Code: CodeResetRequired, Payload: typed}
	default:
		return nil
	}
}

// find returns the user that a typed name means, or lookup.ErrNobody. A user who has not
// confirmed an address yet is not found by it: such a one is looked for too, and
// counts only if nobody else waits to confirm the same address.
func (a Actions) find(ctx context.Context, typed string) (user, error) {
	found, err := a.get(ctx, typed)
	if !errors.Is(err, lookup.ErrNobody) || !lookup.IsName(typed) {
		return found, err
	}
	out, err := a.Cognito.ListUsers(ctx, &cognitoidentityprovider.ListUsersInput{
		UserPoolId:      &a.PoolID,
		AttributesToGet: []string{"sub"}, // the user names are enough
		Filter:          aws.String(`email = "` + filterEscaper.Replace(typed) + `"`),
	})
	if err != nil {
		return user{}, fmt.Errorf("looking for an unconfirmed user: %w", err)
	}
	var unconfirmed []user
	for _, u := range out.Users {
		if u.UserStatus == types.UserStatusTypeUnconfirmed {
			unconfirmed = append(unconfirmed, user{name: aws.ToString(u.Username), status: u.UserStatus, enabled: u.Enabled})
		}
	}
	if len(unconfirmed) != 1 {
		return user{}, lookup.ErrNobody
	}
	return unconfirmed[0], nil
}

// filterEscaper keeps a value inside the quotation marks of a ListUsers filter.
//
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
var filterEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// get returns the user that Cognito finds by a name or an alias, or lookup.ErrNobody.
func (a Actions) get(ctx context.Context, name string) (user, error) {
	out, err := lookup.User(ctx, a.Cognito, a.PoolID, name)
	if err != nil {
		return user{}, err
	}
	return user{
		name:    aws.ToString(out.Username),
		status:  out.UserStatus,
		enabled: out.Enabled,
		hasMFA:  len(out.UserMFASettingList) > 0,
	}, nil
}

// PostAppendReply says what became of a user's second factor.
type PostAppendReply struct {
	Username string   `json:"username"`
	Error    *Problem `json:"error,omitempty"`
}

// PostAppend makes the second factor the preferred one of a user who has none,
// and says so if the pool has none. An error is a fault.
func (a Actions) PostAppend(ctx context.Context, userName string) (PostAppendReply, error) {
	user, err := a.get(ctx, userName)
	switch {
	case errors.Is(err, lookup.ErrNobody):
		return PostAppendReply{userName, &Problem{Return: true, Code: CodeUserNotFound, Message: "There is no such user."}}, nil
	case err != nil:
		return PostAppendReply{}, err
	case user.hasMFA:
		return PostAppendReply{Username: user.name}, nil
	case a.MFA == "":
		return PostAppendReply{user.name, mfaUnavailable("The user pool has no multi-factor authentication, so there is nothing to prefer.")}, nil
	}
	_, err = a.Cognito.AdminSetUserMFAPreference(ctx, a.preference(user.name))
	var refused *types.InvalidParameterException
	switch {
	case errors.As(err, &refused):
		return PostAppendReply{user.name, mfaUnavailable("Amazon Cognito refuses to prefer " + string(a.MFA) + " for this user: " +
			"the user pool has multi-factor authentication off or without this factor, or the user has not set it up.")}, nil
	case err != nil:
		return PostAppendReply{}, fmt.Errorf("setting the user's second factor: %w", err)
	}
	return PostAppendReply{Username: user.name}, nil
}

func mfaUnavailable(message string) *Problem {
	return &Problem{Return: true, Code: CodeMFAUnavailable, Message: message}
}

func (a Actions) preference(userName string) *cognitoidentityprovider.AdminSetUserMFAPreferenceInput {
	in := &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{UserPoolId: &a.PoolID, Username: &userName}
	switch a.MFA {
	case SMS:
		in.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}
	case EmailOTP:
		in.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true}
	case TOTP:
		in.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true}
	}
	return in
}
