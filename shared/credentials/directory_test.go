package credentials_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// reader counts reads of an app client and answers as it is set.
type reader struct {
	client customauth.Client
	rp     string // of the password client
	user   credentials.User
	err    error
	reads  int
}

func (r *reader) Client(context.Context, string) (customauth.Client, error) {
	r.reads++
	return r.client, r.err
}

func (r *reader) PasswordClient(context.Context, string) (string, error) {
	r.reads++
	return r.rp, r.err
}

func (r *reader) User(context.Context, string) (credentials.User, error) { return r.user, r.err }

// directory returns a Directory over r, and what moves its clock.
func directory(r *reader) (*credentials.Directory, func(time.Duration)) {
	now := time.UnixMilli(1_790_000_000_000)
	return credentials.NewDirectory(r, func() time.Time { return now }), func(d time.Duration) { now = now.Add(d) }
}

func TestDirectoryRemembersAppClients(t *testing.T) {
	r := &reader{client: customauth.Client{RelyingPartyID: "example.com"}}
	d, advance := directory(r)
	want := func(what, relyingPartyID string, reads int) {
		t.Helper()
		got, err := d.Client(t.Context(), "client")
		if err != nil || got.RelyingPartyID != relyingPartyID || r.reads != reads {
			t.Errorf("%s: client %+v after %d reads, error %v; want %s after %d", what, got, r.reads, err, relyingPartyID, reads)
		}
	}
	want("at first", "example.com", 1)
	r.client.RelyingPartyID = "example.org"
	advance(time.Minute - 1)
	want("within a minute", "example.com", 1)
	advance(1)
	want("after a minute", "example.org", 2)
	r.err = errors.New("outage")
	advance(time.Hour)
	want("in an outage", "example.org", 3)
}

// That passwords go on where no passkey ends them is remembered too.
func TestDirectoryRemembersPasswordClients(t *testing.T) {
	r := &reader{err: credentials.ErrNotFound}
	d, advance := directory(r)
	want := func(what, relyingPartyID string, reads int) {
		t.Helper()
		got, err := d.PasswordClient(t.Context(), "client")
		if err != nil || got != relyingPartyID || r.reads != reads {
			t.Errorf("%s: relying party %q after %d reads, error %v; want %q after %d", what, got, r.reads, err, relyingPartyID, reads)
		}
	}
	want("at first", "", 1)
	r.rp, r.err = "example.com", nil
	advance(time.Minute - 1)
	want("within a minute", "", 1)
	advance(1)
	want("after a minute", "example.com", 2)
	r.err = errors.New("outage")
	advance(time.Hour)
	want("in an outage", "example.com", 3)
	if _, err := d.PasswordClient(t.Context(), "another"); !errors.Is(err, r.err) {
		t.Errorf("error is %v, want %v", err, r.err)
	}
}

func TestDirectoryForgetsAClientThatIsNoLongerServed(t *testing.T) {
	r := &reader{}
	d, advance := directory(r)
	if _, err := d.Client(t.Context(), "client"); err != nil {
		t.Fatal(err)
	}
	advance(time.Minute)
	for _, err := range []error{customauth.ErrNotServed, errors.New("outage")} {
		r.err = err
		if _, got := d.Client(t.Context(), "client"); !errors.Is(got, err) {
			t.Errorf("error is %v, want %v", got, err)
		}
	}
}

func TestDirectoryListsThePasskeysOfOneRelyingParty(t *testing.T) {
	r := &reader{user: credentials.User{Passkeys: []credentials.Listed{
		{ID: []byte("one"), Transports: []string{"usb"}, RelyingPartyID: "example.com"},
		{ID: []byte("two"), RelyingPartyID: "example.org"},
	}}}
	d, _ := directory(r)
	got, err := d.Passkeys(t.Context(), "sub", "example.com")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]customauth.Passkey{{CredentialID: []byte("one"), Transports: []string{"usb"}}}, got); diff != "" {
		t.Errorf("passkeys (-want +got):\n%s", diff)
	}
}

func TestDirectoryTellsNobodyFromAFault(t *testing.T) {
	r := &reader{err: credentials.ErrNotFound}
	d, _ := directory(r)
	if got, err := d.Passkeys(t.Context(), "sub", "example.com"); err != nil || got != nil {
		t.Errorf("nobody has %v, error %v", got, err)
	}
	r.err = errors.New("outage")
	if _, err := d.Passkeys(t.Context(), "sub", "example.com"); !errors.Is(err, r.err) {
		t.Errorf("error is %v, want %v", err, r.err)
	}
}
