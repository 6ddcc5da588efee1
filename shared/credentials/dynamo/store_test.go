package dynamo_test

import (
	"errors"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	passkeytest.StoreSuite(t, func(t *testing.T) credentials.Store {
		table := passkeytest.NewTable(t)
		return dynamo.New(table.Client, table.Name)
	})
}

func TestClientIsReadAsProvisionWritesIt(t *testing.T) {
	table := passkeytest.NewTable(t)
	table.PutClient(t, "client", "example.com", "required", "passkey", "link")
	got, err := dynamo.New(table.Client, table.Name).Client(t.Context(), "client")
	if err != nil {
		t.Fatal(err)
	}
	if got.RelyingPartyID != "example.com" || got.UserVerification != "required" || len(got.Methods) != 2 {
		t.Errorf("client is %+v", got)
	}
	if _, err := dynamo.New(table.Client, table.Name).Client(t.Context(), "other"); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("error is %v, want %v", err, customauth.ErrNotServed)
	}
}
