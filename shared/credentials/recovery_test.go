package credentials_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestRecoveryIsVoidOnceAPasskeyWasUsedOrAdded(t *testing.T) {
	passkey := func(id, generation string, used int64) credentials.Passkey {
		return credentials.Passkey{Record: credential.Record{ID: []byte(id)}, Generation: generation, Used: time.UnixMilli(used)}
	}
	one, two := passkey("one", "g", 1000), passkey("two", "g", 2000)
	renamed := one
	renamed.Name = "kitchen"
	wish := credentials.Recovery{Seen: credentials.Sighting([]credentials.Passkey{one, two})}
	if !bytes.Equal(wish.Seen, credentials.Sighting([]credentials.Passkey{two, one})) {
		t.Error("the order of passkeys makes a difference")
	}
	for name, c := range map[string]struct {
		passkeys []credentials.Passkey
		void     bool
	}{
		"nothing happened":               {[]credentials.Passkey{two, one}, false},
		"one was renamed":                {[]credentials.Passkey{renamed, two}, false},
		"one was removed":                {[]credentials.Passkey{two}, false},
		"all were removed":               {nil, false},
		"one was used":                   {[]credentials.Passkey{passkey("one", "g", 1001), two}, true},
		"one was used by a clock behind": {[]credentials.Passkey{passkey("one", "g", 999), two}, true},
		"one was used, another removed":  {[]credentials.Passkey{passkey("one", "g", 1001)}, true},
		"one was added and never used":   {[]credentials.Passkey{one, two, {Record: credential.Record{ID: []byte("three")}}}, true},
		"one was registered anew":        {[]credentials.Passkey{passkey("one", "h", 1000), two}, true},
		"two have each other's times":    {[]credentials.Passkey{passkey("one", "g", 2000), passkey("two", "g", 1000)}, true},
	} {
		if got := wish.IsVoid(c.passkeys); got != c.void {
			t.Errorf("%s: void is %t", name, got)
		}
	}
	if !(credentials.Recovery{}).IsVoid([]credentials.Passkey{one}) {
		t.Error("what has seen no passkey is good for one")
	}
}
