// Command corbado-backend is the backend of a site whose people sign in on a page
// of Corbado's classic product and whose users are in an Amazon Cognito user pool.
//
// Its settings are environment variables: see configuration.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// configuration names secrets by the SecureString parameters that hold them. The
// backend may read these and nobody else needs to.
type configuration struct {
	Listen                string `env:"LISTEN"` // such as 127.0.0.1:8081, behind what ends TLS
	UserPoolID            string `env:"USER_POOL_ID"`
	ClientID              string `env:"CLIENT_ID"`               // of the backend's own app client
	ClientSecretParameter string `env:"CLIENT_SECRET_PARAMETER"` // its secret
	TicketParameter       string `env:"TICKET_PARAMETER"`        // the key ring that the stack made for tickets
	CorbadoParameter      string `env:"CORBADO_PARAMETER"`       // base64 of <project id>:<API secret>
	WebhookParameter      string `env:"WEBHOOK_PARAMETER"`       // <user>:<password> of the webhook, as entered at Corbado
	CorbadoURL            string `env:"CORBADO_URL,optional"`    // for a stand-in of Corbado's
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.LookupEnv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "corbado-backend:", err)
		os.Exit(1)
	}
}

// Limits of the server.
const (
	requestTimeout  = 10 * time.Second
	shutdownTimeout = 5 * time.Second
)

// run serves until ctx ends. It says on out where, when it is ready.
func run(ctx context.Context, lookup func(string) (string, bool), out io.Writer) error {
	var c configuration
	if err := settings.Parse(lookup, &c); err != nil {
		return err
	}
	awsConfig, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("configuring the AWS SDK: %w", err)
	}
	handler, err := newHandler(c, awsConfig, out)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(out, "Ready: http://%s\n", listener.Addr()); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return server.Shutdown(ending)
}
