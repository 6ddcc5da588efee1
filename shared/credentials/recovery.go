package credentials

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Recovery is a user's wish to get in without a passkey, which was proved by a
// mailed code. It ripens, so that the holder of a passkey has time to use it.
type Recovery struct {
	From    time.Time // when it may be completed
	Expires time.Time // until when
	Seen    []byte    // Sighting of the user's passkeys when it was proved
}

// IsZero reports whether there is none.
func (r Recovery) IsZero() bool { return r.From.IsZero() }

// sighted is how many bytes a Sighting has for each passkey.
const sighted = 16

// Sighting remembers passkeys and when each was last used, by what is stored of
// them and no clock.
func Sighting(passkeys []Passkey) []byte {
	var seen [][]byte
	for _, p := range passkeys {
		seen = append(seen, sightOf(p))
	}
	slices.SortFunc(seen, slices.Compare)
	return slices.Concat(seen...)
}

// IsVoid reports whether one of the passkeys was used or added since.
func (r Recovery) IsVoid(passkeys []Passkey) bool {
	seen := slices.Collect(slices.Chunk(r.Seen, sighted))
	return slices.ContainsFunc(passkeys, func(p Passkey) bool {
		return !slices.ContainsFunc(seen, func(s []byte) bool { return bytes.Equal(s, sightOf(p)) })
	})
}

func sightOf(p Passkey) []byte {
	text := binary.BigEndian.AppendUint64([]byte(table.Hash(p.ID)+p.Generation), uint64(p.Used.UnixMilli()))
	sum := sha256.Sum256(text)
	return sum[:sighted]
}

// Revocation ends what a user's passkeys were good for.
type Revocation struct {
	Sub      string
	Passkeys []Passkey // as they were read; at most MaxRevoked, unless Kept
	Kept     bool      // they stay, and only the challenges issued until Now are void
	Now      time.Time
}

// MaxRevoked is how many passkeys end at once: with the items that make their ids
// unique and that of the user they are as many as a transaction takes.
const MaxRevoked = 49
