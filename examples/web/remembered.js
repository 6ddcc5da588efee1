// Who signed in here last, so that the next visit can greet them and put what they used first. Kept after signing out;
// forgotten with the account.
const key = 'passkeys.remembered';

/** @returns {{email: string, hasPasskey: boolean} | null} */
export const remembered = () => JSON.parse(localStorage.getItem(key) ?? 'null');

/** @param {string} email @param {boolean} hasPasskey whether this browser used or made a passkey of theirs */
export const remember = (email, hasPasskey) => localStorage.setItem(key, JSON.stringify({ email, hasPasskey }));

export const forget = () => localStorage.removeItem(key);
