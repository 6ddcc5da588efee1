package attacks_test

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"math/big"
	"net/http"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest/journey"
)

func set(member string, value any) passkeytest.Tamper {
	return func(c *passkeytest.Ceremony) { c.ClientData[member] = value }
}

func raise(flag byte) passkeytest.Tamper { return func(c *passkeytest.Ceremony) { c.Flags |= flag } }
func lower(flag byte) passkeytest.Tamper { return func(c *passkeytest.Ceremony) { c.Flags &^= flag } }

// ceremonies are answers that are signed as they should be and say something
// that they should not, in either ceremony.
var ceremonies = []struct {
	name   string
	tamper passkeytest.Tamper
	reason string
}{
	{"rejects a user who was not verified", lower(passkeytest.UserVerified), "user_not_verified"},
	{"rejects a user who was not present", lower(passkeytest.UserPresent), "user_not_present"},
	{"rejects nobody at all", lower(passkeytest.UserPresent | passkeytest.UserVerified), "user_not_present"},
	{"rejects a payment", set("type", "payment.get"), "wrong_type"},
	{"rejects another relying party", func(c *passkeytest.Ceremony) { c.RPID = "other.example" }, "wrong_relying_party"},
	{"rejects a relying party id above", func(c *passkeytest.Ceremony) { c.RPID = "com" }, "wrong_relying_party"},
	{"rejects a page below the listed one", set("origin", "https://evil.example.com"), "wrong_origin"},
	{"rejects a page that looks alike", set("origin", "https://exаmple.com"), "wrong_origin"},
	{"rejects a page that ends alike", set("origin", "https://notexample.com"), "wrong_origin"},
	{"rejects a page that starts alike", set("origin", journey.Origin+".evil.example"), "wrong_origin"},
	{"rejects user info in the origin", set("origin", "https://example.com@evil.example"), "wrong_origin"},
	{"rejects another port", set("origin", journey.Origin+":8443"), "wrong_origin"},
	{"rejects the default port spelled out", set("origin", journey.Origin+":443"), "wrong_origin"},
	{"rejects a path", set("origin", journey.Origin+"/"), "wrong_origin"},
	{"rejects http", set("origin", "http://example.com"), "wrong_origin"},
	{"rejects upper case", set("origin", "https://EXAMPLE.com"), "wrong_origin"},
	{"rejects the null origin", set("origin", "null"), "wrong_origin"},
	{"rejects localhost", set("origin", "http://localhost:8080"), "wrong_origin"},
	{"rejects a frame of another site", set("crossOrigin", true), "cross_origin"},
	{"rejects a top origin", set("topOrigin", "https://evil.example"), "cross_origin"},
}

func TestRejectsWhatTheClientOrTheAuthenticatorSays(t *testing.T) {
	for _, c := range ceremonies {
		t.Run(c.name, func(t *testing.T) {
			s, victim, _ := cast(t)
			session := s.Begin(t, victim.User)
			wantOut(t, s, session, victim.sign(t, session.Options(), c.tamper).JSON(), c.reason)
			wantOut(t, s, s.Begin(t, victim.User), victim.sign(t, s.SignInOptions(t), c.tamper).JSON(), c.reason)
			session = s.Begin(t, victim.User)
			wantOut(t, s, session, victim.sign(t, session.Options(), c.tamper).SampleJSON(), c.reason)

			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, victim.User), c.tamper)
			if err != nil {
				t.Fatal(err)
			}
			wantProblem(t, s, s.FinishRegistration(t, victim.User, made.JSON()), "400 passkey_refused", c.reason)
		})
	}
}

func TestRejectsBackupFlags(t *testing.T) {
	for _, c := range []struct {
		name          string
		authenticator func(string) *passkeytest.Authenticator
		tamper        passkeytest.Tamper
	}{
		{"rejects a synced key that is bound to a device now", passkeytest.NewSynced, lower(passkeytest.BackupEligible | passkeytest.BackupState)},
		{"rejects a device-bound key that may be copied now", passkeytest.NewDeviceBound, raise(passkeytest.BackupEligible)},
		{"rejects a copy of what cannot be copied", passkeytest.NewDeviceBound, raise(passkeytest.BackupState)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := journey.New(t)
			p := person{s.NewUser(victimSub), c.authenticator(journey.Origin)}
			s.Register(t, p.User, p.authenticator)
			session := s.Begin(t, p.User)
			wantOut(t, s, session, p.sign(t, session.Options(), c.tamper).JSON(), "backup_flags")
		})
	}
	t.Run("rejects a copy of what cannot be copied at registration", func(t *testing.T) {
		s := journey.New(t)
		u := s.NewUser(victimSub)
		made, err := passkeytest.NewDeviceBound(journey.Origin).Create(s.BeginRegistration(t, u), raise(passkeytest.BackupState))
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s, s.FinishRegistration(t, u, made.JSON()), "400 passkey_refused", "backup_flags")
	})
}

