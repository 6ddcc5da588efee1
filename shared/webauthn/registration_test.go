package webauthn_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestRegistrationKeepsWhatTheAuthenticatorSays(t *testing.T) {
	for name, algorithm := range map[string]int64{"ES256": passkeytest.ES256, "RS256": passkeytest.RS256, "EdDSA": passkeytest.EdDSA} {
		t.Run(name, func(t *testing.T) {
			authenticator := passkeytest.NewSynced(origin)
			authenticator.Algorithm = algorithm
			authenticator.AAGUID = [16]byte{0xd5, 0x48, 0x82, 0x6e, 0x79, 0xb4, 0xdb, 0x40, 0xa3, 0xd8, 0x11, 0x11, 0x6f, 0x7e, 0x83, 0x49}
			authenticator.Transports = []string{"hybrid", "carrier-pigeon", "internal", "hybrid"}
			got := register(t, authenticator)
			passkey := authenticator.Passkeys[0]
			publicKey, err := passkeytest.PublicKey(passkey.Key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.ID, passkey.ID) || !bytes.Equal(got.PublicKey, publicKey) || got.RPID != rp.ID {
				t.Errorf("got %+v", got)
			}
			if !got.BackupEligible || !got.BackupState || !got.UserVerified || got.SignCount != 0 {
				t.Errorf("got %+v", got)
			}
			if !slices.Equal(got.Transports, []string{"hybrid", "internal"}) {
				t.Errorf("got transports %q", got.Transports)
			}
			if credential.Provider(got.AAGUID) != "Bitwarden" {
				t.Errorf("got provider %q of %v", credential.Provider(got.AAGUID), got.AAGUID)
			}
		})
	}
}

func TestProviderNamesTheKnownModels(t *testing.T) {
	for uuid, want := range map[string]string{
		"ea9b8d664d011d213ce4b6b48cb575d4": "Google Password Manager",
		"fbfc3007154e4ecc8c0b6e020557d7bd": "Apple Passwords",
		"bada5566a7aa401fbd9645619a55120d": "1Password",
		"d548826e79b4db40a3d811116f7e8349": "Bitwarden",
		"08987058cadc4b81b6e130de50dcbe96": "Windows Hello",
		"d345266801fd4c12926c83a4204853aa": "Microsoft Password Manager",
		"00000000000000000000000000000000": "",
	} {
		raw, err := hex.DecodeString(uuid)
		if err != nil {
			t.Fatal(err)
		}
		if got := credential.Provider(credential.AAGUID(raw)); got != want {
			t.Errorf("%s: got %q, want %q", uuid, got, want)
		}
	}
}

// attested replaces credential id and public key, with the record's own id
// if id is nil.
func attested(id, publicKey []byte) passkeytest.Tamper {
	return func(c *passkeytest.Ceremony) {
		if id == nil {
			id = c.Attested[18 : 18+32]
		}
		c.Attested = passkeytest.AttestedCredential([16]byte{}, id, publicKey)
	}
}

