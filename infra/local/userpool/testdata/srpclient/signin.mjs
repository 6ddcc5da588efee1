// Signs in by SRP with the client library that AWS publishes, and prints what came of it as one line of JSON.
// Standard input: {endpoint, userPoolId, clientId, username, password, flow, newPassword?, answer?}.
import { readFileSync } from 'node:fs';
import cognito from 'amazon-cognito-identity-js';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;
const { endpoint, userPoolId, clientId, username, password, flow, newPassword, answer } = JSON.parse(readFileSync(0, 'utf8'));

const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint });
const user = new CognitoUser({ Username: username, Pool: pool });
user.setAuthenticationFlowType(flow);

const report = outcome => console.log(JSON.stringify(outcome));
const callbacks = {
	onSuccess: session => report({ accessToken: session.getAccessToken().getJwtToken() }),
	onFailure: error => report({ error: error.code, message: error.message }),
	newPasswordRequired: () => user.completeNewPasswordChallenge(newPassword, {}, callbacks),
	customChallenge: () => user.sendCustomChallengeAnswer(answer, callbacks),
	totpRequired: () => report({ challenge: 'SOFTWARE_TOKEN_MFA' }),
};
user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), callbacks);
