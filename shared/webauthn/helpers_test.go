package webauthn_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

const origin = "https://app.example.com"

var rp = webauthn.RelyingParty{
	ID:             "example.com",
	Name:           "Example",
	Origins:        []string{origin, "android:apk-key-hash:" + apkKeyHash, "ios:bundle-id:com.example.app"},
	RelatedOrigins: []string{"https://example.co.uk"},
}

const apkKeyHash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var userHandle = []byte("r|0123456789")

func newChallenge() []byte {
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge)
	return challenge
}

// create makes a passkey for a fresh challenge.
func create(t testing.TB, a *passkeytest.Authenticator, tampers ...passkeytest.Tamper) ([]byte, *passkeytest.Registration) {
	t.Helper()
	challenge := newChallenge()
	options := marshal(t, rp.CreationOptions(webauthn.CreationRequest{
		Challenge:        challenge,
		User:             webauthn.User{Handle: userHandle, Name: "ann", DisplayName: "Ann"},
		UserVerification: webauthn.UserVerificationRequired,
	}))
	registration, err := a.Create(options, tampers...)
	if err != nil {
		t.Fatal(err)
	}
	return challenge, registration
}

// register makes a passkey and has it accepted.
func register(t testing.TB, a *passkeytest.Authenticator) *credential.Record {
	t.Helper()
	challenge, registration := create(t, a)
	record, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
	if err != nil {
		t.Fatal(err)
	}
	record.UserHandle = userHandle
	return &record
}

// get signs a fresh challenge; the expectation is what its session would have.
func get(t testing.TB, a *passkeytest.Authenticator, tampers ...passkeytest.Tamper) (webauthn.Expectation, *passkeytest.Assertion) {
	t.Helper()
	want := webauthn.Expectation{
		Challenge:        newChallenge(),
		UserVerification: webauthn.UserVerificationRequired,
		RPID:             rp.ID,
	}
	answer, err := a.Get(marshal(t, rp.RequestOptions(webauthn.RequestRequest{Challenge: want.Challenge})), tampers...)
	if err != nil {
		t.Fatal(err)
	}
	return want, answer
}

// verify parses and judges an answer.
func verify(raw []byte, c *credential.Record, want webauthn.Expectation) (webauthn.Verdict, error) {
	assertion, err := webauthn.ParseAssertion(raw)
	if err != nil {
		return webauthn.Verdict{}, err
	}
	return rp.VerifyAssertion(assertion, c, want)
}

// reasonOf returns why an answer was refused, "" if it was not.
func reasonOf(t testing.TB, err error) webauthn.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*webauthn.Refusal](err)
	if !ok {
		t.Fatalf("a fault in place of a refusal: %v", err)
	}
	return refusal.Reason
}

func wantReason(t testing.TB, err error, want webauthn.Reason) {
	t.Helper()
	if got := reasonOf(t, err); got != want {
		t.Fatalf("refused for %q (%v), want %q", got, err, want)
	}
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// finishRegistration parses a response and judges it.
func finishRegistration(rp webauthn.RelyingParty, challenge []byte, uv webauthn.UserVerification, response []byte) (credential.Record, error) {
	r, err := webauthn.ParseRegistration(response)
	if err != nil {
		return credential.Record{}, err
	}
	return rp.VerifyRegistration(r, challenge, uv)
}
