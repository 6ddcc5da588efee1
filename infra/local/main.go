// Command local runs a synthesized stack on this machine: the real function
// binaries, with everything of AWS that they need on loopback. It needs no AWS
// account, reads no credentials and reaches no other host.
//
//	go run ./infra/local -assembly DIR [-port 8080] [-data DIR] [-web DIR]
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
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/origin"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/stack"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

// Outputs of the stack that a client's configuration is made of.
const (
	outputUserPoolID     = "UserPoolId"
	outputClientID       = "UserPoolClientId"
	outputAPIURL         = "ApiUrl"
	outputRelyingPartyID = "RelyingPartyId"
)

// Time limits of the web server. Writing may take as long as the slowest function.
const (
	readTimeout     = 30 * time.Second
	writeTimeout    = 90 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 5 * time.Second
)

type flags struct {
	assembly, data, web string
	port                int
}

func main() {
	var f flags
	flag.StringVar(&f.assembly, "assembly", "cdk.out", "folder of the cloud assembly, as \"cdk synth\" leaves it")
	flag.IntVar(&f.port, "port", 8080, "port of the web origin; 0 picks one")
	flag.StringVar(&f.data, "data", "", "folder that keeps the state between runs; in memory if empty")
	flag.StringVar(&f.web, "web", "examples/web", "folder of the demo page, if it exists")
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
func run(ctx context.Context, f flags) (err error) {
	assembly, err := template.Load(f.assembly)
	if err != nil {
		return err
	}
	listeners, port, err := listen(ctx, f.port)
	if err != nil {
		return err
	}
	outbox := &origin.Outbox{}
	running, err := stack.Start(ctx, stack.Options{
		Assembly:      assembly,
		DataDirectory: f.data,
		Mail:          func(m userpool.Message) { outbox.Add(mail(m)) },
		Log:           os.Stderr,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	address := "http://localhost:" + strconv.Itoa(port)
	config, err := clientConfig(running, address)
	if err != nil {
		return err
	}
	return serve(ctx, listeners, origin.New(origin.Options{
		Port:     port,
		Config:   config,
		UserPool: running.UserPool(),
		KeySet:   running.KeySet(),
		API:      running.API(),
		Outbox:   outbox,
		Web:      webFolder(f.web),
	}), func() { fmt.Println("Ready: " + address) })
}

// listen takes the port on both loopback addresses, or on the one that there is.
func listen(ctx context.Context, port int) ([]net.Listener, int, error) {
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, 0, fmt.Errorf("%w; choose another port with PORT", err)
	}
	port = first.Addr().(*net.TCPAddr).Port
	second, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	if err != nil {
		return []net.Listener{first}, port, nil // this machine has no IPv6
	}
	return []net.Listener{first, second}, port, nil
}

func serve(ctx context.Context, listeners []net.Listener, handler http.Handler, ready func()) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
	failed := make(chan error, len(listeners))
	for _, listener := range listeners {
		go func() { failed <- server.Serve(listener) }()
	}
	ready()
	select {
	case err := <-failed:
		return errors.Join(err, server.Close())
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

func clientConfig(running *stack.Stack, address string) (origin.ClientConfig, error) {
	outputs := running.Outputs()
	for _, name := range []string{outputUserPoolID, outputClientID, outputAPIURL, outputRelyingPartyID} {
		if outputs[name] == "" {
			return origin.ClientConfig{}, fmt.Errorf("the stack has no output %s, which clients need", name)
		}
	}
	apiURL, err := running.LocalURL(outputs[outputAPIURL], address+origin.APIPath)
	if err != nil {
		return origin.ClientConfig{}, fmt.Errorf("output %s: %w", outputAPIURL, err)
	}
	return origin.ClientConfig{
		Region:           stack.Region,
		UserPoolID:       outputs[outputUserPoolID],
		UserPoolClientID: outputs[outputClientID],
		UserPoolEndpoint: address + origin.UserPoolPath,
		APIURL:           apiURL,
		RelyingPartyID:   outputs[outputRelyingPartyID],
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
