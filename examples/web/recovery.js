// Getting back in without any passkey: by a code and some waiting, or by a link that the operator made.
import { byId, formatTime, onClick, onSubmit } from './ui.js';

const linkWords = { wrong_link: 'This link can’t be used any more: it was used, or is too old. Ask whoever sent it for another.' };

export class RecoveryViews {
	#page;
	/** When the recovery is ripe, RFC 3339. */
	#from = '';
	#token = '';

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		/** @type {import('./code.js').Errand<import('./passwordless.js').Waiting | undefined>} */
		const errand = {
			by: 'mail',
			intro: ['If', ' has an account, a code is on its way there.'],
			action: 'Continue',
			back: ['recover', 'Change the address'],
			mail: email => page.passwordless.recover(email),
			done: waiting => this.#proved(waiting),
		};
		onSubmit(byId('recover-form'), async ({ email }) => {
			page.typed.email = email;
			await page.codes.start(errand);
		});
		onClick(byId('recovery-link-use'), byId('recovery-link-problem'), async () => {
			await page.passwordless.recoverByLink(this.#token);
			await page.arrival.by('recovery');
		}, linkWords);
	}

	/** @param {string} view */
	has(view) {
		return view === 'recover' && this.#page.features.has('recovery')
			|| view === 'recovery-waiting' && this.#from !== ''
			|| view === 'recovery-link' && this.#token !== '';
	}

	/** @param {string} view */
	enter(view) {
		if (view === 'recover') {
			byId('recover-email').value = this.#page.typed.email;
		}
	}

	forget() {
		this.#from = this.#token = '';
	}

	/** Shows what to do with an operator's link that this page was opened by. @param {string} token */
	opened(token) {
		this.#token = token;
		location.replace('#recovery-link');
	}

	/** @param {import('./passwordless.js').Waiting} [waiting] */
	async #proved(waiting) {
		if (!waiting) {
			return this.#page.arrival.by('recovery');
		}
		this.#from = waiting.from;
		byId('recovery-from').textContent = formatTime(waiting.from);
		byId('recovery-from').dateTime = waiting.from;
		this.#page.go('recovery-waiting');
	}
}
