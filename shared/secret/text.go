package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
)

// Text is a secret that somebody else made, such as a vendor's API key.
type Text struct{ text string }

// NewText returns a secret without the white space around it, which a shell may
// have added.
func NewText(text string) Text { return Text{strings.TrimSpace(text)} }

// Reveal returns the secret itself, for the one who has to send it.
func (t Text) Reveal() string { return t.text }

// Format implements fmt.Formatter for every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// TextParameter is a text in a SecureString parameter that an operator puts
// there. It is read as a Parameter is: a new text is noticed within minutes.
type TextParameter struct{ cached[Text] }

// NewTextParameter returns the text in the parameter of that name. Nothing is read yet.
func NewTextParameter(getter Getter, name string, now func() time.Time) *TextParameter {
	return &TextParameter{cached[Text]{getter: getter, name: name, decode: decodeText, now: now}}
}

// Text returns the text. It waits only when none was ever read, and then no
// longer than ctx. The error for a parameter that does not exist names it.
func (p *TextParameter) Text(ctx context.Context) (Text, error) { return p.get(ctx) }

func decodeText(text string) (Text, error) {
	t := NewText(text)
	if t.text == "" || strings.ContainsFunc(t.text, unicode.IsControl) {
		return Text{}, errors.New("it is empty or more than one line: put the secret alone into it")
	}
	return t, nil
}
