package main_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

const signInPage = "https://example.com/sign-in"

func (w *world) recoveryLink(user string) result {
	w.Helper()
	return w.run("recovery-link", "-table", stackTable, "-user-pool-id", poolID, "-user", user, "-page", signInPage)
}

// stored is what the table has of a user's link.
func (w *world) stored(sub string) credentials.Mailing {
	w.Helper()
	m, err := dynamo.New(w.tables, stackTable).Mailing(w.Context(), sub, table.RecoveryLinkSK)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

func TestRecoveryLink(t *testing.T) {
	w := newWorld(t)
	sub := w.addUser("bob")
	var before []byte
	for _, name := range []string{"bob", "bob@example.com"} {
		begun := time.Now()
		r := w.recoveryLink(name)
		r.want(t, 0, "Good once, until ")
		w.wantActions("recovery-link", "cognito-idp:AdminGetUser", "dynamodb:PutItem")
		token, ok := strings.CutPrefix(strings.TrimSuffix(r.out, "\n"), signInPage+"#recovery=")
		whose, hash, isToken := recovery.ReadLink(token)
		if !ok || !isToken || whose != sub {
			t.Fatalf("it printed %q", r.out)
		}
		stored := w.stored(sub)
		if !bytes.Equal(stored.Token, hash) || bytes.Equal(stored.Token, before) {
			t.Errorf("stored is %x, want the hash of the link; before it was %x", stored.Token, before)
		}
		if lives := stored.Expires.Sub(begun); lives < 24*time.Hour || lives > 25*time.Hour {
			t.Errorf("the link lives %s", lives)
		}
		before = stored.Token
	}
}

func TestRecoveryLinkForNobody(t *testing.T) {
	w := newWorld(t)
	r := w.recoveryLink("ghost")
	r.want(t, 1, "the pool has no such user")
	if r.out != "" {
		t.Errorf("it printed %q", r.out)
	}
	if n := w.items(stackTable); n != 0 {
		t.Errorf("it wrote %d items", n)
	}
}
