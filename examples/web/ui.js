// What every part of the page uses: views, progress, errors in words, dialogs.
import { PasskeyError } from './passkeys.js';
import { messageOf } from './messages.js';

/** @param {string} id @returns {any} */
export const byId = id => document.getElementById(id);

/** Sent to the document when a call finds that the session has ended. */
export const sessionEnded = 'session-ended';

/** Thrown to give up quietly: the user closed a dialog. */
export class Dismissed extends Error {}

/** Error codes → the field to mend. @type {Record<string, string[]>} */
const fields = {
	CodeMismatchException: ['code'],
	EnableSoftwareTokenMFAException: ['code'],
	ExpiredCodeException: ['code'],
	InvalidPasswordException: ['password'],
	NotAuthorizedException: ['current', 'password'],
	UsernameExistsException: ['email'],
	AliasExistsException: ['email'],
	bad_account_number: ['number'],
	bad_address: ['email'],
	bad_name: ['name'],
	wrong_code: ['mailed', 'code'],
};

/**
 * Shows one view and moves the focus there.
 * @param {string} name
 * @param {{focus?: boolean}} [options]
 */
export function show(name, { focus = true } = {}) {
	byId('loading').hidden = true;
	byId('signed-out').hidden = name === 'account';
	byId('signed-out').dataset.current = name;
	for (const view of document.querySelectorAll('[data-view]')) {
		/** @type {HTMLElement} */ (view).hidden = view.getAttribute('data-view') !== name;
	}
	const view = /** @type {HTMLElement} */ (document.querySelector(`[data-view="${name}"]`));
	forgive(view);
	const heading = /** @type {HTMLElement} */ (view.querySelector('h1'));
	document.title = `${heading.textContent} · Passkeys for Amazon Cognito`;
	if (focus) {
		const field = view.querySelector('form input:not([readonly])');
		/** @type {HTMLElement} */ (name !== 'start' && field || heading).focus();
	}
}

/** Takes back what a view or form says went wrong. @param {Element} element */
function forgive(element) {
	for (const problem of element.querySelectorAll('.problem')) {
		problem.textContent = '';
	}
	for (const field of element.querySelectorAll('[aria-invalid]')) {
		field.removeAttribute('aria-invalid');
	}
}

/**
 * Puts text into all elements that carry an attribute.
 * @param {string} attribute such as `data-email`
 * @param {string} text
 */
export function fill(attribute, text) {
	for (const element of document.querySelectorAll(`[${attribute}]`)) {
		element.textContent = text;
	}
}

/** Empties the forms of who isn't signed in. */
export function resetForms() {
	for (const form of document.querySelectorAll('#signed-out form')) {
		/** @type {HTMLFormElement} */ (form).reset();
	}
}

/** @type {ReturnType<typeof setTimeout>} */
let toastTimer;

/** Says that something went well. @param {string} text */
export function announce(text) {
	clearTimeout(toastTimer);
	byId('status').textContent = text;
	toastTimer = setTimeout(() => { byId('status').textContent = ''; }, 6000);
}

/**
 * Does a task while its button, or a line of text, shows progress, and says in words what went wrong. One task at a time
 * for each button.
 * @param {HTMLElement} button
 * @param {Element} problem
 * @param {() => Promise<void>} task
 * @param {Record<string, string>} [here] error code → words that fit better here
 * @returns {Promise<unknown>} the error, or undefined
 */
export async function run(button, problem, task, here) {
	if (button.ariaBusy === 'true') {
		return undefined;
	}
	const label = [...button.childNodes];
	const words = button.dataset.busy ?? 'One moment…';
	button.ariaBusy = button.ariaDisabled = 'true'; // not disabled: that would lose the focus
	button.replaceChildren(words);
	byId('progress').textContent = words;
	problem.textContent = '';
	try {
		await task();
		return undefined;
	} catch (error) {
		const code = error instanceof PasskeyError ? error.code : '';
		if (code === 'signed_out') {
			document.dispatchEvent(new Event(sessionEnded));
		} else if (code !== 'superseded' && !(error instanceof Dismissed)) {
			problem.textContent = messageOf(error, here);
		}
		return error;
	} finally {
		button.ariaBusy = button.ariaDisabled = null;
		button.replaceChildren(...label);
		byId('progress').textContent = '';
	}
}

/**
 * @param {HTMLElement} button
 * @param {Element} problem
 * @param {() => Promise<void>} task
 * @param {Record<string, string>} [here]
 */
export function onClick(button, problem, task, here) {
	button.addEventListener('click', () => run(button, problem, task, here));
}

/**
 * @param {HTMLFormElement} form
 * @param {(values: Record<string, string>) => Promise<void>} task
 * @param {Record<string, string>} [here]
 * @param {AbortSignal} [signal] ends the listening
 */
export function onSubmit(form, task, here, signal) {
	form.addEventListener('submit', async event => {
		event.preventDefault();
		forgive(form);
		const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
		for (const name of ['code', 'email', 'mailed', 'name', 'number']) {
			values[name] = values[name]?.trim();
		}
		const button = /** @type {HTMLElement} */ (form.querySelector('[type="submit"]'));
		const problem = /** @type {Element} */ (form.querySelector('.problem'));
		const error = await run(button, problem, () => task(values), here);
		if (error instanceof PasskeyError) {
			pointOut(form, error.code);
		}
	}, { signal });
}

/** @param {HTMLFormElement} form @param {string} code */
function pointOut(form, code) {
	const field = fields[code]?.map(name => form.querySelector(`[name="${name}"]:not([readonly])`)).find(Boolean);
	if (field instanceof HTMLInputElement) {
		field.setAttribute('aria-invalid', 'true');
		field.focus();
		field.select();
	}
}

/**
 * Opens a modal dialog with a form, until its task is done or the user cancels. The browser keeps the focus inside and
 * gives it back.
 * @param {string} id
 * @param {(values: Record<string, string>) => Promise<void>} task
 * @param {Record<string, string>} [here]
 * @returns {Promise<boolean>} whether it was done
 */
export function openDialog(id, task, here) {
	/** @type {HTMLDialogElement} */
	const dialog = byId(id);
	const form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'));
	const listening = new AbortController();
	const { signal } = listening;
	return new Promise(resolve => {
		/** @param {boolean} done */
		const finish = done => {
			listening.abort();
			dialog.close();
			form.reset();
			forgive(form);
			resolve(done);
		};
		dialog.querySelector('[data-cancel]')?.addEventListener('click', () => finish(false), { signal });
		dialog.addEventListener('cancel', () => finish(false), { signal }); // Escape
		// The event comes late: the dialog may have been opened anew.
		dialog.addEventListener('close', () => dialog.open || finish(false), { signal });
		onSubmit(form, async values => {
			await task(values);
			finish(true);
		}, here, signal);
		dialog.showModal();
	});
}

/** Closes whatever dialog is open. */
export function closeDialogs() {
	for (const dialog of document.querySelectorAll('dialog[open]')) {
		/** @type {HTMLDialogElement} */ (dialog).close();
	}
}

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {string} when RFC 3339 */
export const formatDate = when => date.format(new Date(when));

/** @param {string | number} when RFC 3339, or milliseconds */
export const formatTime = when => dateAndTime.format(new Date(when));
