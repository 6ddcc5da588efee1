package credentials

import "time"

// Proof is the proof of an address by a code, which is derived and not stored.
type Proof struct {
	Expires time.Time
	Wrong   int    // wrong tries, MaxWrongTries at most
	Use     Use    // zero until the code was given; of it, Issued and Expires are not kept
	Sub     string // of the user that was made for the proof; empty before
}

// ProofKept is how long a proof is kept after it expired.
const ProofKept = time.Hour
