/**
 * Signs in with AWS Amplify: by passkeys of this stack, and by vendors beside it.
 *
 *     configure(await (await fetch('/config.json')).json());
 *     const parameters = await begin('ann@example.com');
 *     await answer(await answerByPasskey(parameters));
 *
 * @module
 */
import { Amplify } from 'aws-amplify';
import { confirmSignIn, fetchAuthSession, signIn } from 'aws-amplify/auth';
import { createCredential, getAssertion } from '../web/ceremony.js';

let apiUrl = '';

/** @param {{userPoolId: string, userPoolClientId: string, userPoolEndpoint: string, apiUrl: string}} config */
export function configure(config) {
	const { userPoolId, userPoolClientId, userPoolEndpoint } = config;
	Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });
	apiUrl = config.apiUrl;
}

/**
 * Begins a sign-in without a password.
 * @param {string} username user name or alias
 * @returns {Promise<Record<string, string>>} the public challenge parameters: what each method needs for its answer
 */
export async function begin(username) {
	const { nextStep } = await signIn({ username, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } });
	if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') {
		throw new Error(`the user pool asks for ${nextStep.signInStep}`);
	}
	return nextStep.additionalInfo ?? {};
}

/** Ends it, and begins a session. Throws Cognito's exception if the answer is refused. @param {string} challengeResponse */
export async function answer(challengeResponse) {
	const { nextStep } = await confirmSignIn({ challengeResponse });
	if (nextStep.signInStep !== 'DONE') {
		throw new Error(`the user pool asks for ${nextStep.signInStep}`);
	}
}

/** Has the user pick one of this stack's passkeys. @param {Record<string, string>} parameters */
export async function answerByPasskey({ fido2options }) {
	const { relyingPartyId, credentials, ...options } = JSON.parse(fido2options);
	return JSON.stringify(await getAssertion({
		...options,
		rpId: relyingPartyId,
		allowCredentials: credentials?.map((/** @type {object} */ c) => ({ type: 'public-key', ...c })),
	}, {}));
}

/** Signs in by SRP. @param {string} username @param {string} password */
export async function signInWithPassword(username, password) {
	await signIn({ username, password });
}

/** Adds a passkey of this stack for the signed-in user. */
export async function addPasskey() {
	const { publicKey } = await api('/passkeys/options');
	await api('/passkeys', { credential: await createCredential(publicKey) });
}

/** Who is signed in, as the tokens say. */
export async function session() {
	const { tokens } = await fetchAuthSession();
	if (!tokens?.idToken) {
		throw new Error('nobody is signed in');
	}
	return { accessToken: tokens.accessToken.toString(), email: String(tokens.idToken.payload.email) };
}

/** @param {string} path @param {object} [body] */
async function api(path, body) {
	const { accessToken } = await session();
	const response = await fetch(apiUrl + path, {
		method: 'POST',
		headers: { Authorization: `Bearer ${accessToken}`, ...body && { 'Content-Type': 'application/json' } },
		body: body && JSON.stringify(body),
	});
	if (!response.ok) {
		throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
	}
	return response.json();
}
