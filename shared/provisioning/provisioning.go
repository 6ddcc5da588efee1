// Package provisioning names the custom resources that functions/provision
// serves, with their properties and attributes, for the construct that
// declares them and for the function.
package provisioning

// Custom resource types.
const (
	SecretType = "Custom::PasskeysSecret"    // a key ring in a SecureString parameter
	ClientType = "Custom::PasskeysAppClient" // an app client's item in the credential table
	PoolType   = "Custom::PasskeysUserPool"  // the triggers and attributes of a pool that the stack doesn't make

	PasswordClientType = "Custom::PasskeysPasswordClient" // the item of an app client on which a passkey ends the password
)

// Properties of SecretType. A parameter that exists is never overwritten,
// unless Rotation is higher than the rotation that made its present value.
const (
	Parameter     = "Parameter"     // name of the SSM parameter, the physical id
	Kind          = "Kind"          // KindSigning, KindSymmetric or KindPepper
	Rotation      = "Rotation"      // a whole number; each increase rotates once
	RemovalPolicy = "RemovalPolicy" // Retain or Destroy: what happens when the stack is deleted; or Adopted
	EncryptionKey = "EncryptionKey" // ARN of the KMS key that encrypts the parameter; absent: AWS's own
)

// Values of Kind.
const (
	KindSigning   = "ed25519"   // Ed25519 seeds: current, next, previous
	KindSymmetric = "symmetric" // 32 random bytes
	KindPepper    = "pepper"    // 32 random bytes each: current, previous
)

// Values of RemovalPolicy.
const (
	Retain  = "retain"
	Destroy = "destroy"
	Adopted = "adopted" // somebody else makes, keeps and rotates the ring: it is only read
)

// PublicKeys is the attribute of a SecretType of KindSigning: up to three
// Ed25519 public keys (current, next, previous), unpadded base64url, joined by commas.
const PublicKeys = "PublicKeys"

// Properties of ClientType, of which PasswordClientType has the first three; the
// physical id is the app client's id.
const (
	TableName        = "TableName"
	ClientID         = "ClientId"
	RelyingPartyID   = "RelyingPartyId"
	UserVerification = "UserVerification"
	Methods          = "Methods" // a list of methods
	Policy           = "Policy"  // PolicyPreferred or PolicyRequired; absent: PolicyPreferred
)

// Properties of PoolType, besides TableName and UserVerification, which are the
// same as a ClientType's; the physical id is the pool's id. The pool and the
// clients are checked before anything is changed; an update checks of the clients
// and the user verification only what it changes, so that a rollback to what was
// there is not refused for what the pool's owner did meanwhile. What the triggers
// replaced comes back when the resource is deleted; attributes stay, because
// Cognito can't remove them. An absent list is an empty one.
const (
	UserPoolID    = "UserPoolId"
	Triggers      = "Triggers"      // a map: trigger → ARN of the function that becomes it
	Attributes    = "Attributes"    // a list of custom attributes, without "custom:", to add as changeable texts
	ClientIDs     = "ClientIds"     // a list of the app clients that are served
	Replace       = "Replace"       // a list of the triggers, as Cognito names them, that may be replaced
	FoldUserNames = "FoldUserNames" // "true" or "false": whether the pool ignores the case of user names, as the functions are told
	Mail          = "Mail"          // "true" if users may sign in by a mail or a text message; absent: they may not
	Attachment    = "Attachment"    // a whole number; each increase attaches once more

	PasswordClientIDs = "PasswordClientIds" // a list of the app clients on which a passkey ends the password
	WithoutPasswords  = "WithoutPasswords"  // "true" if the app clients that are served may take no password; absent: they may
)

// Triggers of a pool, as its LambdaConfig names them.
const (
	TriggerDefine            = "DefineAuthChallenge"
	TriggerCreate            = "CreateAuthChallenge"
	TriggerVerify            = "VerifyAuthChallengeResponse"
	TriggerPreSignUp         = "PreSignUp"
	TriggerPostConfirmation  = "PostConfirmation"
	TriggerPreAuthentication = "PreAuthentication"
)

// UserVerificationRequired is the UserVerification that makes a passkey two
// factors, which a pool with required MFA asks for.
const UserVerificationRequired = "required"

// Values of Policy.
const (
	PolicyPreferred = "passkey-preferred" // a mail or a text message may stand in for a passkey
	PolicyRequired  = "passkey-required"  // once a user has a passkey, nothing weaker may
)

// Methods that an app client's users may sign in by.
const (
	MethodPasskey = "passkey"     // with a passkey that this stack checks
	MethodTicket  = "ticket"      // with a one-time ticket of a trusted backend
	MethodAccount = "account"     // with a one-time ticket of the accounts function
	MethodCorbado = "corbado"     // with a passkey that Corbado Connect keeps
	MethodPassage = "passageflex" // with a passkey at a service that speaks Passage Flex's protocol
	MethodLink    = "link"        // with a link that was mailed
	MethodCode    = "code"        // with a code that was mailed
	MethodSMS     = "sms"         // with a code in a text message
)
