// Signing up without a password: an address, the code that proves it, an account.
import { byId, onSubmit } from './ui.js';

export class SignUpViews {
	#page;
	#accountNumber = '';

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		const isKnown = page.features.has('known');
		byId('account-number').required = isKnown;
		/** @type {import('./code.js').Errand<void>} */
		const errand = {
			by: 'mail',
			intro: isKnown ? ['If the account number belongs to', ', a code is on its way there.'] : ['A code is on its way to', '.'],
			action: 'Create account',
			back: ['sign-up', 'Change what you entered'],
			mail: email => page.passwordless.signUp(email, isKnown ? { accountNumber: this.#accountNumber } : {}),
			done: () => page.arrival.by('sign-up'),
		};
		onSubmit(byId('sign-up-form'), async ({ email, number }) => {
			page.typed.email = email;
			this.#accountNumber = number;
			await page.codes.start(errand);
		});
	}

	/** @param {string} view */
	has(view) {
		return view === 'sign-up' && this.#page.features.has('sign-up');
	}

	/** @param {string} view */
	enter(view) {
		if (view === 'sign-up') {
			byId('sign-up-email').value = this.#page.typed.email;
		}
	}

	forget() {
		this.#accountNumber = '';
	}
}
