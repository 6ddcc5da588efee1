package main

import (
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

const name = "/passkeys/test/stamp"

// secretEvent asks for a signing ring. CloudFormation makes a string of every property.
func secretEvent(request cfn.RequestType, change ...map[string]any) cfn.Event {
	properties := map[string]any{
		"ServiceToken":             "arn:aws:lambda:us-east-1:000000000000:function:provision",
		provisioning.Parameter:     name,
		provisioning.Kind:          provisioning.KindSigning,
		provisioning.Rotation:      "0",
		provisioning.RemovalPolicy: provisioning.Destroy,
	}
	for _, c := range change {
		maps.Copy(properties, c)
	}
	event := cfn.Event{RequestType: request, ResourceType: provisioning.SecretType, ResourceProperties: properties}
	if request != cfn.RequestCreate {
		event.PhysicalResourceID = name
	}
	return event
}

func rotation(n string) map[string]any { return map[string]any{provisioning.Rotation: n} }

func TestSecretIsMadeOnceAndShowsPublicKeysOnly(t *testing.T) {
	w := newWorld(t)
	first := w.request(t, secretEvent(cfn.RequestCreate))
	stored := w.parameters[name]
	if first.Status != cfn.StatusSuccess || first.PhysicalResourceID != name || stored.Type != "SecureString" {
		t.Fatalf("answer %+v, stored as %q", first, stored.Type)
	}
	ring, err := secret.Decode(stored.Value)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{provisioning.PublicKeys: strings.Join(ring.PublicKeys(), ",")}
	if !reflect.DeepEqual(first.Data, want) {
		t.Errorf("attributes %v, want %v", first.Data, want)
	}

	again := w.request(t, secretEvent(cfn.RequestCreate))
	if w.parameters[name] != stored {
		t.Error("a parameter that exists was overwritten")
	}
	if !reflect.DeepEqual(again.Data, first.Data) {
		t.Errorf("attributes %v, want those of the ring that exists, %v", again.Data, first.Data)
	}
}

func TestSymmetricSecretShowsNothing(t *testing.T) {
	w := newWorld(t)
	got := w.request(t, secretEvent(cfn.RequestCreate, map[string]any{provisioning.Kind: provisioning.KindSymmetric}))
	if got.Status != cfn.StatusSuccess || got.Data != nil {
		t.Errorf("answer %+v, want success without attributes", got)
	}
}

func TestSecretSurvivesALostReply(t *testing.T) {
	w := newWorld(t)
	w.loseReply = true
	got := w.request(t, secretEvent(cfn.RequestCreate))
	ring, err := secret.Decode(w.parameters[name].Value)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(ring.PublicKeys(), ","); got.Data[provisioning.PublicKeys] != want {
		t.Errorf("public keys %v, want those of what is stored, %s", got.Data, want)
	}
}

func TestSecretRotatesOncePerIncrease(t *testing.T) {
	w := newWorld(t)
	w.request(t, secretEvent(cfn.RequestCreate))
	made, err := secret.Decode(w.parameters[name].Value)
	if err != nil {
		t.Fatal(err)
	}

	w.request(t, secretEvent(cfn.RequestUpdate, rotation("1")))
	once := w.parameters[name]
	rotated, err := secret.Decode(once.Value)
	if err != nil {
		t.Fatal(err)
	}
	before, after := made.PublicKeys(), rotated.PublicKeys()
	if after[0] != before[1] || after[2] != before[0] {
		t.Errorf("keys (current, next, previous) %v after %v: want next to become current and current previous", after, before)
	}

	for _, repeat := range []string{"1", "0", "1"} { // a retry, a rollback, and the deployment after it
		if got := w.request(t, secretEvent(cfn.RequestUpdate, rotation(repeat))); got.Status != cfn.StatusSuccess {
			t.Fatalf("rotation %s: %s", repeat, got.Reason)
		}
		if w.parameters[name] != once {
			t.Fatalf("rotation %s rotated again", repeat)
		}
	}
}

func TestSecretRefusals(t *testing.T) {
	foreign := secret.Ring{}
	symmetric, err := secret.NewRing(secret.Symmetric, 0)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		stored *parameter
		change map[string]any
		want   []string // in the reason
	}{
		"a parameter that is no key ring": {stored: &parameter{name, "SecureString", "hunter2", ""}, want: []string{"not a key ring", "ParameterPath"}},
		"a ring that is not encrypted":    {stored: &parameter{name, "String", symmetric.Encode(), ""}, want: []string{"is a String", "ParameterPath"}},
		"a ring of another kind":          {stored: &parameter{name, "SecureString", symmetric.Encode(), ""}, want: []string{"kind symmetric, not ed25519"}},
		"an empty ring":                   {stored: &parameter{name, "SecureString", foreign.Encode(), ""}, want: []string{"not a key ring"}},
		"a rotation that is no number":    {change: rotation("often"), want: []string{`Rotation is "often"`, "whole number"}},
		"a negative rotation":             {change: rotation("-1"), want: []string{`Rotation is "-1"`}},
		"several bad properties, all at once": {
			change: map[string]any{provisioning.Parameter: "", provisioning.Kind: "rsa", provisioning.RemovalPolicy: nil},
			want:   []string{`Parameter is ""`, `Kind is "rsa"`, "RemovalPolicy is <nil>"},
		},
	}
	for title, tt := range tests {
		t.Run("refuses "+title, func(t *testing.T) {
			w := newWorld(t)
			if tt.stored != nil {
				w.parameters[name] = *tt.stored
			}
			before := maps.Clone(w.parameters)
			got := w.request(t, secretEvent(cfn.RequestCreate, tt.change))
			if got.Status != cfn.StatusFailed || got.PhysicalResourceID == name {
				t.Errorf("answer %+v, want a failure that does not own the parameter", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.Reason, want) {
					t.Errorf("reason %q lacks %q", got.Reason, want)
				}
			}
			if !maps.Equal(w.parameters, before) {
				t.Error("the parameter was changed")
			}
			if tt.stored != nil && strings.Contains(got.Reason+w.logged.String(), tt.stored.Value) {
				t.Error("the value of the parameter is shown")
			}
		})
	}
}

