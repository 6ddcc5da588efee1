// The demo page: which view is shown when.
import { PasskeyClient } from './passkeys.js';
import { Passwordless, takeLink, takeRecoveryLink } from './passwordless.js';
import { Accounts } from './userpool.js';
import { AccountView } from './account.js';
import { Arrival } from './arrival.js';
import { MailViews } from './bymail.js';
import { CodeView, Mailbox } from './code.js';
import { Confirmation } from './confirm.js';
import { featuresOf, showWhatIsThere } from './features.js';
import { RecoveryViews } from './recovery.js';
import { SignInViews } from './signin.js';
import { SignUpViews } from './signup.js';
import { vendorOf } from './vendors.js';
import { byId, closeDialogs, fill, resetForms, run, sessionEnded, show } from './ui.js';

/**
 * What the views share.
 * @typedef {object} Page
 * @property {PasskeyClient} passkeys
 * @property {Passwordless} passwordless
 * @property {Accounts} accounts
 * @property {import('./vendors.js').Vendor} [vendor] for whose service a stand-in runs
 * @property {Set<string>} features
 * @property {Arrival} arrival
 * @property {Mailbox} mailbox
 * @property {CodeView} codes
 * @property {import('./confirm.js').Recently} recently
 * @property {{email: string, password: string}} typed what the user typed on the way through the views; never stored
 * @property {(view: string) => void} go
 */

/**
 * The views of one way into the account.
 * @typedef {object} Views
 * @property {(view: string) => boolean} has whether a view is theirs and has what it needs; a reload forgets what was typed
 * @property {(view: string) => void} enter is told of every view that is shown, also those of others
 * @property {() => void} forget what was typed and begun
 */

/** The views that ask what to do with a link that was opened. */
const ofLinks = ['link', 'link-elsewhere', 'recovery-link'];

/** The page of one stack. */
class App {
	#passkeys;
	#page;
	#account;
	#mail;
	#recovery;
	/** @type {Views[]} */
	#ways;
	#hasEnded = false;

	/** @param {import('./features.js').PageConfig} config */
	constructor(config) {
		const passkeys = this.#passkeys = new PasskeyClient(config);
		const accounts = new Accounts(passkeys, config);
		const features = featuresOf(config);
		const go = (/** @type {string} */ view) => this.#go(view);
		const page = this.#page = /** @type {Page} */ ({
			passkeys,
			accounts,
			features,
			go,
			passwordless: new Passwordless(passkeys, config),
			vendor: vendorOf(config),
			arrival: new Arrival({ passkeys, features, go }),
			recently: task => confirmation.recently(task),
			mailbox: new Mailbox(),
			typed: { email: '', password: '' },
		});
		page.codes = new CodeView(page);
		const confirmation = new Confirmation(page);
		this.#account = new AccountView(page);
		this.#mail = new MailViews(page);
		this.#recovery = new RecoveryViews(page);
		this.#ways = [new SignInViews(page), page.codes, this.#mail, new SignUpViews(page), this.#recovery];
		this.#listen();
		showWhatIsThere(features);
	}

	/** @param {Opened} opened */
	start(opened) {
		if (!this.#open(opened)) {
			this.#route({ focus: false });
		}
	}

	/** Asks what to do with a link, whoever is signed in. @param {Opened} opened @returns {boolean} whether there is one */
	#open({ link, recovery }) {
		if (link) {
			this.#mail.opened(link);
		} else if (recovery) {
			this.#recovery.opened(recovery);
		}
		return Boolean(link ?? recovery);
	}

	/** @param {string} view */
	#go(view) {
		if (location.hash === `#${view}`) {
			this.#route();
		} else {
			location.hash = view;
		}
	}

	/** Shows the view that the address names, or the nearest one that makes sense. */
	#route({ focus = true } = {}) {
		closeDialogs();
		byId('sign-out').hidden = !this.#passkeys.isSignedIn;
		const view = this.#nearest(location.hash.slice(1));
		byId('start-notice').hidden = !this.#hasEnded;
		this.#hasEnded = false;
		if (['account', 'offer'].includes(view)) {
			this.#page.typed = { email: '', password: '' };
			this.#ways.forEach(way => way.forget());
			resetForms();
			this.#page.arrival.describeOffer();
		}
		fill('data-email', this.#page.typed.email);
		show(view, { focus });
		this.#ways.forEach(way => way.enter(view));
		if (view === 'account') {
			this.#account.enter(this.#page.arrival.words);
		}
	}

	/** @param {string} wanted view */
	#nearest(wanted) {
		const isThere = this.#ways.some(way => way.has(wanted));
		if (this.#passkeys.isSignedIn && !(isThere && ofLinks.includes(wanted))) {
			return wanted === 'offer' ? 'offer' : 'account';
		}
		return isThere ? wanted : 'start';
	}

	#listen() {
		byId('skip').addEventListener('click', (/** @type {Event} */ event) => {
			event.preventDefault(); // its address would name a view
			byId('main').focus();
		});
		byId('sign-out').addEventListener('click', () => run(byId('sign-out'), byId('passkey-problem'), async () => {
			const ended = this.#passkeys.signOut();
			this.#go('start');
			await ended;
		}));
		document.addEventListener(sessionEnded, () => {
			this.#hasEnded = true;
			this.#go('start');
		});
		addEventListener('hashchange', () => {
			if (!this.#open(takeOpened())) {
				this.#route();
			}
		});
	}
}

/**
 * What this page was opened by.
 * @typedef {{link?: import('./passwordless.js').OpenedLink, recovery?: string}} Opened
 */
const takeOpened = () => ({ link: takeLink(), recovery: takeRecoveryLink() });

/** @param {Opened} opened */
async function main(opened) {
	new App(await (await fetch('/config.json')).json()).start(opened);
}

main(takeOpened()).catch(() => {
	byId('loading').textContent = 'This page can’t reach its service. Check that it runs, then reload.';
});
