package webauthn_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

func TestAdopt(t *testing.T) {
	registered := register(t, passkeytest.NewSynced(origin))
	stated := *registered
	stated.Transports = append(stated.Transports, "carrier-pigeon")
	got, err := rp.Adopt(stated)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*registered, got); diff != "" {
		t.Errorf("adopted (-registered +adopted):\n%s", diff)
	}
}

func TestAdoptRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*credential.Record)
		reason webauthn.Reason
	}{
		{"rejects another relying party's passkey", func(c *credential.Record) { c.RPID = "example.org" }, webauthn.WrongRelyingParty},
		{"rejects a passkey of no relying party", func(c *credential.Record) { c.RPID = "" }, webauthn.WrongRelyingParty},
		{"rejects a backup of what can't be backed up", func(c *credential.Record) { c.BackupEligible, c.BackupState = false, true }, webauthn.BackupFlags},
		{"rejects an empty credential id", func(c *credential.Record) { c.ID = nil }, webauthn.WrongCredentialID},
		{"rejects a credential id of 15 bytes", func(c *credential.Record) { c.ID = c.ID[:15] }, webauthn.WrongCredentialID},
		{"rejects a credential id of 1024 bytes", func(c *credential.Record) { c.ID = make([]byte, 1024) }, webauthn.WrongCredentialID},
		{"rejects a passkey without user handle", func(c *credential.Record) { c.UserHandle = nil }, webauthn.WrongUserHandle},
		{"rejects a user handle of 65 bytes", func(c *credential.Record) { c.UserHandle = make([]byte, 65) }, webauthn.WrongUserHandle},
		{"rejects a passkey without public key", func(c *credential.Record) { c.PublicKey = nil }, webauthn.BadKey},
		{"rejects a point off the curve", func(c *credential.Record) {
			c.PublicKey = bytes.Clone(c.PublicKey)
			c.PublicKey[len(c.PublicKey)-1] ^= 1
		}, webauthn.BadKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := *register(t, passkeytest.NewSynced(origin))
			c.change(&record)
			_, err := rp.Adopt(record)
			var refusal *webauthn.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != c.reason {
				t.Errorf("error is %v, want the reason %s", err, c.reason)
			}
		})
	}
}

func TestNobodyAdoptsNothing(t *testing.T) {
	record := *register(t, passkeytest.NewSynced(origin))
	record.RPID = ""
	if _, err := (webauthn.RelyingParty{}).Adopt(record); err == nil {
		t.Error("a relying party without id adopted a passkey of none")
	}
}
