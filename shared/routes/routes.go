// Package routes lists the routes of the HTTP API, for the construct that
// creates them and for the function that answers them.
package routes

// Token is what a caller must present on a route.
type Token string

// Every route declares exactly one of these.
const (
	NoToken     Token = "none"
	AccessToken Token = "access" // a Cognito access token; an ID token is refused

	// VendorCredentials are the HTTP Basic credentials that the vendor was given.
	VendorCredentials Token = "vendor"
)

// Route is one route of the HTTP API.
type Route struct {
	Method string
	Path   string // API Gateway's syntax: {name} is a path parameter
	Token  Token
}

// Key is the route key as API Gateway writes it, for example "GET /passkeys".
func (r Route) Key() string { return r.Method + " " + r.Path }

// ID is the path parameter that holds a credential id, unpadded base64url, or
// the id of a device at a vendor.
const ID = "id"

// The routes.
var (
	ListPasskeys        = Route{"GET", "/passkeys", AccessToken}
	RegistrationOptions = Route{"POST", "/passkeys/options", AccessToken}
	RegisterPasskey     = Route{"POST", "/passkeys", AccessToken}
	RenamePasskey       = Route{"PATCH", "/passkeys/{" + ID + "}", AccessToken}
	DeletePasskey       = Route{"DELETE", "/passkeys/{" + ID + "}", AccessToken}
	SignInOptions       = Route{"POST", "/sign-in/options", NoToken}
	SignInUser          = Route{"POST", "/sign-in/user", NoToken}
)

// The routes of vendors, which are there with the vendor.
var (
	CorbadoConnectToken = Route{"POST", "/corbado/connect-tokens", AccessToken}
	CorbadoAction       = Route{"POST", "/corbado/actions", VendorCredentials}
	PassageTransaction  = Route{"POST", "/passage/transactions", AccessToken}
	ListPassageDevices  = Route{"GET", "/passage/devices", AccessToken}
	RevokePassageDevice = Route{"DELETE", "/passage/devices/{" + ID + "}", AccessToken}
)

// The routes of the accounts function, each of which is there with its journey.
var (
	SignUp         = Route{"POST", "/sign-up", NoToken}
	CompleteSignUp = Route{"POST", "/sign-up/complete", NoToken}
	SignUpTicket   = Route{"POST", "/sign-up/ticket", NoToken}

	RemovePassword = Route{"DELETE", "/password", AccessToken}

	Recovery         = Route{"POST", "/recovery", NoToken}
	CompleteRecovery = Route{"POST", "/recovery/complete", NoToken}
	RecoveryLink     = Route{"POST", "/recovery/link", NoToken}
)

// All lists the routes that every stack has, in the order in which documentation
// shows them.
func All() []Route {
	return []Route{
		ListPasskeys, RegistrationOptions, RegisterPasskey, RenamePasskey, DeletePasskey,
		SignInOptions, SignInUser,
	}
}

// SignUps lists the routes of a stack whose users sign up without a password.
func SignUps() []Route { return []Route{SignUp, CompleteSignUp} }

// SignUpTickets lists the routes of a stack in which known people may sign up at
// Cognito itself.
func SignUpTickets() []Route { return []Route{SignUpTicket} }

// Recoveries lists the routes of a stack whose users can get back in without a passkey.
func Recoveries() []Route { return []Route{Recovery, CompleteRecovery, RecoveryLink} }

// Mailing lists the routes on which anybody can have mail sent.
func Mailing() []Route { return []Route{SignUp, Recovery} }

// Corbado lists the routes of a stack whose users have passkeys with Corbado Connect.
func Corbado() []Route { return []Route{CorbadoConnectToken} }

// Passage lists the routes of a stack whose users have passkeys with Passage Flex.
func Passage() []Route {
	return []Route{PassageTransaction, ListPassageDevices, RevokePassageDevice}
}
