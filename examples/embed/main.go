// Command embed is the CDK app of another team: to their own user pool, app
// client, trigger, function and bucket it adds passkeys. It is a Go module of its
// own that requires the construct's.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	newStack(app)
	app.Synth(nil)
}

func newStack(app awscdk.App) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String("Notes"), nil)
	pool := newPool(stack)
	client := pool.AddClient(jsii.String("Web"), &awscognito.UserPoolClientOptions{
		AuthFlows:                  &awscognito.AuthFlow{Custom: jsii.Bool(true), UserSrp: jsii.Bool(true)},
		PreventUserExistenceErrors: jsii.Bool(true),
		DisableOAuth:               jsii.Bool(true),
		WriteAttributes: awscognito.NewClientAttributes().
			WithStandardAttributes(&awscognito.StandardAttributesMask{Email: jsii.Bool(true)}),
	})
	accounts := passkeys.New(stack, jsii.String("Passkeys"), &passkeys.Props{
		RelyingPartyID: "notes.example.com",
		Origins:        []string{"https://notes.example.com"},
		UserPool:       pool,
		Clients:        []awscognito.IUserPoolClient{client},
	})
	addIntranet(stack, accounts)
	addAlarm(stack, accounts)

	awscdk.NewCfnOutput(stack, jsii.String("ApiUrl"), &awscdk.CfnOutputProps{Value: accounts.API().URL()})
	awscdk.NewCfnOutput(stack, jsii.String("TableName"), &awscdk.CfnOutputProps{Value: accounts.Table().TableName()})
	return stack
}

// newPool makes the team's pool, which only colleagues may join. Its trigger stays
// beside those of the construct.
func newPool(stack awscdk.Stack) awscognito.UserPool {
	return awscognito.NewUserPool(stack, jsii.String("Colleagues"), &awscognito.UserPoolProps{
		FeaturePlan:         awscognito.FeaturePlan_LITE,
		SelfSignUpEnabled:   jsii.Bool(true),
		SignInAliases:       &awscognito.SignInAliases{Email: jsii.Bool(true)},
		SignInCaseSensitive: jsii.Bool(false),
		AccountRecovery:     awscognito.AccountRecovery_EMAIL_ONLY,
		LambdaTriggers: &awscognito.UserPoolTriggers{
			PreSignUp: newFunction(stack, "OnlyColleagues", `
exports.handler = async (event) => {
  if (!event.request.userAttributes.email.endsWith('@example.com')) throw new Error('Only colleagues may join.')
  return event
}`),
		},
	})
}

// addIntranet makes a backend that keeps pictures, and that may sign in colleagues
// who bring their passkey to it.
func addIntranet(stack awscdk.Stack, accounts *passkeys.Passkeys) {
	intranet := newFunction(stack, "Intranet", "exports.handler = async () => {}")
	accounts.GrantSignIn(intranet)
	pictures := awss3.NewBucket(stack, jsii.String("Pictures"), &awss3.BucketProps{EnforceSSL: jsii.Bool(true)})
	pictures.GrantReadWrite(intranet, nil)
}

// addAlarm makes an alarm that the construct doesn't have: colleagues rarely remove
// a passkey.
func addAlarm(stack awscdk.Stack, accounts *passkeys.Passkeys) {
	const many = 20 // in an hour
	accounts.MetricRemovals(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Hours(jsii.Number(1))}).
		CreateAlarm(stack, jsii.String("ManyRemovals"), &awscloudwatch.CreateAlarmOptions{
			Threshold: jsii.Number(many), EvaluationPeriods: jsii.Number(1),
		})
}

func newFunction(stack awscdk.Stack, id, code string) awslambda.Function {
	return awslambda.NewFunction(stack, jsii.String(id), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_24_X(),
		Handler: jsii.String("index.handler"),
		Code:    awslambda.Code_FromInline(jsii.String(code)),
	})
}
