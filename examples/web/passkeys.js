/**
 * Passkeys for an Amazon Cognito user pool, in the browser. Copy this file and ceremony.js: they have no dependencies. For
 * who has no passkey at hand, copy passwordless.js too.
 *
 *     const passkeys = new PasskeyClient(await (await fetch('/config.json')).json());
 *     await passkeys.signIn();                 // whoever picks a passkey
 *     await passkeys.add();                    // signed in within the last five minutes
 *     const token = await passkeys.accessToken();
 *
 * The ceremonies are those of WebAuthn Level 3; the sign-in is Cognito's CUSTOM_AUTH flow; passkeys are managed through
 * the stack's HTTP API. Nothing here logs anything or puts anything into a URL but a credential id.
 * @module
 */
import { PasskeyError, createCredential, fromBase64URL, getAssertion } from './ceremony.js';

export { PasskeyError, isSupported, supportsAutofill } from './ceremony.js';

/** @typedef {import('./ceremony.js').CredentialJSON} CredentialJSON */

/**
 * What a client must know of the stack: the outputs of the same names.
 * @typedef {object} Config
 * @property {string} userPoolEndpoint user-pool API, in AWS `https://cognito-idp.<region>.amazonaws.com/`
 * @property {string} userPoolClientId
 * @property {string} apiUrl HTTP API
 */

/**
 * Tokens of a sign-in, as long as it lasts.
 * @typedef {object} Session
 * @property {string} accessToken
 * @property {string} idToken
 * @property {string} refreshToken
 */

/**
 * Cognito's answer to InitiateAuth and RespondToAuthChallenge.
 * @typedef {object} AuthOutput
 * @property {string} [ChallengeName]
 * @property {Record<string, string>} [ChallengeParameters]
 * @property {string} [Session]
 * @property {{AccessToken: string, IdToken: string, RefreshToken?: string}} [AuthenticationResult]
 */

/**
 * A passkey as its owner sees it.
 * @typedef {object} Passkey
 * @property {string} id credential id, unpadded base64url
 * @property {string} name
 * @property {string} [provider] what keeps it, where that is known
 * @property {string} aaguid
 * @property {boolean} synced whether its provider copies it between devices
 * @property {boolean} backedUp whether a copy exists at present
 * @property {string[]} [transports]
 * @property {string} createdAt RFC 3339
 * @property {string} [lastUsedAt] RFC 3339
 */

/** A challenge for a sign-in without a user name lives for 300 s: autofill that waits longer needs a new one, in ms. */
const challengeRenewal = 240_000;

/** How long a request may take, in ms. */
const requestTimeout = 30_000;

/** An access token is renewed when it has less than this left, in ms. */
const renewalMargin = 60_000;

/** Signs users of one app client in and out, and manages their passkeys. */
export class PasskeyClient {
	#config;
	#storage;
	#storageKey;
	/** @type {Session | null} */
	#session;
	/** @type {Promise<void> | undefined} */
	#refreshing;

	/**
	 * @param {Config} config
	 * @param {{storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>}} [options] Tokens are in memory and in
	 *   storage. sessionStorage is the default: a reload keeps the user signed in, closing the tab ends it, and no other
	 *   tab or later visitor finds them. A script of this origin could read either, so have a Content-Security-Policy.
	 */
	constructor(config, { storage = sessionStorage } = {}) {
		this.#config = config;
		this.#storage = storage;
		this.#storageKey = `passkeys.session.${config.userPoolClientId}`;
		this.#session = JSON.parse(storage.getItem(this.#storageKey) ?? 'null');
	}

	/** Whether there is a session. It may have ended elsewhere: the next call tells. */
	get isSignedIn() {
		return this.#session !== null;
	}

