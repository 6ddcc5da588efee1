// The views of somebody who isn't signed in, and the offer of a first passkey.
import { PasskeyError, isSupported, supportsAutofill } from './passkeys.js';
import { appCodeWords } from './messages.js';
import { remember, remembered } from './remembered.js';
import { announce, byId, fill, onClick, onSubmit, run } from './ui.js';

/** How the user signed in, as the account view says it. */
export const withPasskey = 'passkey';
export const withPassword = 'password';

/** The views of this file that an address may name at any time. */
const free = ['start', 'create', 'forgotten'];

export class SignInViews {
	#passkeys;
	#accounts;
	#vendor;
	#recently;
	#go;
	#signedIn;
	/** What the user typed on the way through the views; never stored. */
	#typed = { email: '', password: '' };
	/** Ends the pending autofill: a page can run only one ceremony at a time. */
	#autofill = new AbortController();
	/** @type {((code: string) => Promise<void>) | undefined} */
	#sendAppCode;

	/**
	 * @param {object} page
	 * @param {import('./passkeys.js').PasskeyClient} page.passkeys
	 * @param {import('./userpool.js').Accounts} page.accounts
	 * @param {import('./vendors.js').Vendor} [page.vendor] for whose service a stand-in runs
	 * @param {import('./confirm.js').Recently} page.recently
	 * @param {(view: string) => void} page.go
	 * @param {(how: string) => void} page.signedIn says how, before the page goes on
	 */
	constructor({ passkeys, accounts, vendor, recently, go, signedIn }) {
		this.#passkeys = passkeys;
		this.#accounts = accounts;
		this.#vendor = vendor;
		this.#recently = recently;
		this.#go = go;
		this.#signedIn = signedIn;
		this.#listenToStart();
		this.#listenToContinue();
		this.#listenToVendor();
		this.#listenToCreate();
		this.#listenToForgotten();
		this.#listenToOffer();
	}

