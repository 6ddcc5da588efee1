package httpapi

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// UserPool implements Accounts with Cognito's GetUser, which takes the user's
// own token and needs no permission.
type UserPool struct {
	client *cognitoidentityprovider.Client
}

// NewUserPool returns the Accounts of an SDK configuration's region.
func NewUserPool(cfg aws.Config) UserPool {
	return UserPool{cognitoidentityprovider.NewFromConfig(cfg)}
}

// Account implements Accounts.
func (p UserPool) Account(ctx context.Context, accessToken string) (Account, error) {
	out, err := p.client.GetUser(ctx, &cognitoidentityprovider.GetUserInput{AccessToken: &accessToken})
	if err != nil {
		if isRefusal(err) {
			return Account{}, ErrTokenRefused
		}
		return Account{}, err
	}
	account := Account{Attributes: map[string]string{}}
	for _, a := range out.UserAttributes {
		account.Attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	return account, nil
}

// isRefusal reports whether the pool judged the token, rather than failed to.
func isRefusal(err error) bool {
	var notAuthorized *types.NotAuthorizedException
	var notFound *types.UserNotFoundException
	var notConfirmed *types.UserNotConfirmedException
	var resetRequired *types.PasswordResetRequiredException
	var invalid *types.InvalidParameterException
	return errors.As(err, &notAuthorized) || errors.As(err, &notFound) ||
		errors.As(err, &notConfirmed) || errors.As(err, &resetRequired) || errors.As(err, &invalid)
}
