package credentials

import (
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

// Sighting tells a set of passkeys and when each was last used from any other, by
// what was stored and no clock: it changes with each sign-in by one of them.
func Sighting(passkeys []Passkey) []byte {
	var seen [][]byte
	for _, p := range passkeys {
		seen = append(seen, binary.BigEndian.AppendUint64([]byte(table.Hash(p.ID)+p.Generation), uint64(p.Used.UnixMilli())))
	}
	slices.SortFunc(seen, slices.Compare)
	sum := sha256.Sum256(slices.Concat(seen...))
	return sum[:]
}

// Revocation ends what a user's passkeys were good for, and the registration
// that is outstanding.
type Revocation struct {
	Sub      string
	Passkeys []Passkey // as they were read; at most MaxRevoked
	Kept     bool      // they stay, and only the challenges issued until Now are void
	Now      time.Time
}

// MaxRevoked is how many passkeys end at once: with the items that make their ids
// unique, that of the user and that of the registration they are as many as a
// transaction takes.
const MaxRevoked = 48
