// The demo page: which view is shown when.
import { PasskeyClient } from './passkeys.js';
import { Accounts } from './userpool.js';
import { AccountView } from './account.js';
import { recentlySignedIn } from './confirm.js';
import { SignInViews } from './signin.js';
import { vendorOf } from './vendors.js';
import { byId, closeDialogs, run, sessionEnded, show } from './ui.js';

/** Remembers over a reload how the user signed in, for display. */
const methodKey = 'passkeys.method';

async function main() {
	const config = await (await fetch('/config.json')).json();
	const passkeys = new PasskeyClient(config);
	const accounts = new Accounts(passkeys, config);
	const signedIn = (/** @type {string} */ how) => sessionStorage.setItem(methodKey, how);
	const recently = recentlySignedIn(passkeys, accounts);
	const vendor = vendorOf(config);
	const signIn = new SignInViews({ passkeys, accounts, vendor, recently, go, signedIn });
	const account = new AccountView({ passkeys, accounts, vendor, recently, go });

	/** @param {string} view */
	function go(view) {
		if (location.hash === `#${view}`) {
			route();
		} else {
			location.hash = view;
		}
	}

	let hasEnded = false;

	/** Shows the view that the address names, or the nearest one that makes sense. */
	function route({ focus = true } = {}) {
		const wanted = location.hash.slice(1);
		closeDialogs();
		byId('sign-out').hidden = !passkeys.isSignedIn;
		if (passkeys.isSignedIn) {
			const view = wanted === 'offer' ? 'offer' : 'account';
			show(view, { focus });
			signIn.leave();
			return view === 'account' && account.enter(sessionStorage.getItem(methodKey));
		}
		const view = signIn.has(wanted) ? wanted : 'start';
		byId('start-notice').hidden = !hasEnded;
		hasEnded = false;
		show(view, { focus });
		return signIn.enter(view);
	}

	const isLocal = new URL(config.userPoolEndpoint, location.href).origin === location.origin;
	byId('outbox-link').hidden = !isLocal;
	for (const note of document.querySelectorAll('.local-mail')) {
		/** @type {HTMLElement} */ (note).hidden = !isLocal;
	}
	byId('skip').addEventListener('click', (/** @type {Event} */ event) => {
		event.preventDefault(); // its address would name a view
		byId('main').focus();
	});
	byId('sign-out').addEventListener('click', () => run(byId('sign-out'), byId('passkey-problem'), async () => {
		const ended = passkeys.signOut();
		go('start');
		await ended;
	}));
	document.addEventListener(sessionEnded, () => {
		hasEnded = true;
		go('start');
	});
	addEventListener('hashchange', () => route());
	route({ focus: false });
}

main().catch(() => {
	byId('loading').textContent = 'This page can’t reach its service. Check that it runs, then reload.';
});
