// Package origin serves the one web origin of the local run: the demo page, the
// user-pool API, the HTTP API, the keys of the tokens, the outbox and the
// configuration for clients.
//
// It answers only requests whose Host is its own, so that no web site can reach
// it by pointing a name of its own at this machine (DNS rebinding).
package origin

import (
	"encoding/json"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Paths of the origin. The design of the local run promises them to other tools.
const (
	UserPoolPath = "/cognito-idp/"
	APIPath      = "/api"
	OutboxPath   = "/outbox"
	ConfigPath   = "/config.json"
	OperatorPath = "/aws"
	VendorsPath  = "/vendors/" // and the vendor's name
)

// bodyLimit bounds what any request may carry, in bytes: API Gateway's limit,
// and a byte more for it to notice.
const bodyLimit = 10<<20 + 1

// ClientConfig is what a client of the stack must know, as /config.json has it.
type ClientConfig struct {
	Region           string `json:"region"`
	UserPoolID       string `json:"userPoolId"`
	UserPoolClientID string `json:"userPoolClientId"`
	UserPoolEndpoint string `json:"userPoolEndpoint"`
	APIURL           string `json:"apiUrl,omitempty"` // empty if the stack has no HTTP API
	RelyingPartyID   string `json:"relyingPartyId"`
	Vendor           string `json:"vendor,omitempty"`           // for whose service a stand-in runs here; empty for none
	MailMethods      string `json:"mailMethods,omitempty"`      // "code", "link" or both, with a comma
	SignUp           string `json:"signUp,omitempty"`           // without a password: "passkey-first" or "known"; empty if users don't
	Recovery         bool   `json:"recovery,omitempty"`         // whether users can get back in who have lost all their passkeys
	TableName        string `json:"tableName,omitempty"`        // of the table of a stack on this machine, for the operator's commands
	Passwords        string `json:"passwords,omitempty"`        // "separate", "phase-out" or "off"; empty if users keep theirs
	PasswordClientID string `json:"passwordClientId,omitempty"` // of the app client for those who still have a password

	LinksInAnyBrowser bool `json:"linksInAnyBrowser,omitempty"` // whether a mailed link is good where it wasn't asked for
	SMSCode           bool `json:"smsCode,omitempty"`           // whether users may ask for a code in a text message
}

// Options are what the origin serves.
type Options struct {
	Port   int
	Config ClientConfig
	Web    fs.FS  // the demo page; nil shows what runs where instead
	Stack  *Stack // what runs on this machine; nil if the stack is in AWS, which the page then speaks to
}

// Stack is a stack that runs on this machine.
type Stack struct {
	UserPool http.Handler
	KeySet   http.Handler // of the user pool's tokens
	API      http.Handler // its paths are those within the API; nil if the stack has none
	Outbox   *Outbox
	Operator http.Handler // the AWS APIs for whoever runs the stack
	Vendor   http.Handler // the stand-in for a vendor's service; nil if there is none
}

// New returns the origin's handler.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	show := func(pattern string, handler http.Handler) { mux.Handle(pattern, secured(o.Config, handler)) }
	if o.Stack != nil {
		mux.Handle(UserPoolPath, o.Stack.UserPool)
		if o.Stack.API != nil {
			mux.Handle(APIPath+"/", http.StripPrefix(APIPath, o.Stack.API))
		}
		mux.Handle("POST "+OperatorPath, o.Stack.Operator) // the operation is in a header
		mux.Handle("POST "+OperatorPath+"/", o.Stack.Operator)
		if o.Stack.Vendor != nil {
			path := VendorsPath + o.Config.Vendor
			mux.Handle(path+"/", http.StripPrefix(path, o.Stack.Vendor))
		}
		mux.Handle("GET /"+o.Config.UserPoolID+"/.well-known/jwks.json", o.Stack.KeySet)
		show("GET "+OutboxPath, o.Stack.Outbox)
		show("GET "+OutboxPath+".css", http.HandlerFunc(serveOutboxStyle))
	}
	show("GET "+ConfigPath, serveConfig(o.Config))
	if o.Web != nil {
		show("/", http.FileServerFS(o.Web))
	} else {
		show("/{$}", serveOverview(o.Config))
	}
	return ownHost(o.Port, limited(mux))
}

// ownHost refuses requests for another host or port.
func ownHost(port int, next http.Handler) http.Handler {
	own := map[string]bool{}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		own[net.JoinHostPort(host, strconv.Itoa(port))] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !own[strings.ToLower(r.Host)] {
			http.Error(w, "this server answers for localhost only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		next.ServeHTTP(w, r)
	})
}

// secured sets the headers of what a browser shows: scripts and styles of the
// origin itself only, calls of the stack's APIs only, in no frame, nothing kept.
func secured(config ClientConfig, next http.Handler) http.Handler {
	policy := "default-src 'self'; connect-src 'self'" + originOf(config.UserPoolEndpoint) + originOf(config.APIURL) +
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// originOf returns an address without its path, after a space; nothing for no address.
func originOf(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return " " + scheme + "://" + host
}

func serveConfig(config ClientConfig) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(config) // a client that is gone needs no answer
	})
}

var overviewPage = template.Must(template.New("overview").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Passkeys for Amazon Cognito, on this machine</title>
<h1>Passkeys for Amazon Cognito, on this machine</h1>
<dl>
<dt><a href="/outbox">/outbox</a><dd>the mail that would have been sent
<dt><a href="/config.json">/config.json</a><dd>what a client must know
<dt>{{.UserPoolEndpoint}}<dd>the API of the user pool {{.UserPoolID}}, for AWS clients as a custom endpoint
{{with .APIURL}}<dt>{{.}}<dd>the HTTP API
{{end -}}
<dt><a href="/{{.UserPoolID}}/.well-known/jwks.json">/{{.UserPoolID}}/.well-known/jwks.json</a><dd>the keys of the tokens
</dl>
`))

func serveOverview(config ClientConfig) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writePage(w, overviewPage, config) })
}

func writePage(w http.ResponseWriter, page *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, data) // a client that is gone needs no answer
}
