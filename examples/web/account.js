// The view of a signed-in user.
import qrcode from 'qrcode-generator';
import { forget, remember, remembered } from './remembered.js';
import { announce, byId, fill, formatDate, formatTime, onClick, openDialog, run } from './ui.js';

/** Claims that are a time, in seconds. */
const times = ['auth_time', 'exp', 'iat', 'nbf'];

const issuer = 'Passkeys for Amazon Cognito';

export class AccountView {
	#passkeys;
	#passwordless;
	#accounts;
	#vendor;
	#recently;
	#go;
	#email = '';
	#hasApp = false;
	/** @type {import('./passkeys.js').Passkey[]} */
	#list = [];

	/** @param {import('./app.js').Page} page */
	constructor({ passkeys, passwordless, accounts, vendor, recently, go }) {
		this.#passkeys = passkeys;
		this.#passwordless = passwordless;
		this.#accounts = accounts;
		this.#vendor = vendor;
		this.#recently = recently;
		this.#go = go;
		this.#listenToPasskeys();
		this.#listenToDetails();
		this.#listenToVendor();
		this.#listenToSessions();
	}

	/** Reads everything that the view shows. @param {string | null} how the user signed in */
	async enter(how) {
		this.#email = this.#passkeys.claims?.idToken.email ?? '';
		byId('signed-in-with').textContent = how ? `signed in with ${how}` : 'signed in';
		this.#showTokens();
		this.#showDetails();
		await this.#load();
	}

