package webauthn_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestParseAssertionReadsBothFormsAlike(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	register(t, authenticator)
	want, answer := get(t, authenticator)
	for form, raw := range map[string][]byte{"standard": answer.JSON(), "sample": answer.SampleJSON()} {
		t.Run(form, func(t *testing.T) {
			got, err := webauthn.ParseAssertion(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.CredentialID, answer.CredentialID) || !bytes.Equal(got.UserHandle, userHandle) || !bytes.Equal(got.Challenge, want.Challenge) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestParseAssertionReadsItsFormsStrictly(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	register(t, authenticator)
	_, answer := get(t, authenticator)
	raw := string(answer.JSON())
	standard := func(change func(members map[string]any)) string {
		members := answer.Members()
		change(members)
		return string(marshal(t, members))
	}
	response := func(change func(response map[string]any)) string {
		return standard(func(m map[string]any) { change(m["response"].(map[string]any)) })
	}
	sample := func(change func(members map[string]any)) string {
		members := answer.SampleMembers()
		change(members)
		return string(marshal(t, members))
	}
	for _, test := range []struct {
		name string
		raw  string
		want webauthn.Reason
	}{
		{"accepts an absent attachment", standard(func(m map[string]any) { delete(m, "authenticatorAttachment") }), ""},
		{"accepts a null attachment", standard(func(m map[string]any) { m["authenticatorAttachment"] = nil }), ""},
		{"accepts an absent user handle", response(func(r map[string]any) { delete(r, "userHandle") }), ""},
		{"accepts a null user handle", response(func(r map[string]any) { r["userHandle"] = nil }), ""},
		{"accepts a null user handle in the sample's form", sample(func(m map[string]any) { m["userHandleB64"] = nil }), ""},
		{"accepts 16 KiB", raw + strings.Repeat(" ", 16<<10-len(raw)), ""},
		{"rejects more than 16 KiB", raw + strings.Repeat(" ", 16<<10-len(raw)+1), webauthn.TooLarge},
		{"rejects a megabyte of client data", response(func(r map[string]any) { r["clientDataJSON"] = strings.Repeat("A", 1<<20) }), webauthn.TooLarge},
		{"rejects nothing", "", webauthn.Malformed},
		{"rejects null", "null", webauthn.Malformed},
		{"rejects an array", "[" + raw + "]", webauthn.Malformed},
		{"rejects an empty object", "{}", webauthn.Malformed},
		{"rejects the link's dummy", "__dummy__", webauthn.Malformed},
		{"rejects deep nesting", strings.Repeat("[", 8000), webauthn.Malformed},
		{"rejects trailing data", raw + "{}", webauthn.Malformed},
		{"rejects invalid UTF-8", strings.Replace(raw, "public-key", "public-key\xff", 1), webauthn.Malformed},
		{"rejects a duplicate member", `{"id":"AAAA",` + raw[1:], webauthn.Malformed},
		{"rejects a duplicate member of the response", strings.Replace(raw, `"response":{`, `"response":{"signature":"AA",`, 1), webauthn.Malformed},
		{"rejects a member in another case", strings.Replace(raw, `"rawId"`, `"rawID"`, 1), webauthn.Malformed},
		{"rejects an unknown member", standard(func(m map[string]any) { m["x"] = 1 }), webauthn.Malformed},
		{"rejects an unknown member of the response", response(func(r map[string]any) { r["x"] = 1 }), webauthn.Malformed},
		{"rejects an id that is not rawId", standard(func(m map[string]any) { m["id"] = "AAAA" }), webauthn.Malformed},
		{"rejects an empty id", standard(func(m map[string]any) { m["id"], m["rawId"] = "", "" }), webauthn.Malformed},
		{"rejects an id of 1024 bytes", standard(func(m map[string]any) {
			id := marshalText(t, bytes.Repeat([]byte{7}, 1024))
			m["id"], m["rawId"] = id, id
		}), webauthn.Malformed},
		{"rejects an id with a line break", standard(func(m map[string]any) {
			m["id"], m["rawId"] = m["id"].(string)+"\r\n", m["rawId"].(string)+"\r\n"
		}), webauthn.Malformed},
		{"rejects another type", standard(func(m map[string]any) { m["type"] = "password" }), webauthn.Malformed},
		{"rejects missing extension results", standard(func(m map[string]any) { delete(m, "clientExtensionResults") }), webauthn.Malformed},
		{"rejects extension results that are no object", standard(func(m map[string]any) { m["clientExtensionResults"] = []any{} }), webauthn.Malformed},
		{"rejects a missing response", standard(func(m map[string]any) { delete(m, "response") }), webauthn.Malformed},
		{"rejects a missing signature", response(func(r map[string]any) { delete(r, "signature") }), webauthn.Malformed},
		{"rejects a signature that is no string", response(func(r map[string]any) { r["signature"] = 1 }), webauthn.Malformed},
		{"rejects a padded signature", response(func(r map[string]any) { r["signature"] = "AA==" }), webauthn.Malformed},
		{"rejects a signature with stray bits", response(func(r map[string]any) { r["signature"] = "AB" }), webauthn.Malformed},
		{"rejects a signature in standard base64", response(func(r map[string]any) { r["signature"] = "+/+/" }), webauthn.Malformed},
		{"rejects a user handle of 65 bytes", response(func(r map[string]any) {
			r["userHandle"] = marshalText(t, bytes.Repeat([]byte{7}, 65))
		}), webauthn.Malformed},
		{"rejects the sample's form with a missing member", sample(func(m map[string]any) { delete(m, "signatureB64") }), webauthn.Malformed},
		{"rejects the sample's form without a user handle", sample(func(m map[string]any) { delete(m, "userHandleB64") }), webauthn.Malformed},
		{"rejects the sample's form with an unknown member", sample(func(m map[string]any) { m["x"] = 1 }), webauthn.Malformed},
		{"rejects a union of both forms", standard(func(m map[string]any) {
			for member, value := range answer.SampleMembers() {
				m[member] = value
			}
		}), webauthn.Malformed},
		{"rejects the sample's form with a type", sample(func(m map[string]any) { m["type"] = "public-key" }), webauthn.Malformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := webauthn.ParseAssertion([]byte(test.raw))
			wantReason(t, err, test.want)
		})
	}
}

func TestParseAssertionRejectsAnAttestedCredential(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	register(t, authenticator)
	_, answer := get(t, authenticator, func(c *passkeytest.Ceremony) {
		publicKey, err := passkeytest.PublicKey(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		c.Flags |= passkeytest.Attested
		c.Attested = passkeytest.AttestedCredential([16]byte{}, make([]byte, 32), publicKey)
	})
	_, err := webauthn.ParseAssertion(answer.JSON())
	wantReason(t, err, webauthn.Malformed)
}

func TestVerifyAssertionAcceptsEveryOfferedAlgorithm(t *testing.T) {
	for name, algorithm := range map[string]int64{"ES256": passkeytest.ES256, "RS256": passkeytest.RS256, "EdDSA": passkeytest.EdDSA} {
		t.Run(name, func(t *testing.T) {
			authenticator := passkeytest.NewDeviceBound(origin)
			authenticator.Algorithm = algorithm
			record := register(t, authenticator)
			want, answer := get(t, authenticator)
			verdict, err := verify(answer.JSON(), record, want)
			if err != nil {
				t.Fatal(err)
			}
			if (verdict != webauthn.Verdict{SignCount: 2, UserVerified: true, CounterMustIncrease: true}) {
				t.Errorf("got %+v", verdict)
			}
			answer.Signature[len(answer.Signature)-1] ^= 1
			_, err = verify(answer.JSON(), record, want)
			wantReason(t, err, webauthn.BadSignature)
		})
	}
}

func TestVerifyAssertionReportsTheBackup(t *testing.T) {
	authenticator := passkeytest.NewSynced(origin)
	record := register(t, authenticator)
	authenticator.Flags &^= passkeytest.BackupState
	want, answer := get(t, authenticator)
	verdict, err := verify(answer.JSON(), record, want)
	if err != nil || verdict.BackupState {
		t.Fatalf("got %+v, %v", verdict, err)
	}
}

func TestVerifyAssertionRejectsChangedBackupEligibility(t *testing.T) {
	for _, eligible := range []bool{false, true} {
		authenticator := passkeytest.NewDeviceBound(origin)
		if eligible {
			authenticator = passkeytest.NewSynced(origin)
		}
		record := register(t, authenticator)
		authenticator.Flags ^= passkeytest.BackupEligible
		authenticator.Flags &^= passkeytest.BackupState
		want, answer := get(t, authenticator)
		_, err := verify(answer.JSON(), record, want)
		wantReason(t, err, webauthn.BackupFlags)
	}
}

func TestVerifyAssertionComparesRelyingParties(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	assertion, err := webauthn.ParseAssertion(answer.JSON())
	if err != nil {
		t.Fatal(err)
	}
	otherRP := rp
	otherRP.ID = "other.example"
	for _, test := range []struct {
		name            string
		rp              webauthn.RelyingParty
		ofRow, ofWanted string
	}{
		{"rejects a credential of another relying party", rp, "other.example", rp.ID},
		{"rejects a session of another relying party", rp, rp.ID, "other.example"},
		{"rejects a session without one", rp, rp.ID, ""},
		{"rejects an answer that only fits credential and session", otherRP, rp.ID, rp.ID},
	} {
		t.Run(test.name, func(t *testing.T) {
			row, session := *record, want
			row.RPID, session.RPID = test.ofRow, test.ofWanted
			_, err := test.rp.VerifyAssertion(assertion, &row, session)
			wantReason(t, err, webauthn.WrongRelyingParty)
		})
	}
}

func TestVerifyAssertionComparesUserHandles(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	for _, test := range []struct {
		name   string
		handle []byte
		policy webauthn.UserHandle
		want   webauthn.Reason
	}{
		{"accepts the credential's", userHandle, webauthn.UserHandleOptional, ""},
		{"accepts the credential's where required", userHandle, webauthn.UserHandleRequired, ""},
		{"accepts none", nil, webauthn.UserHandleOptional, ""},
		{"accepts an empty one as none", []byte{}, webauthn.UserHandleOptional, ""},
		{"rejects none where required", nil, webauthn.UserHandleRequired, webauthn.WrongUserHandle},
		{"rejects an empty one where required", []byte{}, webauthn.UserHandleRequired, webauthn.WrongUserHandle},
		{"rejects another user's", []byte("r|victim"), webauthn.UserHandleOptional, webauthn.WrongUserHandle},
		{"rejects another user's where required", []byte("r|victim"), webauthn.UserHandleRequired, webauthn.WrongUserHandle},
	} {
		t.Run(test.name, func(t *testing.T) {
			tampered, session := *answer, want
			tampered.UserHandle, session.UserHandle = test.handle, test.policy
			_, err := verify(tampered.JSON(), record, session)
			wantReason(t, err, test.want)
		})
	}
}

func TestVerifyAssertionRejectsAnotherCredential(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	victim := register(t, authenticator)
	register(t, authenticator)
	want, answer := get(t, authenticator)
	_, err := verify(answer.JSON(), victim, want)
	wantReason(t, err, webauthn.UnknownCredential)

	answer.CredentialID = victim.ID
	_, err = verify(answer.JSON(), victim, want)
	wantReason(t, err, webauthn.BadSignature)
}

func TestVerifyAssertionRejectsSignatures(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(answer.Signature, &signature); err != nil {
		t.Fatal(err)
	}
	der := func(r, s *big.Int) []byte {
		encoded, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	zero, order := new(big.Int), elliptic.P256().Params().N
	for name, forged := range map[string][]byte{
		"rejects none":                 {},
		"rejects zeros":                der(zero, zero),
		"rejects the order":            der(order, order),
		"rejects r and s by length":    slices.Concat(signature.R.FillBytes(make([]byte, 32)), signature.S.FillBytes(make([]byte, 32))),
		"rejects trailing bytes":       append(slices.Clone(answer.Signature), 0),
		"rejects a negative s":         der(signature.R, new(big.Int).Neg(signature.S)),
		"rejects s plus the order":     der(signature.R, new(big.Int).Add(signature.S, order)),
		"rejects an indefinite length": slices.Concat([]byte{0x30, 0x80}, answer.Signature[2:], []byte{0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			tampered := *answer
			tampered.Signature = forged
			_, err := verify(tampered.JSON(), record, want)
			wantReason(t, err, webauthn.BadSignature)
		})
	}
	for name, tamper := range map[string]func(*passkeytest.Assertion){
		"rejects client data changed after signing": func(a *passkeytest.Assertion) {
			a.ClientDataJSON = append(slices.Clone(a.ClientDataJSON), ' ')
		},
		"rejects a sign count changed after signing": func(a *passkeytest.Assertion) {
			a.AuthenticatorData = slices.Clone(a.AuthenticatorData)
			a.AuthenticatorData[36]++
		},
	} {
		t.Run(name, func(t *testing.T) {
			tampered := *answer
			tamper(&tampered)
			_, err := verify(tampered.JSON(), record, want)
			wantReason(t, err, webauthn.BadSignature)
		})
	}
}

func TestVerifyAssertionRejectsAStoredKeyThatRegistrationWould(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator)
	record.PublicKey = append(record.PublicKey, 0)
	_, err := verify(answer.JSON(), record, want)
	wantReason(t, err, webauthn.BadKey)
}

func TestCounterPolicies(t *testing.T) {
	const synced, deviceBound = true, false
	accepted := func(mustIncrease bool) webauthn.Verdict {
		return webauthn.Verdict{CounterMustIncrease: mustIncrease}
	}
	flagged := webauthn.Verdict{CounterRegressed: true}
	for _, test := range []struct {
		name        string
		policy      webauthn.CounterPolicy
		eligible    bool
		stored, new uint32
		verdict     webauthn.Verdict
		want        webauthn.Reason
	}{
		{"by backup accepts an increase", webauthn.CounterByBackup, deviceBound, 10, 11, accepted(true), ""},
		{"by backup accepts a first count", webauthn.CounterByBackup, deviceBound, 0, 1, accepted(true), ""},
		{"by backup accepts no counter", webauthn.CounterByBackup, deviceBound, 0, 0, accepted(false), ""},
		{"by backup rejects the same count", webauthn.CounterByBackup, deviceBound, 10, 10, webauthn.Verdict{}, webauthn.Counter},
		{"by backup rejects a decrease", webauthn.CounterByBackup, deviceBound, 10, 3, webauthn.Verdict{}, webauthn.Counter},
		{"by backup rejects a counter that vanished", webauthn.CounterByBackup, deviceBound, 10, 0, webauthn.Verdict{}, webauthn.Counter},
		{"by backup accepts an increase of a synced key", webauthn.CounterByBackup, synced, 10, 11, accepted(false), ""},
		{"by backup flags a synced key", webauthn.CounterByBackup, synced, 10, 3, flagged, ""},
		{"reject accepts an increase of a synced key", webauthn.CounterReject, synced, 10, 11, accepted(true), ""},
		{"reject accepts no counter", webauthn.CounterReject, synced, 0, 0, accepted(false), ""},
		{"reject rejects a synced key", webauthn.CounterReject, synced, 10, 10, webauthn.Verdict{}, webauthn.Counter},
		{"flag flags a device-bound key", webauthn.CounterFlag, deviceBound, 10, 10, flagged, ""},
		{"ignore says nothing", webauthn.CounterIgnore, deviceBound, 10, 0, accepted(false), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			authenticator := passkeytest.NewDeviceBound(origin)
			if test.eligible {
				authenticator = passkeytest.NewSynced(origin)
			}
			record := register(t, authenticator)
			record.SignCount = test.stored
			want, answer := get(t, authenticator, func(c *passkeytest.Ceremony) { c.SignCount = test.new })
			assertion, err := webauthn.ParseAssertion(answer.JSON())
			if err != nil {
				t.Fatal(err)
			}
			party := rp
			party.Counter = test.policy
			got, err := party.VerifyAssertion(assertion, record, want)
			wantReason(t, err, test.want)
			if test.want == "" {
				test.verdict.SignCount, test.verdict.UserVerified, test.verdict.BackupState = test.new, true, test.eligible
			}
			if got != test.verdict {
				t.Errorf("got %+v, want %+v", got, test.verdict)
			}
		})
	}
}

func TestRefuseUnknownAlwaysRefuses(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	register(t, authenticator)
	want, answer := get(t, authenticator)
	assertion, err := webauthn.ParseAssertion(answer.JSON())
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, rp.RefuseUnknown(assertion, want), webauthn.UnknownCredential)
	want.Challenge = nil
	wantReason(t, rp.RefuseUnknown(assertion, want), webauthn.UnknownCredential)
}

// Anyone can sign with the decoy's private key, which is 1.
func TestRefuseUnknownRefusesWhatVerifies(t *testing.T) {
	decoy, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), big.NewInt(1).FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	authenticator := passkeytest.NewDeviceBound(origin)
	register(t, authenticator)
	want, answer := get(t, authenticator, func(c *passkeytest.Ceremony) { c.Key = decoy })
	publicKey, err := passkeytest.PublicKey(decoy)
	if err != nil {
		t.Fatal(err)
	}
	stored := &credential.Record{ID: answer.CredentialID, PublicKey: publicKey, RPID: rp.ID, UserHandle: userHandle}
	if _, err := verify(answer.JSON(), stored, want); err != nil {
		t.Fatalf("the answer does not verify with the decoy's key: %v", err)
	}
	assertion, err := webauthn.ParseAssertion(answer.JSON())
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, rp.RefuseUnknown(assertion, want), webauthn.UnknownCredential)
}

func marshalText(t *testing.T, b []byte) string {
	t.Helper()
	var text string
	if err := json.Unmarshal(marshal(t, webauthn.Base64URL(b)), &text); err != nil {
		t.Fatal(err)
	}
	return text
}
