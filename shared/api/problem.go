package api

import (
	"errors"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// problem is an error as a client reads it.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (p problem) Error() string { return p.Code }

// The problems that a client can cause.
var (
	errNoRoute      = problem{http.StatusNotFound, "not_found", "There is no such route."}
	errMalformed    = problem{http.StatusBadRequest, "malformed_request", "The body is not the JSON that this route takes."}
	errBodyTooLarge = problem{http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than 64 KiB."}
	errBadName      = problem{http.StatusBadRequest, "bad_name", "A name has 1 to 100 printable characters."}

	errWrongToken     = problem{http.StatusUnauthorized, "access_token_required", "This route takes an access token, not an ID token."}
	errTokenRefused   = problem{http.StatusUnauthorized, "token_refused", "The user pool no longer honours this access token: sign in again."}
	errWrongClient    = problem{http.StatusForbidden, "client_not_served", "The access token is of an app client that is not set up for passkeys."}
	errNotRecent      = problem{http.StatusForbidden, "recent_sign_in_required", "The last sign-in is too long ago for this: sign in again."}
	errFederated      = problem{http.StatusForbidden, "federated_user", "Users of an external identity provider sign in there: passkeys are for users of this pool."}
	errNotVerified    = problem{http.StatusForbidden, "address_not_verified", "A passkey needs a verified e-mail address or phone number: verify it first."}
	errNoPasskey      = problem{http.StatusNotFound, "passkey_not_found", "The user has no such passkey."}
	errNoUser         = problem{http.StatusNotFound, "user_not_found", "No user was found for this passkey."}
	errDuplicate      = problem{http.StatusConflict, "passkey_exists", "This passkey is registered already, or was until lately."}
	errTooMany        = problem{http.StatusConflict, "too_many_passkeys", "The user has as many passkeys as allowed: remove one first."}
	errLast           = problem{http.StatusConflict, "last_passkey", "This is the user's only way to sign in: add another first."}
	errNoDevice       = problem{http.StatusNotFound, "device_not_found", "The user has no such device."}
	errTokenType      = problem{http.StatusBadRequest, "bad_token_type", "A connect token is for passkey-append, passkey-list or passkey-delete."}
	errNoRegistration = problem{http.StatusConflict, "registration_not_found", "There is no such registration outstanding: ask for new options."}
	errRetry          = problem{http.StatusServiceUnavailable, "try_again", "The service is not available for the moment: try again."}
)

// codeRefused is the code of a registration that the relying party refused.
const codeRefused = "passkey_refused"

// ErrTokenRefused is returned by Accounts for a token that the pool does not honour.
var ErrTokenRefused = errors.New("the user pool refused the access token")

// public is the one place where an error becomes what a client reads.
func public(err error) problem {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	var refusal *webauthn.Refusal
	if errors.As(err, &refusal) {
		return problem{http.StatusBadRequest, codeRefused, "The passkey was refused: " + refusal.Detail + "."}
	}
	for _, known := range []struct {
		err     error
		problem problem
	}{
		{ErrTokenRefused, errTokenRefused},
		{credentials.ErrNotFound, errNoPasskey},
		{credentials.ErrDuplicate, errDuplicate},
		{credentials.ErrTooMany, errTooMany},
		{credentials.ErrLastCredential, errLast},
		{credentials.ErrRegistration, errNoRegistration},
		{corbado.ErrTokenType, errTokenType},
		{passageflex.ErrNoDevice, errNoDevice},
	} {
		if errors.Is(err, known.err) {
			return known.problem
		}
	}
	return errRetry
}
