package webauthn_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

func set(member string, value any) passkeytest.Tamper {
	return func(c *passkeytest.Ceremony) { c.ClientData[member] = value }
}

// rewrite changes the serialized client data.
func rewrite(change func(string) string) passkeytest.Tamper {
	return func(c *passkeytest.Ceremony) {
		raw, err := json.Marshal(c.ClientData)
		if err != nil {
			panic(err)
		}
		c.ClientDataJSON = []byte(change(string(raw)))
	}
}

func insert(members string) passkeytest.Tamper {
	return rewrite(func(raw string) string { return "{" + members + "," + raw[1:] })
}

// ceremonyCases hold in both ceremonies: everything but what is named is
// right, and signed.
var ceremonyCases = []struct {
	name   string
	tamper passkeytest.Tamper
	want   webauthn.Reason
}{
	{"accepts an unknown member", set("extraData", []any{map[string]any{"a": 1}}), ""},
	{"accepts a member that differs from a known one in case", insert(`"Type":"payment.get","ORIGIN":"https://evil.example"`), ""},
	{"accepts many members side by side", insert(`"extra":[` + strings.Repeat("[],{},", 17) + `0]`), ""},
	{"accepts a byte order mark", rewrite(func(raw string) string { return "\ufeff" + raw }), ""},
	{"accepts an absent crossOrigin", func(c *passkeytest.Ceremony) { delete(c.ClientData, "crossOrigin") }, ""},
	{"accepts an app origin of Android", set("origin", "android:apk-key-hash:"+apkKeyHash), ""},
	{"accepts an app origin of iOS", set("origin", "ios:bundle-id:com.example.app"), ""},
	{"accepts a related origin", set("origin", "https://example.co.uk"), ""},

	{"rejects a payment", set("type", "payment.get"), webauthn.WrongType},
	{"rejects an unknown type", set("type", "webauthn.GET"), webauthn.WrongType},
	{"rejects a type that is no string", set("type", 1), webauthn.Malformed},
	{"rejects an absent type", func(c *passkeytest.Ceremony) { delete(c.ClientData, "type") }, webauthn.Malformed},
	{"rejects a duplicate member", insert(`"origin":"https://evil.example"`), webauthn.Malformed},
	{"rejects a duplicate member by escapes", insert(`"\u006frigin":"https://evil.example"`), webauthn.Malformed},
	{"rejects a duplicate in an unknown member", insert(`"extra":{"a":1,"a":2}`), webauthn.Malformed},
	{"rejects trailing data", rewrite(func(raw string) string { return raw + "{}" }), webauthn.Malformed},
	{"rejects invalid UTF-8", insert("\"extra\":\"\xff\""), webauthn.Malformed},
	{"rejects an unpaired surrogate", insert(`"extra":"\ud800"`), webauthn.Malformed},
	{"rejects deep nesting", insert(`"extra":` + strings.Repeat("[", 17) + strings.Repeat("]", 17)), webauthn.Malformed},
	{"rejects what is no object", rewrite(func(string) string { return `"webauthn.get"` }), webauthn.Malformed},
	{"rejects nothing", rewrite(func(string) string { return "" }), webauthn.Malformed},

	{"rejects another challenge", set("challenge", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), webauthn.WrongChallenge},
	{"rejects an empty challenge", set("challenge", ""), webauthn.WrongChallenge},
	{"rejects a padded challenge", func(c *passkeytest.Ceremony) {
		c.ClientData["challenge"] = c.ClientData["challenge"].(string) + "="
	}, webauthn.Malformed},
	{"rejects a challenge with a line break", func(c *passkeytest.Ceremony) {
		c.ClientData["challenge"] = c.ClientData["challenge"].(string) + "\n"
	}, webauthn.Malformed},
	{"rejects a challenge with stray bits", set("challenge", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"), webauthn.Malformed},

	{"rejects the origin in upper case", set("origin", "https://APP.example.com"), webauthn.WrongOrigin},
	{"rejects the origin with its default port", set("origin", origin+":443"), webauthn.WrongOrigin},
	{"rejects the origin with another port", set("origin", origin+":8443"), webauthn.WrongOrigin},
	{"rejects the origin with a slash", set("origin", origin+"/"), webauthn.WrongOrigin},
	{"rejects the origin with user info", set("origin", "https://app@app.example.com"), webauthn.WrongOrigin},
	{"rejects the origin by http", set("origin", "http://app.example.com"), webauthn.WrongOrigin},
	{"rejects an origin below a listed one", set("origin", "https://evil.app.example.com"), webauthn.WrongOrigin},
	{"rejects an origin above a listed one", set("origin", "https://example.com"), webauthn.WrongOrigin},
	{"rejects an origin that starts like a listed one", set("origin", origin+".evil.example"), webauthn.WrongOrigin},
	{"rejects a look-alike origin", set("origin", "https://app.exаmple.com"), webauthn.WrongOrigin},
	{"rejects another app", set("origin", "android:apk-key-hash:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), webauthn.WrongOrigin},
	{"rejects the null origin", set("origin", "null"), webauthn.WrongOrigin},
	{"rejects an empty origin", set("origin", ""), webauthn.WrongOrigin},

	{"rejects a frame of another origin", set("crossOrigin", true), webauthn.CrossOrigin},
	{"rejects a top origin without crossOrigin", set("topOrigin", "https://evil.example"), webauthn.CrossOrigin},
	{"rejects a top origin that is ours", set("topOrigin", origin), webauthn.CrossOrigin},
	{"rejects a crossOrigin that is no boolean", set("crossOrigin", "true"), webauthn.Malformed},

	{"rejects another relying party", func(c *passkeytest.Ceremony) { c.RPID = "other.example" }, webauthn.WrongRelyingParty},
	{"rejects the origin's host as relying party", func(c *passkeytest.Ceremony) { c.RPID = "app.example.com" }, webauthn.WrongRelyingParty},
	{"rejects an absent user", func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserPresent }, webauthn.UserNotPresent},
	{"rejects a user who was not verified", func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }, webauthn.UserNotVerified},
	{"rejects a backup of what cannot be backed up", func(c *passkeytest.Ceremony) { c.Flags |= passkeytest.BackupState }, webauthn.BackupFlags},

	{"accepts extension outputs that nobody asked for", func(c *passkeytest.Ceremony) {
		c.Extensions = map[string]any{"credProtect": 2, "unknown": []byte{1}}
	}, ""},
	{"rejects extension outputs that are missing", func(c *passkeytest.Ceremony) { c.Flags |= passkeytest.HasExtensions }, webauthn.Malformed},
	{"rejects short authenticator data", func(c *passkeytest.Ceremony) { c.AuthenticatorData = make([]byte, 36) }, webauthn.Malformed},
}

func TestBothCeremoniesJudgeWhatIsSigned(t *testing.T) {
	for _, test := range ceremonyCases {
		t.Run(test.name, func(t *testing.T) {
			challenge, registration := create(t, passkeytest.NewDeviceBound(origin), test.tamper)
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, test.want)

			authenticator := passkeytest.NewDeviceBound(origin)
			record := register(t, authenticator)
			want, answer := get(t, authenticator, test.tamper)
			_, err = verify(answer.JSON(), record, want)
			wantReason(t, err, test.want)
			_, err = verify(answer.SampleJSON(), record, want)
			wantReason(t, err, test.want)
		})
	}
}

func TestBothCeremoniesRejectTheOtherOne(t *testing.T) {
	challenge, registration := create(t, passkeytest.NewDeviceBound(origin), set("type", "webauthn.get"))
	_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
	wantReason(t, err, webauthn.WrongType)

	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	want, answer := get(t, authenticator, set("type", "webauthn.create"))
	_, err = verify(answer.JSON(), record, want)
	wantReason(t, err, webauthn.WrongType)
}

// A session without a challenge must not match an answer without one.
func TestBothCeremoniesRejectAShortExpectedChallenge(t *testing.T) {
	for _, c := range []struct {
		challenge []byte
		reason    webauthn.Reason // empty: accepted
	}{
		{nil, webauthn.WrongChallenge},
		{[]byte{}, webauthn.WrongChallenge},
		{bytes.Repeat([]byte{7}, webauthn.MinChallengeSize-1), webauthn.WrongChallenge},
		{bytes.Repeat([]byte{7}, webauthn.MinChallengeSize), ""},
	} {
		signed := set("challenge", webauthn.Base64URL(c.challenge))
		_, registration := create(t, passkeytest.NewDeviceBound(origin), signed)
		_, err := finishRegistration(rp, c.challenge, webauthn.UserVerificationRequired, registration.JSON())
		wantReason(t, err, c.reason)

		authenticator := passkeytest.NewDeviceBound(origin)
		record := register(t, authenticator)
		want, answer := get(t, authenticator, signed)
		want.Challenge = c.challenge
		_, err = verify(answer.JSON(), record, want)
		wantReason(t, err, c.reason)
	}
}

func TestUserVerificationIsOnlyRequiredWhereRequired(t *testing.T) {
	unverified := func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }
	for _, verification := range []webauthn.UserVerification{webauthn.UserVerificationPreferred, webauthn.UserVerificationDiscouraged} {
		authenticator := passkeytest.NewDeviceBound(origin)
		challenge, registration := create(t, authenticator, unverified)
		record, err := finishRegistration(rp, challenge, verification, registration.JSON())
		if err != nil || record.UserVerified {
			t.Fatalf("got %v, %v", record.UserVerified, err)
		}
		record.UserHandle = userHandle
		want, answer := get(t, authenticator, unverified)
		want.UserVerification = verification
		verdict, err := verify(answer.JSON(), &record, want)
		if err != nil || verdict.UserVerified {
			t.Fatalf("got %v, %v", verdict.UserVerified, err)
		}
	}
}

