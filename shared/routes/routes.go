// Package routes lists the routes of the HTTP API, for the construct that
// creates them and for the function that answers them.
package routes

// Token is what a caller must present on a route.
type Token string

// Every route declares exactly one of these.
const (
	NoToken     Token = "none"
	AccessToken Token = "access" // a Cognito access token; an ID token is refused
)

// Route is one route of the HTTP API.
type Route struct {
	Method string
	Path   string // API Gateway's syntax: {name} is a path parameter
	Token  Token
}

// Key is the route key as API Gateway writes it, for example "GET /passkeys".
func (r Route) Key() string { return r.Method + " " + r.Path }

// PasskeyID is the path parameter that holds a credential id, unpadded base64url.
const PasskeyID = "id"

// The routes.
var (
	ListPasskeys        = Route{"GET", "/passkeys", AccessToken}
	RegistrationOptions = Route{"POST", "/passkeys/options", AccessToken}
	RegisterPasskey     = Route{"POST", "/passkeys", AccessToken}
	RenamePasskey       = Route{"PATCH", "/passkeys/{" + PasskeyID + "}", AccessToken}
	DeletePasskey       = Route{"DELETE", "/passkeys/{" + PasskeyID + "}", AccessToken}
	SignInOptions       = Route{"POST", "/sign-in/options", NoToken}
	SignInUser          = Route{"POST", "/sign-in/user", NoToken}
)

// All lists every route, in the order in which documentation shows them.
func All() []Route {
	return []Route{
		ListPasskeys, RegistrationOptions, RegisterPasskey, RenamePasskey, DeletePasskey,
		SignInOptions, SignInUser,
	}
}
