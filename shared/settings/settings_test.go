package settings_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func TestSettingsComeBackAsTheyWent(t *testing.T) {
	for _, sent := range []any{
		settings.Define{}, settings.Define{Openers: []string{"corbado"}, Fallbacks: []string{"link", "code"}},
		settings.Create{Table: "t", DecoyParameter: "/s/decoy", FoldUserNames: true},
		settings.Verify{Table: "t", RelyingPartyID: "example.com", Origins: []string{"https://example.com", "android:apk-key-hash:abc"}, StampKeys: []string{"a", "b"}},
		settings.Verify{
			Table: "t", RelyingPartyID: "example.com", Origins: []string{"https://example.com"}, StampKeys: []string{"a"}, TicketKeys: []string{"b"},
			Vendors: settings.Vendors{CorbadoParameter: "/s/corbado", Provider: `{"Method":"other","Path":"a,b"}`},
		},
		settings.API{
			Table: "t", UserPoolID: "p", ClientIDs: []string{"c"}, RelyingPartyID: "example.com", RelyingPartyName: "Example, Ltd.",
			Origins: []string{"https://example.com"}, UserVerification: "required", CounterPolicy: "flag", StampParameter: "/s/stamp",
			VerifiedAttributes: []string{"email_verified"}, MaxPasskeys: 20, RecentAuthentication: 5 * time.Minute,
		},
	} {
		t.Run(reflect.TypeOf(sent).Name(), func(t *testing.T) {
			received := reflect.New(reflect.TypeOf(sent))
			if err := settings.Parse(lookup(settings.Environ(sent)), received.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sent, received.Elem().Interface()); diff != "" {
				t.Errorf("settings (-sent +received):\n%s", diff)
			}
		})
	}
}

func TestParseReportsEveryProblemAtOnce(t *testing.T) {
	env := settings.Environ(settings.API{Table: "t"})
	env["PASSKEYS_MAX_PASSKEYS"] = "many"
	env["PASSKEYS_RECENT_AUTHENTICATION"] = "300"
	env["PASSKEYS_STAMP_PARAMETER"] = ""
	var s settings.API
	var aws settings.AWS
	err := settings.Parse(lookup(env), &s, &aws)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"PASSKEYS_MAX_PASSKEYS: want a whole number", "PASSKEYS_RECENT_AUTHENTICATION: want a duration",
		"PASSKEYS_STAMP_PARAMETER: it is missing", "AWS_REGION: it is missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "many") {
		t.Error("the error repeats a value")
	}
}