func TestSecretDeletion(t *testing.T) {
	other := secretEvent(cfn.RequestDelete)
	other.PhysicalResourceID = "request-1" // what a creation that failed is known by
	tests := map[string]struct {
		event cfn.Event
		kept  bool
	}{
		"deletes on destroy": {event: secretEvent(cfn.RequestDelete)},
		"keeps on retain": {
			event: secretEvent(cfn.RequestDelete, map[string]any{provisioning.RemovalPolicy: provisioning.Retain}),
			kept:  true,
		},
		"keeps what a failed creation did not make": {event: other, kept: true},
		"keeps when the properties are malformed": {
			event: secretEvent(cfn.RequestDelete, map[string]any{provisioning.RemovalPolicy: "perhaps"}),
			kept:  true,
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			w := newWorld(t)
			w.request(t, secretEvent(cfn.RequestCreate))
			for range 2 { // CloudFormation may ask twice
				if got := w.request(t, tt.event); got.Status != cfn.StatusSuccess {
					t.Fatalf("deletion failed: %s", got.Reason)
				}
			}
			if _, kept := w.parameters[name]; kept != tt.kept {
				t.Errorf("parameter kept: %t, want %t", kept, tt.kept)
			}
		})
	}
}

// An adopted ring is somebody else's: it is read, and nothing more.
func TestAdoptedSecret(t *testing.T) {
	adopted := map[string]any{provisioning.RemovalPolicy: provisioning.Adopted}
	w := newWorld(t)
	if got := w.request(t, secretEvent(cfn.RequestCreate, adopted)); got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, name) {
		t.Errorf("answer %+v to a ring that isn't there, want a failure that names the parameter", got)
	}
	w.request(t, secretEvent(cfn.RequestCreate))
	stored := w.parameters[name]
	ring, err := secret.Decode(stored.Value)
	if err != nil {
		t.Fatal(err)
	}
	got := w.request(t, secretEvent(cfn.RequestUpdate, adopted, rotation("3")))
	if got.Status != cfn.StatusSuccess || got.Data[provisioning.PublicKeys] != strings.Join(ring.PublicKeys(), ",") {
		t.Errorf("answer %+v, want the ring's public keys", got)
	}
	if got := w.request(t, secretEvent(cfn.RequestDelete, adopted)); got.Status != cfn.StatusSuccess {
		t.Errorf("answer %+v to its deletion", got)
	}
	if w.parameters[name] != stored {
		t.Error("the parameter was changed")
	}
}

func TestSecretOfAnOwnKey(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:000000000000:key/own"
	w := newWorld(t)
	w.request(t, secretEvent(cfn.RequestCreate, map[string]any{provisioning.EncryptionKey: key}))
	if got := w.parameters[name].KeyID; got != key {
		t.Errorf("encrypted by %q, want %q", got, key)
	}
	if got := w.request(t, secretEvent(cfn.RequestCreate, map[string]any{provisioning.EncryptionKey: []any{}})); got.Status != cfn.StatusFailed {
		t.Errorf("answer %+v to a key that is no text", got)
	}
}