	/** Whether a view has what it needs; a reload forgets what was typed. @param {string} view */
	has(view) {
		return free.includes(view) || view === 'app-code' && Boolean(this.#sendAppCode)
			|| ['continue', 'confirm', 'reset'].includes(view) && this.#typed.email !== '';
	}

	/** @param {string} view */
	enter(view) {
		this.#autofill.abort();
		const last = remembered();
		fill('data-email', this.#typed.email);
		for (const input of document.querySelectorAll('#password-form [name="email"], #reset-form [name="email"]')) {
			/** @type {HTMLInputElement} */ (input).value = this.#typed.email;
		}
		if (view === 'start') {
			byId('welcome').hidden = !last;
			byId('welcome-email').textContent = last?.email ?? '';
			byId('email').value = last?.email ?? '';
			byId('passkey-sign-in').hidden = !isSupported();
			this.#startAutofill();
		}
		if (view === 'continue') {
			const passkeyFirst = last?.email === this.#typed.email && last.hasPasskey;
			byId('named-passkey').classList.toggle('primary', passkeyFirst);
			byId('password-submit').classList.toggle('primary', !passkeyFirst);
			byId('continue-passkey').hidden = !isSupported();
		}
		if (view === 'forgotten') {
			byId('forgotten-email').value = this.#typed.email;
		}
	}

	leave() {
		this.#autofill.abort();
		this.#typed = { email: '', password: '' };
		this.#sendAppCode = undefined;
		for (const form of document.querySelectorAll('#signed-out form')) {
			/** @type {HTMLFormElement} */ (form).reset();
		}
	}

	#listenToStart() {
		onClick(byId('passkey-sign-in'), byId('passkey-problem'), () => this.#alone(async () => {
			await this.#passkeys.signIn();
			this.#passkeyWorked();
		}));
		onSubmit(byId('email-form'), async ({ email }) => {
			this.#typed = { email, password: '' };
			this.#go('continue');
		});
	}

	#listenToContinue() {
		onClick(byId('named-passkey'), byId('named-passkey-problem'), () => this.#alone(async () => {
			await this.#passkeys.signInByName(this.#typed.email);
			this.#passkeyWorked();
		}));
		onSubmit(byId('password-form'), ({ password }) => this.#signInWithPassword(this.#typed.email, password));
		onSubmit(byId('app-code-form'), async ({ code }) => {
			await this.#sendAppCode?.(code);
			await this.#passwordWorked();
		}, { ...appCodeWords, NotAuthorizedException: 'That took too long. Go back and sign in again.' });
	}

	#listenToVendor() {
		const vendor = this.#vendor;
		if (vendor) {
			byId('continue-vendor').hidden = false;
			fill('data-vendor', vendor.name);
			onClick(byId('vendor-sign-in'), byId('vendor-sign-in-problem'), async () => {
				await this.#passkeys.signInBy(this.#typed.email, vendor.answer);
				this.#signedIn(`${vendor.name} account`);
				this.#go('account');
			}, { not_accepted: `${vendor.name} doesn’t vouch for you. Sign in another way, and set it up in your account.` });
		}
	}

	#listenToCreate() {
		onSubmit(byId('create-form'), async ({ email, password }) => {
			await this.#accounts.signUp(email, password);
			this.#typed = { email, password };
			this.#go('confirm');
		});
		onSubmit(byId('confirm-form'), async ({ code }) => {
			const { email, password } = this.#typed;
			await this.#accounts.confirmSignUp(email, code);
			await this.#signInWithPassword(email, password);
		});
		onClick(byId('resend-code'), byId('confirm-form').querySelector('.problem'), async () => {
			await this.#accounts.resendSignUpCode(this.#typed.email);
			announce('A new code is on its way.');
		});
	}

	#listenToForgotten() {
		onSubmit(byId('forgotten-form'), async ({ email }) => {
			await this.#accounts.forgotPassword(email);
			this.#typed = { email, password: '' };
			this.#go('reset');
		});
		onSubmit(byId('reset-form'), async ({ code, password }) => {
			await this.#accounts.resetPassword(this.#typed.email, code, password);
			await this.#signInWithPassword(this.#typed.email, password);
		});
	}

	#listenToOffer() {
		onClick(byId('offer-add'), byId('offer-problem'), async () => {
			await this.#recently(() => this.#passkeys.add());
			remember(this.#email(), true);
			this.#go('account');
			announce('Your passkey is ready. Use it the next time you sign in.');
		});
	}

	/** @param {string} email @param {string} password */
	async #signInWithPassword(email, password) {
		try {
			this.#sendAppCode = await this.#accounts.signInWithPassword(email, password);
		} catch (error) {
			if (error instanceof PasskeyError && error.code === 'UserNotConfirmedException') {
				await this.#accounts.resendSignUpCode(email);
				this.#typed = { email, password };
				return this.#go('confirm');
			}
			throw error;
		}
		return this.#sendAppCode ? this.#go('app-code') : this.#passwordWorked();
	}

	async #passwordWorked() {
		const email = this.#email();
		const hasAny = (await this.#passkeys.list()).length > 0;
		const last = remembered();
		remember(email, hasAny && last !== null && last.email === email && last.hasPasskey);
		this.#signedIn(withPassword);
		this.#go(hasAny || !isSupported() ? 'account' : 'offer');
	}

	#passkeyWorked() {
		remember(this.#email(), true);
		this.#signedIn(withPasskey);
		this.#go('account');
	}

	/** Runs a ceremony that the user asked for, with the autofill out of its way. @param {() => Promise<void>} ceremony */
	async #alone(ceremony) {
		this.#autofill.abort();
		try {
			await ceremony();
		} catch (error) {
			this.#startAutofill();
			throw error;
		}
	}

	async #startAutofill() {
		const pending = this.#autofill = new AbortController();
		if (!await supportsAutofill() || pending.signal.aborted || document.querySelector('[data-view="start"][hidden]')) {
			return;
		}
		const button = byId('passkey-sign-in');
		try {
			await this.#passkeys.signInByAutofill({
				signal: pending.signal,
				onPicked: answered => run(button, byId('passkey-problem'), async () => {
					await answered;
					this.#passkeyWorked();
				}),
			});
		} catch {
			// Nobody asked for it: what went wrong after a pick is on the page already, and the button remains.
		}
	}

	#email() {
		return this.#passkeys.claims?.idToken.email ?? this.#typed.email;
	}
}
