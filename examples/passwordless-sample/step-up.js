// Signs in by password and steps up by a code in a text message, with the client of
// the AWS passwordless sample (npm amazon-cognito-passwordless-auth), which serves
// browsers, React and React Native alike:
//
//	node step-up.js http://localhost:8080/config.json ann@example.com
//
// It reads the password from the standard input, and then a code whenever it prints
// where that was sent; in the end it prints the user name of the new tokens.
import { createInterface } from 'node:readline';
import { Passwordless } from 'amazon-cognito-passwordless-auth';
import { stepUpAuthenticationWithSmsOtp } from 'amazon-cognito-passwordless-auth/sms-otp-stepup';
import { authenticateWithSRP } from 'amazon-cognito-passwordless-auth/srp';

const [url, username] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const nextLine = async () => (await lines.next()).value;
const print = (event) => console.log(JSON.stringify(event));

const config = await (await fetch(url)).json();
Passwordless.configure({ cognitoIdpEndpoint: config.userPoolEndpoint, userPoolId: config.userPoolId, clientId: config.userPoolClientId });

const before = await authenticateWithSRP({ username, password: await nextLine() }).signedIn;
const after = await stepUpAuthenticationWithSmsOtp({
  username,
  smsMfaCode: (phoneNumber, attempt) => {
    print({ phoneNumber, attempt });
    return nextLine();
  },
}).signedIn;
print({ username: after.username, isNew: after.accessToken !== before.accessToken });
process.exit(); // the client would go on to refresh the tokens
