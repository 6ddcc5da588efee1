// Package service describes a service that signs people in, for the construct
// that hands a description on and for the method that is made of it.
package service

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Description says what a service is like. Members of requests and replies are
// named by JSON Pointers (RFC 6901), such as /data/external_id.
type Description struct {
	Method  string `json:"method,omitempty"`  // name of the method in an app client's list
	Service string `json:"service,omitempty"` // name of the service in errors
	BaseURL string `json:"baseUrl,omitempty"` // https://host[/path], or http on a loopback address

	// Header carries the service's secret in every request, after Scheme and a
	// space, or alone if Scheme is empty.
	Header string `json:"header,omitempty"`
	Scheme string `json:"scheme,omitempty"`

	Identifier   Identifier   `json:"identifier,omitempty"`
	Transaction  *Transaction `json:"transaction,omitempty"` // nil: the service verifies answers without one
	Verification Verification `json:"verification,omitempty"`
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
	Path      string                      `json:"path,omitempty"`
	User      jsontext.Pointer            `json:"user,omitempty"` // where the request has the user's identifier
	Constants map[jsontext.Pointer]string `json:"constants,omitempty"`
	ID        jsontext.Pointer            `json:"id,omitempty"`        // where the reply has the transaction's id
	Parameter string                      `json:"parameter,omitempty"` // the public challenge parameter that hands the id to the client

	// Unknown are the replies which say that the service has no such user. The
	// client is then given an id that was made up in this Form, as it is for a
	// name that nobody has. The service itself tells whoever asks it about an id.
	Unknown []Match `json:"unknown,omitempty"`
	Form    Form    `json:"form,omitempty"`
}

// Verification is how an answer is verified.
type Verification struct {
	Path        string                      `json:"path,omitempty"`
	Answer      jsontext.Pointer            `json:"answer,omitempty"`      // where the request has the answer
	User        jsontext.Pointer            `json:"user,omitempty"`        // where it has the user's identifier; empty: nowhere
	Transaction jsontext.Pointer            `json:"transaction,omitempty"` // where it has the transaction's id; empty: nowhere
	Constants   map[jsontext.Pointer]string `json:"constants,omitempty"`

	// Refused are the replies that say no, and Accepted those that say yes, with
	// a status of 2xx. Every other reply is a fault that the user may retry.
	Refused  []Match `json:"refused,omitempty"`
	Accepted Match   `json:"accepted,omitempty"`

	// Returned is where a yes has the identifier of the user who gave the answer.
	// A yes for any other user than the session's is a no.
	Returned jsontext.Pointer `json:"returned,omitempty"`
}

// Match recognises replies.
type Match struct {
	Status int              `json:"status,omitempty"` // 0: any 2xx
	Field  jsontext.Pointer `json:"field,omitempty"`  // empty: whatever the body is
	Value  string           `json:"value,omitempty"`  // of the field: a string, or the JSON of a number or boolean
}

// Check returns an error that names every member which can't be right.
func (d Description) Check() error {
	var problems []error
	want := func(ok bool, member, what string) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s: want %s", member, what))
		}
	}
	const aPointer, aPath = "a JSON Pointer such as /data/id", "a path that begins with a slash and has no empty or dot segments"
	want(d.Method != "" && !strings.ContainsAny(d.Method, ":,."), "Method", "a name without colon, comma or dot")
	want(d.Service != "", "Service", "a name")
	want(d.Header != "", "Header", "the name of a header")
	want(d.Identifier == Sub || d.Identifier == UserName || d.Identifier == Email, "Identifier", "sub, username or email")
	if t := d.Transaction; t != nil {
		want(isPath(t.Path), "Transaction.Path", aPath)
		want(isMember(t.User), "Transaction.User", aPointer)
		want(isMember(t.ID), "Transaction.ID", aPointer)
		want(t.Parameter != "", "Transaction.Parameter", "a name")
		want(t.Form.IsKnown(), "Transaction.Form", "uuid, or hex:, digits:, alphanumeric: or base64url: and a length from 1 to 512")
		want(areMembers(t.Constants) && areMatches(t.Unknown), "Transaction", aPointer+" wherever there is one")
	}
	v := d.Verification
	want(isPath(v.Path), "Verification.Path", aPath)
	want(isMember(v.Answer), "Verification.Answer", aPointer)
	want(isMember(v.Returned), "Verification.Returned", aPointer)
	want(v.Accepted.Status == 0 || v.Accepted.Status/100 == 2, "Verification.Accepted", "a status of 2xx, or 0 for any of them")
	want(v.User == "" || isMember(v.User), "Verification.User", aPointer)
	want(v.Transaction == "" || isMember(v.Transaction) && d.Transaction != nil, "Verification.Transaction", aPointer+", and a Transaction")
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
	segments := Segments(path)
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}

// Segments returns the segments of a path that begins with a slash.
func Segments(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}