func coseKey(t *testing.T, members map[int]any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := mode.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestRegistrationRejectsKeys(t *testing.T) {
	curve := elliptic.P256().Params()
	x, y := curve.Gx.Bytes(), curve.Gy.Bytes()
	p384 := elliptic.P384().Params()
	offCurve := slices.Concat(y[:31], []byte{y[31] ^ 1})
	modulus := func(bits uint) []byte {
		return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1)).Bytes()
	}
	rsaKey := func(n, e []byte) map[int]any { return map[int]any{1: 3, 3: -257, -1: n, -2: e} }
	f4 := big.NewInt(65537).Bytes()
	ed25519Key := func(x []byte) map[int]any { return map[int]any{1: 1, 3: -8, -1: 6, -2: x} }
	good := coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y})
	notCanonical := slices.Concat([]byte{0xb8, 0x05}, good[1:]) // the number of members in two bytes
	notSorted := slices.Concat(good[:1], good[3:5], good[1:3], good[5:])

	for _, test := range []struct {
		name string
		key  []byte
		want webauthn.Reason
	}{
		{"accepts P-256", good, ""},
		{"accepts RSA-2048", coseKey(t, rsaKey(modulus(2048), f4)), ""},
		{"accepts RSA-4096", coseKey(t, rsaKey(modulus(4096), f4)), ""},
		{"rejects a point off the curve", coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: offCurve}), webauthn.BadKey},
		{"rejects the point at zero", coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}), webauthn.BadKey},
		{"rejects ES256 labelled P-384", coseKey(t, map[int]any{1: 2, 3: -7, -1: 2, -2: x, -3: y}), webauthn.BadKey},
		{"rejects ES256 on P-384", coseKey(t, map[int]any{1: 2, 3: -7, -1: 2, -2: p384.Gx.Bytes(), -3: p384.Gy.Bytes()}), webauthn.BadKey},
		{"rejects ES256 without a curve", coseKey(t, map[int]any{1: 2, 3: -7, -2: x, -3: y}), webauthn.BadKey},
		{"rejects a compressed y", coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: true}), webauthn.BadKey},
		{"rejects a long x", coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: append([]byte{0}, x...), -3: y}), webauthn.BadKey},
		{"rejects a private member", coseKey(t, map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y, -4: x}), webauthn.BadKey},
		{"rejects an optional member", coseKey(t, map[int]any{1: 2, 2: []byte{1}, 3: -7, -1: 1, -2: x, -3: y}), webauthn.BadKey},
		{"rejects a member with a text label", slices.Concat([]byte{0xa6}, good[1:], []byte{0x61, 'k', 0x01}), webauthn.BadKey},
		{"rejects a number spelled long", notCanonical, webauthn.BadKey},
		{"rejects unsorted members", notSorted, webauthn.BadKey},
		{"rejects a duplicate member", slices.Concat([]byte{0xa6}, good[1:3], good[1:]), webauthn.Malformed},
		{"rejects what is no map", []byte{0x80}, webauthn.BadKey},
		{"rejects an empty map", []byte{0xa0}, webauthn.UnsupportedAlgorithm},

		{"rejects an OKP key labelled ES256", coseKey(t, map[int]any{1: 1, 3: -7, -1: 6, -2: x}), webauthn.BadKey},
		{"rejects an EC key labelled EdDSA", coseKey(t, map[int]any{1: 2, 3: -8, -1: 1, -2: x, -3: y}), webauthn.BadKey},
		{"rejects an EC key labelled RS256", coseKey(t, map[int]any{1: 2, 3: -257, -1: 1, -2: x, -3: y}), webauthn.BadKey},
		{"rejects an RSA key labelled ES256", coseKey(t, map[int]any{1: 3, 3: -7, -1: modulus(2048), -2: f4}), webauthn.BadKey},
		{"rejects Ed25519 labelled Ed448", coseKey(t, map[int]any{1: 1, 3: -8, -1: 7, -2: x}), webauthn.BadKey},
		{"rejects a short Ed25519 key", coseKey(t, ed25519Key(x[:31])), webauthn.BadKey},
		{"rejects Ed25519 off the curve", coseKey(t, ed25519Key(append([]byte{2}, make([]byte, 31)...))), webauthn.BadKey},
		{"rejects Ed25519 of small order", coseKey(t, ed25519Key(append([]byte{1}, make([]byte, 31)...))), webauthn.BadKey},
		{"rejects Ed25519 that is not reduced", coseKey(t, ed25519Key(slices.Concat([]byte{0xf0}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f}))), webauthn.BadKey},

		{"rejects RSA-512", coseKey(t, rsaKey(modulus(512), f4)), webauthn.BadKey},
		{"rejects RSA-2047", coseKey(t, rsaKey(modulus(2047), f4)), webauthn.BadKey},
		{"rejects RSA-4097", coseKey(t, rsaKey(modulus(4097), f4)), webauthn.BadKey},
		{"rejects an even RSA modulus", coseKey(t, rsaKey(append(modulus(2040), 0), f4)), webauthn.BadKey},
		{"rejects an RSA modulus with a leading zero", coseKey(t, rsaKey(append([]byte{0}, modulus(2048)...), f4)), webauthn.BadKey},
		{"rejects the RSA exponent 1", coseKey(t, rsaKey(modulus(2048), []byte{1})), webauthn.BadKey},
		{"rejects the RSA exponent 3", coseKey(t, rsaKey(modulus(2048), []byte{3})), webauthn.BadKey},
		{"rejects an RSA exponent below 65537", coseKey(t, rsaKey(modulus(2048), []byte{255, 255})), webauthn.BadKey},
		{"rejects an RSA exponent of 32 bits", coseKey(t, rsaKey(modulus(2048), []byte{128, 0, 0, 1})), webauthn.BadKey},
		{"rejects an even RSA exponent", coseKey(t, rsaKey(modulus(2048), []byte{1, 0, 2})), webauthn.BadKey},
		{"rejects an RSA exponent with a leading zero", coseKey(t, rsaKey(modulus(2048), append([]byte{0}, f4...))), webauthn.BadKey},
		{"rejects an RSA exponent of 33 bits", coseKey(t, rsaKey(modulus(2048), []byte{1, 0, 0, 0, 1})), webauthn.BadKey},

		{"rejects ES384", coseKey(t, map[int]any{1: 2, 3: -35, -1: 2, -2: p384.Gx.Bytes(), -3: p384.Gy.Bytes()}), webauthn.UnsupportedAlgorithm},
		{"rejects RS1", coseKey(t, map[int]any{1: 3, 3: -65535, -1: modulus(2048), -2: f4}), webauthn.UnsupportedAlgorithm},
		{"rejects Ed448", coseKey(t, map[int]any{1: 1, 3: -53, -1: 7, -2: make([]byte, 57)}), webauthn.UnsupportedAlgorithm},
		{"rejects ML-DSA-44", coseKey(t, map[int]any{1: 7, 3: -48, -1: make([]byte, 1312)}), webauthn.UnsupportedAlgorithm},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin), attested(nil, test.key))
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, test.want)
		})
	}
}

