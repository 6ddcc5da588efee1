// Package table names the keys and attributes of the credential table, for the
// construct that creates it and for the functions that read and write it.
//
// The table has a string partition key, a string sort key, and a time-to-live
// attribute in epoch seconds; no index and no stream. Items:
//
//	user          USER#<sub>   USER       handle, number and list of passkeys
//	passkey       USER#<sub>   PK#<h>     one credential and the challenges it has spent
//	uniqueness    CRED#<h>     CRED       who holds a credential id, or that it is dead
//	registration  USER#<sub>   REG        the one outstanding registration ceremony
//	ticket        USER#<sub>   TICKET#<id>  that a one-time ticket was used, and by which answer
//	notices       USER#<sub>   NOTICES#<kind>#<day>  of which changes the user was told by mail
//	e-mail link   MAIL#<sub>   LINK       the one outstanding link, as a hash
//	e-mail code   MAIL#<sub>   CODE#<sid> tries at the code of one sign-in session
//	recovery      MAIL#<sub>   RECOVERY   a proved wish to get in without a passkey, until it is ripe
//	one-time link MAIL#<sub>   RECOVERY-LINK  the link by which an operator lets a user in, as a hash
//	mail limit    RATE#<key>   MAIL       mails to an address or a user, by keyed hash
//	proof         PROOF#<id>   PROOF      of an address: tries at its code, its use, and the user it made
//	person        ROSTER#<key> PERSON     who may create an account, by keyed hash of the account number
//	arrival       ARRIVAL#<key> ARRIVAL   the person's entry of a user who is not confirmed yet
//	app client    CONFIG       CLIENT#<id> what a sign-in on that client may use
//	passwords     CONFIG       PASSWORD#<id> whose passkeys end passwords on that app client
//	user pool     CONFIG       POOL#<id>  the triggers that an imported pool had before
//
// <h> is the unpadded base64url SHA-256 of the credential id, because an id can
// be longer than a sort key may be (1,024 bytes). What is mailed has a partition
// of its own, so that the function that sends mail may write there and can't
// write anybody's passkeys.
package table

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// Keys and the time-to-live attribute of every item.
const (
	PartitionKey = "pk"
	SortKey      = "sk"
	TTL          = "ttl" // epoch seconds; DynamoDB deletes late, so readers compare Expires too
)

// Attributes of a user item.
const (
	Handle      = "handle" // WebAuthn user handle, also on passkey items
	Count       = "cnt"    // number of passkeys
	Credentials = "creds"  // map: <h> → {CredentialID, Transports, RelyingParty}
)

// Attributes of a passkey item.
const (
	CredentialID    = "id"      // bytes
	PublicKey       = "pub"     // COSE_Key bytes
	SignCount       = "sc"      //
	BackupEligible  = "be"      //
	BackupState     = "bs"      //
	AAGUID          = "aaguid"  // 16 bytes
	Transports      = "tr"      // list of strings
	RelyingParty    = "rp"      // relying party id; also on registration, app client and password client items
	Name            = "name"    // what the user calls the passkey
	Generation      = "gen"     // random per registration
	Registration    = "reg"     // <h> of the registration's challenge
	Created         = "created" // milliseconds
	Used            = "used"    // milliseconds, 0 before the first sign-in
	Floor           = "floor"   // milliseconds: challenges issued at or before it are void
	SpentChallenges = "spent"   // map: spent key of a challenge → the use of it
)

// Attributes of a use of a challenge, in SpentChallenges, and of a ticket item.
const (
	Digest     = "d" // digest of the answer
	Invocation = "i" // random bytes of the invocation that recorded it
	Time       = "t" // milliseconds
	Times      = "n" // how often it was answered "true"
	Issued     = "a" // milliseconds
	Expires    = "x" // milliseconds; also on registration items
)

// Attributes of uniqueness, registration and app client items.
const (
	Sub              = "sub"
	UserName         = "userName" // the Cognito user name
	Dead             = "dead"
	Challenge        = "c" // SHA-256 of the challenge
	Client           = "client"
	First            = "first" // the user had no item when the registration began
	UserVerification = "uv"
	Methods          = "methods"
	Policy           = "policy"
)

