// Command local runs a synthesized stack on this machine: the real function
// binaries, with everything of AWS that they need on loopback. It needs no AWS
// account, reads no credentials and reaches no other host.
//
//	go run ./infra/local -assembly DIR [-port 8080] [-data DIR] [-web DIR] [-vendor NAME]
//
// Or it serves the same page for a stack in AWS, which it finds with the AWS
// configuration of whoever starts it, and starts nothing else:
//
//	go run ./infra/local -deployed STACK [-region REGION] [-port 8080] [-web DIR]
//
// It prints one line with the address when it is ready; progress and the
// functions' logs go to the standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/deployed"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/origin"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors"
)

// Outputs of the stack that a client's configuration is made of.
const (
	outputUserPoolID     = "UserPoolId"
	outputClientID       = "UserPoolClientId"
	outputAPIURL         = "ApiUrl"
	outputRelyingPartyID = "RelyingPartyId"
	outputMailMethods    = "MailMethods" // where mail is on; the rest where it is asked for
	outputAnyBrowser     = "LinksInAnyBrowser"
	outputSMSCode        = "SmsCode"
	outputSignUp         = "SignUp"
	outputRecovery       = "Recovery"
	outputTableName      = "TableName"
	outputPasswords      = "Passwords"

	outputPasswordClientID = "PasswordClientId"
)

type flags struct {
	assembly, data, web, vendor, deployed, region string

	port int
}

// check refuses flags that would have no effect.
func (f flags) check() error {
	switch {
	case f.deployed != "" && f.data != "":
		return errors.New("-data keeps the state of a stack on this machine; the state of -deployed is in AWS")
	case f.deployed != "" && f.vendor != "":
		return errors.New("-vendor runs a stand-in for a service beside a stack on this machine; a stack in AWS can't reach it")
	case f.deployed == "" && f.region != "":
		return errors.New("-region says where the stack of -deployed is; on this machine it is always " + stack.Region)
	}
	return nil
}

func main() {
	var f flags
	flag.StringVar(&f.assembly, "assembly", "cdk.out", "folder of the cloud assembly, as \"cdk synth\" leaves it")
	flag.IntVar(&f.port, "port", 8080, "port of the web origin; 0 picks one")
	flag.StringVar(&f.data, "data", "", "folder that keeps the state between runs; in memory if empty")
	flag.StringVar(&f.web, "web", "examples/web", "folder of the demo page, if it exists")
	flag.StringVar(&f.vendor, "vendor", "", "runs a stand-in for a vendor's service, for a stack that is configured for it: corbado, passageflex or example")
	flag.StringVar(&f.deployed, "deployed", "", "name of a stack in AWS to serve the demo page for, instead of running one here")
	flag.StringVar(&f.region, "region", "", "region of that stack; AWS_REGION's or the profile's if empty")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, f)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, f flags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.deployed != "" {
		return runDeployed(ctx, f)
	}
	return runHere(ctx, f)
}

