package webauthn_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

func TestOptionsAreTheStandardJSON(t *testing.T) {
	challenge := []byte("0123456789abcdef")
	passkeys := []webauthn.Descriptor{{ID: []byte{0xfb, 0xff}, Transports: []string{"usb"}}, {ID: []byte{1}}}
	for _, test := range []struct {
		name    string
		options any
		want    string
	}{
		{
			"creation",
			rp.CreationOptions(webauthn.CreationRequest{
				Challenge:        challenge,
				User:             webauthn.User{Handle: []byte{1, 2}, Name: "ann", DisplayName: "Ann"},
				Exclude:          passkeys,
				UserVerification: webauthn.UserVerificationRequired,
				Timeout:          3 * time.Minute,
			}),
			`{"rp":{"id":"example.com","name":"Example"},"user":{"id":"AQI","name":"ann","displayName":"Ann"},` +
				`"challenge":"MDEyMzQ1Njc4OWFiY2RlZg","pubKeyCredParams":[{"type":"public-key","alg":-7},` +
				`{"type":"public-key","alg":-257},{"type":"public-key","alg":-8}],"timeout":180000,` +
				`"excludeCredentials":[{"type":"public-key","id":"-_8","transports":["usb"]},{"type":"public-key","id":"AQ"}],` +
				`"authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"required"},` +
				`"attestation":"none","extensions":{"credProps":true}}`,
		},
		{
			"creation with nothing optional",
			rp.CreationOptions(webauthn.CreationRequest{Challenge: challenge, User: webauthn.User{Handle: []byte{1}}}),
			`{"rp":{"id":"example.com","name":"Example"},"user":{"id":"AQ","name":"","displayName":""},` +
				`"challenge":"MDEyMzQ1Njc4OWFiY2RlZg","pubKeyCredParams":[{"type":"public-key","alg":-7},` +
				`{"type":"public-key","alg":-257},{"type":"public-key","alg":-8}],` +
				`"authenticatorSelection":{"residentKey":"required","requireResidentKey":true},` +
				`"attestation":"none","extensions":{"credProps":true}}`,
		},
		{
			"request",
			rp.RequestOptions(webauthn.RequestRequest{
				Challenge:        challenge,
				Allow:            passkeys[1:],
				UserVerification: webauthn.UserVerificationPreferred,
				Timeout:          time.Second,
			}),
			`{"challenge":"MDEyMzQ1Njc4OWFiY2RlZg","timeout":1000,"rpId":"example.com",` +
				`"allowCredentials":[{"type":"public-key","id":"AQ"}],"userVerification":"preferred"}`,
		},
		{
			"request with nothing optional",
			rp.RequestOptions(webauthn.RequestRequest{Challenge: challenge}),
			`{"challenge":"MDEyMzQ1Njc4OWFiY2RlZg","rpId":"example.com"}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(marshal(t, test.options)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestBase64URLReadsOnlyWhatItWrites(t *testing.T) {
	var decoded webauthn.Base64URL
	if err := json.Unmarshal([]byte(`"-_8"`), &decoded); err != nil || string(decoded) != "\xfb\xff" {
		t.Errorf("got %x, %v", decoded, err)
	}
	for _, text := range []string{`"-_8="`, `"+/8"`, `"-_9"`, `"-_8\n"`} {
		if err := json.Unmarshal([]byte(text), &decoded); err == nil {
			t.Errorf("accepted %s", text)
		}
	}
}
