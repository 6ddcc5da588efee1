// Package httpprovider is a method made of configuration alone: a service over
// HTTPS creates a transaction, verifies an answer and returns whose answer it
// was. It fits services that take and give JSON:
//
//	Create   POST <base URL><Transaction.Path>   {… the user's identifier …}
//	         ← {… transaction id …}              → a public challenge parameter
//	browser  the service's own script takes the transaction and gives an answer,
//	         a text that means nothing to Cognito
//	Verify   POST <base URL><Verification.Path>  {… the answer …}
//	         ← {… identifier of a user …}        is compared with the session's user
//
// A service that needs more than that has a package of its own, which implements
// customauth.Issuer and customauth.Checker.
package httpprovider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Config describes a service. Members of requests and replies are named by JSON
// Pointers (RFC 6901), such as /data/external_id.
type Config struct {
	Method  string // name of the method in an app client's list
	Service string // name of the service in errors
	BaseURL string // https://host[/path], or http on a loopback address

	// Header carries the service's secret in every request, after Scheme and a
	// space, or alone if Scheme is empty.
	Header string
	Scheme string

	Identifier   Identifier
	Transaction  *Transaction // nil: the service verifies answers without one
	Verification Verification
}

// Identifier is what a service knows a user by.
type Identifier string

// The identifiers of a user.
const (
	Sub      Identifier = "sub"      // immutable, and never used again
	UserName Identifier = "username" // immutable in Cognito
	Email    Identifier = "email"    // counts only while Cognito has it verified
)

// Transaction is how a sign-in begins at the service.
type Transaction struct {
	Path      string
	User      jsontext.Pointer // where the request has the user's identifier
	Constants map[jsontext.Pointer]string
	ID        jsontext.Pointer // where the reply has the transaction's id
	Parameter string           // the public challenge parameter that hands the id to the client

	// Unknown are the replies which say that the service has no such user. The
	// client is then given an id that was made up in this Form, as it is for a
	// name that nobody has. The service itself tells whoever asks it about an id.
	Unknown []Match
	Form    Form
}

// Verification is how an answer is verified.
type Verification struct {
	Path        string
	Answer      jsontext.Pointer // where the request has the answer
	User        jsontext.Pointer // where it has the user's identifier; empty: nowhere
	Transaction jsontext.Pointer // where it has the transaction's id; empty: nowhere
	Constants   map[jsontext.Pointer]string

	// Refused are the replies that say no. Accepted is what a yes must be besides
	// a status of 2xx. Every other reply is a fault that the user may retry.
	Refused  []Match
	Accepted Match

	// Returned is where a yes has the identifier of the user who gave the answer.
	// A yes for any other user than the session's is a no.
	Returned jsontext.Pointer
}

// Match recognises replies.
type Match struct {
	Status int              // 0: any 2xx
	Field  jsontext.Pointer // empty: whatever the body is
	Value  string           // of the field: a string, or the JSON of a number or boolean
}

// check returns an error that names every member which can't be right.
func (c Config) check() error {
	var problems []error
	want := func(ok bool, member, what string) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s: want %s", member, what))
		}
	}
	const aPointer, aPath = "a JSON Pointer such as /data/id", "a path that begins with a slash and has no empty or dot segments"
	want(c.Method != "" && !strings.ContainsAny(c.Method, ":,."), "Method", "a name without colon, comma or dot")
	want(c.Service != "", "Service", "a name")
	want(c.Header != "", "Header", "the name of a header")
	want(c.Identifier == Sub || c.Identifier == UserName || c.Identifier == Email, "Identifier", "sub, username or email")
	if t := c.Transaction; t != nil {
		want(isPath(t.Path), "Transaction.Path", aPath)
		want(isMember(t.User), "Transaction.User", aPointer)
		want(isMember(t.ID), "Transaction.ID", aPointer)
		want(t.Parameter != "", "Transaction.Parameter", "a name")
		want(t.Form.isKnown(), "Transaction.Form", "uuid, or hex:, digits:, alphanumeric: or base64url: and a length from 1 to 512")
		want(areMembers(t.Constants) && areMatches(t.Unknown), "Transaction", aPointer+" wherever there is one")
	}
	v := c.Verification
	want(isPath(v.Path), "Verification.Path", aPath)
	want(isMember(v.Answer), "Verification.Answer", aPointer)
	want(isMember(v.Returned), "Verification.Returned", aPointer)
	want(v.User == "" || isMember(v.User), "Verification.User", aPointer)
	want(v.Transaction == "" || isMember(v.Transaction) && c.Transaction != nil, "Verification.Transaction", aPointer+", and a Transaction")
	want(areMembers(v.Constants) && areMatches(append(v.Refused, v.Accepted)), "Verification", aPointer+" wherever there is one")
	return errors.Join(problems...)
}

// isMember reports whether the pointer is to a member of an object.
func isMember(p jsontext.Pointer) bool { return p != "" && p.IsValid() }

func areMembers(constants map[jsontext.Pointer]string) bool {
	for p := range constants {
		if !isMember(p) {
			return false
		}
	}
	return true
}

func areMatches(matches []Match) bool {
	for _, m := range matches {
		if m.Field != "" && !isMember(m.Field) {
			return false
		}
	}
	return true
}

func isPath(path string) bool {
	segments := segmentsOf(path)
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}

func segmentsOf(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}
