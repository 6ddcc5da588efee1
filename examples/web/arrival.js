// What follows a sign-in.
import { isSupported } from './passkeys.js';
import { remember, remembered } from './remembered.js';
import { byId } from './ui.js';

/** How a user signs in, as the account view says it. */
export const methods = { passkey: 'your passkey', password: 'your password', code: 'a mailed code', link: 'a mailed link' };

/** Keeps over a reload how the user signed in. */
const methodKey = 'passkeys.method';

/** Brings those who have signed in to the view that comes next. */
export class Arrival {
	#passkeys;
	#go;

	/** @param {import('./passkeys.js').PasskeyClient} passkeys @param {(view: string) => void} go */
	constructor(passkeys, go) {
		this.#passkeys = passkeys;
		this.#go = go;
	}

	/** How the user signed in, if this tab knows. @returns {string | null} */
	get method() {
		return sessionStorage.getItem(methodKey);
	}

	byPasskey() {
		remember(this.#email, true);
		this.#arrive(methods.passkey, 'account');
	}

	/** Offers a passkey to who has none yet. @param {string} method */
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
		const byPassword = this.method === methods.password;
		byId('offer-heading').textContent = byPassword ? 'Skip the password next time' : 'Skip the mail next time';
		byId('offer-rest').textContent = byPassword ? 'Your password keeps working.' : 'You needn’t wait for a mail any more.';
	}

	/** @param {string} method @param {string} view */
	#arrive(method, view) {
		sessionStorage.setItem(methodKey, method);
		this.#go(view);
	}

	/** @returns {string} */
	get #email() {
		return this.#passkeys.claims?.idToken.email ?? '';
	}
}
