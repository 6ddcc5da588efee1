// The view that asks for a code that was sent, for whatever it is good for.
import { PasskeyError } from './passkeys.js';
import { mailInterval } from './passwordless.js';
import { announce, byId, onClick, onSubmit } from './ui.js';

/**
 * What a code is asked for.
 * @template [T=any]
 * @typedef {object} Errand
 * @property {'mail' | 'text'} by how the code is sent
 * @property {[before: string, after: string]} intro what is said around the address
 * @property {string} action what the button says
 * @property {[view: string, words: string]} back another way
 * @property {(email: string) => Promise<(code: string) => Promise<T>>} mail asks for a code, and returns what takes it
 * @property {(result: T) => Promise<void>} done goes on
 */

/** How a code is sent → what the view says of it. */
const channels = {
	mail: ['Check your e-mail', 'No mail? Look for it in your spam folder'],
	text: ['Check your phone', 'No text message? Wait a moment'],
};

/** Asks for messages once a minute: who asks earlier gets none, isn't told, and would wait. */
export class Mailbox {
	/** What was asked for → when, in ms. @type {Map<string, number>} */
	#asked = new Map();

	/**
	 * @template T
	 * @param {string} what such as a mail to an address
	 * @param {() => Promise<T>} ask
	 */
	async ask(what, ask) {
		if (Date.now() - (this.#asked.get(what) ?? 0) < mailInterval) {
			throw new PasskeyError('too_soon', 'the last mail was asked for less than a minute ago');
		}
		const asked = await ask();
		this.#asked.set(what, Date.now());
		return asked;
	}
}

export class CodeView {
	#page;
	/** @type {{errand: Errand, email: string, take: (code: string) => Promise<any>} | undefined} */
	#awaited;

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		onClick(byId('resend-mail-code'), byId('code-form').querySelector('.problem'), async () => {
			if (this.#awaited) {
				await this.#mail(this.#awaited.errand);
				byId('code-form').reset();
				byId('code').focus();
				announce('Another code is on its way. Only the newest one works.');
			}
		});
		onSubmit(byId('code-form'), ({ code }) => this.#enter(code));
	}

	/** @param {string} view */
	has(view) {
		return view === 'code' && this.#awaited !== undefined;
	}

	enter() {}

	forget() {
		this.#awaited = undefined;
	}

	/**
	 * Asks for a code and shows the view; the view alone, if a mail for the same was sent just now.
	 * @template T
	 * @param {Errand<T>} errand
	 */
	async start(errand) {
		try {
			await this.#mail(errand);
			byId('code-form').reset();
		} catch (error) {
			const isAwaited = this.#awaited?.errand === errand && this.#awaited.email === this.#page.typed.email;
			if (!(isAwaited && error instanceof PasskeyError && error.code === 'too_soon')) {
				throw error;
			}
		}
		this.#describe(errand);
		this.#page.go('code');
	}

	/** @param {Errand} errand */
	async #mail(errand) {
		const { email } = this.#page.typed;
		this.#awaited = { errand, email, take: await this.#page.mailbox.ask(`${errand.by} to ${email}`, () => errand.mail(email)) };
	}

	/** @param {Errand} errand */
	#describe({ by, intro: [before, after], action, back: [href, words] }) {
		const [heading, missing] = channels[by];
		byId('code-heading').textContent = heading;
		byId('code-missing').textContent = missing;
		byId('code-before').textContent = before;
		byId('code-after').textContent = after;
		byId('code-submit').textContent = action;
		byId('code-back').href = `#${href}`;
		byId('code-back').textContent = words;
	}

	/** @param {string} code */
	async #enter(code) {
		const awaited = this.#awaited;
		try {
			const result = await awaited?.take(code);
			await awaited?.errand.done(result);
		} catch (error) {
			if (error instanceof PasskeyError && error.code === 'mail_spent') {
				byId('resend-mail-code').focus();
			}
			throw error;
		}
	}
}
