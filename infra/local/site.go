package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/origin"
)

// localhost is the only relying party whose passkeys work on the page's origin.
const localhost = "localhost"

// Time limits of the web server. Writing may take as long as the slowest function.
const (
	readTimeout     = 30 * time.Second
	writeTimeout    = 90 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 5 * time.Second
)

// site is where the origin is served.
type site struct {
	listeners []net.Listener
	port      int
	address   string // http://localhost:port
}

// listen takes the port on both loopback addresses, or on the one that there is.
func listen(ctx context.Context, port int) (*site, error) {
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("%w; choose another port with PORT", err)
	}
	port = first.Addr().(*net.TCPAddr).Port
	s := &site{listeners: []net.Listener{first}, port: port, address: "http://" + net.JoinHostPort(localhost, strconv.Itoa(port))}
	second, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	if err == nil { // else this machine has no IPv6
		s.listeners = append(s.listeners, second)
	}
	return s, nil
}

// serve serves until ctx ends.
func (s *site) serve(ctx context.Context, o origin.Options) error {
	o.Port = s.port
	server := &http.Server{
		Handler:           origin.New(o),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
	}
	failed := make(chan error, len(s.listeners))
	for _, listener := range s.listeners {
		go func() { failed <- server.Serve(listener) }()
	}
	fmt.Println("Ready: " + s.address)
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
