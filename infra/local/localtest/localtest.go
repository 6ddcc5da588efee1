// Package localtest starts the program that `make run` starts, for tests that
// use it from outside, as people and their programs do.
package localtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

// startTimeout is long, because a first synthesis compiles the CDK.
const startTimeout = 5 * time.Minute

// Program is a running local run.
type Program struct {
	Origin string
	Config Config
	Log    passkeytest.Log // what it and its functions print to the standard error

	command *exec.Cmd
}

// Config is what the program says at /config.json.
type Config struct {
	Region           string `json:"region"`
	UserPoolID       string `json:"userPoolId"`
	UserPoolClientID string `json:"userPoolClientId"`
	UserPoolEndpoint string `json:"userPoolEndpoint"`
	APIURL           string `json:"apiUrl"`
	RelyingPartyID   string `json:"relyingPartyId"`
	TableName        string `json:"tableName"`
	Passwords        string `json:"passwords"`
	PasswordClientID string `json:"passwordClientId"`
}

// Make types `make run` with variables such as "CONTEXT=-c signIn=username", on
// a free port and with a folder of its own, so that several can run at once.
func Make(folder string, variables ...string) (*Program, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	arguments := append([]string{"--no-print-directory", "run", "PORT=" + port, "LOCAL=" + folder, "ARGS=", "CONTEXT="}, variables...)
	return Start("make", arguments...)
}

// Start runs a command in the project's root and waits for the line that says
// where it serves. Whoever starts a program stops it.
func Start(name string, arguments ...string) (*Program, error) {
	root, err := projectRoot()
	if err != nil {
		return nil, err
	}
	p := &Program{command: exec.Command(name, arguments...)}
	p.command.Dir = root
	p.command.Stderr = &p.Log
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if origin, ok := strings.CutPrefix(lines.Text(), "Ready: "); ok {
				ready <- origin
			}
		}
	}()
	select {
	case p.Origin = <-ready:
	case <-time.After(startTimeout):
	}
	if p.Origin == "" {
		err = fmt.Errorf("%s is not ready:\n%s", p.command, p.Log.String())
	} else {
		err = p.GetJSON("/config.json", &p.Config)
	}
	if err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// Stop ends the program and everything that it started.
func (p *Program) Stop() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGTERM) // it may have ended
	_ = p.command.Wait()                                      // make reports the signal
}

// GetJSON reads JSON from a path of the program's origin.
func (p *Program) GetJSON(path string, into any) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.Origin+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("GET %s answers %s", path, response.Status), response.Body.Close())
	}
	return errors.Join(json.NewDecoder(response.Body).Decode(into), response.Body.Close())
}

// MailedCode returns the code in the newest mail to an address.
func (p *Program) MailedCode(to string) (string, error) {
	var outbox []struct{ To, Code string }
	if err := p.GetJSON("/outbox", &outbox); err != nil {
		return "", err
	}
	for _, mail := range outbox {
		if mail.To == to {
			return mail.Code, nil
		}
	}
	return "", fmt.Errorf("no mail to %s among %d", to, len(outbox))
}

// FreePort returns a port that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}

// projectRoot is the folder above this one that holds go.mod.
func projectRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no folder above holds go.mod")
		}
		folder = parent
	}
}
