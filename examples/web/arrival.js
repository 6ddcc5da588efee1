// What follows a sign-in.
import { isSupported } from './passkeys.js';
import { remember, remembered } from './remembered.js';
import { byId } from './ui.js';

/** How a user signs in → how the account view says it. @type {Record<string, string>} */
const words = {
	passkey: 'your passkey',
	password: 'your password',
	code: 'a mailed code',
	text: 'a texted code',
	link: 'a mailed link',
	'sign-up': 'your new account',
	recovery: 'a recovery',
};

/** How a user signs in → what the offer of a passkey says. @type {Record<string, [heading: string, rest: string]>} */
const offers = {
	password: ['Skip the password next time', 'Your password keeps working.'],
	'last-password': ['Replace your password', 'Your password doesn’t sign you in any more then.'],
	'sign-up': ['Your account is ready', 'You needn’t wait for a mail any more.'],
	recovery: ['You’re back in', 'Your old passkeys don’t work any more.'],
};

/** Keeps over a reload how the user signed in. */
const methodKey = 'passkeys.method';

/** Brings those who have signed in to the view that comes next. */
export class Arrival {
	#passkeys;
	#features;
	#go;

	/** @param {Pick<import('./app.js').Page, 'passkeys' | 'features' | 'go'>} page */
	constructor({ passkeys, features, go }) {
		this.#passkeys = passkeys;
		this.#features = features;
		this.#go = go;
	}

	/** How the user signed in, in words, if this tab knows. */
	get words() {
		return words[this.#method] ?? this.#method;
	}

	byPasskey() {
		remember(this.#email, true);
		this.#arrive('passkey', 'account');
	}

	/** Offers a passkey to who has none yet. @param {string} method a name above, or words */
	async by(method) {
		const hasAny = (await this.#passkeys.list()).length > 0;
		const last = remembered();
		remember(this.#email, hasAny && last !== null && last.email === this.#email && last.hasPasskey);
		this.#arrive(method, hasAny || !isSupported() ? 'account' : 'offer');
	}

	/** Goes on from the offer, once it was taken. */
	addedPasskey() {
		remember(this.#email, true);
		this.#go('account');
	}

	/** Says in the offer what a passkey stands in for. */
	describeOffer() {
		const isLast = this.#method === 'password' && this.#features.has('passkey-ends-password');
		const [heading, rest] = offers[isLast ? 'last-password' : this.#method] ?? ['Skip the message next time', 'You needn’t wait for a message any more.'];
		byId('offer-heading').textContent = heading;
		byId('offer-rest').textContent = rest;
	}

	/** @param {string} method @param {string} view */
	#arrive(method, view) {
		sessionStorage.setItem(methodKey, method);
		this.#go(view);
	}

	get #method() {
		return sessionStorage.getItem(methodKey) ?? '';
	}

	/** @returns {string} */
	get #email() {
		return this.#passkeys.claims?.idToken.email ?? '';
	}
}
