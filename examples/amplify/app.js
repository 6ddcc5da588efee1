// A page that goes through a sign-in with AWS Amplify step by step, to be looked at and tampered with: in the console,
// auth has all functions of Amplify's and of auth.js, and vendor what a vendor's own script does.
import * as amplify from 'aws-amplify/auth';
import { vendorOf } from '../web/vendors.js';
import * as auth from './auth.js';

/** @param {string} id @returns {any} */
const byId = id => document.getElementById(id);

/** @type {Record<string, string>} */
let parameters = {};

/** Does one step, and shows how it went. @param {string} id of the button @param {() => Promise<unknown>} step */
function onClick(id, step) {
	byId(id).addEventListener('click', async () => {
		byId('outcome').textContent = '';
		try {
			byId('outcome').textContent = await step() ?? 'done';
		} catch (error) {
			const { name, message } = /** @type {Error} */ (error);
			byId('outcome').textContent = `${name}: ${message}`;
		}
	});
}

async function signedIn() {
	return `signed in as ${(await auth.session()).email}`;
}

const config = await (await fetch('/config.json')).json();
auth.configure(config);
const vendor = vendorOf(config);
Object.assign(globalThis, { auth: { ...amplify, ...auth }, vendor });

onClick('begin', async () => {
	parameters = await auth.begin(byId('username').value);
	byId('parameters').textContent = JSON.stringify(parameters, null, 2);
});
onClick('by-passkey', async () => { byId('answer').value = await auth.answerByPasskey(parameters); });
onClick('confirm', async () => {
	await auth.answer(byId('answer').value);
	return signedIn();
});
onClick('by-password', async () => {
	await auth.signInWithPassword(byId('username').value, byId('password').value);
	return signedIn();
});
onClick('add-passkey', auth.addPasskey);
onClick('sign-out', amplify.signOut);
if (vendor) {
	for (const id of ['by-vendor', 'enrol']) {
		byId(id).hidden = false;
		byId(id).querySelector('span').textContent = vendor.name;
	}
	onClick('by-vendor', async () => { byId('answer').value = await vendor.answer(parameters); });
	onClick('enrol', async () => vendor.enrol(await auth.session()));
}
byId('outcome').textContent = await signedIn().catch(() => 'nobody is signed in');
