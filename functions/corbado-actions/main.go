// Command corbado-actions is what Corbado Connect asks of the user pool around
// its own work: whom a typed name means, and a second factor for those who
// added a passkey.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/actions"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

func main() { start.Function("corbado-actions", build) }

func build(s settings.CorbadoActions, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	poolConfig, err := awsclient.Config(env, env.Cognito)
	if err != nil {
		return nil, err
	}
	secretConfig, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return nil, err
	}
	factor, err := actions.ParseMFA(s.SecondFactor)
	if err != nil {
		return nil, err
	}
	handler := &actions.Handler{
		Actions: actions.Actions{
			Cognito: cognitoidentityprovider.NewFromConfig(poolConfig),
			PoolID:  s.UserPoolID,
			MFA:     factor,
		},
		Telemetry: recorder,
	}
	if s.CredentialsParameter != "" {
		handler.Credentials = secret.NewTextParameter(parameterstore.New(secretConfig), s.CredentialsParameter, time.Now).Text
	}
	return handler.Handle, nil
}
