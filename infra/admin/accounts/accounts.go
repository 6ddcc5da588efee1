// Package accounts finds users in an Amazon Cognito user pool.
package accounts

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
)

// UserPool implements migrate.Accounts.
type UserPool struct {
	client *cognito.Client
	id     string
}

// New returns the pool of that id.
func New(client *cognito.Client, id string) UserPool { return UserPool{client, id} }

const attributeSub = "sub"

// Find implements migrate.Accounts: by AdminGetUser if the user name is known,
// and otherwise by ListUsers with a filter, both of which cost nothing.
func (p UserPool) Find(ctx context.Context, holder migrate.Holder) (migrate.Account, error) {
	if holder.UserName != "" {
		return p.byName(ctx, holder.UserName)
	}
	return p.bySub(ctx, holder.Sub)
}

func (p UserPool) byName(ctx context.Context, name string) (migrate.Account, error) {
	user, err := p.client.AdminGetUser(ctx, &cognito.AdminGetUserInput{UserPoolId: &p.id, Username: &name})
	var missing *types.UserNotFoundException
	if errors.As(err, &missing) {
		return migrate.Account{}, migrate.ErrNoAccount
	}
	if err != nil {
		return migrate.Account{}, err
	}
	return account(user.Username, user.UserStatus, user.UserAttributes), nil
}

// quoted escapes a value in a filter.
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func (p UserPool) bySub(ctx context.Context, sub string) (migrate.Account, error) {
	found, err := p.client.ListUsers(ctx, &cognito.ListUsersInput{
		UserPoolId: &p.id,
		Filter:     aws.String(attributeSub + ` = "` + quoted.Replace(sub) + `"`),
		Limit:      aws.Int32(1),
	})
	if err != nil {
		return migrate.Account{}, err
	}
	for _, user := range found.Users {
		return account(user.Username, user.UserStatus, user.Attributes), nil
	}
	return migrate.Account{}, migrate.ErrNoAccount
}

func account(name *string, status types.UserStatusType, attributes []types.AttributeType) migrate.Account {
	a := migrate.Account{UserName: aws.ToString(name), Status: string(status), Attributes: map[string]string{}}
	for _, attribute := range attributes {
		a.Attributes[aws.ToString(attribute.Name)] = aws.ToString(attribute.Value)
	}
	a.Sub = a.Attributes[attributeSub]
	return a
}
