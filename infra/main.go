// Command infra is the CDK app: it reads the configuration from cdk.json's
// context, builds one stack, and synthesizes it.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func main() {
	err := synthesize(awscdk.NewApp(nil))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	closeRuntime()
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
		case *passkeys.InvalidPropsError: // seen only once what exists was imported
			err = &configurationError{inContext(problem)}
		case runtime.Error:
			panic(problem) // a mistake of ours
		case error: // of the CDK, which knows rules that the construct doesn't
			err = fmt.Errorf("the CDK refuses the stack: %w", problem)
		default:
			panic(problem)
		}
	}()
	newStack(app, c)
	app.Synth(nil)
	return nil
}

// falseAlarm is what jsii-runtime-go v1.139.0 often prints when it is closed: two
// of its goroutines wait for the same process, and the one that comes second
// takes that for a failure.
const falseAlarm = "Runtime process exited abnormally: waitid: no child processes"

// closeRuntime ends the jsii runtime and passes on what it prints then, without
// the false alarm; without a pipe it passes on all. Nothing may be printed after
// it, because os.Stderr stays closed: the false alarm may still come.
func closeRuntime() {
	terminal := os.Stderr
	printed, pipe, err := os.Pipe()
	if err != nil {
		jsii.Close()
		return
	}
	os.Stderr = pipe
	go func() {
		defer pipe.Close() //nolint:errcheck // the program ends
		jsii.Close()
	}()
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		if rest := strings.Replace(lines.Text(), falseAlarm, "", 1); rest != "" {
			_, _ = fmt.Fprintln(terminal, rest) // a terminal that is gone needs no words
		}
	}
}
