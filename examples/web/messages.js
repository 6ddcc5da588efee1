import { PasskeyError } from './passkeys.js';

/** Words that help, by error code. */
/** @type {Record<string, string>} */
const messages = {
	// Ceremonies in the browser.
	unsupported: 'This browser can’t use passkeys here. Sign in another way, or use a newer browser.',
	cancelled: 'No passkey was used: the dialog was closed, or this device has none for this account. Try again, or sign in another way.',
	already_added: 'This device already holds a passkey of your account. It’s ready to use.',
	wrong_origin: 'Your passkeys belong to another web address. Open this page at its own address.',

	// Signing in.
	not_accepted: 'That passkey wasn’t accepted. It may have been deleted from the account, or it took too long. Try again, or sign in another way.',
	wrong_code: 'That code isn’t right. Check the latest message, or ask for another code.',
	mail_spent: 'This code can’t be used any more: it was wrong too often, or took too long. Ask for another one below.',
	too_soon: 'We send one message a minute. Look for the last one, or wait a moment and try again.',
	signed_out: 'Your session has ended. Sign in again.',
	offline: 'No answer from the service. Check your connection and try again.',
	NotAuthorizedException: 'E-mail address and password don’t match.',
	UserNotFoundException: 'E-mail address and password don’t match.',
	UserNotConfirmedException: 'This account isn’t confirmed yet: enter the code from your e-mail.',
	PasswordResetRequiredException: 'This password must be replaced: choose “Forgotten your password?”.',
	new_password_required: 'This is a temporary password. Ask whoever made the account for a permanent one.',
	UserLambdaValidationException: 'The service couldn’t check your passkey just now. Try again in a moment.',

	// Accounts and codes.
	UsernameExistsException: 'There is an account with this e-mail address. Sign in instead.',
	AliasExistsException: 'Another account has this e-mail address.',
	CodeMismatchException: 'That code isn’t right. Check the latest mail, or ask for a new code.',
	EnableSoftwareTokenMFAException: 'That code isn’t right. Enter the one that the app shows now.',
	ExpiredCodeException: 'That code has expired. Ask for a new one.',
	LimitExceededException: 'Too many tries. Wait a while, then try again.',
	TooManyRequestsException: 'Too many tries. Wait a while, then try again.',
	too_many_requests: 'Too many tries. Wait a while, then try again.',
	InvalidPasswordException: 'The password needs at least 14 characters, with upper and lower case letters, a digit and a symbol.',
	SoftwareTokenMFANotFoundException: 'This user pool has authenticator apps switched off.',

	// The HTTP API.
	bad_address: 'This isn’t an e-mail address.',
	bad_account_number: 'This isn’t an account number. Look for it on a letter or an invoice of ours.',
	sign_up_under_way: 'Somebody is signing up with this account number. Try again in a few minutes.',
	account_exists: 'There is an account with this e-mail address. Sign in instead.',
	recent_sign_in_required: 'To protect your account, sign in once more before you do this.',
	address_not_verified: 'Confirm your e-mail address before you add a passkey.',
	federated_user: 'You sign in through another provider, which keeps your passkeys.',
	bad_name: 'A name has 1 to 100 characters, without spaces around it.',
	passkey_not_found: 'This passkey is gone already.',
	passkey_exists: 'This passkey is registered already, or was until lately.',
	passkey_refused: 'This passkey doesn’t meet the rules of this site. Try another device or password manager.',
	registration_not_found: 'That took too long. Try again.',
	too_many_passkeys: 'You have as many passkeys as this site allows. Delete one first.',
	no_way_back: 'Without your password you might not get in again: your e-mail address isn’t verified.',
	last_passkey: 'This is your only way to sign in. Add another passkey first.',
};

/** A code that an authenticator app shows, rather than one from a mail. */
export const appCodeWords = { CodeMismatchException: messages.EnableSoftwareTokenMFAException };

/**
 * What to tell a user about an error.
 * @param {unknown} error
 * @param {Record<string, string>} [here] code → words that fit better where it happened
 */
export function messageOf(error, here = {}) {
	const code = error instanceof PasskeyError ? error.code : '';
	return here[code] ?? messages[code] ?? 'Something went wrong on our side. Try again in a moment.';
}