// runHere runs the stack of an assembly and serves its origin.
func runHere(ctx context.Context, f flags) (err error) {
	assembly, err := template.Load(f.assembly)
	if err != nil {
		return err
	}
	site, err := listen(ctx, f.port)
	if err != nil {
		return err
	}
	outbox := &origin.Outbox{}
	running, err := stack.Start(ctx, stack.Options{
		Assembly:      assembly,
		DataDirectory: f.data,
		Mail:          func(m userpool.Message) { outbox.Add(mail(m)) },
		Sent:          func(m awsapi.Mail) { outbox.Add(sent(m)) },
		Texted:        func(m awsapi.TextMessage) { outbox.Add(texted(m)) },
		Log:           os.Stderr,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	config, web, err := describe(running, site.address, f.web)
	if err != nil {
		return fmt.Errorf("the stack in %s: %w", f.assembly, err)
	}
	here := &origin.Stack{
		UserPool: running.UserPool(), KeySet: running.KeySet(), API: running.API(), Outbox: outbox, Operator: running.Operator(),
	}
	if f.vendor != "" {
		config.Vendor = f.vendor
		if here.Vendor, err = standIn(running, f.vendor); err != nil {
			return fmt.Errorf("-vendor %s: %w", f.vendor, err)
		}
	}
	return site.serve(ctx, origin.Options{Config: config, Web: web, Stack: here})
}

// standIn makes the stand-in for a vendor's service, and puts its secrets where
// the stack's functions look for them.
func standIn(running *stack.Stack, vendor string) (http.Handler, error) {
	made, err := vendors.New(vendor, time.Now)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{} // parameter → text
	for _, environment := range running.Environments() {
		maps.Copy(secrets, made.Secrets(environment))
	}
	for parameter, text := range secrets {
		if err := running.PutSecret(parameter, text); err != nil {
			return nil, fmt.Errorf("putting its secret into %s: %w", parameter, err)
		}
	}
	if len(secrets) == 0 {
		return nil, errors.New("no function of the stack asks that service: synthesize with its settings, as make run VENDOR=" + vendor + " does")
	}
	return made, nil
}

// describe returns what a client must know of a running stack, and its page: that of the folder, unless the stack has
// no HTTP API, without which the page can do nothing.
func describe(running *stack.Stack, address, folder string) (config origin.ClientConfig, web fs.FS, err error) {
	needed := []string{outputUserPoolID, outputClientID, outputRelyingPartyID}
	if running.API() != nil {
		needed, web = append(needed, outputAPIURL), webFolder(folder)
	}
	if config, err = clientConfig(running.Outputs(), needed...); err != nil {
		return config, nil, err
	}
	config.Region, config.TableName = stack.Region, running.Outputs()[outputTableName]
	config.UserPoolEndpoint = address + origin.UserPoolPath
	if running.API() != nil {
		if config.APIURL, err = running.LocalURL(config.APIURL, address+origin.APIPath); err != nil {
			return config, nil, fmt.Errorf("output %s: %w", outputAPIURL, err)
		}
	}
	return config, web, nil
}

// runDeployed serves the demo page for a stack in AWS.
func runDeployed(ctx context.Context, f flags) error {
	web := webFolder(f.web)
	if web == nil {
		return fmt.Errorf("-web %s: there is no such folder, and the demo page is all that -deployed serves", f.web)
	}
	found, err := deployed.Describe(ctx, f.deployed, f.region)
	if err != nil {
		return fmt.Errorf("-deployed %s: %w", f.deployed, err)
	}
	config, err := clientConfig(found.Outputs, outputUserPoolID, outputClientID, outputAPIURL, outputRelyingPartyID)
	if err != nil {
		return fmt.Errorf("stack %s in %s (%s): %w", f.deployed, found.Region, found.Status, err)
	}
	config.Region, config.UserPoolEndpoint = found.Region, found.UserPoolEndpoint
	site, err := listen(ctx, f.port)
	if err != nil {
		return err
	}
	if config.RelyingPartyID != localhost {
		fmt.Fprintf(os.Stderr, "Warning: the passkeys of this stack belong to %s, so browsers refuse them at %s. "+
			"A stack to try them with has -c relyingPartyId=%s -c origins=%s\n", config.RelyingPartyID, site.address, localhost, site.address)
	}
	return site.serve(ctx, origin.Options{Config: config, Web: web})
}

// clientConfig reads what a client must know from the outputs of a stack (name → value).
func clientConfig(outputs map[string]string, needed ...string) (origin.ClientConfig, error) {
	var missing []string
	for _, name := range needed {
		if outputs[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return origin.ClientConfig{}, fmt.Errorf("it has no output %s, which clients need", strings.Join(missing, ", "))
	}
	return origin.ClientConfig{
		UserPoolID:       outputs[outputUserPoolID],
		UserPoolClientID: outputs[outputClientID],
		APIURL:           outputs[outputAPIURL],
		RelyingPartyID:   outputs[outputRelyingPartyID],
		MailMethods:      outputs[outputMailMethods],
		SignUp:           outputs[outputSignUp],
		Recovery:         outputs[outputRecovery] == "true",
		Passwords:        outputs[outputPasswords],
		PasswordClientID: outputs[outputPasswordClientID],

		LinksInAnyBrowser: outputs[outputAnyBrowser] == "true",
		SMSCode:           outputs[outputSMSCode] == "true",
	}, nil
}

// webFolder opens the demo page's folder; nil if there is none.
func webFolder(path string) fs.FS {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil
	}
	return root.FS()
}

func mail(m userpool.Message) origin.Mail {
	return origin.Mail{To: m.To, Subject: m.Subject, Body: m.Body, Kind: string(m.Kind), Code: m.Code, At: m.At}
}

func sent(m awsapi.Mail) origin.Mail {
	return origin.Mail{To: m.To, Subject: m.Subject, Body: m.Text, HTML: m.HTML, Kind: kindSent, At: m.At}
}

func texted(m awsapi.TextMessage) origin.Mail {
	return origin.Mail{To: m.To, Subject: "Text message", Body: m.Body, Kind: kindTexted, At: m.At}
}

// Kinds of what functions send.
const (
	kindSent   = "SES"
	kindTexted = "SMS"
)
