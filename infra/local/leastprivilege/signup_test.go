package leastprivilege_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// signUpJourney is that of somebody whose address another person has signed up.
func signUpJourney(ctx context.Context, v *visitor) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"having one's address taken before sign-up was closed", v.beSquatted},
		{"signing up", v.signUp},
		{"registering a passkey", v.told(v.register)},
		{"taking the password away that nobody knows", v.told(v.removePassword)},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// beSquatted has the address signed up at Cognito itself, without the function
// that refuses it.
func (v *visitor) beSquatted(ctx context.Context) error {
	described, err := v.pool.DescribeUserPool(ctx, &cognito.DescribeUserPoolInput{UserPoolId: aws.String(v.stack.UserPoolID())})
	if err != nil {
		return err
	}
	text, err := json.Marshal(described.UserPool)
	if err != nil {
		return err
	}
	var settings cognito.UpdateUserPoolInput
	if err := json.Unmarshal(text, &settings); err != nil {
		return err
	}
	settings.UserPoolId = described.UserPool.Id
	settings.AdminCreateUserConfig.UnusedAccountValidityDays = 0 // is told, and not taken
	refuses := settings.LambdaConfig.PreSignUp
	settings.LambdaConfig.PreSignUp, settings.AdminCreateUserConfig.AllowAdminCreateUserOnly = nil, false
	if _, err := v.pool.UpdateUserPool(ctx, &settings); err != nil {
		return err
	}
	_, err = v.pool.SignUp(ctx, &cognito.SignUpInput{
		ClientId: aws.String(v.stack.Outputs()["UserPoolClientId"]), Username: aws.String(address), Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(address)}},
	})
	if err != nil {
		return err
	}
	settings.LambdaConfig.PreSignUp, settings.AdminCreateUserConfig.AllowAdminCreateUserOnly = refuses, true
	_, err = v.pool.UpdateUserPool(ctx, &settings)
	return err
}

func (v *visitor) signUp(ctx context.Context) error {
	var reply struct{ SignUpID, UserName, Ticket string }
	body := map[string]string{"clientId": v.stack.Outputs()["UserPoolClientId"], "email": address}
	if err := v.call(ctx, routes.SignUp, "", body, &reply); err != nil {
		return err
	}
	mail, err := v.received.take()
	if err != nil {
		return err
	}
	body["signUpId"], body["code"] = reply.SignUpID, mailedCode.FindString(mail.Text)
	if err := v.call(ctx, routes.CompleteSignUp, "", body, &reply); err != nil {
		return err
	}
	begun, err := v.begin(ctx, reply.UserName)
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, reply.Ticket)
}
