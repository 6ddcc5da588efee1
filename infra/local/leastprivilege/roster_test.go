package leastprivilege_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
)

// The people on the roster: address is whose number is K-1.
const (
	knownNumber       = "K-1"
	passwordedNumber  = "L-2"
	passwordedAddress = "bob@example.com"
)

// rosterJourney takes every step of known people: one signs up without a
// password, the other with one at Cognito itself.
func rosterJourney(ctx context.Context, v *visitor) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"importing the roster", v.importRoster},
		{"signing up with a password", v.signUpByTicket},
		{"signing up without one", v.signUpAsKnown},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// people is the roster as the operator sees it.
func (v *visitor) people() roster.Roster {
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: handlerClient{v.stack.Operator()}, Credentials: credentials,
	}
	pepper := secret.NewParameter(parameterstore.New(config), v.stack.Outputs()["RosterParameter"], time.Now)
	return roster.Roster{Peppers: pepper.Ring, Store: dynamo.New(dynamodb.NewFromConfig(config), v.stack.Outputs()["TableName"]), Now: time.Now}
}

func (v *visitor) importRoster(ctx context.Context) error {
	for number, email := range map[string]string{knownNumber: address, passwordedNumber: passwordedAddress} {
		id, err := roster.Identify(number, email)
		if err == nil {
			_, err = v.people().Import(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wantClaimed checks that somebody's entry is claimed.
func (v *visitor) wantClaimed(ctx context.Context, number, email string) error {
	id, err := roster.Identify(number, email)
	if err != nil {
		return err
	}
	_, standing, err := v.people().Find(ctx, id)
	if err == nil && standing != roster.Claimed {
		err = fmt.Errorf("the entry is %s", standing)
	}
	return err
}

// proveToRoster asks for an account and returns what completes it.
func (v *visitor) proveToRoster(ctx context.Context, number, email string) (map[string]string, error) {
	body := map[string]string{"clientId": v.stack.Outputs()["UserPoolClientId"], "email": email, "accountNumber": number}
	var asked struct{ SignUpID string }
	if err := v.call(ctx, routes.SignUp, "", body, &asked); err != nil {
		return nil, err
	}
	mail, err := v.received.takeFor(email)
	if err != nil {
		return nil, err
	}
	body["signUpId"], body["code"] = asked.SignUpID, mailedCode.FindString(mail.Text)
	return body, nil
}

func (v *visitor) signUpAsKnown(ctx context.Context) error {
	body, err := v.proveToRoster(ctx, knownNumber, address)
	if err != nil {
		return err
	}
	var made struct{ UserName, Ticket string }
	if err := v.call(ctx, routes.CompleteSignUp, "", body, &made); err != nil {
		return err
	}
	begun, err := v.begin(ctx, made.UserName)
	if err != nil {
		return err
	}
	return errors.Join(v.respond(ctx, begun, made.Ticket), v.wantClaimed(ctx, knownNumber, address))
}

func (v *visitor) signUpByTicket(ctx context.Context) error {
	body, err := v.proveToRoster(ctx, passwordedNumber, passwordedAddress)
	if err != nil {
		return err
	}
	var let struct{ Ticket string }
	if err := v.call(ctx, routes.SignUpTicket, "", body, &let); err != nil {
		return err
	}
	_, err = v.pool.SignUp(ctx, &cognito.SignUpInput{
		ClientId: aws.String(v.stack.Outputs()["UserPoolClientId"]), Username: aws.String(passwordedAddress), Password: aws.String(password),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(passwordedAddress)}},
		ClientMetadata: map[string]string{admission.MetadataTicket: let.Ticket},
	})
	if err != nil {
		return err
	}
	_, err = v.pool.AdminConfirmSignUp(ctx, &cognito.AdminConfirmSignUpInput{
		UserPoolId: aws.String(v.stack.UserPoolID()), Username: aws.String(passwordedAddress),
	})
	return errors.Join(err, v.wantClaimed(ctx, passwordedNumber, passwordedAddress))
}
