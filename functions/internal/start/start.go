// Package start is how every function begins: it reads what the construct and
// the Lambda runtime hand over, has the handler built from that once, and gives
// it to Lambda. The environment is read here and nowhere else.
package start

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/telemetry"
)

// None are the settings of a function that needs none.
type None struct{}

// Function runs the function of that name. build returns the handler, of a type
// that lambda.Start takes; if it fails, the function ends with a line that says why.
func Function[Settings any](name string, build func(Settings, settings.AWS, *telemetry.Recorder) (any, error)) {
	var own Settings
	var env settings.AWS
	var observed settings.Telemetry
	handler, err := any(nil), settings.Parse(os.LookupEnv, &own, &env, &observed)
	recorder := telemetry.NewRecorder(os.Stdout, name, observed.Instance, time.Now)
	if err == nil {
		handler, err = build(own, env, recorder)
	}
	if err != nil {
		call := recorder.Begin()
		call.Fault(err.Error())
		call.End(context.Background(), "cannot start")
		os.Exit(1)
	}
	lambda.Start(handler)
}
