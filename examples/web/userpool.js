// What the page does with a user's account beside passkeys: Cognito's user-pool API, and the SRP sign-in by the client
// library that AWS publishes.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';
import { PasskeyError } from './passkeys.js';

/** The account operations of one app client, or of another one that is there for passwords. */
export class Accounts {
	#client;
	#config;
	#clientId;

	/**
	 * @param {import('./passkeys.js').PasskeyClient} client
	 * @param {import('./features.js').PageConfig} config
	 */
	constructor(client, config) {
		this.#client = client;
		this.#config = config;
		this.#clientId = config.passwordClientId ?? config.userPoolClientId;
	}

	/** @param {string} email @param {string} password */
	async signUp(email, password) {
		await this.#public('SignUp', { Username: email, Password: password, UserAttributes: [{ Name: 'email', Value: email }] });
	}

	/** @param {string} email @param {string} code */
	async confirmSignUp(email, code) {
		await this.#public('ConfirmSignUp', { Username: email, ConfirmationCode: code });
	}

	/** @param {string} email */
	async resendSignUpCode(email) {
		await this.#public('ResendConfirmationCode', { Username: email });
	}

	/** @param {string} email */
	async forgotPassword(email) {
		await this.#public('ForgotPassword', { Username: email });
	}

	/** @param {string} email @param {string} code @param {string} password */
	async resetPassword(email, code, password) {
		await this.#public('ConfirmForgotPassword', { Username: email, ConfirmationCode: code, Password: password });
	}

	/**
	 * Signs in by SRP: the password stays in the browser.
	 * @param {string} email
	 * @param {string} password
	 * @returns {Promise<undefined | ((code: string) => Promise<void>)>} nothing, or what ends the sign-in with a code of the
	 *   user's authenticator app; after a wrong code it can be called again
	 */
	signInWithPassword(email, password) {
		const { userPoolId, userPoolEndpoint } = this.#config;
		const Storage = new ForgetfulStorage();
		const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: this.#clientId, endpoint: userPoolEndpoint, Storage });
		const user = new CognitoUser({ Username: email, Pool: pool, Storage });
		return new Promise((resolve, reject) => {
			user.authenticateUser(new AuthenticationDetails({ Username: email, Password: password }), {
				onSuccess: session => resolve(this.#start(session)),
				onFailure: error => reject(asPasskeyError(error)),
				totpRequired: () => resolve(code => this.#finishWithCode(user, code)),
				newPasswordRequired: () => reject(new PasskeyError('new_password_required', 'the password is a temporary one')),
			});
		});
	}

	/** @param {CognitoUser} user @param {string} code @returns {Promise<void>} */
	#finishWithCode(user, code) {
		return new Promise((resolve, reject) => {
			user.sendMFACode(code, {
				onSuccess: session => resolve(this.#start(session)),
				onFailure: error => reject(asPasskeyError(error)),
			}, 'SOFTWARE_TOKEN_MFA');
		});
	}

	/** @param {import('amazon-cognito-identity-js').CognitoUserSession} session @returns {undefined} */
	#start(session) {
		this.#client.startSession({
			AccessToken: session.getAccessToken().getJwtToken(),
			IdToken: session.getIdToken().getJwtToken(),
			RefreshToken: session.getRefreshToken().getToken(),
		});
	}

	/**
	 * @returns {Promise<{email: string, hasAuthenticatorApp: boolean}>}
	 */
	async read() {
		const { UserAttributes, UserMFASettingList = [] } = await this.#signedIn('GetUser', {});
		/** @type {Record<string, string>} */
		const attributes = Object.fromEntries(UserAttributes.map((/** @type {any} */ a) => [a.Name, a.Value]));
		return { email: attributes.email, hasAuthenticatorApp: UserMFASettingList.includes('SOFTWARE_TOKEN_MFA') };
	}

	/** @param {string} current @param {string} next */
	async changePassword(current, next) {
		await this.#signedIn('ChangePassword', { PreviousPassword: current, ProposedPassword: next });
	}

	/** Asks for another address, which counts once confirmEmail has its code. @param {string} email */
	async changeEmail(email) {
		await this.#signedIn('UpdateUserAttributes', { UserAttributes: [{ Name: 'email', Value: email }] });
	}

	/** @param {string} code */
	async confirmEmail(code) {
		await this.#signedIn('VerifyUserAttribute', { AttributeName: 'email', Code: code });
		await this.#client.refresh(); // the ID token names the address
	}

	/** Begins to set up an authenticator app. @returns {Promise<string>} its secret, in base32 */
	async startAuthenticatorApp() {
		return (await this.#signedIn('AssociateSoftwareToken', {})).SecretCode;
	}

	/** @param {string} code of the app that has the secret */
	async confirmAuthenticatorApp(code) {
		await this.#signedIn('VerifySoftwareToken', { UserCode: code });
		await this.#preferAuthenticatorApp(true);
	}

	async removeAuthenticatorApp() {
		await this.#preferAuthenticatorApp(false);
	}

	async delete() {
		await this.#signedIn('DeleteUser', {});
		this.#client.endSession();
	}

	/** @param {boolean} enabled */
	async #preferAuthenticatorApp(enabled) {
		await this.#signedIn('SetUserMFAPreference', { SoftwareTokenMfaSettings: { Enabled: enabled, PreferredMfa: enabled } });
	}

	/** @param {string} operation @param {object} input */
	async #public(operation, input) {
		return this.#client.userPool(operation, { ClientId: this.#clientId, ...input });
	}

	/** @param {string} operation @param {object} input */
	async #signedIn(operation, input) {
		return this.#client.userPool(operation, { AccessToken: await this.#client.accessToken(), ...input });
	}
}

/** Keeps the library from storing tokens: PasskeyClient holds the session. */
class ForgetfulStorage {
	setItem() {}
	getItem() { return null; }
	removeItem() {}
	clear() {}
}

/** @param {any} error of the library */
function asPasskeyError(error) {
	const code = error.code === 'NetworkError' ? 'offline' : error.code ?? error.name ?? 'try_again';
	return new PasskeyError(code, error.message ?? String(error), { cause: error });
}