	/** The claims of the session's tokens, for display: only a server that checks the signature may rely on them. */
	get claims() {
		return this.#session && {
			idToken: decodeClaims(this.#session.idToken),
			accessToken: decodeClaims(this.#session.accessToken),
		};
	}

	/**
	 * Signs in with a passkey of the named user.
	 * @param {string} userName user name or alias, such as an e-mail address
	 * @param {{signal?: AbortSignal}} [options]
	 */
	async signInByName(userName, { signal } = {}) {
		const challenge = await this.startCustomAuth(userName);
		const options = JSON.parse(challenge.ChallengeParameters?.fido2options ?? 'null');
		if (!options) {
			throw new PasskeyError('unsupported', 'the user pool issues no passkey challenge for this app client');
		}
		const answer = await getAssertion({
			challenge: options.challenge,
			rpId: options.relyingPartyId,
			timeout: options.timeout,
			userVerification: options.userVerification,
			allowCredentials: options.credentials?.map((/** @type {object} */ c) => ({ type: 'public-key', ...c })),
		}, { signal });
		await this.#answer(userName, challenge, JSON.stringify(answer));
	}

	/**
	 * Signs in whoever picks one of the passkeys that the browser offers. Call it from a click.
	 * @param {{signal?: AbortSignal}} [options]
	 */
	async signIn({ signal } = {}) {
		await this.#signInAs(await getAssertion(await this.#signInOptions(), { signal }));
	}

	/**
	 * Offers passkeys in the autofill of an input with autocomplete="username webauthn", and signs in whoever picks one.
	 * That may be never, so give it a signal: abort it before any other ceremony begins.
	 * @param {{signal: AbortSignal, onPicked?: (signedIn: Promise<void>) => void}} options onPicked is called once a
	 *   passkey has answered, with what becomes of it
	 */
	async signInByAutofill({ signal, onPicked }) {
		const signedIn = this.#signInAs(await this.#autofill(signal));
		onPicked?.(signedIn);
		await signedIn;
	}

	/**
	 * Signs in by another method that the app client accepts.
	 * @param {string} userName user name or alias
	 * @param {(parameters: Record<string, string>) => Promise<string>} answer returns the answer to a challenge of those
	 *   parameters
	 */
	async signInBy(userName, answer) {
		const challenge = await this.startCustomAuth(userName);
		await this.#answer(userName, challenge, await answer(challenge.ChallengeParameters ?? {}));
	}

	/**
	 * Begins a sign-in in which the stack's triggers decide what is asked.
	 * @param {string} userName user name or alias
	 * @returns {Promise<AuthOutput>} the first challenge
	 */
	async startCustomAuth(userName) {
		return this.userPool('InitiateAuth', {
			AuthFlow: 'CUSTOM_AUTH', ClientId: this.#config.userPoolClientId, AuthParameters: { USERNAME: userName },
		});
	}

	/**
	 * Answers a challenge of such a sign-in, and starts the session if that was all. Throws `not_accepted` where that
	 * ends the sign-in.
	 * @param {string} userName
	 * @param {AuthOutput} challenge
	 * @param {string} answer
	 * @param {Record<string, string>} [metadata] ClientMetadata, with which a client asks for another way
	 * @returns {Promise<AuthOutput | undefined>} the next challenge, if another answer is asked for
	 */
	async answerCustomAuth(userName, challenge, answer, metadata) {
		/** @type {AuthOutput} */
		let output;
		try {
			output = await this.userPool('RespondToAuthChallenge', {
				ChallengeName: challenge.ChallengeName,
				ClientId: this.#config.userPoolClientId,
				Session: challenge.Session,
				ChallengeResponses: { USERNAME: challenge.ChallengeParameters?.USERNAME ?? userName, ANSWER: answer },
				ClientMetadata: metadata,
			});
		} catch (error) {
			throw error instanceof PasskeyError && error.code === 'NotAuthorizedException'
				? new PasskeyError('not_accepted', error.message, { cause: error }) : error;
		}
		if (!output.AuthenticationResult) {
			return output;
		}
		this.startSession(output.AuthenticationResult);
		return undefined;
	}

	/**
	 * Adds a passkey for the signed-in user. Throws `recent_sign_in_required` if the sign-in is too long ago.
	 * @param {{name?: string}} [options] without a name it is called after its provider
	 * @returns {Promise<Passkey>}
	 */
	async add({ name } = {}) {
		const { publicKey } = await this.api('POST', '/passkeys/options');
		const credential = await createCredential(publicKey);
		try {
			return await this.api('POST', '/passkeys', { name, credential });
		} catch (error) {
			if (error instanceof PasskeyError && ['passkey_refused', 'registration_not_found'].includes(error.code)) {
				signal('signalUnknownCredential', { rpId: publicKey.rp.id, credentialId: credential.id });
			}
			throw error;
		}
	}

	/**
	 * Lists the user's passkeys, oldest first, and tells the browser which are good, so that it stops offering others.
	 * @returns {Promise<Passkey[]>}
	 */
	async list() {
		const { passkeys, relyingPartyId, userHandle } = await this.api('GET', '/passkeys');
		if (userHandle) {
			signal('signalAllAcceptedCredentials', {
				rpId: relyingPartyId, userId: userHandle, allAcceptedCredentialIds: passkeys.map((/** @type {Passkey} */ p) => p.id),
			});
		}
		return passkeys;
	}

	/**
	 * @param {string} id
	 * @param {string} name 1 to 100 characters
	 * @returns {Promise<Passkey>}
	 */
	async rename(id, name) {
		return this.api('PATCH', `/passkeys/${id}`, { name });
	}

	/**
	 * Deletes a passkey and tells the browser, so that its provider can forget it too. Throws `recent_sign_in_required`
	 * if the sign-in is too long ago.
	 * @param {string} id
	 */
	async remove(id) {
		const { relyingPartyId } = await this.api('GET', '/passkeys');
		await this.api('DELETE', `/passkeys/${id}`);
		// Never after a refused sign-in: the refusal doesn't say whether the passkey or only its answer was bad, and the
		// provider would hide a good passkey.
		signal('signalUnknownCredential', { rpId: relyingPartyId, credentialId: id });
	}

	/**
	 * Tells the browser a changed user name, which it shows beside the user's passkeys.
	 * @param {string} name
	 */
	async announceName(name) {
		const { relyingPartyId, userHandle } = await this.api('GET', '/passkeys');
		if (userHandle) {
			signal('signalCurrentUserDetails', { rpId: relyingPartyId, userId: userHandle, name, displayName: name });
		}
	}

	/** An access token with at least a minute left. Throws `signed_out` if there is none to be had. */
	async accessToken() {
		const { exp } = decodeClaims(this.#current().accessToken);
		if (exp * 1000 - Date.now() < renewalMargin) {
			await this.refresh();
		}
		return this.#current().accessToken;
	}

	/** Renews the ID and access tokens. Calls that overlap share one request. */
	async refresh() {
		this.#refreshing ??= this.#refresh().finally(() => { this.#refreshing = undefined; });
		return this.#refreshing;
	}

	/** Ends this session; those on other devices go on. */
	async signOut() {
		const { refreshToken } = this.#current();
		const ClientId = this.#sessionClientId();
		this.endSession();
		await this.userPool('RevokeToken', { Token: refreshToken, ClientId });
	}

	/** Ends all of the user's sessions. Access tokens that leaked stay readable by servers that don't ask Cognito. */
	async signOutEverywhere() {
		await this.userPool('GlobalSignOut', { AccessToken: await this.accessToken() });
		this.endSession();
	}

	/**
	 * Starts the session that another way of signing in has brought.
	 * @param {NonNullable<AuthOutput['AuthenticationResult']>} result
	 */
	startSession({ AccessToken, IdToken, RefreshToken }) {
		this.#session = {
			accessToken: AccessToken, idToken: IdToken, refreshToken: RefreshToken ?? this.#current().refreshToken,
		};
		this.#storage.setItem(this.#storageKey, JSON.stringify(this.#session));
	}

	/** Forgets the tokens. */
	endSession() {
		this.#session = null;
		this.#storage.removeItem(this.#storageKey);
	}

	/**
	 * Calls an operation of Cognito's user-pool API.
	 * @param {string} operation such as `InitiateAuth`
	 * @param {{AccessToken?: string, AuthFlow?: string} & Record<string, any>} input
	 * @returns {Promise<any>} its output
	 */
	async userPool(operation, input) {
		const response = await request(this.#config.userPoolEndpoint, {
			method: 'POST',
			headers: {
				'Content-Type': 'application/x-amz-json-1.1',
				'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
			},
			body: JSON.stringify(input),
		});
		const output = await response.json().catch(() => ({}));
		if (response.ok) {
			return output;
		}
		const exception = String(output.__type ?? 'InternalErrorException').split('#').pop() ?? '';
		const message = output.message ?? output.Message ?? `${operation}: HTTP status ${response.status}`;
		if (isSessionOver(input, exception, message)) {
			this.endSession();
			throw new PasskeyError('signed_out', message);
		}
		throw new PasskeyError(exception, message);
	}

	/**
	 * Calls a route of the stack's HTTP API that takes no token.
	 * @param {string} method
	 * @param {string} path
	 * @param {object} [body]
	 * @returns {Promise<any>}
	 */
	async publicAPI(method, path, body) {
		return this.#callAPI(method, path, {}, body);
	}

	/**
	 * Calls a route of the HTTP API as the signed-in user.
	 * @param {string} method
	 * @param {string} path
	 * @param {object} [body]
	 * @returns {Promise<any>}
	 */
	async api(method, path, body) {
		return this.#callAPI(method, path, { Authorization: `Bearer ${await this.accessToken()}` }, body);
	}

	/**
	 * @param {string} method
	 * @param {string} path
	 * @param {Record<string, string>} headers
	 * @param {object} [body]
	 */
	async #callAPI(method, path, headers, body) {
		const response = await request(this.#config.apiUrl.replace(/\/$/, '') + path, {
			method,
			headers: body ? { ...headers, 'Content-Type': 'application/json' } : headers,
			body: body && JSON.stringify(body),
		});
		if (response.status === 204) {
			return undefined;
		}
		const output = await response.json().catch(() => ({}));
		if (response.ok) {
			return output;
		}
		if (response.status === 401) {
			this.endSession();
			throw new PasskeyError('signed_out', output.message ?? 'the HTTP API refused the access token');
		}
		const code = output.code ?? (response.status === 429 ? 'too_many_requests' : 'try_again');
		throw new PasskeyError(code, output.message ?? `${method} ${path}: HTTP status ${response.status}`);
	}

	async #signInOptions() {
		return (await this.publicAPI('POST', '/sign-in/options')).publicKey;
	}

	/** @param {AbortSignal} signal */
	async #autofill(signal) {
		for (;;) {
			const renewal = AbortSignal.timeout(challengeRenewal);
			try {
				return await getAssertion(await this.#signInOptions(),
					{ mediation: 'conditional', signal: AbortSignal.any([signal, renewal]) });
			} catch (error) {
				if (signal.aborted || !renewal.aborted) {
					throw error;
				}
			}
		}
	}

	/** @param {CredentialJSON} answer */
	async #signInAs(answer) {
		const userName = await this.#nameOf(answer);
		await this.#answer(userName, await this.startCustomAuth(userName), JSON.stringify(answer));
	}

	/**
	 * The user name that a passkey's user handle stands for: the handle is the name itself where that is nothing
	 * personal; otherwise, which a letter and a bar in front of it say, the HTTP API tells it to the passkey's holder.
	 * @param {CredentialJSON} answer
	 * @returns {Promise<string>}
	 */
	async #nameOf(answer) {
		const handle = new TextDecoder().decode(fromBase64URL(answer.response.userHandle ?? ''));
		if (handle && !/^[rsu]\|/.test(handle)) {
			return handle;
		}
		try {
			return (await this.publicAPI('POST', '/sign-in/user', { credential: answer })).username;
		} catch (error) {
			throw error instanceof PasskeyError && error.code === 'user_not_found'
				? new PasskeyError('not_accepted', error.message, { cause: error }) : error;
		}
	}

	/** Gives the one answer that is asked for. @param {string} userName @param {AuthOutput} challenge @param {string} answer */
	async #answer(userName, challenge, answer) {
		if (await this.answerCustomAuth(userName, challenge, answer)) {
			throw new PasskeyError('not_accepted', 'the user pool asked for another answer');
		}
	}

	async #refresh() {
		/** @type {AuthOutput} */
		const output = await this.userPool('InitiateAuth', {
			AuthFlow: 'REFRESH_TOKEN_AUTH',
			ClientId: this.#sessionClientId(),
			AuthParameters: { REFRESH_TOKEN: this.#current().refreshToken },
		});
		if (output.AuthenticationResult) {
			this.startSession(output.AuthenticationResult);
		}
	}

	/** The app client of the session: another one for passwords may have begun it. @returns {string} */
	#sessionClientId() {
		return decodeClaims(this.#current().accessToken).client_id;
	}

	#current() {
		if (!this.#session) {
			throw new PasskeyError('signed_out', 'nobody is signed in');
		}
		return this.#session;
	}
}

