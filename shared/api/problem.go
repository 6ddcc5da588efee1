package api

import (
	"errors"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// The problems of passkeys that a client can cause.
var (
	errBadName        = httpapi.NewProblem(http.StatusBadRequest, "bad_name", "A name has 1 to 100 printable characters.")
	errNotVerified    = httpapi.NewProblem(http.StatusForbidden, "address_not_verified", "A passkey needs a verified e-mail address or phone number: verify it first.")
	errNoPasskey      = httpapi.NewProblem(http.StatusNotFound, "passkey_not_found", "The user has no such passkey.")
	errNoUser         = httpapi.NewProblem(http.StatusNotFound, "user_not_found", "No user was found for this passkey.")
	errDuplicate      = httpapi.NewProblem(http.StatusConflict, "passkey_exists", "This passkey is registered already, or was until lately.")
	errTooMany        = httpapi.NewProblem(http.StatusConflict, "too_many_passkeys", "The user has as many passkeys as allowed: remove one first.")
	errLast           = httpapi.NewProblem(http.StatusConflict, "last_passkey", "This is the user's only way to sign in: add another first.")
	errNoDevice       = httpapi.NewProblem(http.StatusNotFound, "device_not_found", "The user has no such device.")
	errTokenType      = httpapi.NewProblem(http.StatusBadRequest, "bad_token_type", "A connect token is for passkey-append, passkey-list or passkey-delete.")
	errNoRegistration = httpapi.NewProblem(http.StatusConflict, "registration_not_found", "There is no such registration outstanding: ask for new options.")
)

// codeRefused is the code of a registration that the relying party refused.
const codeRefused = "passkey_refused"

// public is the one place where an error of passkeys becomes what a client reads.
func public(err error) (_ httpapi.Problem, ok bool) {
	var refusal *webauthn.Refusal
	if errors.As(err, &refusal) {
		return httpapi.NewProblem(http.StatusBadRequest, codeRefused, "The passkey was refused: "+refusal.Detail+"."), true
	}
	for _, known := range []struct {
		err     error
		problem httpapi.Problem
	}{
		{credentials.ErrNotFound, errNoPasskey},
		{credentials.ErrDuplicate, errDuplicate},
		{credentials.ErrTooMany, errTooMany},
		{credentials.ErrLastCredential, errLast},
		{credentials.ErrRegistration, errNoRegistration},
		{corbado.ErrTokenType, errTokenType},
		{passageflex.ErrNoDevice, errNoDevice},
	} {
		if errors.Is(err, known.err) {
			return known.problem, true
		}
	}
	return httpapi.Problem{}, false
}