func TestRegistrationRejectsCredentialIDs(t *testing.T) {
	for _, test := range []struct {
		name string
		size int
		want webauthn.Reason
	}{
		{"accepts 16 bytes", 16, ""},
		{"accepts 1023 bytes", 1023, ""},
		{"rejects none", 0, webauthn.WrongCredentialID},
		{"rejects 15 bytes", 15, webauthn.WrongCredentialID},
		{"rejects 1024 bytes", 1024, webauthn.Malformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := bytes.Repeat([]byte{7}, test.size)
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin), func(c *passkeytest.Ceremony) {
				attested(id, c.Attested[18+32:])(c)
			})
			registration.CredentialID = id
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, test.want)
		})
	}
	t.Run("rejects another one than the attested", func(t *testing.T) {
		challenge, registration := create(t, passkeytest.NewDeviceBound(origin))
		registration.CredentialID = bytes.Repeat([]byte{7}, 32)
		_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
		wantReason(t, err, webauthn.WrongCredentialID)
	})
}

func TestRegistrationRejectsAuthenticatorData(t *testing.T) {
	for _, test := range []struct {
		name   string
		tamper passkeytest.Tamper
	}{
		{"rejects a clear AT flag with a credential", func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.Attested }},
		{"rejects a clear AT flag without a credential", func(c *passkeytest.Ceremony) {
			c.Flags &^= passkeytest.Attested
			c.Attested = nil
		}},
		{"rejects an AT flag without a credential", func(c *passkeytest.Ceremony) { c.Attested = nil }},
		{"rejects a credential id cut short", func(c *passkeytest.Ceremony) { c.Attested = c.Attested[:30] }},
		{"rejects a public key cut short", func(c *passkeytest.Ceremony) { c.Attested = c.Attested[:len(c.Attested)-1] }},
		{"rejects trailing bytes", func(c *passkeytest.Ceremony) { c.Attested = append(c.Attested, 0) }},
		{"rejects extension outputs that are no map", func(c *passkeytest.Ceremony) {
			c.Flags |= passkeytest.HasExtensions
			c.Attested = append(c.Attested, 0xf6)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin), test.tamper)
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, webauthn.Malformed)
		})
	}
}

