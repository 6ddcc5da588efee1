package main_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/assemblytest"
)

// endLimit is how long the kernel may take, in milliseconds.
const endLimit = 20_000

func TestFunctionsEndWithAKilledProgram(t *testing.T) {
	p := launch(t, "-assembly", assemblytest.Write(t))
	function, err := unix.PidfdOpen(p.functionProcess(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(function) //nolint:errcheck // the test is over
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for {
		ended, err := unix.Poll([]unix.PollFd{{Fd: int32(function), Events: unix.POLLIN}}, endLimit)
		if err == unix.EINTR {
			continue
		}
		if err != nil || ended != 1 {
			t.Errorf("the function's process goes on: %d, %v", ended, err)
		}
		return
	}
}
