package main_test

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sys/unix"
)

// terminal opens a pseudoterminal: where somebody sits, and what a program gets.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() }) //nolint:errcheck // nobody sits there any more
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() }) //nolint:errcheck // as above
	return person, program
}

// echoes reports whether a terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}

func TestATerminalDoesNotShowTheSecret(t *testing.T) {
	w := newWorld(t)
	person, program := terminal(t)
	command := w.command("put-secret", "-parameter", parameter)
	command.Stdin = program
	var out, prompt bytes.Buffer
	command.Stdout, command.Stderr = &out, &prompt
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for echoes(t, program) {
		runtime.Gosched()
	}
	if _, err := person.WriteString(typed + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("%v\n%s%s", err, &out, &prompt)
	}
	if got := aws.ToString(w.parameter().Value); got != typed {
		t.Errorf("the parameter is %q", got)
	}
	if !echoes(t, program) {
		t.Error("the terminal shows nothing any more")
	}
	if _, err := program.WriteString("the end"); err != nil {
		t.Fatal(err)
	}
	shown := make([]byte, 4096)
	n, err := person.Read(shown)
	if err != nil {
		t.Fatal(err)
	}
	if all := string(shown[:n]) + out.String() + prompt.String(); bytes.Contains([]byte(all), []byte(typed)) {
		t.Errorf("the secret was shown:\n%s", all)
	}
	if !bytes.HasPrefix(prompt.Bytes(), []byte("Secret (is not shown): ")) {
		t.Errorf("it asked %q", &prompt)
	}
}
