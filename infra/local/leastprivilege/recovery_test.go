package leastprivilege_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// recoveryJourney takes every step of users who lost their passkeys.
func recoveryJourney(ctx context.Context, v *visitor) error {
	steps := []struct {
		name string
		take func(context.Context) error
	}{
		{"getting an account", v.join},
		{"registering a passkey", v.told(v.register)},
		{"beginning a recovery", v.told(v.beginRecovery)},
		{"recovering by an operator's link", v.told(v.recoverByLink)},
	}
	for _, step := range steps {
		if err := step.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// recoveryReply is what the routes of a recovery give.
type recoveryReply struct{ RecoveryID, Status, UserName, Ticket string }

func (v *visitor) beginRecovery(ctx context.Context) error {
	var asked, proved recoveryReply
	body := map[string]string{"clientId": v.stack.Outputs()["UserPoolClientId"], "email": address}
	if err := v.call(ctx, routes.Recovery, "", body, &asked); err != nil {
		return err
	}
	mail, err := v.received.take()
	if err != nil {
		return err
	}
	body["recoveryId"], body["code"] = asked.RecoveryID, mailedCode.FindString(mail.Text)
	if err := v.call(ctx, routes.CompleteRecovery, "", body, &proved); err != nil {
		return err
	}
	if proved.Status != "waiting" {
		return fmt.Errorf("the recovery is %+v", proved)
	}
	return nil
}

func (v *visitor) recoverByLink(ctx context.Context) error {
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: handlerClient{v.stack.Operator()}, Credentials: credentials,
	}
	store := dynamo.New(dynamodb.NewFromConfig(config), v.stack.Outputs()["TableName"])
	user, err := v.pool.GetUser(ctx, &cognito.GetUserInput{AccessToken: &v.token})
	if err != nil {
		return err
	}
	sub := *user.Username // in a pool with e-mail sign-in
	token, stored := recovery.NewLink(sub, time.Now())
	if err := store.PutMailing(ctx, sub, table.RecoveryLinkSK, stored); err != nil {
		return err
	}
	clientID := v.stack.Outputs()["UserPoolClientId"]
	var back recoveryReply
	if err := v.call(ctx, routes.RecoveryLink, "", map[string]string{"clientId": clientID, "token": token}, &back); err != nil {
		return err
	}
	if left, err := store.Passkeys(ctx, sub); err != nil || len(left) > 0 {
		return errors.Join(err, fmt.Errorf("%d passkeys are left", len(left)))
	}
	begun, err := v.begin(ctx, back.UserName)
	if err != nil {
		return err
	}
	return v.respond(ctx, begun, back.Ticket)
}
