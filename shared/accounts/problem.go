package accounts

import (
	"errors"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
)

// The problems that a client can cause.
var (
	errClient    = httpapi.NewProblem(http.StatusForbidden, "client_not_served", "The app client is not one that is served here.")
	errAddress   = httpapi.NewProblem(http.StatusBadRequest, "bad_address", "This is not an e-mail address.")
	errCode      = httpapi.NewProblem(http.StatusBadRequest, "wrong_code", "The code is not the one that was mailed, or it is no longer good: ask for another.")
	errLink      = httpapi.NewProblem(http.StatusBadRequest, "wrong_link", "The link is not good, or no longer: ask for another.")
	errNoWayBack = httpapi.NewProblem(http.StatusConflict, "no_way_back", "Without a password the user might not get in again: a verified e-mail address by which to sign in or to recover must be left.")
	errExists    = httpapi.NewProblem(http.StatusConflict, "account_exists", "The address has an account: sign in, or recover it.")
	errNumber    = httpapi.NewProblem(http.StatusBadRequest, "bad_account_number", "This is not an account number.")
	errUserName  = httpapi.NewProblem(http.StatusBadRequest, "bad_user_name", "Say which user name the account will have.")
	errUnderWay  = httpapi.NewProblem(http.StatusConflict, "sign_up_under_way", "Somebody is signing up with this account number: try again in a few minutes.")
)

// public is the one place where an error of accounts becomes what a client reads.
func public(err error) (_ httpapi.Problem, ok bool) {
	if errors.Is(err, ErrExists) {
		return errExists, true
	}
	return httpapi.Problem{}, false
}