func TestClientExtensionResults(t *testing.T) {
	for _, test := range []struct {
		name    string
		results map[string]any
		want    webauthn.Reason
	}{
		{"accepts none", map[string]any{}, ""},
		{"accepts what nobody asked for", map[string]any{"prf": map[string]any{"enabled": true}, "x": nil}, ""},
		{"accepts an AppID that was not used", map[string]any{"appid": false}, ""},
		{"rejects an answer for an AppID", map[string]any{"appid": true}, webauthn.Extension},
		{"rejects an AppID that is null", map[string]any{"appid": nil}, webauthn.Extension},
		{"rejects remote client data", map[string]any{"remoteClientDataJSON": true}, webauthn.Extension},
	} {
		t.Run(test.name, func(t *testing.T) {
			authenticator := passkeytest.NewDeviceBound(origin)
			challenge, registration := create(t, authenticator)
			registration.Extensions = test.results
			_, err := finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
			wantReason(t, err, test.want)

			record := register(t, authenticator)
			want, answer := get(t, authenticator)
			answer.Extensions = test.results
			assertion, err := webauthn.ParseAssertion(answer.JSON())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // judging changes nothing in the assertion
				_, err = rp.VerifyAssertion(assertion, record, want)
				wantReason(t, err, test.want)
			}
		})
	}
}

func TestRefusalsTellNothingThatWasExpected(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	record := register(t, authenticator)
	for _, test := range ceremonyCases {
		want, answer := get(t, authenticator, test.tamper)
		_, err := verify(answer.JSON(), record, want)
		wantNothingTold(t, test.name, err, want.Challenge)

		challenge, registration := create(t, passkeytest.NewDeviceBound(origin), test.tamper)
		_, err = finishRegistration(rp, challenge, webauthn.UserVerificationRequired, registration.JSON())
		wantNothingTold(t, test.name, err, challenge)
	}
}

func wantNothingTold(t *testing.T, name string, err error, challenge []byte) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range []string{string(challenge), text(challenge), `"` + origin + `"`, apkKeyHash} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q tells %q", name, err, secret)
		}
	}
}
