package passkeys_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// buildError makes the construct and returns the *passkeys.BuildError that it panics with.
func buildError(t *testing.T) (failure *passkeys.BuildError) {
	t.Helper()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	props := minimal()
	defer func() {
		if err, _ := recover().(error); err != nil && !errors.As(err, &failure) {
			t.Fatal(err)
		}
	}()
	passkeys.New(stack, jsii.String("Passkeys"), &props)
	return nil
}

func TestBuildWithoutGo(t *testing.T) {
	defaults() // jsii needs the PATH to start
	t.Setenv("PATH", t.TempDir())
	failure := buildError(t)
	if failure == nil || !strings.Contains(failure.Error(), "install Go") {
		t.Errorf("%v, want to be told to install Go", failure)
	}
}

func TestBuildOutsideAnyModule(t *testing.T) {
	defaults()
	t.Chdir(t.TempDir())
	failure := buildError(t)
	if failure == nil || !strings.Contains(failure.Error(), "run the app inside the Go module") {
		t.Errorf("%v, want to be told where to run", failure)
	}
}

// The CDK CLI asks for no bundling when it lists or destroys stacks.
func TestNothingIsBuiltWhenNothingIsDeployed(t *testing.T) {
	app := awscdk.NewApp(&awscdk.AppProps{Context: &map[string]any{"aws:cdk:bundling-stacks": []string{}}})
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	props := minimal()
	passkeys.New(stack, jsii.String("Passkeys"), &props)
	assets, err := filepath.Glob(filepath.Join(*app.Outdir(), "asset.*", "*"))
	if err != nil || len(assets) == 0 {
		t.Fatalf("no assets in the assembly: %v", err)
	}
	for _, asset := range assets {
		if filepath.Ext(asset) != ".go" {
			t.Errorf("asset %s is no source", asset)
		}
	}
}
