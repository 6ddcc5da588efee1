package leastprivilege_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// passwordsJourney is that of a user whose password is phased out.
func passwordsJourney(ctx context.Context, v *visitor) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"getting an account from an administrator", v.beCreated},
		{"beginning to sign in by password", v.beginByPassword},
		{"signing in by a code", v.signInByCode},
		{"taking the password away", v.told(v.removePassword)},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (v *visitor) beCreated(ctx context.Context) error {
	_, err := v.pool.AdminCreateUser(ctx, &cognito.AdminCreateUserInput{
		UserPoolId: aws.String(v.stack.UserPoolID()), Username: aws.String(address), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String(address)}, {Name: aws.String("email_verified"), Value: aws.String("true")},
		},
	})
	if err != nil {
		return err
	}
	_, err = v.pool.AdminSetUserPassword(ctx, &cognito.AdminSetUserPasswordInput{
		UserPoolId: aws.String(v.stack.UserPoolID()), Username: aws.String(address), Password: aws.String(password), Permanent: true,
	})
	return err
}

// beginByPassword goes as far as Cognito's challenge, before which the function is asked.
func (v *visitor) beginByPassword(ctx context.Context) error {
	_, err := v.pool.InitiateAuth(ctx, &cognito.InitiateAuthInput{
		ClientId: aws.String(v.stack.Outputs()["PasswordClientId"]), AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": address, "SRP_A": "2"},
	})
	return err
}

func (v *visitor) removePassword(ctx context.Context) error {
	return v.call(ctx, routes.RemovePassword, "", nil, nil)
}
