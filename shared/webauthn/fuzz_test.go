package webauthn_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"
	"reflect"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// strangersKey has the private key 2.
var strangersKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), big.NewInt(2).FillBytes(make([]byte, 32)))
	if err != nil {
		panic(err)
	}
	return key
}()

// mustRefuse fails unless err, if there is one, is a refusal.
func mustRefuse(t *testing.T, err error) {
	if _, ok := errors.AsType[*webauthn.Refusal](err); err != nil && !ok {
		t.Fatalf("a fault in place of a refusal: %v", err)
	}
}

// FuzzParseAssertion: what is accepted is within bounds, reads the same again
// in the sample's form too, and gets the same verdict twice.
func FuzzParseAssertion(f *testing.F) {
	vectors := loadVectors(f)
	for _, v := range vectors {
		f.Add(v.assertion().JSON())
		f.Add(v.assertion().SampleJSON())
	}
	first := vectors[0]
	record := credential.Record{
		ID:             first.Registration.CredentialID,
		PublicKey:      first.Registration.Decoded.PublicKey,
		BackupEligible: first.Registration.Decoded.BE,
		RPID:           vectorRP.ID,
	}
	want := webauthn.Expectation{Challenge: first.Authentication.Challenge, RPID: vectorRP.ID}
	f.Fuzz(func(t *testing.T, raw []byte) {
		assertion, err := webauthn.ParseAssertion(raw)
		if err != nil {
			mustRefuse(t, err)
			return
		}
		if len(raw) > webauthn.MaxResponseSize || len(assertion.CredentialID) == 0 || len(assertion.UserHandle) > 64 {
			t.Fatalf("accepted out of bounds: %+v", assertion)
		}
		again, err := webauthn.ParseAssertion(bytes.Clone(raw))
		if err != nil || !reflect.DeepEqual(again, assertion) {
			t.Fatalf("reads differently again: %+v, %v", again, err)
		}
		verdict, err := vectorRP.VerifyAssertion(assertion, &record, want)
		mustRefuse(t, err)
		repeated, errAgain := vectorRP.VerifyAssertion(again, &record, want)
		if verdict != repeated || reasonOf(t, err) != reasonOf(t, errAgain) {
			t.Fatalf("judged differently again: %+v, %+v", verdict, repeated)
		}
		if err == nil && !bytes.Equal(assertion.Challenge, want.Challenge) {
			t.Fatal("accepted another challenge")
		}
		wantReason(t, vectorRP.RefuseUnknown(assertion, want), webauthn.UnknownCredential)
	})
}

// FuzzVerifyAssertion: of all that an authenticator and a browser can say
// about one signature, only what was signed is accepted.
func FuzzVerifyAssertion(f *testing.F) {
	first := loadVectors(f)[0]
	signed := first.assertion()
	f.Add(signed.ClientDataJSON, signed.AuthenticatorData, signed.Signature)
	record := credential.Record{
		ID:             first.Registration.CredentialID,
		PublicKey:      first.Registration.Decoded.PublicKey,
		BackupEligible: first.Registration.Decoded.BE,
		RPID:           vectorRP.ID,
	}
	want := webauthn.Expectation{Challenge: first.Authentication.Challenge, RPID: vectorRP.ID}
	f.Fuzz(func(t *testing.T, clientDataJSON, authenticatorData, signature []byte) {
		answer := &passkeytest.Assertion{
			CredentialID:      record.ID,
			ClientDataJSON:    clientDataJSON,
			AuthenticatorData: authenticatorData,
			Signature:         signature,
			Extensions:        map[string]any{},
		}
		assertion, err := webauthn.ParseAssertion(answer.JSON())
		if err == nil {
			_, err = vectorRP.VerifyAssertion(assertion, &record, want)
		}
		mustRefuse(t, err)
		isSigned := bytes.Equal(clientDataJSON, signed.ClientDataJSON) && bytes.Equal(authenticatorData, signed.AuthenticatorData)
		if err == nil && !isSigned {
			t.Fatalf("accepted what was not signed: %q, %x", clientDataJSON, authenticatorData)
		}
	})
}

// FuzzVerifyRegistration: what is accepted is fit to be stored, is accepted
// again, and its key is good for a sign-in.
func FuzzVerifyRegistration(f *testing.F) {
	vectors := loadVectors(f)
	for _, v := range vectors {
		f.Add([]byte(v.Registration.Challenge), v.registration())
	}
	f.Fuzz(func(t *testing.T, challenge, raw []byte) {
		record, err := finishRegistration(vectorRP, challenge, webauthn.UserVerificationPreferred, raw)
		if err != nil {
			mustRefuse(t, err)
			return
		}
		wantStorable(t, record)
		again, err := finishRegistration(vectorRP, challenge, webauthn.UserVerificationPreferred, bytes.Clone(raw))
		if err != nil || !reflect.DeepEqual(again, record) {
			t.Fatalf("reads differently again: %+v, %v", again, err)
		}
	})
}

// FuzzAttestationObject reaches below the JSON and its base64url.
func FuzzAttestationObject(f *testing.F) {
	vectors := loadVectors(f)
	for _, v := range vectors {
		f.Add([]byte(v.Registration.CredentialID), []byte(v.Registration.AttestationObject))
	}
	first := vectors[0]
	f.Fuzz(func(t *testing.T, id, attestationObject []byte) {
		v := first
		v.Registration.CredentialID, v.Registration.AttestationObject = id, attestationObject
		record, err := finishRegistration(vectorRP, first.Registration.Challenge, webauthn.UserVerificationPreferred, v.registration())
		if err != nil {
			mustRefuse(t, err)
			return
		}
		wantStorable(t, record)
	})
}

// wantStorable checks a record's bounds, and that its key is refused for
// nothing but a signature that it did not make.
func wantStorable(t *testing.T, record credential.Record) {
	if len(record.ID) < 16 || len(record.ID) > 1023 || record.RPID != vectorRP.ID || len(record.Transports) > 6 {
		t.Fatalf("accepted out of bounds: %+v", record)
	}
	authenticator := passkeytest.NewDeviceBound(vectorRP.Origins[0])
	if record.BackupEligible {
		authenticator = passkeytest.NewSynced(vectorRP.Origins[0])
	}
	authenticator.Passkeys = []*passkeytest.Passkey{{ID: record.ID, RPID: vectorRP.ID, Key: strangersKey}}
	challenge := newChallenge()
	answer, err := authenticator.Get(marshal(t, vectorRP.RequestOptions(webauthn.RequestRequest{Challenge: challenge})))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := webauthn.ParseAssertion(answer.JSON())
	if err != nil {
		t.Fatal(err)
	}
	_, err = vectorRP.VerifyAssertion(assertion, &record, webauthn.Expectation{Challenge: challenge, RPID: vectorRP.ID})
	wantReason(t, err, webauthn.BadSignature)
}