	/** Reads the passkeys and the account again. */
	async #load() {
		await run(byId('passkeys-loading'), byId('passkeys-problem'), async () => {
			const [list, user] = await Promise.all([this.#passkeys.list(), this.#accounts.read()]);
			this.#list = list;
			this.#email = user.email;
			this.#hasApp = user.hasAuthenticatorApp;
			this.#showPasskeys();
			this.#showDetails();
			this.#showTokens();
		});
	}

	#listenToPasskeys() {
		onClick(byId('add-passkey'), byId('passkeys-problem'), async () => {
			const added = await this.#recently(() => this.#passkeys.add());
			remember(this.#email, true);
			await this.#load();
			announce(`“${added.name}” is ready. Use it the next time you sign in.`);
		}, { cancelled: 'No passkey was added: the dialog was closed, or this device can’t keep one.' });
	}

	#listenToDetails() {
		const problem = byId('details-problem');
		byId('change-email').addEventListener('click', () => this.#changeEmail());
		byId('change-password').addEventListener('click', () => this.#changePassword());
		byId('remove-password').addEventListener('click', () => this.#removePassword());
		onClick(byId('set-up-app'), problem, () => this.#setUpApp());
		onClick(byId('remove-app'), problem, async () => {
			await this.#accounts.removeAuthenticatorApp();
			this.#hasApp = false;
			this.#showDetails();
			byId('set-up-app').focus();
			announce('The authenticator app is off.');
		});
	}

	#listenToVendor() {
		const vendor = this.#vendor;
		if (vendor) {
			byId('vendor-row').hidden = false;
			onClick(byId('vendor-enrol'), byId('details-problem'), async () => {
				await this.#recently(async () => vendor.enrol({ email: this.#email, accessToken: await this.#passkeys.accessToken() }));
				announce(`${vendor.name} knows you now. You can sign in with it.`);
			});
		}
	}

	#listenToSessions() {
		onClick(byId('renew-tokens'), byId('tokens-problem'), async () => {
			await this.#passkeys.refresh();
			this.#showTokens();
			announce('Your tokens are new.');
		});
		onClick(byId('sign-out-everywhere'), byId('sessions-problem'), async () => {
			await this.#passkeys.signOutEverywhere();
			this.#go('start');
			announce('You are signed out on all devices.');
		});
		byId('delete-account').addEventListener('click', async () => {
			const deleted = await openDialog('delete-dialog', async () => {
				// Passkeys first: nobody could remove them once the user is gone.
				for (const { id } of await this.#passkeys.list()) {
					await this.#recently(() => this.#passkeys.remove(id));
				}
				await this.#accounts.delete();
			});
			if (deleted) {
				forget();
				this.#go('start');
				announce('Your account and its passkeys are gone.');
			}
		});
	}

	#showPasskeys() {
		byId('no-passkeys').hidden = this.#list.length > 0;
		byId('passkeys').replaceChildren(...this.#list.map(passkey => this.#item(passkey)));
	}

	/** @param {import('./passkeys.js').Passkey} passkey */
	#item(passkey) {
		const item = byId('passkey-item').content.cloneNode(true);
		const { name, provider, synced, createdAt, lastUsedAt } = passkey;
		const kind = synced ? 'Synced between your devices' : 'On one device only';
		const used = lastUsedAt ? `last used ${formatTime(lastUsedAt)}` : 'not used yet';
		item.querySelector('use').setAttribute('href', synced ? '#i-cloud' : '#i-device');
		item.querySelector('[data-name]').textContent = name;
		item.querySelector('[data-kind]').textContent = provider && provider !== name ? `${provider} · ${kind}` : kind;
		item.querySelector('[data-dates]').textContent = `Added ${formatDate(createdAt)} · ${used}`;
		for (const [attribute, verb, act] of /** @type {const} */ ([
			['data-rename', 'Rename', () => this.#rename(passkey)],
			['data-remove', 'Delete', () => this.#remove(passkey)],
		])) {
			const button = item.querySelector(`[${attribute}]`);
			button.ariaLabel = `${verb} ${name}`;
			button.dataset.id = passkey.id;
			button.addEventListener('click', act);
		}
		return item;
	}

	/** @param {import('./passkeys.js').Passkey} passkey */
	async #rename({ id, name }) {
		byId('passkey-name').value = name;
		if (await openDialog('rename-dialog', async values => { await this.#passkeys.rename(id, values.name); })) {
			await this.#load();
			/** @type {HTMLElement | null} */ (document.querySelector(`[data-rename][data-id="${id}"]`))?.focus();
			announce('The passkey has its new name.');
		}
	}

	/** @param {import('./passkeys.js').Passkey} passkey */
	async #remove({ id, name }) {
		/** @type {Element} */ (byId('remove-dialog').querySelector('[data-name]')).textContent = name;
		if (await openDialog('remove-dialog', () => this.#recently(() => this.#passkeys.remove(id)))) {
			await this.#load();
			if (this.#list.length === 0) {
				remember(this.#email, false);
			}
			byId('add-passkey').focus();
			announce(`“${name}” is deleted.`);
		}
	}

	async #changeEmail() {
		let next = '';
		const asked = await openDialog('email-dialog', async ({ email }) => {
			await this.#accounts.changeEmail(email);
			next = email;
		});
		if (!asked) {
			return;
		}
		/** @type {Element} */ (byId('email-code-dialog').querySelector('[data-name]')).textContent = next;
		const confirmed = await openDialog('email-code-dialog', ({ code }) => this.#accounts.confirmEmail(code));
		if (confirmed) {
			this.#email = next;
			remember(next, remembered()?.hasPasskey ?? false);
			this.#showDetails();
			this.#showTokens();
			announce(`Your e-mail address is ${next} now.`);
			await this.#passkeys.announceName(next);
		}
	}

	async #changePassword() {
		byId('password-dialog').querySelector('[name="email"]').value = this.#email;
		const changed = await openDialog('password-dialog',
			({ current, password }) => this.#accounts.changePassword(current, password),
			{ NotAuthorizedException: 'That isn’t your current password.' });
		if (changed) {
			announce('Your password is changed.');
		}
	}

	async #removePassword() {
		const removed = await openDialog('remove-password-dialog', () => this.#recently(() => this.#passwordless.removePassword()));
		if (removed) {
			this.#go('start');
			announce('Your password is gone. Sign in with a passkey, or by e-mail.');
		}
	}

	async #setUpApp() {
		const secret = await this.#accounts.startAuthenticatorApp();
		const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(this.#email)}`;
		const code = qrcode(0, 'M');
		code.addData(`otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}`);
		code.make();
		byId('app-qr').innerHTML = code.createSvgTag({ scalable: true, margin: 0 });
		byId('app-secret').textContent = secret;
		const done = await openDialog('app-dialog', values => this.#accounts.confirmAuthenticatorApp(values.code));
		byId('app-qr').replaceChildren();
		byId('app-secret').textContent = '';
		if (done) {
			this.#hasApp = true;
			this.#showDetails();
			byId('remove-app').focus();
			announce('The authenticator app is on.');
		}
	}

	#showDetails() {
		fill('data-account-email', this.#email);
		byId('app-state').textContent = this.#hasApp ? 'On: asked for after the password' : 'Off';
		byId('set-up-app').hidden = this.#hasApp;
		byId('remove-app').hidden = !this.#hasApp;
	}

	#showTokens() {
		const claims = this.#passkeys.claims;
		showClaims('id-token', claims?.idToken);
		showClaims('access-token', claims?.accessToken);
	}
}

/** @param {string} table @param {Record<string, any> | undefined} claims */
function showClaims(table, claims = {}) {
	const rows = Object.entries(claims).map(([name, value]) => {
		const row = document.createElement('tr');
		const head = document.createElement('th');
		head.scope = 'row';
		head.textContent = name;
		row.append(head, document.createElement('td'));
		/** @type {Element} */ (row.lastChild).textContent = times.includes(name)
			? `${value} (${formatTime(value * 1000)})` : typeof value === 'object' ? JSON.stringify(value) : String(value);
		return row;
	});
	byId(table).tBodies[0].replaceChildren(...rows);
}