func TestPrivateKeysStayInTheParameter(t *testing.T) {
	w := newWorld(t)
	for n, request := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate, cfn.RequestUpdate} {
		got := w.request(t, secretEvent(request, rotation(strconv.Itoa(n))))
		for _, key := range privateKeys(t, w.parameters[name].Value) {
			if strings.Contains(w.logged.String(), key) || strings.Contains(got.Reason, key) {
				t.Error("a private key was logged or returned")
			}
			for attribute, value := range got.Data {
				if strings.Contains(value.(string), key) {
					t.Errorf("attribute %s holds a private key", attribute)
				}
			}
		}
	}
}

const client = "3n4b5urk1ft4fl3mg5e62d9ado"

func clientEvent(request cfn.RequestType) cfn.Event {
	event := cfn.Event{RequestType: request, ResourceType: provisioning.ClientType, ResourceProperties: map[string]any{
		provisioning.TableName:        tableName,
		provisioning.ClientID:         client,
		provisioning.RelyingPartyID:   "example.com",
		provisioning.UserVerification: "required",
		provisioning.Methods:          []any{provisioning.MethodPasskey},
	}}
	if request != cfn.RequestCreate {
		event.PhysicalResourceID = client
	}
	return event
}

func TestAppClientIsServedOnceProvisioned(t *testing.T) {
	w := newWorld(t)
	store := dynamo.New(w.table, tableName) // what Create reads through

	if _, err := store.Client(t.Context(), client); !errors.Is(err, customauth.ErrNotServed) {
		t.Fatalf("before: %v, want %v", err, customauth.ErrNotServed)
	}
	if got := w.request(t, clientEvent(cfn.RequestCreate)); got.Status != cfn.StatusSuccess || got.PhysicalResourceID != client {
		t.Fatalf("answer %+v", got)
	}
	got, err := store.Client(t.Context(), client)
	want := customauth.Client{RelyingPartyID: "example.com", UserVerification: "required", Methods: []string{customauth.MethodPasskey}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("client %+v, %v, want %+v", got, err, want)
	}

	update := clientEvent(cfn.RequestUpdate)
	update.ResourceProperties[provisioning.RelyingPartyID] = "example.org"
	update.ResourceProperties[provisioning.UserVerification] = "preferred"
	update.ResourceProperties[provisioning.Methods] = []any{customauth.MethodLink, provisioning.MethodPasskey}
	want = customauth.Client{
		RelyingPartyID: "example.org", UserVerification: "preferred", Methods: []string{customauth.MethodLink, customauth.MethodPasskey},
	}
	for range 2 { // CloudFormation may ask twice
		if got := w.request(t, update); got.Status != cfn.StatusSuccess || got.PhysicalResourceID != client {
			t.Fatalf("answer %+v", got)
		}
		if got, err := store.Client(t.Context(), client); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after an update: %+v, %v, want %+v", got, err, want)
		}
	}

	foreign := clientEvent(cfn.RequestDelete)
	foreign.PhysicalResourceID = "request-1"
	w.request(t, foreign)
	if _, err := store.Client(t.Context(), client); err != nil {
		t.Errorf("the deletion of a resource that was never created took the item: %v", err)
	}
	for range 2 {
		if got := w.request(t, clientEvent(cfn.RequestDelete)); got.Status != cfn.StatusSuccess {
			t.Errorf("deletion failed: %s", got.Reason)
		}
	}
	if _, err := store.Client(t.Context(), client); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("after deletion: %v, want %v", err, customauth.ErrNotServed)
	}
}

