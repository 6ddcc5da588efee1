package userpool

import "fmt"

// apiError is an answer of the API that says no: it reaches the client as HTTP 400.
type apiError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// The exceptions that AWS clients know, by their names in the API reference.
const (
	aliasExists                    = "AliasExistsException"
	codeMismatch                   = "CodeMismatchException"
	enableSoftwareTokenMFA         = "EnableSoftwareTokenMFAException"
	expiredCode                    = "ExpiredCodeException"
	internalError                  = "InternalErrorException"
	invalidLambdaResponse          = "InvalidLambdaResponseException"
	invalidParameter               = "InvalidParameterException"
	invalidPassword                = "InvalidPasswordException"
	limitExceeded                  = "LimitExceededException"
	missingAuthentication          = "MissingAuthenticationTokenException"
	notAuthorized                  = "NotAuthorizedException"
	resourceNotFound               = "ResourceNotFoundException"
	softwareTokenMFANotFound       = "SoftwareTokenMFANotFoundException"
	unauthorized                   = "UnauthorizedException"
	unexpectedLambda               = "UnexpectedLambdaException"
	unknownOperation               = "UnknownOperationException"
	unsupportedOperation           = "UnsupportedOperationException"
	unsupportedTokenType           = "UnsupportedTokenTypeException"
	unsupportedUserState           = "UnsupportedUserStateException"
	userLambdaValidation           = "UserLambdaValidationException"
	userNotConfirmed               = "UserNotConfirmedException"
	userNotFound                   = "UserNotFoundException"
	usernameExists                 = "UsernameExistsException"
	webAuthnChallengeNotFound      = "WebAuthnChallengeNotFoundException"
	webAuthnClientMismatch         = "WebAuthnClientMismatchException"
	webAuthnConfigurationMissing   = "WebAuthnConfigurationMissingException"
	webAuthnCredentialNotSupported = "WebAuthnCredentialNotSupportedException"
	webAuthnNotEnabled             = "WebAuthnNotEnabledException"
	webAuthnOriginNotAllowed       = "WebAuthnOriginNotAllowedException"
	webAuthnRelyingPartyMismatch   = "WebAuthnRelyingPartyMismatchException"
)

func fail(exception, format string, args ...any) error {
	return &apiError{Type: exception, Message: fmt.Sprintf(format, args...)}
}

// Answers given in more than one place. Functions, so that no caller can change a shared value.
func errIncorrect() error    { return fail(notAuthorized, "Incorrect username or password.") }
func errDisabled() error     { return fail(notAuthorized, "User is disabled.") }
func errNotConfirmed() error { return fail(userNotConfirmed, "User is not confirmed.") }
func errNoSuchUser() error   { return fail(userNotFound, "User does not exist.") }
func errCodeMismatch() error {
	return fail(codeMismatch, "Invalid verification code provided, please try again.")
}
func errCodeExpired() error {
	return fail(expiredCode, "Invalid code provided, please request a code again.")
}
func errTooManyPasskeys() error {
	return fail(limitExceeded, "The user has %d passkeys, as many as one may have.", maxPasskeys)
}
func errNoSuchClient(id string) error {
	return fail(resourceNotFound, "User pool client %s does not exist.", id)
}
func errFlowDisabled(flow string) error {
	return fail(invalidParameter, "%s flow not enabled for this client", flow)
}
func errMissing(parameter string) error {
	return fail(invalidParameter, "Missing required parameter %s", parameter)
}
