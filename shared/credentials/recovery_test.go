package credentials_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestSightingTellsWhatChanged(t *testing.T) {
	passkey := func(id string, used int64) credentials.Passkey {
		return credentials.Passkey{Record: credential.Record{ID: []byte(id)}, Generation: "g", Used: time.UnixMilli(used)}
	}
	before := []credentials.Passkey{passkey("one", 1000), passkey("two", 2000)}
	if !bytes.Equal(credentials.Sighting(before), credentials.Sighting([]credentials.Passkey{before[1], before[0]})) {
		t.Error("the order of passkeys makes a difference")
	}
	renamed, again := slices.Clone(before), slices.Clone(before)
	renamed[0].Name = "kitchen"
	again[0].Generation = "another"
	if !bytes.Equal(credentials.Sighting(before), credentials.Sighting(renamed)) {
		t.Error("a name makes a difference")
	}
	for name, after := range map[string][]credentials.Passkey{
		"one was used":                       {passkey("one", 1001), before[1]},
		"one was used by a clock behind":     {passkey("one", 999), before[1]},
		"one was removed":                    {before[1]},
		"all were removed":                   nil,
		"one was added and not used":         {before[0], before[1], {Record: credential.Record{ID: []byte("three")}}},
		"one was replaced by its like":       again,
		"the times of two were interchanged": {passkey("one", 2000), passkey("two", 1000)},
	} {
		if bytes.Equal(credentials.Sighting(before), credentials.Sighting(after)) {
			t.Errorf("nobody sees that %s", name)
		}
	}
}
