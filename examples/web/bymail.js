// The views of signing in by a mailed code or link.
import { PasskeyError } from './passkeys.js';
import { mailInterval } from './passwordless.js';
import { methods } from './arrival.js';
import { announce, byId, onClick, onSubmit } from './ui.js';

const linkWords = { mail_spent: 'This link can’t be used any more: it was used, is too old, or belongs to another browser. Go back, and ask for another.' };

export class MailViews {
	#page;
	/** @type {((code: string) => Promise<void>) | undefined} */
	#signIn;
	/** @type {import('./passwordless.js').OpenedLink | undefined} */
	#link;
	#linkIsUsed = false;
	/** The last mail that was asked for, and when, in ms. */
	#asked = { email: '', at: 0 };

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		this.#listenToCode();
		this.#listenToLink();
	}

	/** Whether a view has what it needs. @param {string} view */
	has(view) {
		return view === 'code' && Boolean(this.#signIn)
			|| view === 'link-sent' && this.#page.typed.email !== ''
			|| view === 'link-used' && this.#linkIsUsed
			|| this.isOpening(view);
	}

	/** Whether a view is that of a link which was opened, whoever is signed in. @param {string} view */
	isOpening(view) {
		return Boolean(this.#link) && ['link', 'link-elsewhere'].includes(view);
	}

	enter() {}

	forget() {
		this.#signIn = this.#link = undefined;
	}

	/** Shows what to do with a link that this page was opened by. @param {import('./passwordless.js').OpenedLink} link */
	opened(link) {
		this.#link = link;
		location.replace(this.#page.passwordless.hasAskedForLink ? '#link' : '#link-elsewhere');
	}

	#listenToCode() {
		onClick(byId('mail-code'), byId('mail-problem'), async () => {
			await this.#mailCode();
			this.#page.go('code');
		});
		onClick(byId('resend-mail-code'), byId('code-form').querySelector('.problem'), async () => {
			await this.#mailCode();
			byId('code-form').reset();
			announce('Another code is on its way. Only the newest one works.');
			byId('code').focus();
		});
		onSubmit(byId('code-form'), async ({ code }) => {
			try {
				await this.#signIn?.(code);
			} catch (error) {
				if (error instanceof PasskeyError && error.code === 'mail_spent') {
					byId('resend-mail-code').focus();
				}
				throw error;
			}
			await this.#page.arrival.by(methods.code);
		});
	}

	#listenToLink() {
		const { passwordless } = this.#page;
		onClick(byId('mail-link'), byId('mail-problem'), async () => {
			await this.#mailLink();
			this.#page.go('link-sent');
		});
		onClick(byId('resend-link'), byId('link-sent-problem'), async () => {
			await this.#mailLink();
			announce('Another link is on its way. Only the newest one works.');
		});
		onClick(byId('link-sign-in'), byId('link-problem'), async () => {
			if (this.#link) {
				await passwordless.signInByLink(this.#link);
				await this.#page.arrival.by(methods.link);
			}
		}, linkWords);
		passwordless.onLinkUsed(() => {
			if (location.hash === '#link-sent') {
				this.#linkIsUsed = true;
				this.#page.go('link-used');
			}
		});
	}

	async #mailCode() {
		await this.#ask(async email => { this.#signIn = await this.#page.passwordless.mailCode(email); });
	}

	async #mailLink() {
		await this.#ask(email => this.#page.passwordless.mailLink(email));
	}

	/**
	 * Asks once a minute: who asks earlier gets no mail, isn't told, and would wait.
	 * @param {(email: string) => Promise<void>} mail
	 */
	async #ask(mail) {
		const { email } = this.#page.typed;
		if (this.#asked.email === email && Date.now() - this.#asked.at < mailInterval) {
			throw new PasskeyError('too_soon', 'the last mail was asked for less than a minute ago');
		}
		await mail(email);
		this.#asked = { email, at: Date.now() };
	}
}
