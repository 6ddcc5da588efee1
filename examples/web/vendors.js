/**
 * What a vendor's own script does on a page, here with the stand-in for its service that a local run has beside it.
 * @module
 */

import { PasskeyError } from './ceremony.js';

/**
 * @typedef {object} Vendor
 * @property {string} name
 * @property {(user: {email: string, accessToken: string}) => Promise<void>} enrol prepares the signed-in user's account
 *   at the vendor
 * @property {(parameters: Record<string, string>) => Promise<string>} answer answers a challenge of those parameters
 */

/**
 * The vendor that the configuration names, or undefined.
 * @param {{vendor?: string, apiUrl: string}} config
 * @returns {Vendor | undefined}
 */
export function vendorOf({ vendor, apiUrl }) {
	const service = `/vendors/${vendor}`;
	/** @type {Record<string, Vendor>} */
	const vendors = {
		corbado: {
			name: 'Corbado',
			async enrol({ accessToken }) {
				const { token } = await post(`${apiUrl}/corbado/connect-tokens`, { type: 'passkey-append' }, accessToken);
				await post(`${service}/browser/passkeys`, { connectToken: token });
			},
			async answer({ USERNAME }) {
				return (await post(`${service}/browser/sign-in`, { identifier: USERNAME })).signedPasskeyData;
			},
		},
		passageflex: {
			name: 'Passage Flex',
			async enrol({ accessToken }) {
				const { transactionId } = await post(`${apiUrl}/passage/transactions`, undefined, accessToken);
				await post(`${service}/browser/transactions/${transactionId}`);
			},
			async answer({ passageTransactionId }) {
				return (await post(`${service}/browser/transactions/${passageTransactionId}`)).nonce;
			},
		},
		example: {
			name: 'Example ID',
			async enrol({ email }) {
				await post(`${service}/browser/people`, { email });
			},
			async answer({ exampleSession }) {
				return (await post(`${service}/browser/sessions/${exampleSession}`)).token;
			},
		},
	};
	return vendors[vendor ?? ''];
}

/** @param {string} url @param {object} [body] @param {string} [accessToken] @returns {Promise<any>} */
async function post(url, body, accessToken) {
	const response = await fetch(url, {
		method: 'POST',
		headers: {
			...body && { 'Content-Type': 'application/json' },
			...accessToken && { Authorization: `Bearer ${accessToken}` },
		},
		body: body && JSON.stringify(body),
	});
	const output = await response.json().catch(() => ({}));
	if (!response.ok) {
		throw new PasskeyError(accessToken && output.code || 'not_accepted', `POST ${url}: HTTP status ${response.status}`);
	}
	return output;
}
