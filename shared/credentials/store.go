package credentials

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// Store is the whole credential table. Those who use it declare the part that
// they need. Every read sees every write that was acknowledged before it.
type Store interface {
	// Client returns an app client's item, or customauth.ErrNotServed.
	Client(ctx context.Context, clientID string) (customauth.Client, error)

	// PasswordClient returns the relying party whose passkeys end passwords on an
	// app client, or ErrNotFound where none do.
	PasswordClient(ctx context.Context, clientID string) (relyingPartyID string, err error)

	// User returns a user item, or ErrNotFound.
	User(ctx context.Context, sub string) (User, error)
	// Passkey returns a passkey item, or ErrNotFound.
	Passkey(ctx context.Context, sub, hash string) (Passkey, error)
	// Passkeys returns all passkey items of a user, oldest first.
	Passkeys(ctx context.Context, sub string) ([]Passkey, error)
	// All returns every passkey item there is, those of one user together, in no
	// order. After an error there is nothing more. What changes meanwhile may be
	// missed.
	All(context.Context) iter.Seq2[Held, error]
	// Owner returns who holds a credential id, or ErrNotFound.
	Owner(ctx context.Context, hash string) (Owner, error)

	// Spend records an answer, or returns ErrCondition and changes nothing.
	Spend(context.Context, Spend) error
	// Repeat counts one more "correct" for an answer that was recorded before,
	// or returns ErrCondition when the challenge was spent on another answer or
	// was repeated often enough.
	Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error

	// Ticket returns the use of a ticket, or ErrNotFound when it was not used yet
	// or expired long ago.
	Ticket(ctx context.Context, sub, id string) (Use, error)
	// SpendTicket records the use of a ticket and keeps it for TicketKept after
	// the use's Expires, or returns ErrCondition when the ticket was used before.
	SpendTicket(ctx context.Context, sub, id string, use Use) error
	// RepeatTicket counts one more "correct" like Repeat.
	RepeatTicket(ctx context.Context, sub, id string, digest []byte) error

	// Mailing returns what is stored for a user under a sort key, table.LinkSK,
	// table.RecoveryLinkSK or one of table.CodeSK, or ErrNotFound.
	Mailing(ctx context.Context, sub, sk string) (Mailing, error)
	// PutMailing replaces whatever is stored there, and keeps it for MailingKept
	// after it expires.
	PutMailing(ctx context.Context, sub, sk string, m Mailing) error
	// SpendMailing records the use of a mailing, or returns ErrCondition and
	// changes nothing if it is gone, has another token, was used, has expired at
	// the use's time or was answered wrongly too often.
	SpendMailing(ctx context.Context, sub, sk string, token []byte, use Use) error
	// RepeatMailing counts one more "correct" like Repeat.
	RepeatMailing(ctx context.Context, sub, sk string, digest []byte) error
	// MissMailing counts a wrong try, or returns ErrCondition if there were
	// MaxWrongTries, or none is outstanding.
	MissMailing(ctx context.Context, sub, sk string) error
	// Proof returns the proof of an address, or ErrNotFound.
	Proof(ctx context.Context, id string) (Proof, error)
	// BeginProof stores a proof that expires then, and keeps it for ProofKept
	// after that, or returns ErrCondition if its id is taken.
	BeginProof(ctx context.Context, id string, expires time.Time) error
	// SpendProof records that the code was given, or returns ErrCondition and
	// changes nothing if there is no such proof, or it was spent, has expired at
	// the use's time or was answered wrongly too often.
	SpendProof(ctx context.Context, id string, use Use) error
	// RepeatProof counts one more "correct" like Repeat.
	RepeatProof(ctx context.Context, id string, digest []byte) error
	// MissProof counts a wrong try, or returns ErrCondition if there were
	// MaxWrongTries, or there is no such proof.
	MissProof(ctx context.Context, id string) error
	// NoteProof stores the user that was made for a proof, or returns ErrCondition
	// if that was not spent or another user was made.
	NoteProof(ctx context.Context, id, sub string) error

	// Rate returns the mails that were counted under a key.
	Rate(ctx context.Context, key string) (Rate, error)
	// SetRate changes a rate, or returns ErrCondition if it is not as before.
	SetRate(ctx context.Context, key string, before, after Rate) error
	// CountNotice records that a user is told of a change and returns how many
	// there are now of its kind and day, or ErrCondition and changes nothing if it
	// was recorded before or there are NoticesPerDay.
	CountNotice(ctx context.Context, sub string, n Notice) (int, error)

	// Recovery returns the user's recovery, or the zero value.
	Recovery(ctx context.Context, sub string) (Recovery, error)
	// SetRecovery changes it, or returns ErrCondition if it is not as before. It is
	// kept for MailingKept after it expires.
	SetRecovery(ctx context.Context, sub string, before, after Recovery) error
	// EndRecovery deletes it, if there is one.
	EndRecovery(ctx context.Context, sub string) error
	// DropMailings deletes everything that was mailed to sign in with. It returns
	// when one of those was last used, or the zero time.
	DropMailings(ctx context.Context, sub string) (time.Time, error)
	// EndRegistration deletes the registration that is outstanding, if there is one.
	EndRegistration(ctx context.Context, sub string) error
	// Revoke ends passkeys, or returns ErrCondition, if one of them was used or
	// removed since it was read, or ErrConflict, and changes nothing.
	Revoke(context.Context, Revocation) error

	// Person returns an entry of the roster, or ErrNotFound.
	Person(ctx context.Context, key string) (Person, error)
	// SetPerson changes an entry of the roster, or returns ErrCondition if it is not
	// as before, which is the zero Person where there is none.
	SetPerson(ctx context.Context, key string, before, after Person) error
	// MovePerson moves an entry to another key, under which after is stored, or
	// returns ErrCondition or ErrConflict and changes nothing if it is not as before
	// or the other key is taken.
	MovePerson(ctx context.Context, from, to string, before, after Person) error
	// Arrival returns the place in the roster of somebody who was let through to
	// create an account, or ErrNotFound.
	Arrival(ctx context.Context, key string) (Place, error)
	// PutArrival replaces whatever is stored under the key.
	PutArrival(ctx context.Context, key string, place Place) error

	// BeginRegistration replaces whatever registration the user has outstanding.
	BeginRegistration(ctx context.Context, sub string, r Registration) error
	// Registration returns the outstanding registration, or ErrNotFound.
	Registration(ctx context.Context, sub string) (Registration, error)
	// Enrol ends a registration, or returns ErrRegistration, ErrDuplicate,
	// ErrTooMany or ErrConflict and changes nothing.
	Enrol(context.Context, Enrolment) error
	// Import adds a passkey without a ceremony, or returns ErrDuplicate,
	// ErrTooMany, or ErrConflict when First is no longer right, and changes nothing.
	Import(context.Context, Import) error
	// Rename returns the renamed passkey, or ErrNotFound.
	Rename(ctx context.Context, sub, hash, name string) (Passkey, error)
	// Remove deletes a passkey, or returns ErrNotFound, ErrLastCredential or
	// ErrConflict and changes nothing.
	Remove(context.Context, Removal) error
}

// SpentKey names a challenge in the map of spent challenges.
func SpentKey(challenge []byte) string {
	sum := sha256.Sum256(challenge)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