func TestRegistrationReadsItsFormStrictly(t *testing.T) {
	response := func(change func(response map[string]any)) func(map[string]any) {
		return func(members map[string]any) { change(members["response"].(map[string]any)) }
	}
	attestationObject := func(change func(members map[string]any)) func(map[string]any) {
		return response(func(r map[string]any) {
			encoded, _ := base64.RawURLEncoding.DecodeString(r["attestationObject"].(string))
			var members map[string]any
			if err := cbor.Unmarshal(encoded, &members); err != nil {
				t.Fatal(err)
			}
			change(members)
			encoded, err := cbor.Marshal(members)
			if err != nil {
				t.Fatal(err)
			}
			r["attestationObject"] = base64.RawURLEncoding.EncodeToString(encoded)
		})
	}
	for _, test := range []struct {
		name   string
		change func(members map[string]any)
		want   webauthn.Reason
	}{
		{"accepts a null attachment", func(m map[string]any) { m["authenticatorAttachment"] = nil }, ""},
		{"accepts what older clients leave out", response(func(r map[string]any) {
			delete(r, "authenticatorData")
			delete(r, "publicKeyAlgorithm")
			delete(r, "transports")
		}), ""},
		{"accepts a public key for convenience", response(func(r map[string]any) { r["publicKey"] = "AA" }), ""},
		{"rejects an unknown member", func(m map[string]any) { m["x"] = 1 }, webauthn.Malformed},
		{"rejects an unknown member of the response", response(func(r map[string]any) { r["x"] = 1 }), webauthn.Malformed},
		{"rejects an id that is not rawId", func(m map[string]any) { m["id"] = "AAAA" }, webauthn.Malformed},
		{"rejects another type", func(m map[string]any) { m["type"] = "password" }, webauthn.Malformed},
		{"rejects a missing attestation object", response(func(r map[string]any) { delete(r, "attestationObject") }), webauthn.Malformed},
		{"rejects missing extension results", func(m map[string]any) { delete(m, "clientExtensionResults") }, webauthn.Malformed},
		{"rejects an attachment that is no string", func(m map[string]any) { m["authenticatorAttachment"] = 1 }, webauthn.Malformed},
		{"rejects transports that are no array", response(func(r map[string]any) { r["transports"] = "usb" }), webauthn.Malformed},
		{"rejects a transport that is no string", response(func(r map[string]any) { r["transports"] = []any{1} }), webauthn.Malformed},
		{"rejects an attestation object that is no map", response(func(r map[string]any) { r["attestationObject"] = "gA" }), webauthn.Malformed},
		{"rejects an attestation object with a fourth member", attestationObject(func(m map[string]any) { m["x"] = 1 }), webauthn.Malformed},
		{"rejects an attestation object without a statement", attestationObject(func(m map[string]any) { delete(m, "attStmt") }), webauthn.Malformed},
		{"rejects an attestation object with a name in another case", attestationObject(func(m map[string]any) {
			m["FMT"] = m["fmt"]
			delete(m, "fmt")
		}), webauthn.Malformed},
		{"rejects an attestation object with trailing bytes", response(func(r map[string]any) {
			object, _ := base64.RawURLEncoding.DecodeString(r["attestationObject"].(string))
			r["attestationObject"] = base64.RawURLEncoding.EncodeToString(append(object, 0))
		}), webauthn.Malformed},
		{"rejects more than 16 KiB", response(func(r map[string]any) { r["publicKey"] = strings.Repeat("A", 16<<10) }), webauthn.TooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin))
			members := registration.Members()
			test.change(members)
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, marshal(t, members))
			wantReason(t, err, test.want)
		})
	}
}
