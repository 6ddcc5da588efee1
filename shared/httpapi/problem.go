package httpapi

import (
	"errors"
	"net/http"
)

// Problem is an error as a client reads it.
type Problem struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// NewProblem returns the problem of that HTTP status, code and message.
func NewProblem(status int, code, message string) Problem { return Problem{status, code, message} }

func (p Problem) Error() string { return p.Code }

// ErrMalformed is the problem of a body that is not what its route takes.
var ErrMalformed = Problem{http.StatusBadRequest, "malformed_request", "The body is not the JSON that this route takes."}

// The problems that every function has.
var (
	errNoRoute      = Problem{http.StatusNotFound, "not_found", "There is no such route."}
	errBodyTooLarge = Problem{http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than 64 KiB."}
	errWrongToken   = Problem{http.StatusUnauthorized, "access_token_required", "This route takes an access token, not an ID token."}
	errTokenRefused = Problem{http.StatusUnauthorized, "token_refused", "The user pool no longer honours this access token: sign in again."}
	errWrongClient  = Problem{http.StatusForbidden, "client_not_served", "The access token is of an app client that is not set up for passkeys."}
	errNotRecent    = Problem{http.StatusForbidden, "recent_sign_in_required", "The last sign-in is too long ago for this: sign in again."}
	errFederated    = Problem{http.StatusForbidden, "federated_user", "Users of an external identity provider sign in there: passkeys are for users of this pool."}
	errRetry        = Problem{http.StatusServiceUnavailable, "try_again", "The service is not available for the moment: try again."}
)

// public is the one place where an error becomes what a client reads.
func (s Server) public(err error) Problem {
	var p Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, ErrTokenRefused) {
		return errTokenRefused
	}
	if p, known := s.Public(err); known {
		return p
	}
	return errRetry
}
