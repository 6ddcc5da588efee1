// Another sign-in before what the HTTP API allows only shortly after one.
import { PasskeyError, isSupported } from './passkeys.js';
import { appCodeWords } from './messages.js';
import { Dismissed, byId, openDialog, run } from './ui.js';

/** @typedef {<T>(task: () => Promise<T>) => Promise<T>} Recently */

/**
 * @param {import('./passkeys.js').PasskeyClient} passkeys
 * @param {import('./userpool.js').Accounts} accounts
 * @returns {Recently} what does a task, and if the last sign-in was too long ago for it, again after another
 */
export function recentlySignedIn(passkeys, accounts) {
	return async task => {
		try {
			return await task();
		} catch (error) {
			if (!(error instanceof PasskeyError && error.code === 'recent_sign_in_required')) {
				throw error;
			}
		}
		if (!await confirmUser(passkeys, accounts)) {
			throw new Dismissed();
		}
		return task();
	};
}

/**
 * Asks the user to sign in once more.
 * @param {import('./passkeys.js').PasskeyClient} passkeys
 * @param {import('./userpool.js').Accounts} accounts
 * @returns {Promise<boolean>} whether they did
 */
async function confirmUser(passkeys, accounts) {
	const [{ email, hasAuthenticatorApp }, list] = await Promise.all([accounts.read(), passkeys.list()]);
	const dialog = byId('confirm-user-dialog');
	dialog.querySelector('[name="email"]').value = email;
	dialog.querySelector('[data-passkey]').hidden = list.length === 0 || !isSupported();
	dialog.querySelector('[data-app-code]').hidden = !hasAuthenticatorApp;
	byId('confirm-user-code').required = hasAuthenticatorApp;

	let byPasskey = false;
	const button = byId('confirm-user-passkey');
	button.onclick = () => run(button, dialog.querySelector('.problem'), async () => {
		await passkeys.signInByName(email);
		byPasskey = true;
		dialog.close();
	});
	const byPassword = await openDialog('confirm-user-dialog', async ({ password, code }) => {
		const sendCode = await accounts.signInWithPassword(email, password);
		await sendCode?.(code);
	}, { ...appCodeWords, NotAuthorizedException: 'That isn’t your password.' });
	return byPasskey || byPassword;
}
