package dynamo_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

func TestStoreKeepsTheContract(t *testing.T) {
	passkeytest.StoreSuite(t, func(t *testing.T) credentials.Store {
		tbl := passkeytest.NewTable(t)
		return dynamo.New(tbl.Client, tbl.Name)
	})
}

func TestClientIsReadAsProvisionWritesIt(t *testing.T) {
	tbl := passkeytest.NewTable(t)
	tbl.PutClient(t, "client", "example.com", "required", "passkey", "link")
	got, err := dynamo.New(tbl.Client, tbl.Name).Client(t.Context(), "client")
	if err != nil {
		t.Fatal(err)
	}
	if got.RelyingPartyID != "example.com" || got.UserVerification != "required" || len(got.Methods) != 2 {
		t.Errorf("client is %+v", got)
	}
	if _, err := dynamo.New(tbl.Client, tbl.Name).Client(t.Context(), "other"); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("error is %v, want %v", err, customauth.ErrNotServed)
	}
}

func TestPasswordClientIsReadAsProvisionWritesIt(t *testing.T) {
	tbl := passkeytest.NewTable(t)
	tbl.PutPasswordClient(t, "passwords", "example.com")
	store := dynamo.New(tbl.Client, tbl.Name)
	if got, err := store.PasswordClient(t.Context(), "passwords"); err != nil || got != "example.com" {
		t.Errorf("relying party is %q, error %v", got, err)
	}
	if _, err := store.Client(t.Context(), "passwords"); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("custom authentication there: error is %v, want %v", err, customauth.ErrNotServed)
	}
}

// DynamoDB itself frees a deleted passkey's id, a day later.
func TestRemovedCredentialIDIsReservedForADay(t *testing.T) {
	tbl := passkeytest.NewTable(t)
	store := dynamo.New(tbl.Client, tbl.Name)
	now := time.UnixMilli(1_790_000_000_000)
	registration := credentials.Registration{Challenge: "c", Handle: []byte("handle"), First: true, Expires: now.Add(time.Minute)}
	enrolment := credentials.Enrolment{Sub: "sub", Registration: registration, Max: 1, Now: now}
	enrolment.Passkey.ID, enrolment.Passkey.PublicKey = []byte("credential id"), []byte("key")
	enrolment.Passkey.UserHandle = registration.Handle
	hash := table.Hash(enrolment.Passkey.ID)
	for _, err := range []error{
		store.BeginRegistration(t.Context(), "sub", registration),
		store.Enrol(t.Context(), enrolment),
		store.Remove(t.Context(), credentials.Removal{Sub: "sub", Hash: hash, Now: now}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out, err := tbl.Client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &tbl.Name, Key: map[string]types.AttributeValue{
		table.PartitionKey: &types.AttributeValueMemberS{Value: table.CredentialPK(hash)},
		table.SortKey:      &types.AttributeValueMemberS{Value: table.CredentialSK},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := strconv.FormatInt(now.Add(24*time.Hour).Unix(), 10)
	if ttl, _ := out.Item[table.TTL].(*types.AttributeValueMemberN); ttl == nil || ttl.Value != want {
		t.Errorf("the item is %v, want it to end at %s", out.Item, want)
	}
}

// DynamoDB forgets what was sent, and not before a limit's day is over.
func TestWhatWasSentIsForgotten(t *testing.T) {
	tbl := passkeytest.NewTable(t)
	store := dynamo.New(tbl.Client, tbl.Name)
	now := time.UnixMilli(1_790_000_000_000)
	rate, _ := credentials.Rate{}.Next(now, credentials.Limit{PerDay: 1})
	_, counted := store.CountNotice(t.Context(), "sub", credentials.Notice{Kind: "added", ID: "id", Time: now})
	for _, err := range []error{
		counted,
		store.PutMailing(t.Context(), "sub", table.LinkSK, credentials.Mailing{Expires: now}),
		store.SetRate(t.Context(), "key", credentials.Rate{}, rate),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	found, err := tbl.Client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &tbl.Name})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{} // partition key → when its item is forgotten
	for _, item := range found.Items {
		ends, _ := item[table.TTL].(*types.AttributeValueMemberN)
		if ends == nil {
			t.Fatalf("%v stays for ever", item)
		}
		got[item[table.PartitionKey].(*types.AttributeValueMemberS).Value] = ends.Value
	}
	after := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	want := map[string]string{table.UserPK("sub"): after(48 * time.Hour), table.MailPK("sub"): after(time.Hour), table.RatePK("key"): after(48 * time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forgotten (-want +got):\n%s", diff)
	}
}
