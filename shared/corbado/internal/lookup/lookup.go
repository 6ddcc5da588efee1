// Package lookup finds users of a user pool by names that somebody typed.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Users is the part of the user-pool API that finds a user.
type Users interface {
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error)
}

// ErrNobody is returned for a name that nobody has.
var ErrNobody = errors.New("no such user")

// userNamePattern and maxUserName are those of Username in the API reference;
// Cognito refuses to look for anything else.
//
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
var userNamePattern = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`)

const maxUserName = 128 // characters

// IsName reports whether a text can be a user's name or alias.
func IsName(text string) bool {
	return utf8.RuneCountInString(text) <= maxUserName && userNamePattern.MatchString(text)
}

// User returns the user that Cognito finds by a name or an alias, or ErrNobody.
func User(ctx context.Context, users Users, poolID, name string) (*cognitoidentityprovider.AdminGetUserOutput, error) {
	if !IsName(name) {
		return nil, ErrNobody
	}
	out, err := users.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &poolID, Username: &name})
	var notFound *types.UserNotFoundException
	switch {
	case errors.As(err, &notFound):
		return nil, ErrNobody
	case err != nil:
		return nil, fmt.Errorf("reading the user: %w", err)
	}
	return out, nil
}
