// Package start is how every function begins: it reads what the construct and
// the Lambda runtime hand over, has the handler built from that once, and gives
// it to Lambda. The environment is read here and nowhere else.
package start

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// None are the settings of a function that needs none.
type None struct{}

// Function runs the function of that name. build returns the handler, of a type
// that lambda.Start takes; if it fails, the function ends with a line that says why.
func Function[Settings any](name string, build func(Settings, settings.AWS, *slog.Logger) (any, error)) {
	log := telemetry.NewLogger(os.Stdout, name)
	var own Settings
	var env settings.AWS
	handler, err := any(nil), settings.Parse(os.LookupEnv, &own, &env)
	if err == nil {
		handler, err = build(own, env, log)
	}
	if err != nil {
		log.Error("cannot start", telemetry.Error, err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}
