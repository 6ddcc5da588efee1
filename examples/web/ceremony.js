/**
 * The ceremonies of WebAuthn Level 3 in the browser, JSON in and JSON out.
 * @module
 */

/**
 * What the browser answers to a challenge (WebAuthn Level 3 §5.1.8 and §5.1.9). `response` is base64url, by name.
 * @typedef {{id: string, rawId: string, type: string, authenticatorAttachment?: string, clientExtensionResults: object,
 *   response: Record<string, any>}} CredentialJSON
 */

/**
 * Why something failed. Besides these, `code` is a code of the HTTP API (`recent_sign_in_required`, `passkey_exists`, …)
 * or the name of a Cognito exception (`NotAuthorizedException`, …).
 *
 * - `unsupported`: this browser, or this page's address, knows no passkeys
 * - `cancelled`: the user closed the browser's dialog, let it time out, or has no passkey that fits
 * - `superseded`: the caller aborted the ceremony
 * - `already_added`: the authenticator holds a passkey of this account
 * - `wrong_origin`: the passkeys are for another domain than this page's
 * - `not_accepted`: the answer to a challenge was refused
 * - `wrong_code`: the code isn't the one that was mailed; try again
 * - `mail_spent`: the mailed code or link can't be used any more; ask for another
 * - `signed_out`: there is no session, or it has ended
 * - `offline`: the service did not answer
 * @typedef {'unsupported' | 'cancelled' | 'superseded' | 'already_added' | 'wrong_origin' | 'not_accepted' | 'wrong_code' |
 *   'mail_spent' | 'signed_out' | 'offline' | (string & {})} ErrorCode
 */

/** Every error that this module throws. */
export class PasskeyError extends Error {
	/**
	 * @param {ErrorCode} code for programs; it never changes
	 * @param {string} message for developers
	 * @param {ErrorOptions} [options]
	 */
	constructor(code, message, options) {
		super(message, options);
		this.name = 'PasskeyError';
		this.code = code;
	}
}

/** Whether this browser and page can use passkeys at all. */
export const isSupported = () => Boolean(globalThis.isSecureContext && globalThis.PublicKeyCredential);

/** Whether this browser can offer passkeys in the autofill of an input with autocomplete="username webauthn". */
export const supportsAutofill = async () =>
	isSupported() && Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.());

/**
 * Asks for an assertion: navigator.credentials.get.
 * @param {PublicKeyCredentialRequestOptionsJSON} options
 * @param {{signal?: AbortSignal, mediation?: CredentialMediationRequirement}} how
 * @returns {Promise<CredentialJSON>}
 */
export async function getAssertion(options, how) {
	return ceremony(async () => {
		const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? parseOptions(options);
		return assertionJSON(await navigator.credentials.get({ ...how, publicKey }));
	});
}

/**
 * Asks for a new passkey: navigator.credentials.create.
 * @param {PublicKeyCredentialCreationOptionsJSON} options
 * @returns {Promise<CredentialJSON>}
 */
export async function createCredential(options) {
	return ceremony(async () => {
		const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? parseOptions(options);
		return registrationJSON(await navigator.credentials.create({ publicKey }));
	});
}

/** Names of the browser's errors → ours. @type {Record<string, ErrorCode>} */
const browserErrors = {
	AbortError: 'superseded',
	InvalidStateError: 'already_added',
	NotAllowedError: 'cancelled',
	NotSupportedError: 'unsupported',
	SecurityError: 'wrong_origin',
};

/**
 * @template T
 * @param {() => Promise<T>} run
 */
async function ceremony(run) {
	if (!isSupported()) {
		throw new PasskeyError('unsupported', 'this browser, or a page that is not on https or localhost, has no passkeys');
	}
	try {
		return await run();
	} catch (error) {
		const { name, message } = /** @type {Error} */ (error);
		throw new PasskeyError(browserErrors[name] ?? (name === 'TimeoutError' ? 'superseded' : 'cancelled'), message, { cause: error });
	}
}

// What follows stands in for parse…FromJSON and toJSON (WebAuthn Level 3 §5.1.7 to §5.1.9) where a browser, or a
// password manager that replaces its credentials, lacks them.

/** @param {any} options */
function parseOptions(options) {
	const descriptor = (/** @type {any} */ c) => ({ ...c, id: fromBase64URL(c.id) });
	return {
		...options,
		challenge: fromBase64URL(options.challenge),
		...options.user && { user: { ...options.user, id: fromBase64URL(options.user.id) } },
		...options.allowCredentials && { allowCredentials: options.allowCredentials.map(descriptor) },
		...options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(descriptor) },
	};
}

/** @param {any} credential @returns {CredentialJSON} */
function assertionJSON(credential) {
	const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
	return credential.toJSON?.() ?? {
		...commonJSON(credential),
		response: {
			clientDataJSON: toBase64URL(clientDataJSON),
			authenticatorData: toBase64URL(authenticatorData),
			signature: toBase64URL(signature),
			...userHandle && { userHandle: toBase64URL(userHandle) },
		},
	};
}

/** @param {any} credential @returns {CredentialJSON} */
function registrationJSON(credential) {
	const { response } = credential;
	return credential.toJSON?.() ?? {
		...commonJSON(credential),
		response: {
			clientDataJSON: toBase64URL(response.clientDataJSON),
			attestationObject: toBase64URL(response.attestationObject),
			transports: response.getTransports?.() ?? [],
		},
	};
}

/** @param {any} credential */
function commonJSON(credential) {
	return {
		id: credential.id,
		rawId: toBase64URL(credential.rawId),
		type: credential.type,
		clientExtensionResults: credential.getClientExtensionResults(),
		...credential.authenticatorAttachment && { authenticatorAttachment: credential.authenticatorAttachment },
	};
}

/** @param {string} text */
export function fromBase64URL(text) {
	const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(binary, c => c.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
export function toBase64URL(buffer) {
	const binary = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join('');
	return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
