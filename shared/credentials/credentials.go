// Package credentials is the credential table as the rest of the project sees
// it: whose passkeys there are, which challenges each has spent, and the
// conditions under which any of that may change. Package dynamo keeps it in
// Amazon DynamoDB.
package credentials

import (
	"errors"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Why a store did not do what it was asked to do. Any other error is a fault of
// the store, after which nothing is known.
var (
	ErrNotFound       = errors.New("no such item")
	ErrCondition      = errors.New("the item has changed")                          // a conditional update found another state
	ErrRegistration   = errors.New("no such registration is outstanding")           // it expired, was finished, or was begun anew
	ErrDuplicate      = errors.New("the credential id is registered or was lately") // by anyone
	ErrTooMany        = errors.New("the user has as many passkeys as allowed")
	ErrLastCredential = errors.New("the passkey is the last one")
	ErrConflict       = errors.New("another change is under way") // worth a retry
)

// User is a user item.
type User struct {
	Handle   []byte // WebAuthn user handle, given at the first registration
	Passkeys []Listed
}

// Listed is what a user item says of one passkey.
type Listed struct {
	ID             []byte
	Transports     []string
	RelyingPartyID string
}

// Passkey is a passkey item.
type Passkey struct {
	credential.Record
	Name         string
	Generation   string         // random per registration
	Registration string         // hash of the registration's challenge
	Created      time.Time      //
	Used         time.Time      // zero before the first sign-in
	Floor        time.Time      // challenges issued at or before it are void
	Spent        map[string]Use // SpentKey of a challenge → its use
}

// Spend records that a passkey answered a challenge, if nobody did before.
type Spend struct {
	Sub        string
	Hash       string // of the credential id
	Challenge  string // SpentKey
	Use        Use
	Generation string // must still be that of the item

	SignCount           uint32
	BackupState         bool
	CounterMustIncrease bool // the stored counter must be lower than SignCount

	Drop  []string  // spent challenges to forget
	Floor time.Time // raises the item's floor; zero leaves it
}

// Registration is the one registration ceremony that a user has outstanding.
type Registration struct {
	Challenge      string // hash
	RelyingPartyID string
	ClientID       string
	Handle         []byte    // the user handle that the options carried
	First          bool      // the user had no item when the ceremony began
	Expires        time.Time //
}

// Enrolment ends a registration ceremony: the passkey is stored, its id is made
// unique, the user's list grows and the ceremony is over, all or nothing.
type Enrolment struct {
	Sub          string
	UserName     string
	Registration Registration
	Passkey      Passkey
	Max          int // passkeys per user
	Now          time.Time
}

// Import adds a passkey that was registered elsewhere: it is stored, its id is
// made unique and the user's list grows, all or nothing.
type Import struct {
	Sub      string
	UserName string
	Passkey  Passkey
	First    bool // the user has no item, and gets one with the passkey's user handle
	Max      int  // passkeys per user
}

// Held is a passkey and whose it is.
type Held struct {
	Sub     string
	Passkey Passkey
}

// Removal deletes a passkey. Its credential id stays reserved for a day, because
// a passkey that could be registered again at once would come back without the
// memory of the challenges it has spent.
type Removal struct {
	Sub  string
	Hash string
	Keep int // how many passkeys must stay: 0 when the user has another way in
	Now  time.Time
}

// DeadFor is how long the credential id of a deleted passkey can't be registered.
const DeadFor = 24 * time.Hour

// Owner is who holds a credential id.
type Owner struct {
	Sub        string
	UserName   string // Cognito user name, which never changes
	Generation string
}
