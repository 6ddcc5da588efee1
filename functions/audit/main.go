// Command audit delivers audit events from the functions' logs to an event bus.
// CloudWatch Logs hands it the lines that hold some, after they were written, so
// that no sign-in waits for it.
package main

import (
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/start"
	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// attemptTimeout replaces the short one of the sign-in path: nobody waits here.
const attemptTimeout = 5 * time.Second

func main() { start.Function("audit", build) }

func build(s settings.Audit, env settings.AWS, recorder *telemetry.Recorder) (any, error) {
	config, err := awsclient.Config(env, env.EventBridge)
	if err != nil {
		return nil, err
	}
	config.HTTPClient = awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	h := handler{bus: bus{client: eventbridge.NewFromConfig(config), name: s.Bus}, telemetry: recorder}
	return h.handle, nil
}
