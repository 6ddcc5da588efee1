// What this stack and this browser can do, and what the page shows of it.
import { isSupported } from './passkeys.js';

/**
 * What the page must know of the stack: its outputs of the same names, and what runs beside it.
 * @typedef {import('./passkeys.js').Config & {userPoolId: string, mailMethods?: string, vendor?: string}} PageConfig
 */

/**
 * The features by the names that elements have in data-needs.
 * @param {PageConfig} config
 * @returns {Set<string>}
 */
export function featuresOf({ userPoolEndpoint, mailMethods = '' }) {
	const isLocal = new URL(userPoolEndpoint, location.href).origin === location.origin;
	return new Set([
		...isSupported() ? ['passkeys'] : ['no-passkeys'],
		...isLocal ? ['local'] : [],
		...mailMethods ? ['mail', ...mailMethods.split(',')] : [],
	]);
}

/** Shows the elements whose features are all there. @param {Set<string>} features */
export function showWhatIsThere(features) {
	for (const element of document.querySelectorAll('[data-needs]')) {
		const needs = element.getAttribute('data-needs')?.split(' ') ?? [];
		/** @type {HTMLElement} */ (element).hidden = !needs.every(name => features.has(name));
	}
}
