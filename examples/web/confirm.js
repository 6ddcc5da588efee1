// Another sign-in before what the HTTP API allows only shortly after one.
import { PasskeyError } from './passkeys.js';
import { appCodeWords } from './messages.js';
import { Dismissed, byId, onClick, openDialog } from './ui.js';

/** @typedef {<T>(task: () => Promise<T>) => Promise<T>} Recently */

const words = { ...appCodeWords, NotAuthorizedException: 'That isn’t your password.' };

/** Asks users to sign in once more. */
export class Confirmation {
	#page;
	#dialog = byId('confirm-user-dialog');
	#email = '';
	#isDone = false;
	/** @type {((code: string) => Promise<void>) | undefined} what takes the mailed code */
	#take;

	/** @param {import('./app.js').Page} page */
	constructor(page) {
		this.#page = page;
		const problem = this.#dialog.querySelector('.problem');
		onClick(byId('confirm-user-passkey'), problem, async () => {
			await page.passkeys.signInByName(this.#email);
			this.#isDone = true;
			this.#dialog.close();
		});
		onClick(byId('confirm-user-mail'), problem, async () => {
			this.#take = await page.mailbox.ask(`mail to ${this.#email}`, () => page.passwordless.mailCode(this.#email));
			this.#ask('mailed');
		});
	}

	/**
	 * Does a task, and if the last sign-in was too long ago for it, again after another.
	 * @type {Recently}
	 */
	async recently(task) {
		try {
			return await task();
		} catch (error) {
			if (!(error instanceof PasskeyError && error.code === 'recent_sign_in_required')) {
				throw error;
			}
		}
		if (!await this.#confirm()) {
			throw new Dismissed();
		}
		return task();
	}

	/** @returns {Promise<boolean>} whether the user has signed in */
	async #confirm() {
		const { accounts, passkeys, features } = this.#page;
		const [{ email, hasAuthenticatorApp }, list] = await Promise.all([accounts.read(), passkeys.list()]);
		const hasPasskey = list.length > 0;
		this.#email = email;
		this.#isDone = false;
		this.#take = undefined;
		this.#dialog.querySelector('[name="email"]').value = email;
		this.#show('[data-passkey]', hasPasskey && features.has('passkeys'));
		this.#show('[data-mail]', features.has('code'));
		const mayUsePassword = features.has('password') && !(hasPasskey && features.has('passkey-ends-password'));
		this.#ask(mayUsePassword ? 'password' : '', hasAuthenticatorApp);
		const byForm = await openDialog('confirm-user-dialog', values => this.#submit(values), words);
		return this.#isDone || byForm;
	}

	/** @param {Record<string, string>} values */
	async #submit({ password, code, mailed }) {
		if (this.#take) {
			return this.#take(mailed);
		}
		const sendCode = await this.#page.accounts.signInWithPassword(this.#email, password);
		await sendCode?.(code);
	}

	/** Shows one kind of fields. @param {'password' | 'mailed' | ''} kind @param {boolean} [withApp] */
	#ask(kind, withApp = false) {
		for (const [selector, input, isAsked] of /** @type {const} */ ([
			['[data-password]', 'confirm-user-password', kind === 'password'],
			['[data-app-code]', 'confirm-user-code', kind === 'password' && withApp],
			['[data-mailed]', 'confirm-user-mailed', kind === 'mailed'],
		])) {
			this.#show(selector, isAsked);
			byId(input).required = isAsked;
		}
		this.#show('[type="submit"]', kind !== '');
		if (kind === 'mailed') {
			this.#show('[data-mail]', false);
			byId('confirm-user-mailed').focus();
		}
	}

	/** @param {string} selector @param {boolean} isShown */
	#show(selector, isShown) {
		this.#dialog.querySelector(selector).hidden = !isShown;
	}
}