func TestPasswordsEndOnAClientOnceProvisioned(t *testing.T) {
	w := newWorld(t)
	store := dynamo.New(w.table, tableName) // what Pre Authentication reads through
	event := func(request cfn.RequestType, physicalID, relyingPartyID string) cfn.Event {
		return cfn.Event{RequestType: request, ResourceType: provisioning.PasswordClientType, PhysicalResourceID: physicalID, ResourceProperties: map[string]any{
			provisioning.TableName: tableName, provisioning.ClientID: client, provisioning.RelyingPartyID: relyingPartyID,
		}}
	}
	for request, relyingPartyID := range map[cfn.RequestType]string{cfn.RequestCreate: "example.com", cfn.RequestUpdate: "example.org"} {
		if got := w.request(t, event(request, client, relyingPartyID)); got.Status != cfn.StatusSuccess || got.PhysicalResourceID != client {
			t.Fatalf("answer %+v", got)
		}
		if got, err := store.PasswordClient(t.Context(), client); err != nil || got != relyingPartyID {
			t.Errorf("relying party is %q, %v, want %s", got, err, relyingPartyID)
		}
	}
	if _, err := store.Client(t.Context(), client); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("passkeys are served there: %v", err)
	}
	mustSucceed(t, w.request(t, event(cfn.RequestDelete, "request-1", "example.com"))) // one that was never created
	if _, err := store.PasswordClient(t.Context(), client); err != nil {
		t.Errorf("the deletion of a resource that was never created took the item: %v", err)
	}
	mustSucceed(t, w.request(t, event(cfn.RequestDelete, client, "example.com")))
	if _, err := store.PasswordClient(t.Context(), client); !errors.Is(err, credentials.ErrNotFound) {
		t.Errorf("after deletion: %v", err)
	}
	mustFail(t, w.request(t, event(cfn.RequestCreate, "", "")), `RelyingPartyId is ""`)
}

// An update that changes what a resource is known by makes another one.
// CloudFormation then deletes the old one, by its id and properties, or after a
// rollback the new one.
func TestReplacement(t *testing.T) {
	const newName, newClient = "/passkeys/moved/stamp", "7n4b5urk1ft4fl3mg5e62d9ado"
	w := newWorld(t)
	store := dynamo.New(w.table, tableName)
	w.request(t, secretEvent(cfn.RequestCreate))
	w.request(t, clientEvent(cfn.RequestCreate))

	moved := secretEvent(cfn.RequestUpdate, map[string]any{provisioning.Parameter: newName})
	if got := w.request(t, moved); got.PhysicalResourceID != newName {
		t.Errorf("the moved secret is known by %s", got.PhysicalResourceID)
	}
	other := clientEvent(cfn.RequestUpdate)
	other.ResourceProperties[provisioning.ClientID] = newClient
	if got := w.request(t, other); got.PhysicalResourceID != newClient {
		t.Errorf("the other app client is known by %s", got.PhysicalResourceID)
	}

	w.request(t, secretEvent(cfn.RequestDelete))
	w.request(t, clientEvent(cfn.RequestDelete))
	if _, kept := w.parameters[name]; kept {
		t.Error("the old parameter is still there")
	}
	if _, kept := w.parameters[newName]; !kept {
		t.Error("the new parameter went with the old one")
	}
	if _, err := store.Client(t.Context(), client); !errors.Is(err, customauth.ErrNotServed) {
		t.Errorf("the old app client: %v, want %v", err, customauth.ErrNotServed)
	}
	if _, err := store.Client(t.Context(), newClient); err != nil {
		t.Errorf("the new app client: %v", err)
	}
}

func TestAppClientOfATableThatIsGone(t *testing.T) {
	event := clientEvent(cfn.RequestDelete)
	event.ResourceProperties[provisioning.TableName] = "missing"
	if got := newWorld(t).request(t, event); got.Status != cfn.StatusSuccess {
		t.Errorf("deletion failed: %s", got.Reason)
	}
}

func TestAppClientRefusals(t *testing.T) {
	w := newWorld(t)
	event := clientEvent(cfn.RequestCreate)
	event.ResourceProperties[provisioning.ClientID] = ""
	event.ResourceProperties[provisioning.Methods] = []any{}
	got := w.request(t, event)
	for _, want := range []string{`ClientId is ""`, "Methods is []interface {}{}"} {
		if got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, want) {
			t.Errorf("answer %+v lacks %q", got, want)
		}
	}
	event.ResourceProperties[provisioning.ClientID] = client
	event.ResourceProperties[provisioning.Methods] = []any{provisioning.MethodPasskey}
	event.ResourceProperties[provisioning.TableName] = "missing"
	if got := w.request(t, event); got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, "writing the item of app client") {
		t.Errorf("answer %+v, want a failed write", got)
	}
}

func TestUnknownResourceTypeIsRefused(t *testing.T) {
	w := newWorld(t)
	got := w.request(t, cfn.Event{RequestType: cfn.RequestCreate, ResourceType: "Custom::Other"})
	if got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, `resource type is "Custom::Other"`) {
		t.Errorf("answer %+v", got)
	}
	got = w.request(t, cfn.Event{RequestType: cfn.RequestDelete, ResourceType: "Custom::Other", PhysicalResourceID: got.PhysicalResourceID})
	if got.Status != cfn.StatusSuccess {
		t.Errorf("cleaning up after it failed: %s", got.Reason)
	}
}
