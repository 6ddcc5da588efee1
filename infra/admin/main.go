// Command admin is what the operator of a stack needs now and then: key rings of
// one's own, a vendor's secret put into its parameter, passkeys brought from
// elsewhere, passkeys written to a file, a link for a user who lost them. It works on what is deployed, with the
// AWS configuration of whoever starts it.
//
//	go run ./infra/admin <command> -h
//
// It ends with 0 if all went well, 1 after a fault, 2 if it was called wrongly,
// and 3 if an import skipped something.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitDone    = 0
	exitFault   = 1
	exitUsage   = 2
	exitSkipped = 3
)

// command is one thing that the program does.
type command struct {
	name  string
	does  string
	needs string // of AWS
	// prepare adds the command's flags and returns what to do when they are read.
	prepare func(*flag.FlagSet) action
}

type action func(context.Context, streams) error

// streams are the standard ones.
type streams struct {
	in       *os.File
	out, err io.Writer
}

var commands = []command{putSecret, newKey, importSample, exportPasskeys, importPasskeys, importRoster, recoveryLink}

// Errors that decide the exit code.
var (
	errUsage   = errors.New("called wrongly")
	errSkipped = errors.New("something was skipped: the standard output says what and why")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "admin:", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errSkipped):
		return exitSkipped
	default:
		return exitFault
	}
}

// run runs the command that the first argument names.
func run(ctx context.Context, arguments []string, s streams) error {
	if len(arguments) == 0 {
		return fmt.Errorf("%w: name a command\n%s", errUsage, overview())
	}
	name := arguments[0]
	for _, c := range commands {
		if c.name == name {
			return c.run(ctx, arguments[1:], s)
		}
	}
	if name == "-h" || name == "-help" || name == "--help" {
		_, err := io.WriteString(s.out, overview())
		return err
	}
	return fmt.Errorf("%w: there is no command %q\n%s", errUsage, name, overview())
}

func overview() string {
	text := "Usage: go run ./infra/admin <command> [flags], and <command> -h for more:\n"
	for _, c := range commands {
		text += fmt.Sprintf("  %-14s %s\n", c.name, c.does)
	}
	return text
}

func (c command) run(ctx context.Context, arguments []string, s streams) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(s.err)
	flags.Usage = func() {
		log.New(s.err, "", 0).Printf("%s: %s\n\nIt needs %s.\n\n", c.name, c.does, c.needs)
		flags.PrintDefaults()
	}
	do := c.prepare(flags)
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return fmt.Errorf("%w: %s takes no %q, only flags", errUsage, c.name, flags.Arg(0))
	}
	return do(ctx, s)
}

// required returns an error that names the flags without a value.
func required(flags *flag.FlagSet, names ...string) error {
	var missing []error
	for _, name := range names {
		if f := flags.Lookup(name); f.Value.String() == "" {
			missing = append(missing, fmt.Errorf("%w: set -%s, the %s", errUsage, name, f.Usage))
		}
	}
	return errors.Join(missing...)
}