// Attributes of e-mail link and e-mail code items, beside those of a use, Client
// and Expires.
const (
	Token   = "hs"  // SHA-256 of a link's token
	Session = "sid" // that asked for it
	Browser = "bn"  // SHA-256 of what the browser that asked keeps
	Wrong   = "w"   // wrong tries
)

// Attributes of a recovery, beside Expires.
const (
	From = "from" // milliseconds: when it may be completed
	Seen = "seen" // digests of the passkeys when it was proved
)

// Attributes of a mail limit.
const (
	Last = "at"   // milliseconds of the latest mail
	Day  = "day"  // of Sent, in days since the epoch
	Sent = "sent" // mails on that day; also on items of notices
)

// Attributes of a person, beside Sub and Expires, and of an arrival.
const (
	Address = "mail"   // keyed hash of the e-mail address
	Holder  = "holder" // who reserved the entry last
	Entry   = "entry"  // key of the person's item
)

// Triggers is the attribute of a user pool's item: map of a trigger, as the
// pool's LambdaConfig names it → ARN of the function.
const Triggers = "triggers"

// Sort keys that are the same for every partition, and partition keys that
// hold one kind of item.
const (
	UserSK         = "USER"
	RegistrationSK = "REG"
	CredentialSK   = "CRED"
	LinkSK         = "LINK"
	RecoverySK     = "RECOVERY"
	RecoveryLinkSK = "RECOVERY-LINK"
	RateSK         = "MAIL"
	ProofSK        = "PROOF"
	PersonSK       = "PERSON"
	ArrivalSK      = "ARRIVAL"
	ConfigPK       = "CONFIG"
	PasskeyPrefix  = "PK#"
)

// Seed is a member that every map is created with, so that no map is ever
// stored empty.
const Seed = "_"

// UserPK is the partition key of everything that belongs to one user. sub is
// the user's immutable identifier in the pool, never a name typed by anyone.
func UserPK(sub string) string { return userPrefix + sub }

// SubOf is the sub in a partition key that UserPK made.
func SubOf(pk string) string { return strings.TrimPrefix(pk, userPrefix) }

const userPrefix = "USER#"

// PasskeySK is the sort key of the passkey whose credential id hashes to h.
func PasskeySK(h string) string { return PasskeyPrefix + h }

// TicketSK is the sort key of the ticket of that id.
func TicketSK(id string) string { return "TICKET#" + id }

// NoticesSK is the sort key of the notices of one kind on a day, in days since the
// epoch.
func NoticesSK(kind string, day int64) string {
	return "NOTICES#" + kind + "#" + strconv.FormatInt(day, 10)
}

// Told is the attribute of an item of notices that says that the user was told of
// the change of that id.
func Told(id string) string { return "told:" + id }

// MailPK is the partition key of what was mailed to one user to sign in with.
func MailPK(sub string) string { return "MAIL#" + sub }

// CodeSK is the sort key of the code that was mailed in a sign-in session.
func CodeSK(session string) string { return "CODE#" + session }

// RatePK is the partition key of the limit of mails that has this key.
func RatePK(key string) string { return "RATE#" + key }

// ProofPK is the partition key of the proof of an address that has this id.
func ProofPK(id string) string { return "PROOF#" + id }

// PersonPK is the partition key of the roster's entry that has this key.
func PersonPK(key string) string { return "ROSTER#" + key }

// ArrivalPK is the partition key of the arrival that has this key.
func ArrivalPK(key string) string { return "ARRIVAL#" + key }

// CredentialPK is the partition key of the item that makes a credential id unique.
func CredentialPK(h string) string { return "CRED#" + h }

// ClientSK is the sort key of an app client's item.
func ClientSK(clientID string) string { return "CLIENT#" + clientID }

// PasswordClientSK is the sort key of the item of an app client on which a
// passkey ends the password.
func PasswordClientSK(clientID string) string { return "PASSWORD#" + clientID }

// PoolSK is the sort key of an imported user pool's item.
func PoolSK(poolID string) string { return "POOL#" + poolID }

// Hash is <h>: the unpadded base64url SHA-256 of a credential id or challenge.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
