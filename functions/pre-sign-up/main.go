// Command pre-sign-up is the Pre Sign-up trigger: it says whether an account may
// be created at Cognito itself.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/gate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

func main() { start.Function("pre-sign-up", build) }

func build(s settings.PreSignUp, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	known, err := newChecker(s, env)
	if err != nil {
		return nil, err
	}
	return trigger.PreSignUp{Gate: gate.SignUp{Known: known}, Telemetry: recorder}.Handle, nil
}

// newChecker returns nil if nobody is let through.
func newChecker(s settings.PreSignUp, env settings.AWS) (gate.Admitter, error) {
	if len(s.AccountKeys) == 0 {
		return nil, nil
	}
	keys, err := secret.ParsePublicKeys(s.AccountKeys)
	if err != nil {
		return nil, err
	}
	config, err := awsclient.Config(env, env.DynamoDB)
	if err != nil {
		return nil, err
	}
	return admission.Checker{
		Keys:       keys,
		NamedUsers: s.NamedUsers,
		Store:      dynamo.New(dynamodb.NewFromConfig(config), s.Table),
		Now:        time.Now,
	}, nil
}
