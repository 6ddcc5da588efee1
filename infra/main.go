// Command infra is the CDK app: it reads the configuration from cdk.json's
// context, builds one stack, and synthesizes it.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func main() {
	err := synthesize(awscdk.NewApp(nil))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	jsii.Close()
	if err != nil {
		os.Exit(1)
	}
}

// synthesize writes the cloud assembly of app, or returns every problem of the
// configuration, or why the functions could not be built, and writes nothing.
func synthesize(app awscdk.App) (err error) {
	context, _ := app.Node().GetAllContext(nil).(map[string]any)
	c, err := readConfiguration(context)
	if err != nil {
		return err
	}
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case *passkeys.BuildError:
			err = problem
		default:
			panic(problem)
		}
	}()
	newStack(app, c)
	app.Synth(nil)
	return nil
}
