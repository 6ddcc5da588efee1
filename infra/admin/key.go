package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

var newKey = command{
	name:    "new-key",
	does:    "prints a key ring for a stack that is given its keys: a secret, so pipe it into put-secret",
	needs:   "nothing",
	prepare: prepareNewKey,
}

// uses of key rings: what -for says → kind
var uses = map[string]secret.Kind{"stamp": secret.Signing, "ticket": secret.Signing, "decoy": secret.Symmetric, "roster": secret.Pepper}

// maxRing is more than the text of a ring has, in bytes.
const maxRing = 4 << 10

func prepareNewKey(flags *flag.FlagSet) action {
	use := flags.String("for", "", `use of the ring: "stamp" (signs challenges), "decoy" (false passkey lists), "ticket" or "roster" (account numbers)`)
	rotate := flags.Bool("rotate", false, "rotate the ring on the standard input instead of making one")
	return func(_ context.Context, s streams) error {
		if err := required(flags, "for"); err != nil {
			return err
		}
		kind, ok := uses[*use]
		if !ok {
			return fmt.Errorf("%w: -for is %q: want stamp, decoy, ticket or roster", errUsage, *use)
		}
		ring, err := secret.NewRing(kind, 0)
		if err == nil && *rotate {
			ring, err = rotated(s.in, kind)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.out, ring.Encode())
		return err
	}
}

// rotated reads a ring and rotates it once: its next key becomes the current one.
func rotated(from io.Reader, kind secret.Kind) (secret.Ring, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxRing))
	if err != nil {
		return secret.Ring{}, fmt.Errorf("reading the ring: %w", err)
	}
	ring, err := secret.Decode(string(text))
	if err != nil {
		return secret.Ring{}, fmt.Errorf("reading the ring: %w", err)
	}
	if ring.Kind() != kind {
		return secret.Ring{}, fmt.Errorf("the ring is of kind %s, not %s", ring.Kind(), kind)
	}
	return ring.Rotate(ring.Rotation() + 1), nil
}
