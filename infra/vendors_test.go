package main

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	functions "github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// Each vendor's configuration, with its real address where there is one, gives a
// stack whose triggers know the vendor and whose app clients take its answers.
func TestEachVendorSynthesizes(t *testing.T) {
	description, err := os.ReadFile("local/vendors/httpprovider/description.json")
	if err != nil {
		t.Fatal(err)
	}
	another := strings.Replace(string(description), "BASE_URL", "https://id.example.com", 1)
	const path = "/passkeys/CognitoPasskeys/Passkeys/"
	tests := map[string]struct {
		change map[string]any
		method string
		knows  functions.Vendors // but for the description
	}{
		"corbado": {
			map[string]any{"corbado": true, "corbadoActions": true, "corbadoHostedAccount": "111122223333", "corbadoHostedExternalId": "example"},
			"corbado", functions.Vendors{CorbadoParameter: path + "corbado"},
		},
		"corbado classic": {map[string]any{"backendClient": true, "tickets": true}, "ticket", functions.Vendors{}},
		"passage flex": {
			map[string]any{"passageApp": "app", "passageUrl": "https://passage.example.com/v1"},
			"passageflex", functions.Vendors{PassageParameter: path + "passage", PassageURL: "https://passage.example.com/v1", PassageApp: "app", PassageForm: "uuid"},
		},
		"another": {map[string]any{"httpProvider": another}, "http", functions.Vendors{ProviderParameter: path + "provider"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got struct {
				Resources map[string]struct {
					Type       string
					Properties struct {
						Methods     []string
						Environment struct{ Variables map[string]any }
					}
				}
			}
			if err := json.Unmarshal([]byte(template(t, newApp(t, test.change))), &got); err != nil {
				t.Fatal(err)
			}
			taken, known := false, false
			for _, r := range got.Resources {
				taken = taken || r.Type == provisioning.ClientType && slices.Contains(r.Properties.Methods, test.method)
				var v functions.Vendors
				environment := r.Properties.Environment.Variables
				err := functions.Parse(func(key string) (string, bool) { text, ok := environment[key].(string); return text, ok }, &v)
				v.Provider = ""
				known = known || err == nil && len(environment) > 0 && v == test.knows
			}
			if !taken || !known {
				t.Errorf("a client takes the method: %t; a function knows %+v: %t; there are %v", taken, test.knows, known, slices.Sorted(maps.Keys(got.Resources)))
			}
		})
	}
}
