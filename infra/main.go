package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("CognitoPasskeys"), nil)
	passkeys.New(stack, jsii.String("Passkeys"), &passkeys.Props{RelyingPartyID: "example.com", Origins: []string{"https://example.com"}})
	app.Synth(nil)
}
