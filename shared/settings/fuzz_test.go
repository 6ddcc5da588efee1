package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// FuzzParse: what is accepted comes back from its own environment; an error
// names the variable and never repeats the value.
func FuzzParse(f *testing.F) {
	good := settings.Environ(settings.API{
		Table: "t", UserPoolID: "p", ClientIDs: []string{"c"}, RelyingPartyID: "r", RelyingPartyName: "n", Origins: []string{"o"},
		UserVerification: "required", StampParameter: "s", VerifiedAttributes: []string{"email_verified"}, MaxPasskeys: 1, RecentAuthentication: 1,
	})
	for variable, value := range good {
		f.Add(variable, value)
		f.Add(variable, "secret value \x00,")
	}
	f.Fuzz(func(t *testing.T, variable, value string) {
		env := make(map[string]string, len(good))
		for k, v := range good {
			env[k] = v
		}
		env[variable] = value
		var s, again settings.API
		if err := settings.Parse(lookup(env), &s); err != nil {
			if !strings.Contains(err.Error(), variable) || len(value) > 20 && strings.Contains(err.Error(), value) {
				t.Errorf("the error for %q is %v", variable, err)
			}
			return
		}
		if err := settings.Parse(lookup(settings.Environ(s)), &again); err != nil {
			t.Fatalf("%+v is not accepted again: %v", s, err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("came back as another (-first +again):\n%s", diff)
		}
	})
}