// Of two relying parties that share a table, each takes its own passkeys alone,
// even from a page that both list.
func TestRejectsAPasskeyOfAnotherRelyingParty(t *testing.T) {
	s, victim, _ := cast(t)
	other := journey.New(t)
	other.Store, other.StampRing = s.Store, s.StampRing
	other.Client.RelyingPartyID, other.RelyingParty.ID = "other.example", "other.example"
	ours := func(o []byte) []byte {
		return change(t, change(t, o, "relyingPartyId", nil), "rpId", journey.RelyingPartyID)
	}
	for name, tamper := range map[string]passkeytest.Tamper{
		"rejects it as it is":                  func(*passkeytest.Ceremony) {},
		"rejects it signed for the other here": func(c *passkeytest.Ceremony) { c.RPID = "other.example" },
	} {
		t.Run(name, func(t *testing.T) {
			session := other.Begin(t, victim.User)
			wantOut(t, other, session, victim.sign(t, ours(session.Options()), tamper).JSON(), "wrong_relying_party")
		})
	}
}

// A count that does not increase is refused for a key that cannot be copied:
// somebody has a copy.
func TestRejectsACountThatDoesNotIncrease(t *testing.T) {
	count := func(n uint32) passkeytest.Tamper { return func(c *passkeytest.Ceremony) { c.SignCount = n } }
	for name, n := range map[string]uint32{"rejects the same": 10, "rejects less": 3, "rejects none": 0} {
		t.Run(name, func(t *testing.T) {
			s := journey.New(t)
			p := person{s.NewUser(victimSub), passkeytest.NewDeviceBound(journey.Origin)}
			s.Register(t, p.User, p.authenticator)
			first, second := s.Begin(t, p.User), s.Begin(t, p.User)
			answers := [][]byte{p.sign(t, first.Options(), count(10)).JSON(), p.sign(t, second.Options(), count(n)).JSON()}
			wantIn(t, s, first, answers[0])
			wantOut(t, s, second, answers[1], "counter")
		})
	}
}

func TestRejectsKeysAtRegistration(t *testing.T) {
	for _, c := range []struct {
		name   string
		key    func(x, y []byte) map[int]any
		reason string
	}{
		{"rejects an algorithm that was not offered", func(x, y []byte) map[int]any { return map[int]any{1: 2, 3: -35, -1: 2, -2: x, -3: y} }, "unsupported_algorithm"},
		{"rejects RSA with SHA-1", func(x, _ []byte) map[int]any {
			return map[int]any{1: 3, 3: -65535, -1: bytes.Repeat(x, 8), -2: []byte{1, 0, 1}}
		}, "unsupported_algorithm"},
		{"rejects a point off the curve", func(x, y []byte) map[int]any { return map[int]any{1: 2, 3: -7, -1: 1, -2: y, -3: x} }, "bad_key"},
		{"rejects RSA-512", func(x, y []byte) map[int]any {
			return map[int]any{1: 3, 3: -257, -1: append(bytes.Clone(x), y...), -2: []byte{1, 0, 1}}
		}, "bad_key"},
		{"rejects the RSA exponent 1", func(x, y []byte) map[int]any {
			return map[int]any{1: 3, 3: -257, -1: bytes.Repeat(append(bytes.Clone(x), y...), 4), -2: []byte{1}}
		}, "bad_key"},
		{"rejects an Ed25519 key labelled ES256", func(x, _ []byte) map[int]any { return map[int]any{1: 1, 3: -7, -1: 6, -2: x} }, "bad_key"},
		{"rejects a private key", func(x, y []byte) map[int]any { return map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y, -4: x} }, "bad_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := journey.New(t)
			u := s.NewUser(attackerSub)
			var id []byte
			made, err := passkeytest.NewSynced(journey.Origin).Create(s.BeginRegistration(t, u), func(ceremony *passkeytest.Ceremony) {
				point, err := ceremony.Key.Public().(*ecdsa.PublicKey).Bytes()
				if err != nil {
					t.Fatal(err)
				}
				mode, err := cbor.CTAP2EncOptions().EncMode()
				if err != nil {
					t.Fatal(err)
				}
				key, err := mode.Marshal(c.key(point[1:33], point[33:]))
				if err != nil {
					t.Fatal(err)
				}
				id = bytes.Repeat([]byte{7}, 32)
				ceremony.Attested = passkeytest.AttestedCredential([16]byte{}, id, key)
			})
			if err != nil {
				t.Fatal(err)
			}
			made.CredentialID = id
			wantProblem(t, s, s.FinishRegistration(t, u, made.JSON()), "400 passkey_refused", c.reason)
		})
	}
}

