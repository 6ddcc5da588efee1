// Gives tests AWS Amplify's auth functions as globalThis.auth, once they are ready.
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';

const { userPoolId, userPoolClientId, userPoolEndpoint } = await (await fetch('/config.json')).json();
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });
globalThis.auth = auth;
