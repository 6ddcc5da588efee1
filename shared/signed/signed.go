// Package signed carries claims in text that an Ed25519 key has signed:
// "<prefix>.<payload>.<signature>", the last two in unpadded base64url. The
// payload is a JSON object. The signature is over the text before its dot, so that
// nobody makes a text of one prefix from that of another.
package signed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const separator = "."

// ErrMalformed is returned for text that Sign did not write.
var ErrMalformed = errors.New("not a signed text")

// strict refuses a second text for the same bytes.
var strict = base64.RawURLEncoding.Strict()

// Sign returns the text of claims, which become a JSON object.
func Sign(key secret.Key, prefix string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing the claims: %w", err)
	}
	message := prefix + separator + strict.EncodeToString(payload)
	return message + separator + strict.EncodeToString(key.Sign([]byte(message))), nil
}

// Has reports whether a text says that it is of a prefix.
func Has(text, prefix string) bool { return strings.HasPrefix(text, prefix+separator) }

// Text is a text that was taken apart.
type Text struct{ message, signature []byte }

// Parse takes a text apart and fills claims, with nothing judged but its form:
// check who signed it before anything else of it is believed. A member that claims
// has no field for is malformed.
func Parse(text, prefix string, claims any) (Text, error) {
	if !Has(text, prefix) {
		return Text{}, ErrMalformed
	}
	head, tail, _ := strings.Cut(strings.TrimPrefix(text, prefix+separator), separator)
	payload, err := strict.DecodeString(head)
	if err != nil {
		return Text{}, ErrMalformed
	}
	signature, err := strict.DecodeString(tail)
	if err != nil {
		return Text{}, ErrMalformed
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if decoder.Decode(claims) != nil || decoder.InputOffset() != int64(len(payload)) {
		return Text{}, ErrMalformed
	}
	return Text{[]byte(prefix + separator + head), signature}, nil
}

// Errors of By.
var (
	ErrKey       = errors.New("the key is not known")
	ErrSignature = errors.New("the signature is not the key's")
)

// By returns nil if the key that the text names signed it, or ErrKey or ErrSignature.
func (t Text) By(keys secret.PublicKeys, keyID string) error {
	for id := range keys {
		if FormatKeyID(id) != keyID {
			continue
		}
		if keys.Verify(id, t.message, t.signature) {
			return nil
		}
		return ErrSignature
	}
	return ErrKey
}

// FormatKeyID is how a text names its key.
func FormatKeyID(id secret.KeyID) string { return strict.EncodeToString(id[:]) }
