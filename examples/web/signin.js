// The views of somebody who isn't signed in, and the offer of a first passkey.
import { PasskeyError, supportsAutofill } from './passkeys.js';
import { appCodeWords } from './messages.js';
import { remembered } from './remembered.js';
import { announce, byId, fill, onClick, onSubmit, run } from './ui.js';

/** Views of this file → the feature without which they aren't there. @type {Record<string, string>} */
const needs = { create: 'password-sign-up', confirm: 'password', forgotten: 'password', reset: 'password', 'app-code': 'password' };

/** PreAuthentication is all that refuses a password so. */
const passwordWords = { UserLambdaValidationException: 'Your account has a passkey, so it takes no password any more. Use your passkey.' };

export class SignInViews {
	#page;
	#passkeys;
	#accounts;
	/** Ends the pending autofill: a page can run only one ceremony at a time. */
	#autofill = new AbortController();
	/** @type {((code: string) => Promise<void>) | undefined} */
	#sendAppCode;

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		this.#passkeys = page.passkeys;
		this.#accounts = page.accounts;
		this.#listenToStart();
		this.#listenToContinue();
		this.#listenToVendor();
		this.#listenToCreate();
		this.#listenToForgotten();
		this.#listenToOffer();
	}

	/** Whether a view has what it needs. @param {string} view */
	has(view) {
		if (view in needs && !this.#page.features.has(needs[view])) {
			return false;
		}
		return ['start', 'create', 'forgotten'].includes(view) || view === 'app-code' && Boolean(this.#sendAppCode)
			|| ['continue', 'confirm', 'reset'].includes(view) && this.#page.typed.email !== '';
	}

	/** @param {string} view */
	enter(view) {
		this.#autofill.abort();
		const last = remembered();
		const { email } = this.#page.typed;
		for (const input of document.querySelectorAll('#password-form [name="email"], #reset-form [name="email"]')) {
			/** @type {HTMLInputElement} */ (input).value = email;
		}
		if (view === 'start') {
			byId('welcome').hidden = !last;
			byId('welcome-email').textContent = last?.email ?? '';
			byId('email').value = last?.email ?? '';
			this.#startAutofill();
		}
		if (view === 'continue') {
			const first = this.#first(last?.email === email && last.hasPasskey);
			for (const id of ['named-passkey', 'password-submit', 'mail-code', 'mail-link']) {
				byId(id).classList.toggle('primary', id === first);
			}
		}
		if (view === 'forgotten') {
			byId('forgotten-email').value = email;
		}
	}

	/** The button of the way in that is likeliest to work. @param {boolean} hasPasskeyHere */
	#first(hasPasskeyHere) {
		const { features } = this.#page;
		if (hasPasskeyHere || !features.has('password') && features.has('passkeys')) {
			return 'named-passkey';
		}
		return features.has('password') ? 'password-submit' : features.has('code') ? 'mail-code' : 'mail-link';
	}

	forget() {
		this.#sendAppCode = undefined;
	}

	#listenToStart() {
		onClick(byId('passkey-sign-in'), byId('passkey-problem'), () => this.#alone(async () => {
			await this.#passkeys.signIn();
			this.#page.arrival.byPasskey();
		}));
		onSubmit(byId('email-form'), async ({ email }) => {
			this.#page.typed = { email, password: '' };
			this.#page.go('continue');
		});
	}

	#listenToContinue() {
		onClick(byId('named-passkey'), byId('named-passkey-problem'), () => this.#alone(async () => {
			await this.#passkeys.signInByName(this.#page.typed.email);
			this.#page.arrival.byPasskey();
		}));
		onSubmit(byId('password-form'), ({ password }) => this.#signInWithPassword(this.#page.typed.email, password), passwordWords);
		onSubmit(byId('app-code-form'), async ({ code }) => {
			await this.#sendAppCode?.(code);
			await this.#page.arrival.by('password');
		}, { ...appCodeWords, NotAuthorizedException: 'That took too long. Go back and sign in again.' });
	}

	#listenToVendor() {
		const { vendor } = this.#page;
		if (vendor) {
			byId('continue-vendor').hidden = false;
			fill('data-vendor', vendor.name);
			onClick(byId('vendor-sign-in'), byId('vendor-sign-in-problem'), async () => {
				await this.#passkeys.signInBy(this.#page.typed.email, vendor.answer);
				await this.#page.arrival.by(`your ${vendor.name} account`);
			}, { not_accepted: `${vendor.name} doesn’t vouch for you. Sign in another way, and set it up in your account.` });
		}
	}

	#listenToCreate() {
		onSubmit(byId('create-form'), async ({ email, password }) => {
			await this.#accounts.signUp(email, password);
			this.#page.typed = { email, password };
			this.#page.go('confirm');
		});
		onSubmit(byId('confirm-form'), async ({ code }) => {
			const { email, password } = this.#page.typed;
			await this.#accounts.confirmSignUp(email, code);
			await this.#signInWithPassword(email, password);
		});
		onClick(byId('resend-code'), byId('confirm-form').querySelector('.problem'), async () => {
			await this.#accounts.resendSignUpCode(this.#page.typed.email);
			announce('A new code is on its way.');
		});
	}

	#listenToForgotten() {
		onSubmit(byId('forgotten-form'), async ({ email }) => {
			await this.#accounts.forgotPassword(email);
			this.#page.typed = { email, password: '' };
			this.#page.go('reset');
		});
		onSubmit(byId('reset-form'), async ({ code, password }) => {
			await this.#accounts.resetPassword(this.#page.typed.email, code, password);
			await this.#signInWithPassword(this.#page.typed.email, password);
		});
	}

	#listenToOffer() {
		onClick(byId('offer-add'), byId('offer-problem'), async () => {
			await this.#page.recently(() => this.#passkeys.add());
			this.#page.arrival.addedPasskey();
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
				this.#page.typed = { email, password };
				return this.#page.go('confirm');
			}
			throw error;
		}
		return this.#sendAppCode ? this.#page.go('app-code') : this.#page.arrival.by('password');
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
					this.#page.arrival.byPasskey();
				}),
			});
		} catch {
			// Nobody asked for it: what went wrong after a pick is on the page already, and the button remains.
		}
	}
}
