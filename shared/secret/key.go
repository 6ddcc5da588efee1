// Package secret holds the keys that the stack makes for itself, and the secrets
// that vendors gave. A key, a ring of keys or a text prints as "[redacted]"
// wherever it lands: fmt, JSON, or a log.
package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"

	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
)

const redacted = "[redacted]"

// Key is 32 secret bytes: an Ed25519 seed or a symmetric key.
type Key [32]byte

// MAC is the HMAC-SHA256 of texts under the key, each with its length in front.
// The first says what it is for, so that what is made for one purpose is worth
// nothing for another.
func (k Key) MAC(parts ...string) []byte {
	var message []byte
	for _, part := range parts {
		message = framing.Append(message, []byte(part))
	}
	h := hmac.New(sha256.New, k[:])
	h.Write(message)
	return h.Sum(nil)
}

// Format implements fmt.Formatter for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }
