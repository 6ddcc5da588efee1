/**
 * Ways into an Amazon Cognito user pool for who has no passkey at hand, or none yet, without a password. Copy this file
 * beside passkeys.js and ceremony.js.
 *
 *     const passwordless = new Passwordless(passkeys, config);
 *     const signIn = await passwordless.mailCode('ann@example.com');
 *     await signIn('12345678');                // what the mail says
 *     const join = await passwordless.signUp('bob@example.com');
 *     await join('87654321');                  // has an account, and is signed in
 *     await passkeys.add();
 *
 * Nobody is told whether an address has an account: every request for a mail looks the same, and so does every wrong code.
 * @module
 */
import { PasskeyError, fromBase64URL, toBase64URL } from './ceremony.js';

/**
 * A mailed link that this page was opened by.
 * @typedef {object} OpenedLink
 * @property {string} userName whose it is
 * @property {string} token
 */

/**
 * A recovery that was asked for, and isn't ripe yet.
 * @typedef {object} Waiting
 * @property {string} from when another proof of the address completes it, RFC 3339
 */

/** The least time between two mails to one address, in ms. Who asks earlier gets none, and isn't told. */
export const mailInterval = 60_000;

/** What an answer is where the passkey challenge is passed over. */
const passOver = '__dummy__';

/** A link's fragment: a JSON object with the user's name, and its signature. */
const linkFragment = /^#(([\w-]+)\.[\w-]+)$/;

/** The fragment of an operator's link. */
const recoveryFragment = /^#recovery=([\w.-]+)$/;

/**
 * Takes a mailed link out of the address, so that it is in no history, bookmark or screenshot: call it first of all. Ask
 * the visitor before signing in with it, so that a mail scanner that opens the page uses nothing up.
 * @returns {OpenedLink | undefined} nothing if the page was opened otherwise
 */
export function takeLink() {
	const [fragment, token, payload] = linkFragment.exec(location.hash) ?? [];
	if (!fragment) {
		return undefined;
	}
	forgetFragment();
	try {
		const { userName } = JSON.parse(new TextDecoder().decode(fromBase64URL(payload)));
		return { userName, token };
	} catch {
		return undefined; // nobody mailed that
	}
}

/**
 * Takes an operator's link to get back in, #recovery=…, out of the address as takeLink does. Ask before it is used, too.
 * @returns {string | undefined} its token; nothing if the page was opened otherwise
 */
export function takeRecoveryLink() {
	const token = recoveryFragment.exec(location.hash)?.[1];
	if (token) {
		forgetFragment();
	}
	return token;
}

function forgetFragment() {
	history.replaceState(null, '', location.pathname + location.search);
}

/** Signs users of one app client up, in and back in without a password. */
export class Passwordless {
	#client;
	#clientId;
	#storage;
	#askedKey;
	/** Lets this page send a link again whose reply was lost, and nobody else. */
	#attempt = crypto.randomUUID();

	/**
	 * @param {import('./passkeys.js').PasskeyClient} client
	 * @param {import('./passkeys.js').Config} config
	 * @param {{storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>}} [options] storage holds what shows that a
	 *   mailed link was asked for in this browser: localStorage, because the link opens in another tab
	 */
	constructor(client, config, { storage = localStorage } = {}) {
		this.#client = client;
		this.#clientId = config.userPoolClientId;
		this.#storage = storage;
		this.#askedKey = `passkeys.link.${config.userPoolClientId}`;
	}

	/**
	 * Has a code mailed to a user's verified address.
	 * @param {string} userName user name or alias, such as an e-mail address
	 * @returns {Promise<(code: string) => Promise<void>>} what signs in with the code. It throws `wrong_code` as long as
	 *   another try is left, of three, and then, or after 15 minutes, `mail_spent`
	 */
	async mailCode(userName) {
		return this.#askForCode(userName, 'EMAIL_CODE');
	}

	/**
	 * Has a code texted to a user's verified phone number.
	 * @param {string} userName user name or alias
	 * @returns {Promise<(code: string) => Promise<void>>} as of mailCode
	 */
	async textCode(userName) {
		return this.#askForCode(userName, 'SMS_OTP');
	}

	/**
	 * Has a link mailed to a user's verified address. It opens a page of this origin, which calls takeLink first.
	 * @param {string} userName user name or alias
	 * @param {{page?: string}} [options] page is an address that the stack's list of pages has; this one if missing
	 */
	async mailLink(userName, { page = location.origin + location.pathname } = {}) {
		await this.#askForMessage(userName, {
			signInMethod: 'MAGIC_LINK', alreadyHaveMagicLink: 'no', redirectUri: page, browser: await hash(this.#nonce()),
		});
	}

	/** Whether this browser has asked for a link. In another one it signs nobody in, unless the stack takes links anywhere. */
	get hasAskedForLink() {
		return this.#asked() !== null;
	}

	/**
	 * Signs in with a mailed link, once. Throws `mail_spent` if it is too old, was used, isn't the latest, or was asked for
	 * in another browser.
	 * @param {OpenedLink} link
	 */
	async signInByLink({ userName, token }) {
		const { nonce } = this.#asked() ?? {};
		await spending(this.#client.signInBy(userName, async () => nonce ? JSON.stringify({ link: token, nonce }) : token));
		this.#storage.setItem(this.#askedKey, JSON.stringify({ nonce, isUsed: true }));
	}

	/**
	 * Says when another tab of this browser has signed in with a link.
	 * @param {() => void} listener
	 */
	onLinkUsed(listener) {
		addEventListener('storage', ({ key }) => {
			if (key === this.#askedKey && this.#asked()?.isUsed) {
				listener();
			}
		});
	}

	/**
	 * Has a code mailed to an address that is to have an account.
	 * @param {string} email
	 * @param {{accountNumber?: string, locale?: string}} [options] accountNumber is needed where only people on the roster
	 *   may sign up, and only their registered address gets a code; locale chooses the language of mails
	 * @returns {Promise<(code: string) => Promise<void>>} what makes the account and signs in, with the code. It throws
	 *   `wrong_code`, also when the code is too old or was tried too often, and `account_exists`
	 */
	async signUp(email, { accountNumber, locale = navigator.language } = {}) {
		const person = { clientId: this.#clientId, email, locale, accountNumber };
		const { signUpId } = await this.#client.publicAPI('POST', '/sign-up', person);
		return async code => {
			const { username, ticket } = await this.#client.publicAPI('POST', '/sign-up/complete', { ...person, signUpId, code });
			await this.#client.signInBy(username, async () => ticket);
		};
	}

	/**
	 * Has a code mailed to a user who has lost every passkey. The first proof begins the recovery, of which the owner is
	 * told by mail; the next one, once it is ripe, completes it and signs in. Then let the user add a passkey.
	 * @param {string} email
	 * @param {{locale?: string}} [options] locale chooses the language of mails
	 * @returns {Promise<(code: string) => Promise<Waiting | undefined>>} what takes the code: nothing once signed in. It
	 *   throws `wrong_code`, also when the code is too old or was tried too often
	 */
	async recover(email, { locale = navigator.language } = {}) {
		const person = { clientId: this.#clientId, email };
		const { recoveryId } = await this.#client.publicAPI('POST', '/recovery', { ...person, locale });
		return async code => {
			const { status, from, username, ticket } = await this.#client.publicAPI('POST', '/recovery/complete', { ...person, recoveryId, code });
			if (status === 'waiting') {
				return { from };
			}
			await this.#client.signInBy(username, async () => ticket);
			return undefined;
		};
	}

	/**
	 * Gets a user back in by an operator's link, once. Throws `wrong_link` if it is too old or was used.
	 * @param {string} token
	 */
	async recoverByLink(token) {
		const { username, ticket } = await this.#client.publicAPI('POST', '/recovery/link', {
			clientId: this.#clientId, token, attempt: this.#attempt,
		});
		await this.#client.signInBy(username, async () => ticket);
	}

	/**
	 * Takes away the signed-in user's password, and ends all of their sessions. Throws `recent_sign_in_required` if the
	 * sign-in is too long ago.
	 */
	async removePassword() {
		await this.#client.api('DELETE', '/password');
		this.#client.endSession();
	}

	/** @param {string} userName @param {string} signInMethod @returns {Promise<(code: string) => Promise<void>>} */
	async #askForCode(userName, signInMethod) {
		let challenge = await this.#askForMessage(userName, { signInMethod });
		return async code => {
			const next = await spending(this.#client.answerCustomAuth(userName, challenge, code));
			if (next) {
				challenge = next;
				throw new PasskeyError('wrong_code', 'the code is not the one that was sent');
			}
		};
	}

	/**
	 * Passes over the passkey challenge and asks for a mail or a text message instead.
	 * @param {string} userName
	 * @param {Record<string, string>} metadata
	 */
	async #askForMessage(userName, metadata) {
		const challenge = await this.#client.startCustomAuth(userName);
		const next = await this.#client.answerCustomAuth(userName, challenge, passOver, metadata);
		if (!next) {
			throw new PasskeyError('try_again', 'the user pool let an answer pass that is none');
		}
		return next;
	}

	/** What only this browser knows. It stays until a link was used, because an earlier one may come first. */
	#nonce() {
		const asked = this.#asked();
		const nonce = asked && !asked.isUsed ? asked.nonce : toBase64URL(crypto.getRandomValues(new Uint8Array(32)).buffer);
		this.#storage.setItem(this.#askedKey, JSON.stringify({ nonce }));
		return nonce;
	}

	/** @returns {{nonce: string, isUsed?: boolean} | null} */
	#asked() {
		return JSON.parse(this.#storage.getItem(this.#askedKey) ?? 'null');
	}
}

/**
 * @template T
 * @param {Promise<T>} answered by what was mailed
 */
async function spending(answered) {
	try {
		return await answered;
	} catch (error) {
		throw error instanceof PasskeyError && error.code === 'not_accepted'
			? new PasskeyError('mail_spent', 'what was mailed is too old, used up, or was tried too often', { cause: error }) : error;
	}
}

/** @param {string} text @returns {Promise<string>} its SHA-256 */
async function hash(text) {
	return toBase64URL(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
