// Package putsecret puts a vendor's secret into the SecureString parameter that
// a function reads.
package putsecret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"golang.org/x/term"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// maxSecret is what a parameter of the standard tier holds, in bytes.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html
const maxSecret = 4096

// Errors that Read and Put wrap.
var (
	ErrEmpty    = errors.New("the secret is empty: type it, or give it on the standard input")
	ErrTooLong  = fmt.Errorf("the secret has more than %d bytes, which is more than a parameter holds", maxSecret)
	ErrNotPlain = errors.New("the secret has a line break or another character that can't be seen: give the secret alone")
	ErrExists   = errors.New("the parameter exists: repeat the command with -replace to overwrite it")
)

// Read reads a secret: what is typed without being shown, if the input is a
// terminal, or else the whole input. One line break at the end is no part of it.
// Errors never repeat the secret.
func Read(input *os.File, prompt io.Writer) (secret.Text, error) {
	text, err := read(input, prompt)
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading the secret: %w", err)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	unseen := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case strings.TrimSpace(text) == "":
		return secret.Text{}, ErrEmpty
	case len(text) > maxSecret:
		return secret.Text{}, ErrTooLong
	case !utf8.ValidString(text), strings.ContainsFunc(text, unseen):
		return secret.Text{}, ErrNotPlain
	}
	return secret.NewText(text), nil
}

func read(input *os.File, prompt io.Writer) (string, error) {
	if !term.IsTerminal(int(input.Fd())) {
		text, err := io.ReadAll(io.LimitReader(input, maxSecret+3)) // a line break, and one byte too many
		return string(text), err
	}
	if _, err := io.WriteString(prompt, "Secret (is not shown): "); err != nil {
		return "", err
	}
	text, err := term.ReadPassword(int(input.Fd()))
	if err == nil {
		_, err = io.WriteString(prompt, "\n")
	}
	return string(text), err
}

// Existing says what becomes of a parameter that exists.
type Existing bool

// The values of Existing.
const (
	Keep    Existing = false
	Replace Existing = true
)

// Put writes the secret, encrypted with a key of AWS KMS (its id, ARN or alias;
// empty: the one that AWS manages for Parameter Store), and returns the
// parameter's version.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func Put(ctx context.Context, client *ssm.Client, parameter string, s secret.Text, key string, existing Existing) (version int64, err error) {
	in := &ssm.PutParameterInput{
		Name:        &parameter,
		Type:        types.ParameterTypeSecureString,
		Value:       aws.String(s.Reveal()),
		Description: aws.String("Secret of a vendor, put here by an operator"),
		Overwrite:   aws.Bool(bool(existing)),
	}
	if key != "" {
		in.KeyId = &key
	}
	put, err := client.PutParameter(ctx, in)
	var exists *types.ParameterAlreadyExists
	if errors.As(err, &exists) {
		return 0, fmt.Errorf("%s: %w", parameter, ErrExists)
	}
	if err != nil {
		return 0, fmt.Errorf("writing parameter %s: %w", parameter, err)
	}
	return put.Version, nil
}
