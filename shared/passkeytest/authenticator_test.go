package passkeytest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const origin = "https://example.com"

func creation(handle string, exclude ...[]byte) []byte {
	excluded := ""
	for _, id := range exclude {
		excluded = fmt.Sprintf(`{"type":"public-key","id":%q}`, base64.RawURLEncoding.EncodeToString(id))
	}
	return fmt.Appendf(nil, `{"rp":{"id":"example.com"},"user":{"id":%q},"challenge":"AAAA","pubKeyCredParams":[{"alg":-53},{"alg":-7}],"excludeCredentials":[%s]}`,
		base64.RawURLEncoding.EncodeToString([]byte(handle)), excluded)
}

func TestAuthenticatorChoosesAsBrowsersDo(t *testing.T) {
	authenticator := passkeytest.NewDeviceBound(origin)
	for _, handle := range []string{"ann", "bob"} {
		if _, err := authenticator.Create(creation(handle)); err != nil {
			t.Fatal(err)
		}
	}
	ann, bob := authenticator.Passkeys[0], authenticator.Passkeys[1]
	if _, err := authenticator.Create(creation("ann", ann.ID)); !errors.Is(err, passkeytest.ErrExcluded) {
		t.Errorf("excluded: got %v", err)
	}
	annsID := base64.RawURLEncoding.EncodeToString(ann.ID)
	for _, test := range []struct {
		name, options, account string
		want                   *passkeytest.Passkey
	}{
		{"the newest", `{"challenge":"AAAA","rpId":"example.com"}`, "", bob},
		{"the account's", `{"challenge":"AAAA","rpId":"example.com"}`, "ann", ann},
		{"the allowed one", fmt.Sprintf(`{"challenge":"AAAA","rpId":"example.com","allowCredentials":[{"id":%q}]}`, annsID), "", ann},
		{"the allowed one of the sample's options", fmt.Sprintf(`{"challenge":"AAAA","credentials":[{"id":%q}]}`, annsID), "", ann},
		{"none of another relying party", `{"challenge":"AAAA","relyingPartyId":"other.example"}`, "", nil},
		{"none that is not allowed", `{"challenge":"AAAA","rpId":"example.com","allowCredentials":[{"id":"AAAA"}]}`, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			authenticator.Account = nil
			if test.account != "" {
				authenticator.Account = []byte(test.account)
			}
			answer, err := authenticator.Get([]byte(test.options))
			if test.want == nil {
				if !errors.Is(err, passkeytest.ErrNoPasskey) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || !bytes.Equal(answer.CredentialID, test.want.ID) || !bytes.Equal(answer.UserHandle, test.want.UserHandle) {
				t.Errorf("got %+v, %v", answer, err)
			}
		})
	}
}