/**
 * @param {string} url
 * @param {RequestInit} init
 */
async function request(url, init) {
	try {
		return await fetch(url, { ...init, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(requestTimeout) });
	} catch (error) {
		throw new PasskeyError('offline', `no answer from ${new URL(url, globalThis.location?.href).host}`, { cause: error });
	}
}

/**
 * Whether a refusal of Cognito's means that the session is no longer good. NotAuthorizedException alone does not: it is
 * also the answer to a wrong password.
 * @param {{AccessToken?: string, AuthFlow?: string}} input
 * @param {string} exception
 * @param {string} message
 */
function isSessionOver(input, exception, message) {
	const speaksForSession = Boolean(input.AccessToken) || input.AuthFlow === 'REFRESH_TOKEN_AUTH';
	return speaksForSession && (exception === 'UserNotFoundException'
		|| exception === 'NotAuthorizedException' && /token|disabled/i.test(message));
}

/**
 * @param {'signalAllAcceptedCredentials' | 'signalUnknownCredential' | 'signalCurrentUserDetails'} method
 * @param {any} details
 */
function signal(method, details) {
	// Only a hint to the provider, and new in browsers: neither its absence nor its failure is the user's concern.
	/** @type {any} */ (globalThis.PublicKeyCredential)?.[method]?.(details)?.catch(() => {});
}

/** @param {string} token a JWT @returns {Record<string, any>} */
function decodeClaims(token) {
	return JSON.parse(new TextDecoder().decode(fromBase64URL(token.split('.')[1])));
}