func TestRejectsSignatures(t *testing.T) {
	s, victim, attacker := cast(t)
	split := func(signature []byte) (rs struct{ R, S *big.Int }) {
		if _, err := asn1.Unmarshal(signature, &rs); err != nil {
			t.Fatal(err)
		}
		return rs
	}
	for name, forge := range map[string]func(a *passkeytest.Assertion){
		"rejects none":  func(a *passkeytest.Assertion) { a.Signature = nil },
		"rejects zeros": func(a *passkeytest.Assertion) { a.Signature = []byte{0x30, 6, 2, 1, 0, 2, 1, 0} },
		"rejects r and s without their form": func(a *passkeytest.Assertion) {
			rs := split(a.Signature)
			a.Signature = append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
		},
		"rejects bytes behind it":     func(a *passkeytest.Assertion) { a.Signature = append(a.Signature, 0) },
		"rejects one of another time": func(a *passkeytest.Assertion) { a.Signature = victim.sign(t, s.SignInOptions(t)).Signature },
		"rejects one of another key":  func(a *passkeytest.Assertion) { a.Signature = attacker.sign(t, s.SignInOptions(t)).Signature },
		"rejects other client data":   func(a *passkeytest.Assertion) { a.ClientDataJSON = append([]byte(" "), a.ClientDataJSON...) },
		"rejects other flags":         func(a *passkeytest.Assertion) { a.AuthenticatorData[32] ^= passkeytest.BackupState },
		"rejects another count":       func(a *passkeytest.Assertion) { a.AuthenticatorData[36]++ },
	} {
		t.Run(name, func(t *testing.T) {
			session := s.Begin(t, victim.User)
			assertion := victim.sign(t, session.Options())
			forge(assertion)
			wantOut(t, s, session, assertion.JSON(), "bad_signature")
		})
	}
}

const (
	androidApp = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
	iosApp     = "ios:bundle-id:com.example.app"
)

// apps is a stack whose origins are those of its page and of its two apps.
func apps(t *testing.T) *journey.Stack {
	t.Helper()
	s := journey.New(t)
	s.RelyingParty.Origins = []string{journey.Origin, androidApp, iosApp}
	if err := s.RelyingParty.Validate(); err != nil {
		t.Fatal(err)
	}
	return s
}

// A passkey that was made in an app signs in there and on the page, by name and
// without one.
func TestAppsThatAreListed(t *testing.T) {
	for _, app := range []string{androidApp, iosApp} {
		t.Run(app, func(t *testing.T) {
			s := apps(t)
			p := person{s.NewUser(victimSub), passkeytest.NewSynced(app)}
			s.Register(t, p.User, p.authenticator)
			for _, origin := range []string{androidApp, iosApp, journey.Origin} {
				p.authenticator.Origin = origin
				session := s.Begin(t, p.User)
				wantIn(t, s, session, p.sign(t, session.Options()).JSON())
				session = s.Begin(t, p.User)
				wantIn(t, s, session, p.sign(t, s.SignInOptions(t)).JSON())
			}
		})
	}
}

func TestRejectsAppsThatAreNotListed(t *testing.T) {
	for name, c := range map[string]struct {
		stack func(*testing.T) *journey.Stack
		app   string
	}{
		"rejects an Android app where none is listed":  {func(t *testing.T) *journey.Stack { return journey.New(t) }, androidApp},
		"rejects an iOS app where none is listed":      {func(t *testing.T) *journey.Stack { return journey.New(t) }, iosApp},
		"rejects an Android app signed by another key": {apps, "android:apk-key-hash:BNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"},
		"rejects an Android key hash that is padded":   {apps, androidApp + "="},
		"rejects the key hash alone":                   {apps, androidApp[len("android:apk-key-hash:"):]},
		"rejects an Android package name":              {apps, "android:com.example.app"},
		"rejects another kind of key hash":             {apps, "android:apk-key-hash-sha1:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"},
		"rejects another iOS app":                      {apps, "ios:bundle-id:com.evil.app"},
		"rejects an iOS app that starts alike":         {apps, iosApp + ".evil"},
		"rejects an iOS app in upper case":             {apps, "ios:bundle-id:com.example.App"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.stack(t)
			victim := join(t, s, victimSub)
			victim.authenticator.Origin = c.app
			session := s.Begin(t, victim.User)
			wantOut(t, s, session, victim.sign(t, session.Options()).JSON(), "wrong_origin")
			wantOut(t, s, s.Begin(t, victim.User), victim.sign(t, s.SignInOptions(t)).JSON(), "wrong_origin")
			made, err := passkeytest.NewSynced(c.app).Create(s.BeginRegistration(t, victim.User))
			if err != nil {
				t.Fatal(err)
			}
			r := s.FinishRegistration(t, victim.User, made.JSON())
			wantProblem(t, s, r, "400 passkey_refused", "wrong_origin")
			if r.StatusCode != http.StatusBadRequest {
				t.Errorf("answers %d", r.StatusCode)
			}
		})
	}
}
