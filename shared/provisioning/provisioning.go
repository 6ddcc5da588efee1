// Package provisioning names the custom resources that functions/provision
// serves, with their properties and attributes, for the construct that
// declares them and for the function.
package provisioning

// Custom resource types.
const (
	SecretType = "Custom::PasskeysSecret"    // a key ring in a SecureString parameter
	ClientType = "Custom::PasskeysAppClient" // an app client's item in the credential table
)

// Properties of SecretType. A parameter that exists is never overwritten,
// unless Rotation is higher than the rotation that made its present value.
const (
	Parameter     = "Parameter"     // name of the SSM parameter, the physical id
	Kind          = "Kind"          // KindSigning or KindSymmetric
	Rotation      = "Rotation"      // a whole number; each increase rotates once
	RemovalPolicy = "RemovalPolicy" // Retain or Destroy: what happens when the stack is deleted
)

// Values of Kind.
const (
	KindSigning   = "ed25519"   // Ed25519 seeds: current, next, previous
	KindSymmetric = "symmetric" // 32 random bytes
)

// Values of RemovalPolicy.
const (
	Retain  = "retain"
	Destroy = "destroy"
)

// PublicKeys is the attribute of a SecretType of KindSigning: up to three
// Ed25519 public keys (current, next, previous), unpadded base64url, joined by commas.
const PublicKeys = "PublicKeys"

// Properties of ClientType; the physical id is the app client's id.
const (
	TableName        = "TableName"
	ClientID         = "ClientId"
	RelyingPartyID   = "RelyingPartyId"
	UserVerification = "UserVerification"
	Methods          = "Methods" // a list of methods
)

// MethodPasskey is the method of signing in with a passkey that this stack checks.
const MethodPasskey = "passkey"
