// What this stack and this browser can do, and what the page shows of it.
import { isSupported } from './passkeys.js';

/**
 * What the page must know of the stack: its outputs of the same names, and what runs beside it.
 * @typedef {object} Stack
 * @property {string} userPoolId
 * @property {string} [mailMethods] `code`, `link` or both, with a comma
 * @property {boolean} [smsCode] whether users may ask for a code in a text message
 * @property {boolean} [linksInAnyBrowser] whether a mailed link is good where it wasn't asked for
 * @property {'passkey-first' | 'known'} [signUp] without a password; missing if users sign up with one
 * @property {boolean} [recovery] whether users can get back in who have lost all their passkeys
 * @property {'separate' | 'phase-out' | 'off'} [passwords] how far passwords are phased out; missing if they aren't
 * @property {string} [passwordClientId] app client that is there for passwords, for who has no passkey
 * @property {string} [vendor] for whose service a stand-in runs
 */

/** @typedef {import('./passkeys.js').Config & Stack} PageConfig */

/**
 * The features by the names that elements have in data-needs.
 * @param {PageConfig} config
 * @returns {Set<string>}
 */
export function featuresOf({ userPoolEndpoint, mailMethods = '', linksInAnyBrowser, smsCode, signUp, recovery, passwords, passwordClientId }) {
	/** @type {Record<string, boolean | undefined>} */
	const features = {
		passkeys: isSupported(),
		'no-passkeys': !isSupported(),
		local: new URL(userPoolEndpoint, location.href).origin === location.origin,
		mail: mailMethods !== '',
		code: mailMethods.includes('code'),
		link: mailMethods.includes('link'),
		'any-browser': linksInAnyBrowser,
		text: smsCode,
		messages: mailMethods !== '' || smsCode,
		password: passwords !== 'off',
		'password-beside': passwords === undefined,
		'password-removal': mailMethods !== '' && Boolean(signUp || recovery || passwords),
		'passkey-ends-password': passwordClientId !== undefined,
		'password-sign-up': !signUp && (!passwords || passwords === 'separate'),
		'sign-up': signUp !== undefined,
		known: signUp === 'known',
		recovery,
	};
	return new Set(Object.keys(features).filter(name => features[name]));
}

/** Shows the elements whose features are all there. @param {Set<string>} features */
export function showWhatIsThere(features) {
	for (const element of document.querySelectorAll('[data-needs]')) {
		const needs = element.getAttribute('data-needs')?.split(' ') ?? [];
		/** @type {HTMLElement} */ (element).hidden = !needs.every(name => features.has(name));
	}
}
