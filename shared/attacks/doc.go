// Package attacks holds tests alone: the known attacks on a passkey backend for
// Amazon Cognito, each tried on the real handlers, and the listing that says
// for every one of them where it is tested.
package attacks
