// Signing in by a code or link that is sent.
import { byId, announce, onClick } from './ui.js';

const linkWords = { mail_spent: 'This link can’t be used any more: it was used, is too old, or belongs to another browser. Go back, and ask for another.' };

export class MailViews {
	#page;
	/** @type {import('./passwordless.js').OpenedLink | undefined} */
	#link;
	#linkIsUsed = false;

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		this.#listenToCode();
		this.#listenToLink();
	}

	/** @param {string} view */
	has(view) {
		return view === 'link-sent' && this.#page.typed.email !== ''
			|| view === 'link-used' && this.#linkIsUsed
			|| ['link', 'link-elsewhere'].includes(view) && this.#link !== undefined;
	}

	enter() {}

	forget() {
		this.#link = undefined;
	}

	/** Shows what to do with a link that this page was opened by. @param {import('./passwordless.js').OpenedLink} link */
	opened(link) {
		this.#link = link;
		const { hasAskedForLink } = this.#page.passwordless;
		byId('link-stranger').hidden = hasAskedForLink;
		location.replace(hasAskedForLink || this.#page.features.has('any-browser') ? '#link' : '#link-elsewhere');
	}

	#listenToCode() {
		/** @type {import('./code.js').Errand<void>} */
		const errand = {
			by: 'mail',
			intro: ['If', ' has an account, a code is on its way there.'],
			action: 'Sign in',
			back: ['continue', 'Sign in another way'],
			mail: email => this.#page.passwordless.mailCode(email),
			done: () => this.#page.arrival.by('code'),
		};
		onClick(byId('mail-code'), byId('mail-problem'), () => this.#page.codes.start(errand));
		/** @type {import('./code.js').Errand<void>} */
		const texting = {
			...errand,
			by: 'text',
			intro: ['If the account of', ' has a phone number, a code is on its way there.'],
			mail: email => this.#page.passwordless.textCode(email),
			done: () => this.#page.arrival.by('text'),
		};
		onClick(byId('text-code'), byId('mail-problem'), () => this.#page.codes.start(texting));
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
				await this.#page.arrival.by('link');
			}
		}, linkWords);
		passwordless.onLinkUsed(() => {
			if (location.hash === '#link-sent') {
				this.#linkIsUsed = true;
				this.#page.go('link-used');
			}
		});
	}

	async #mailLink() {
		const { mailbox, passwordless, typed: { email } } = this.#page;
		await mailbox.ask(`mail to ${email}`, () => passwordless.mailLink(email));
	}
}
