package secret

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// Kind says what the keys of a ring are for.
type Kind string

// The kinds of rings.
const (
	Signing   Kind = provisioning.KindSigning   // Ed25519 seeds: current, next, previous
	Symmetric Kind = provisioning.KindSymmetric // one key
	Pepper    Kind = provisioning.KindPepper    // of keyed hashes that items are found by: current, previous
)

// ErrRing is returned by Decode for text that Encode did not write.
var ErrRing = errors.New("not a key ring")

// Ring is the content of one SecureString parameter. A signing ring holds three
// generations, so that those who verify know a key before it is first used and
// after it was last used. A ring of peppers holds two, so that what was hashed
// before a rotation is still found.
type Ring struct {
	kind     Kind
	rotation int
	keys     []Key // current; then, if signing, next; then, once rotated and not symmetric, previous
}

// NewRing makes a ring of fresh keys from crypto/rand. rotation is the number
// of the rotation that asked for it.
func NewRing(kind Kind, rotation int) (Ring, error) {
	switch kind {
	case Signing:
		return Ring{kind, rotation, []Key{random(), random()}}, nil
	case Symmetric, Pepper:
		return Ring{kind, rotation, []Key{random()}}, nil
	default:
		return Ring{}, fmt.Errorf("kind of key ring is %q: want %q, %q or %q", kind, Signing, Symmetric, Pepper)
	}
}

// Kind returns what the keys are for.
func (r Ring) Kind() Kind { return r.kind }

// Rotation returns the number of the rotation that made the present keys.
func (r Ring) Rotation() int { return r.rotation }

// Rotate returns the ring after rotation number n: the next key becomes the
// current one, the current one the previous one, and a new key the next. A
// number that is not higher than the ring's own returns the ring as it is, so
// that a repeated or rolled back deployment rotates nothing.
func (r Ring) Rotate(n int) Ring {
	if n <= r.rotation {
		return r
	}
	switch r.kind {
	case Symmetric:
		return Ring{r.kind, n, []Key{random()}}
	case Pepper:
		return Ring{r.kind, n, []Key{random(), r.keys[0]}}
	default:
		return Ring{r.kind, n, []Key{r.keys[1], random(), r.keys[0]}}
	}
}

// Current returns the key to sign or derive with.
func (r Ring) Current() Key { return r.keys[0] }

// Peppers returns the keys to find items by, the current one first. A ring of
// another kind has none.
func (r Ring) Peppers() []Key {
	if r.kind != Pepper {
		return nil
	}
	return slices.Clone(r.keys)
}

// PublicKeys returns the Ed25519 public keys of a signing ring, unpadded
// base64url: current, next, and previous if there is one. A symmetric ring has none.
func (r Ring) PublicKeys() []string {
	if r.kind != Signing {
		return nil
	}
	var keys []string
	for _, seed := range r.keys {
		public := seed.signing().Public().(ed25519.PublicKey)
		keys = append(keys, base64.RawURLEncoding.EncodeToString(public))
	}
	return keys
}

// stored is the text of a parameter.
type stored struct {
	Kind     Kind     `json:"kind"`
	Rotation int      `json:"rotation"`
	Keys     []string `json:"keys"` // unpadded base64url
}

// Encode returns the ring as the text of a SecureString parameter. This is the
// one place where keys leave the ring as text.
func (r Ring) Encode() string {
	s := stored{Kind: r.kind, Rotation: r.rotation}
	for _, k := range r.keys {
		s.Keys = append(s.Keys, base64.RawURLEncoding.EncodeToString(k[:]))
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and an int always marshal
	}
	return string(text)
}

// Decode reads what Encode wrote. Its errors match ErrRing and never repeat the text.
func Decode(text string) (Ring, error) {
	var s stored
	if json.Unmarshal([]byte(text), &s) != nil {
		return Ring{}, fmt.Errorf("%w: not the JSON of one", ErrRing)
	}
	r := Ring{kind: s.Kind, rotation: s.Rotation}
	for _, t := range s.Keys {
		b, err := base64.RawURLEncoding.DecodeString(t)
		if err != nil || len(b) != len(Key{}) {
			return Ring{}, fmt.Errorf("%w: a key is not 32 bytes of base64url", ErrRing)
		}
		r.keys = append(r.keys, Key(b))
	}
	n := len(r.keys)
	if (s.Kind == Signing && (n == 2 || n == 3)) || (s.Kind == Symmetric && n == 1) || (s.Kind == Pepper && (n == 1 || n == 2)) {
		return r, nil
	}
	return Ring{}, fmt.Errorf("%w: %d keys of kind %q", ErrRing, n, s.Kind)
}

// Format implements fmt.Formatter for every verb.
func (Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Ring) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Ring) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func random() Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails since Go 1.24: it ends the program instead
	return k
}
